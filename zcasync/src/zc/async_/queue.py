"""Queues: jobs that wait, and everything that is kept with them.

A queue is one database record.  How its jobs wait, and how they are claimed,
is in `_stored.backlog`.  A queue belongs to the thread that opened its
connection.
"""
from __future__ import annotations

import datetime
import logging
from typing import Any

import persistent.interfaces
import ZODB.interfaces
import zope.component
from BTrees.LOBTree import LOBTree
from zope.interface import implementer

from ._perform import wake
from ._rules.failure import is_failure
from ._stored import schedules as _schedules
from ._stored import unfit
from ._stored.backlog import Backlog
from ._stored.base import Dict
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
from ._stored.times import key_for
from ._stored.times import micros
from ._stored.times import micros_of
from ._stored.times import now
from ._stored.waiting import Waiting
from .interfaces import ACTIVE
from .interfaces import COMPLETED
from .interfaces import IUUID
from .interfaces import KEY
from .interfaces import NEW
from .interfaces import FormatError
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
    'check_format',
    'getDefaultQueue',
]


_schedules.make_job = as_job


@implementer(IQueue)
@zope.component.adapter(persistent.interfaces.IPersistent)
def getDefaultQueue(obj: Any) -> Any:
    """Return the queue without a name, for a persistent object."""
    queues = ZODB.interfaces.IConnection(obj).root()[KEY]
    check_format(queues)
    return queues['']


def check_format(queues: Any) -> None:
    """Make sure that this version can read the queues of a database.

    :param queues: what the root of the database has
    :raises FormatError: when zc.async 1.5 made them
    """
    if getattr(queues, 'format', None) == Queues.format:
        # The old name of the class leads here, but what 1.5 stored under it
        # was a zc.dict, which counts.
        queues._p_activate()
        if '_len' not in vars(queues):
            return
    raise FormatError(f'The database has a key {KEY!r} of zc.async 1.5')


@implementer(IQueues)
class Queues(Dict):
    """The queues of a database, by name."""

    #: Rises when a new version cannot read what an old one wrote.
    format = 2

    def __setitem__(self, key: Any, value: Any) -> None:
        if not IQueue.providedBy(value):
            raise ValueError(f'{value!r} is no queue.')
        super().__setitem__(key, value)


@implementer(IQueue)
class Queue(Backlog):
    """Jobs that wait, their quotas, and the dispatchers that take them.

    :ivar dispatchers: the dispatchers by UUID
    :ivar quotas: the quotas by name
    :ivar dead: the jobs that failed for good, the latest first
    :ivar waiting: jobs that returned a job, or were interrupted; by id
    :ivar live: what is said about running jobs
    :ivar schedules: the schedules by name
    """

    def __init__(self) -> None:
        super().__init__()
        self._expiring = LOBTree()
        self.dispatchers = Dispatchers()
        self.dead = Dead()
        self.live = Live()
        self.waiting = Waiting()
        self.schedules = Schedules()
        for part in (self.dispatchers, self.dead, self.live,
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
        :raises TypeError: when nothing can be called, or it has no name by
            which it could be imported; when an argument is of another type
        """
        job = as_job(item)
        job.check_callable()
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

    def put_missed(self, job: Any, callback: Any) -> Any:
        """Put a job that performs a callback of another one.

        :param job: the job whose callback it is
        """
        standing = as_job(job.performMissed)
        standing.args.append(callback)
        return self.put(standing)

    def check_quotas(self, names: tuple[str, ...]) -> None:
        """Raise ValueError when a quota does not exist."""
        for name in names:
            if name not in self.quotas:
                raise ValueError(f'There is no quota {name!r} in the queue '
                                 f'{self.name!r}.')

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
        gone = [job for job in self.waiting
                if job.status == COMPLETED and unfit.storable(job)]
        for job in gone:
            self.waiting.discard(job)
            agent.completed.add(job)
            self.ended(job)
        moment = key_for(micros())
        for key, job in list(self._expiring.items(None, moment)):
            del self._expiring[key]
            # Its result stays if we lack its code: it goes with the job.
            if unfit.storable(job):
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
            self.live.cancel(job)
            wake.after_commit(self)
            return True
        return False
