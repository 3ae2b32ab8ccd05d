"""Agents: they take jobs from a queue for a dispatcher, and hold them.

Written by the poll thread of the dispatcher, and by whoever takes over from
it; never by a job's own transaction.
"""
from __future__ import annotations

import functools
import random
import weakref
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import zope.component
import zope.interface
from BTrees.LOBTree import LOBTree
from zope.interface import implementer

from ._logs import log
from ._rules import retry
from ._stored import unfit
from ._stored.base import Base
from ._stored.history import Completed
from ._stored.times import now
from .interfaces import COMPLETED
from .interfaces import IAgent
from .interfaces import IDispatcherActivated
from .interfaces import IFilterAgent


__all__ = ['Agent', 'Completed', 'addMainAgentActivationHandler',
           'chooseFirst']

#: Jobs that an agent has at one time unless told otherwise.
DEFAULT_SIZE = 3


@implementer(IAgent)
class Agent(Base):
    """Takes jobs and holds them while they run.

    :param chooser: called with the agent, returns a job that it claimed
        from the queue, or None
    :param filter: called with a job, says whether the agent takes it
    :param size: how many jobs it has at one time; as many threads work for
        it
    """

    _chooser: Callable[[Any], Any] | None = None
    _filter: Callable[[Any], bool] | None = None
    #: For programs that read it: 1.5 stored here why a claim failed.  That
    #: is in the log and in polls.
    failure: Any = None

    def __init__(self, chooser: Callable[[Any], Any] | None = None,
                 filter: Callable[[Any], bool] | None = None,
                 size: int = DEFAULT_SIZE) -> None:
        self.chooser = chooser
        self.filter = filter
        self.size = size
        self._data = LOBTree()
        self.completed = Completed()
        self.completed.parent = self

    @property
    def filter(self) -> Callable[[Any], bool] | None:
        """Says whether the agent takes a job; None takes all."""
        return self._filter

    @filter.setter
    def filter(self, value: Callable[[Any], bool] | None) -> None:
        if value is not None and self._chooser is not None:
            raise ValueError('An agent has a chooser or a filter, not both.')
        self._filter = value

    @property
    def chooser(self) -> Callable[[Any], Any] | None:
        """Chooses and claims a job; None claims the first."""
        return self._chooser

    @chooser.setter
    def chooser(self, value: Callable[[Any], Any] | None) -> None:
        if value is not None and self._filter is not None:
            raise ValueError('An agent has a chooser or a filter, not both.')
        self._chooser = value
        if value is None:
            zope.interface.alsoProvides(self, IFilterAgent)
        else:
            zope.interface.noLongerProvides(self, IFilterAgent)

    @property
    def queue(self) -> Any:
        """The queue, or None."""
        return None if self.parent is None else self.parent.parent

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._data.values()))

    def __bool__(self) -> bool:
        return bool(self._data)

    def __getitem__(self, index: int) -> Any:
        return list(self._data.values())[index]

    def __delitem__(self, index: int) -> None:
        self.pull(index)

    def __contains__(self, job: object) -> bool:
        place = getattr(job, 'place', None)
        return isinstance(place, int) and self._data.get(place) is job

    def index(self, job: Any) -> int:
        """Return the index of a job.

        :raises ValueError: when it is not here
        """
        for index, each in enumerate(self):
            if each is job:
                return index
        raise ValueError(f'{job!r} is not in this agent.')

    def remove(self, job: Any) -> None:
        """Remove a job.

        :raises ValueError: when it is not here
        """
        if job not in self:
            raise ValueError(f'{job!r} is not in this agent.')
        del self._data[job.place]
        job.place = job.parent = None

    def pull(self, index: int = 0) -> Any:
        """Remove and return a job."""
        job = self[index]
        self.remove(job)
        return job

    def take(self, job: Any) -> Any:
        """Hold a job that was claimed from the queue."""
        key = self._data.maxKey() + 1 if self._data else 1
        self._data[key] = job
        job.place = key
        job.parent = self
        job.token = random.getrandbits(62)
        return job

    def claimJob(self) -> Any:
        """Take a job; return None if there is none or no room.

        It is in the state ASSIGNED then.
        """
        if not self.parent.activated or len(self._data) >= self.size:
            return None
        job = (self._chooser(self) if self._chooser is not None
               else self.queue.claim(unfit.without(self._wanted())))
        return None if job is None else self.take(job)

    def claim_started(self, limit: int, turn: float | None = None,
                      ahead: int = 0) -> list[Any]:
        """Take jobs that start at once, and are in the state ACTIVE.

        Called where a free thread waits for each of them, or will be free
        in a moment: a commit to say that it started would say nothing new.

        :param limit: how many at most
        :param turn: where to begin in the queue, so that dispatchers take
            from different places; None for the exact order
        :param ahead: how many more, for which no thread is free yet; they
            count for no size
        """
        limit = max(0, min(limit, self.size - len(self._data)))
        if limit + ahead <= 0 or not self.parent.activated:
            return []
        if self._chooser is not None:
            jobs: list[Any] = []
            while len(jobs) < limit:
                job = self._chooser(self)
                if job is None:
                    break
                jobs.append(job)
        else:
            jobs = self.queue.claim_many(
                limit, unfit.without(self._wanted()), turn, ahead)
        moment = now()
        for job in jobs:
            self.take(job).start(moment)
        return jobs

    def _wanted(self) -> Callable[[Any], bool] | None:
        return None if self._filter is None else functools.partial(
            _wants, self._filter)

    def jobCompleted(self, job: Any) -> None:
        """Move a job that ended to the completed ones."""
        if job not in self:
            raise ValueError(f'{job!r} is not in this agent.')
        # The job is not written: it stays a child of this agent.
        del self._data[job.place]
        self.completed.add(job)

    def sweep(self, jobs: Any = None) -> list[Any]:
        """Put away what ended: completed jobs, and those that wait.

        :param jobs: which ones to look at; all if not given
        :returns: those that were put away
        """
        gone = []
        for job in list(self) if jobs is None else jobs:
            if job not in self:
                continue
            if job.status == COMPLETED:
                self.jobCompleted(job)
                self.queue.ended(job)
            elif job.carried:
                self.remove(job)
                self.queue.wait(job)
            else:
                continue
            gone.append(job)
        return gone


#: The ids of jobs for which a filter failed, which is told once, by database.
_told: weakref.WeakKeyDictionary[Any, set[bytes]] = (
    weakref.WeakKeyDictionary())


def _wants(filter: Callable[[Any], bool], job: Any) -> bool:
    """Ask a filter, the code of others; if it fails, the job waits."""
    try:
        return filter(job)
    except Exception as e:
        if retry.kind(e) is not None:
            raise
        told = _told.setdefault(job._p_jar.db(), set())
        if job._p_oid not in told:
            told.add(job._p_oid)
            log.error('The filter %r fails for %r, which waits', filter, job,
                      exc_info=True)
        return False


def chooseFirst(agent: Any) -> Any:
    """Claim the first job of the agent's queue: a chooser."""
    return agent.queue.claim()


@zope.component.adapter(IDispatcherActivated)
def addMainAgentActivationHandler(event: Any) -> None:
    """Add an agent named 'main' where a dispatcher is activated."""
    agents = event.object
    if 'main' not in agents:
        agents['main'] = Agent()
