"""Queues: jobs that wait, and everything that is kept with them.

Puts write the job and one of several trees; claims write the same trees.
Neither writes a counter or the queue itself, so that they do not conflict.
"""
from __future__ import annotations

import datetime
import heapq
import logging
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import persistent.interfaces
import ZODB.interfaces
import zope.component
from BTrees.LOBTree import LOBTree
from BTrees.OOBTree import OOBTree
from zope.interface import implementer

from ._perform import wake
from ._rules.claim import SLACK
from ._rules.claim import Head
from ._rules.claim import in_order
from ._rules.failure import is_failure
from ._stored import schedules as _schedules
from ._stored.base import Base
from ._stored.base import Dict
from ._stored.base import get_id
from ._stored.history import Dead
from ._stored.live import Entry
from ._stored.live import Live
from ._stored.members import DispatcherAgents
from ._stored.members import Dispatchers
from ._stored.members import Fence
from ._stored.members import Ping
from ._stored.members import plain
from ._stored.quotas import Quota
from ._stored.quotas import Quotas
from ._stored.schedules import Schedule
from ._stored.schedules import Schedules
from ._stored.streams import Stream
from ._stored.streams import due
from ._stored.streams import items
from ._stored.times import key_for
from ._stored.times import micros
from ._stored.times import micros_of
from ._stored.times import now
from .interfaces import ACTIVE
from .interfaces import COMPLETED
from .interfaces import IUUID
from .interfaces import KEY
from .interfaces import NEW
from .interfaces import IQueue
from .interfaces import IQueues
from .job import RetryCommonForever
from .job import as_job


__all__ = [
    'Dead',
    'DispatcherAgents',
    'Dispatchers',
    'Entry',
    'Fence',
    'Live',
    'Ping',
    'Queue',
    'Queues',
    'Quota',
    'Quotas',
    'Schedule',
    'Schedules',
    'Stream',
    'Waiting',
    'getDefaultQueue',
]


_schedules.make_job = as_job


@implementer(IQueue)
@zope.component.adapter(persistent.interfaces.IPersistent)
def getDefaultQueue(obj: Any) -> Any:
    """Return the queue without a name, for a persistent object."""
    return ZODB.interfaces.IConnection(obj).root()[KEY]['']


@implementer(IQueues)
class Queues(Dict):
    """The queues of a database, by name."""

    #: Rises when a new version cannot read what an old one wrote.
    format = 2

    def __setitem__(self, key: Any, value: Any) -> None:
        if not IQueue.providedBy(value):
            raise ValueError(f'{value!r} is no queue.')
        super().__setitem__(key, value)


class _Spot:
    """A waiting job while a claim looks at it."""

    def __init__(self, stream: Stream, number: int, turn: int) -> None:
        self.stream = stream
        self.number = number
        self.place = turn
        self._items = items(stream.trees[number])
        self.job: Any = None
        self.key = 0
        self.next()

    def next(self) -> bool:
        self.key, self.job = next(self._items, (0, None))
        return self.job is not None

    def head(self) -> Head:
        return Head(self.stream.priority, due(self.key), self.stream.held,
                    self.place)


@implementer(IQueue)
class Queue(Base):
    """Jobs that wait, their quotas, and the dispatchers that take them.

    :ivar dispatchers: the dispatchers by UUID
    :ivar quotas: the quotas by name
    :ivar dead: the jobs that failed for good, the latest first
    :ivar waiting: jobs that returned a job, or were interrupted; by id
    :ivar live: what is said about running jobs
    :ivar schedules: the schedules by name
    """

    def __init__(self) -> None:
        self._streams = OOBTree()
        self._unique = OOBTree({'': None})
        self._expiring = LOBTree()
        for held in False, True:
            self._stream(0, (), held)
        self.quotas = Quotas()
        self.dispatchers = Dispatchers()
        self.dead = Dead()
        self.live = Live()
        self.waiting = Waiting()
        self.schedules = Schedules()
        for part in (self.quotas, self.dispatchers, self.dead, self.live,
                     self.waiting, self.schedules):
            part.parent = self

    # Puts

    def put(self, item: Any, begin_after: datetime.datetime | None = None,
            begin_by: datetime.timedelta | None = None,
            failure_log_level: int | None = None,
            retry_policy_factory: Any = None, *, retry: Any = None,
            priority: int | None = None, unique: str | None = None,
            timeout: float | None = None,
            keep: datetime.timedelta | None = None) -> Any:
        """Put a job.  It waits when the transaction is committed.

        :param item: a job, or something to call
        :param begin_after: when it may start; without a zone, in UTC
        :param begin_by: how long after that it may start; later it fails
            with `zc.async_.interfaces.TimeoutError`
        :param failure_log_level: the level at which a failure is logged
        :param retry_policy_factory: a retry policy, or the name of one
        :param retry: the same, shorter; for example `Backoff`
        :param priority: jobs of a higher one start earlier; 0 is usual
        :param unique: while a job with this key waits, that one is returned
            and no other is put
        :param timeout: seconds after which `local.cancelled` says True
        :param keep: how long the result is kept
        :returns: the job
        :raises ValueError: when the job is somewhere already, or names a
            quota that does not exist
        """
        job = as_job(item)
        if job.status != NEW:
            raise ValueError(f'{job!r} is in a queue or has started.')
        for name, value in (('failure_log_level', failure_log_level),
                            ('retry_policy_factory',
                             retry_policy_factory or retry),
                            ('priority', priority), ('unique', unique),
                            ('timeout', timeout), ('keep', keep),
                            ('begin_by', begin_by),
                            ('begin_after', begin_after)):
            if value is not None:
                setattr(job, name, value)
        self.check_quotas(job.quota_names)
        if job.unique is not None:
            waiting = self._unique.get(job.unique)
            if waiting is not None and waiting is not job:
                return self._keep_waiting(waiting)
            self._unique[job.unique] = job
        if job.assignerUUID is None:
            uuid = zope.component.queryUtility(IUUID)
            job.assignerUUID = None if uuid is None else plain(uuid)
        if job._p_jar is None and self._p_jar is not None:
            # Its id is needed, and it belongs to this database even if
            # objects of another one refer to it.
            self._p_jar.add(job)
        moment = micros()
        held = (job.begin_after is not None
                and micros_of(job.begin_after) > moment)
        if not held and job.begin_after is None:
            job.begin_after = now()
        self._add(job, micros_of(job.begin_after) if held else moment, held)
        wake.after_commit(self)
        return job

    def _keep_waiting(self, job: Any) -> Any:
        # If it is claimed at the same time, this transaction must fail:
        # its data would come after the job's start.
        if job._p_jar is not None:
            job._p_activate()
            job._p_jar.readCurrent(job)
            if len(job._p_jar.connections) > 1:
                # readCurrent counts only where something is written.
                job._p_changed = True
        return job

    def _add(self, job: Any, when: int, held: bool) -> None:
        stream = self._stream(job.priority, job.quota_names, held)
        number, key = stream.add(when, job)
        job.place = (job.priority, job.quota_names, held), number, key
        job.parent = self

    def _stream(self, priority: int, names: tuple[str, ...],
                held: bool) -> Stream:
        key = -priority, names, held
        stream: Stream | None = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = Stream(priority, names, held)
        return stream

    def putBack(self, item: Any) -> None:
        """Put a job that was claimed back where it was, at the front."""
        when = micros() if item.begin_after is None else min(
            micros_of(item.begin_after), micros())
        self._add(item, when, False)
        wake.after_commit(self)

    def put_interrupted(self, job: Any) -> Any:
        """Put a job that decides about another one, in a worker."""
        return self.put(job.handleInterrupt,
                        failure_log_level=logging.CRITICAL,
                        retry_policy_factory=RetryCommonForever)

    def check_quotas(self, names: tuple[str, ...]) -> None:
        """Raise ValueError when a quota does not exist."""
        for name in names:
            if name not in self.quotas:
                raise ValueError(f'There is no quota {name!r} in the queue '
                                 f'{self.name!r}.')

    # What waits

    def _spots(self, turn: int = 0) -> list[_Spot]:
        spots = []
        place = 0
        for stream in list(self._streams.values()):
            for number in range(len(stream.trees)):
                spot = _Spot(stream, number, place)
                place += 1
                if spot.job is not None:
                    spots.append(spot)
        return spots

    def _ordered(self) -> Iterator[Any]:
        """Iterate over all jobs, in the order in which they start."""
        def of(stream: Stream, tree: Any) -> Iterator[tuple[int, int, Any]]:
            for key, job in items(tree):
                yield -stream.priority, key, job
        sources = [of(stream, tree)
                   for stream in list(self._streams.values())
                   for tree in stream.trees]
        for _, _, job in heapq.merge(*sources, key=lambda each: each[:2]):
            yield job

    def __iter__(self) -> Iterator[Any]:
        return self._ordered()

    def __len__(self) -> int:
        return sum(stream.count() for stream in self._streams.values())

    def __bool__(self) -> bool:
        return any(self._streams.values())

    def __contains__(self, job: object) -> bool:
        place = getattr(job, 'place', None)
        if getattr(job, 'parent', None) is not self or not isinstance(
                place, tuple):
            return False
        (priority, names, held), number, key = place
        stream = self._streams.get((-priority, names, held))
        return stream is not None and stream.trees[number].get(key) is job

    def __getitem__(self, index: int) -> Any:
        if index < 0:
            index += len(self)
        if index >= 0:
            for number, job in enumerate(self):
                if number == index:
                    return job
        raise IndexError(index)

    def pull(self, index: int = 0) -> Any:
        """Remove and return a job, by default the first.

        :raises IndexError: when there is none
        """
        job = self[index]
        self.remove(job)
        job.assignerUUID = None
        return job

    def remove(self, item: Any) -> None:
        """Remove a job that waits, so that it does not start.

        :raises LookupError: when it does not wait here
        """
        if item not in self:
            raise LookupError(f'{item!r} does not wait in this queue.')
        self._take_out(item)

    def _take_out(self, job: Any) -> None:
        (priority, names, held), number, key = job.place
        self._streams[-priority, names, held].remove(number, key, job)
        job.place = job.parent = None
        if job.unique is not None and self._unique.get(job.unique) is job:
            del self._unique[job.unique]

    def ready(self) -> bool:
        """Say whether a job may start now, quotas and filters aside."""
        moment = micros()
        return any(not spot.stream.held or due(spot.key) <= moment
                   for spot in self._spots())

    # Claims

    def claim(self, filter: Callable[[Any], bool] | None = None,
              default: Any = None) -> Any:
        """Remove and return the first job that may start.

        :param filter: says whether a job is wanted
        :param default: what is returned if there is none
        """
        jobs = self.claim_many(1, filter)
        return jobs[0] if jobs else default

    def claim_many(self, limit: int,
                   filter: Callable[[Any], bool] | None = None,
                   turn: int | None = None) -> list[Any]:
        """Remove and return the first jobs that may start.

        :param limit: how many at most
        :param turn: a number by which dispatchers begin at different
            places; None for the exact order
        """
        moment = micros()
        slack = 0 if turn is None else SLACK
        spots = {spot.place: spot for spot in self._spots()}
        taken: list[Any] = []
        quotas: dict[str, Quota] = {}
        while len(taken) < limit and spots:
            order = in_order((spot.head() for spot in spots.values()),
                             moment, turn or 0, slack)
            if not order:
                break
            spot = spots[order[0].place]
            names = spot.stream.quota_names
            if names and not self._room(names, quotas, spot.job):
                # What shares these quotas has to wait as well.
                del spots[spot.place]
                continue
            job = spot.job
            if filter is None or filter(job):
                self._count(names, quotas, job)
                taken.append(job)
            if not spot.next():
                del spots[spot.place]
        for job in taken:
            self._take_out(job)
        return taken

    def _room(self, names: tuple[str, ...], quotas: dict[str, Quota],
              job: Any) -> bool:
        if job.late(now()):
            return True             # it fails without running
        for name in names:
            if name not in quotas and name in self.quotas:
                quotas[name] = self.quotas[name]
                quotas[name].clean()
        return not any(quotas[name].filled and job not in quotas[name]
                       for name in names if name in quotas)

    def _count(self, names: tuple[str, ...], quotas: dict[str, Quota],
               job: Any) -> None:
        if not job.late(now()):
            for name in names:
                if name in quotas:
                    quotas[name].add(job)

    # What runs, and what ended

    def wait(self, job: Any) -> None:
        """Keep a job that is in no agent, and has not ended."""
        job.parent = self
        job.place = None
        self.waiting.add(job)

    def ended(self, job: Any) -> None:
        """Keep the records of a job that ended."""
        entry = self.live.discard(job)
        if entry is not None:
            job.annotations.update(entry.annotations)
        if is_failure(job.result):
            self.dead.add(job)
        if job.keep is not None:
            when = key_for(micros_of(job.active_end or now())
                           + job.keep // datetime.timedelta(microseconds=1))
            self._expiring[when] = job

    def sweep(self, agent: Any) -> list[Any]:
        """Put away waiting jobs that ended, and results that expired.

        :param agent: whose completed jobs they become
        """
        gone = [job for job in self.waiting if job.status == COMPLETED]
        for job in gone:
            self.waiting.discard(job)
            agent.completed.add(job)
            self.ended(job)
        moment = key_for(micros())
        for key, job in list(self._expiring.items(None, moment)):
            del self._expiring[key]
            job.expire()
            self.dead.discard(job)
        return gone

    def retry(self, job: Any) -> Any:
        """Put a dead job again, as a new job.

        :returns: the new job
        :raises LookupError: when it is not among the dead
        """
        if job not in self.dead:
            raise LookupError(f'{job!r} is not among the dead jobs.')
        self.dead.discard(job)
        return self.put(job.again())

    def cancel(self, job: Any) -> bool:
        """Cancel a job.

        One that waits fails with `CancelledError` instead of being called.
        One that runs is asked to stop: `local.cancelled` says True.

        :returns: whether there was something to cancel
        """
        if job in self:
            job.cancel_requested = True
            if job.place[0][2]:
                # It need not wait for its time any more.
                self._take_out(job)
                self._add(job, micros(), False)
            wake.after_commit(self)
            return True
        if job.status == ACTIVE:
            self.live.of(job).cancel = True
            wake.after_commit(self)
            return True
        return False


class Waiting(Base):
    """Jobs that neither wait to start nor run, by id."""

    def __init__(self) -> None:
        # A permanent smallest key; see _stored/streams.py.
        self._data = OOBTree({(-1, ''): None})

    def add(self, job: Any) -> None:
        """Add a job."""
        self._data[get_id(job)] = job

    def discard(self, job: Any) -> None:
        """Remove a job, if it is here."""
        if job._p_oid is not None and get_id(job) in self._data:
            del self._data[get_id(job)]

    def __iter__(self) -> Iterator[Any]:
        return iter(list(
            self._data.values((-1, ''), None, excludemin=True)))

    def __len__(self) -> int:
        return len(self._data) - 1
