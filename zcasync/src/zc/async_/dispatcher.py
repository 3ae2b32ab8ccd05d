"""Dispatchers: they claim jobs and have threads perform them.

A dispatcher has one thread of its own, which claims, pings and takes over
from dead siblings, and the worker threads of its agents.
"""
from __future__ import annotations

import contextlib
import datetime
import threading
import time
import uuid as uuids
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

import transaction
import zope.component

from . import instanceuuid
from ._logs import log
from ._logs import tracelog
from ._perform import stock
from ._perform import wake
from ._stored.base import get_id
from ._stored.members import plain
from ._stored.times import now
from ._work import records
from ._work.member import Displaced
from ._work.member import Member
from ._work.pool import AgentThreadPool
from ._work.records import PollInfo
from .interfaces import IUUID
from .interfaces import KEY
from .interfaces import FormatError


__all__ = ['Dispatcher', 'PollInfo', 'clear', 'get', 'getId', 'pop']

#: Seconds between polls: records for the monitor, pings.
POLL_INTERVAL = 5.0
#: Seconds between looks for new jobs that nobody told of.  A look at a
#: queue that did not change costs no request to a ZEO server.
LOOK_INTERVAL = 0.25
#: Seconds in which jobs that end are put away together.
GATHER = 0.003
#: Seconds that running jobs have to end when the dispatcher stops.
DRAIN = 10.0
#: Seconds that it tries to hand jobs back when the database does not answer.
HAND_BACK = 10.0

getId = get_id

_dispatchers: dict[uuids.UUID, Dispatcher] = {}


def _uuid(uuid: Any = None) -> Any:
    if uuid is None:
        uuid = zope.component.queryUtility(IUUID)
    return plain(instanceuuid.UUID if uuid is None else uuid)


def get(uuid: Any = None, default: Any = None) -> Any:
    """Return the dispatcher of this process.

    :param uuid: which one; that of this instance if not given
    """
    return _dispatchers.get(_uuid(uuid), default)


def pop(uuid: Any = None) -> Any:
    """Forget a dispatcher, and return it."""
    return _dispatchers.pop(_uuid(uuid))


def clear() -> None:
    """Forget the dispatchers of this process."""
    _dispatchers.clear()


class Dispatcher:
    """Claims jobs from the queues of a database and performs them.

    :param db: the database whose root knows the queues
    :param poll_interval: seconds between polls
    :param uuid: its name; that of this instance if not given
    :param jobs_size: how many jobs it remembers
    :param polls_size: how many polls it remembers
    :param drain: seconds that running jobs have to end when it stops
    :param look_interval: seconds between looks for new jobs
    :raises ValueError: when a dispatcher with this UUID is active in this
        process
    :ivar activated: when it was activated; None while it stops, False when
        it is not active
    """

    STOPPED = 'STOPPED'
    RUNNING = 'RUNNING'
    STUCK = 'STUCK'
    STARTING = 'STARTING'

    def __init__(self, db: Any, reactor: Any = None,
                 poll_interval: float = POLL_INTERVAL, uuid: Any = None,
                 jobs_size: int = 200, polls_size: int = 400,
                 drain: float = DRAIN,
                 look_interval: float = LOOK_INTERVAL) -> None:
        own = uuid is None
        uuid = _uuid(uuid)
        known = _dispatchers.get(uuid)
        if known is not None and known.activated is not False:
            raise ValueError(
                f'This process has a dispatcher {uuid} already.')
        _dispatchers[uuid] = self
        self.db = db
        self.UUID = uuid
        self.poll_interval = poll_interval
        self.look_interval = min(look_interval, poll_interval)
        self.drain = drain
        self.activated: datetime.datetime | None | bool = False
        self.thread: threading.Thread | None = None
        self.polls = records.PollRecords(polls_size)
        self.jobs = records.JobRecords(jobs_size)
        self.dead_pools: list[AgentThreadPool] = []
        self.manager: Any = transaction.TransactionManager()
        self.conn: Any = None
        #: Whether nobody else on this host can have this UUID.
        self.proof = False
        #: Knows who is there without asking the database, or None.
        self.presence: Any = None
        self._own_uuid = own and uuid == plain(instanceuuid.UUID)
        self._lock: Any = None
        self._members: dict[str, Member] = {}
        self._wake = threading.Event()
        self._poll_now = threading.Event()
        self._stop = threading.Event()
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._drain = drain

    # Start and stop

    def activate(self, threaded: bool = True) -> None:
        """Start to claim and perform jobs, in threads of its own.

        :raises ValueError: when it is active
        :raises UUIDInUseError: when another process on this host has a
            dispatcher with the same UUID
        """
        if self.activated is not False:
            raise ValueError('The dispatcher is active already.')
        if self._own_uuid:
            self._lock = instanceuuid.lock()
            self.proof = True
        stock.guard(self.db)
        log.info('attempting to activate dispatcher %s', self.UUID)
        for event in (self._stop, self._stopping, self._ended, self._wake):
            event.clear()
        self.polls.clear()
        self.jobs.clear()
        self.activated = now()
        self.thread = threading.Thread(
            target=self._run, daemon=True, name='zc.async dispatcher')
        self.thread.start()

    def stop(self, drain: float | None = None) -> None:
        """Ask it to stop; see `deactivate`.  Returns at once."""
        if drain is not None:
            self._drain = drain
        self._stop.set()
        self._wake.set()

    def deactivate(self, drain: float | None = None,
                   timeout: float | None = None) -> bool:
        """Stop: claim nothing more, let jobs end, hand back the others.

        :param drain: seconds that running jobs have
        :param timeout: seconds to wait; without end if not given
        :returns: whether it has stopped
        :raises ValueError: when it is not active
        """
        if self.activated is False:
            raise ValueError('The dispatcher is not active.')
        self.stop(drain)
        if threading.current_thread() is self.thread:
            return False
        return self.wait_until_stopped(timeout)

    def wait_until_stopped(self, timeout: float | None = None) -> bool:
        """Wait until it has stopped; say whether it has.

        :param timeout: seconds
        """
        return self._ended.wait(timeout)

    def wait_until_stopping(self, timeout: float | None = None) -> bool:
        """Wait until its thread knows that it has to stop."""
        return self._stopping.wait(timeout)

    def wake(self) -> None:
        """Have it look at once.  May be called from any thread."""
        self._wake.set()

    def wake_for_poll(self) -> None:
        """Have it poll at once, to see who is there."""
        self._poll_now.set()
        self._wake.set()

    # What its parts ask

    def load(self, place: tuple[bytes, str]) -> Any:
        """Return an object, for the thread of the dispatcher."""
        oid, name = place
        connection = self.conn
        if (connection.db().database_name or '') != name:
            connection = connection.get_connection(name)
        found = connection.get(oid)
        found._p_activate()
        return found

    def may_claim(self) -> bool:
        """Say whether it may take jobs now."""
        return not self._stop.is_set() and (
            self.presence is None or self.presence.present())

    def gone(self, active: Iterable[Any]) -> Any:
        """Return the UUIDs of dispatchers that are known to be dead.

        :param active: the agents of the active dispatchers
        """
        return () if self.presence is None else self.presence.gone(active)

    def grow(self, threads: int) -> None:
        """Let the databases have so many connections more."""
        for db in set(self.db.databases.values()) | {self.db}:
            db.setPoolSize(max(1, db.getPoolSize() + threads))

    @property
    def queues(self) -> dict[str, dict[str, AgentThreadPool]]:
        """The pools by queue and agent."""
        return {name: dict(member.pools)
                for name, member in list(self._members.items())}

    # The thread

    def _run(self) -> None:
        wake.subscribe(self._on_put)
        self.grow(1)
        if self.presence is not None:
            self.presence.start(self)
        failed = 0
        due = 0.0
        try:
            while not self._stop.is_set():
                try:
                    full = self._poll_now.is_set() or (
                        time.monotonic() >= due)
                    self._poll_now.clear()
                    self._turn(full)
                    if full:
                        due = time.monotonic() + self.poll_interval
                    failed = 0
                except Exception:
                    failed += 1
                    self._complain(failed)
                self._wake.wait(self.look_interval if not failed else
                                min(0.1 * 2 ** failed, self.poll_interval))
                self._gather()
                self._wake.clear()
        finally:
            self._stopping.set()
            self.activated = None
            try:
                self._finish()
            except BaseException:
                log.critical('The dispatcher %s could not stop well',
                             self.UUID, exc_info=True)
            finally:
                wake.unsubscribe(self._on_put)
                if self.presence is not None:
                    self.presence.close()
                self._close()
                self.grow(-1)
                if self._lock is not None:
                    self._lock.close()
                    self._lock = None
                self.activated = False
                log.info('deactivated dispatcher %s', self.UUID)
                self._ended.set()

    def _gather(self) -> None:
        """Wait a moment for more jobs to end, while some still run.

        A commit for several costs little more than one for one.
        """
        if any(pool.running() for member in self._members.values()
               for pool in member.pools.values()):
            self._stop.wait(GATHER)

    def _complain(self, failed: int) -> None:
        with contextlib.suppress(Exception):
            self.manager.abort()
        if failed == 1 or failed % 20 == 0:
            log.error('%d polls in a row failed; the dispatcher %s goes on '
                      'trying', failed, self.UUID, exc_info=True)
        if failed > 1:
            # A connection may be beyond repair.
            self._close()

    def _close(self) -> None:
        connection, self.conn = self.conn, None
        if connection is not None:
            with contextlib.suppress(Exception):
                self.manager.abort()
            with contextlib.suppress(Exception):
                connection.close()

    def _on_put(self, name: str) -> None:
        if name == (self.db.database_name or '') or name in self.db.databases:
            self._wake.set()

    def _turn(self, full: bool) -> None:
        """Look at each queue; if it is time, poll."""
        if self.conn is None:
            self.conn = self.db.open(self.manager)
        self.manager.begin()
        queues = self.conn.root().get(KEY)
        if queues is None:
            self.manager.abort()
            return
        if getattr(queues, 'format', None) != 2:
            raise FormatError(f'The database has a key {KEY!r} of zc.async '
                              '1.5')
        found = {name: (queue._p_oid, get_id(queue)[1])
                 for name, queue in queues.items()}
        poll = PollInfo()
        try:
            for name, place in found.items():
                if self._stop.is_set():
                    return
                member = self._members.get(name)
                if member is None or member.place != place:
                    if member is not None:
                        member.drop_pools(set())
                    member = self._members[name] = Member(self, place, name)
                poll[name] = self._serve(member, full)
                if full:
                    poll.started.update(
                        ((name, agent), count)
                        for agent, count in member.started.items())
                    member.started.clear()
            for name in set(self._members) - set(found):
                self._members.pop(name).drop_pools(set())
        finally:
            self.manager.abort()
            if full:
                self._record(poll)

    def _serve(self, member: Member, full: bool) -> Any:
        try:
            if not member.ensure_active():
                return None
            if full:
                member.ping()
            member.look()
            member.tend()
            if full:
                self.manager.begin()
                return member.info()
        except Displaced:
            # The next turn activates it again.
            self._wake.set()
        return None

    def _record(self, poll: PollInfo) -> None:
        last = next(iter(self.polls), None)
        self.polls.add(poll)
        for agents in poll.values():
            for info in (agents or {}).values():
                for job in info['new jobs']:
                    record = self.jobs.get(job)
                    if record is not None:
                        record['poll id'] = poll.key
        if last is None or last != poll:
            tracelog.debug('poll %s: %r', poll.key, poll)

    def _finish(self) -> None:
        until = time.monotonic() + self._drain
        pools = [pool for member in self._members.values()
                 for pool in member.pools.values()]
        for pool in pools:
            pool.wait_until_idle(max(0.0, until - time.monotonic()))
        until = time.monotonic() + HAND_BACK
        for member in self._members.values():
            while True:
                try:
                    if self.conn is None:
                        self.conn = self.db.open(self.manager)
                    member.deactivate()
                    break
                except Exception:
                    with contextlib.suppress(Exception):
                        self.manager.abort()
                    if time.monotonic() > until:
                        log.error('The jobs in queue %r could not be handed '
                                  'back; others will take them over',
                                  member.name, exc_info=True)
                        break
                    time.sleep(0.2)
        for pool in pools:
            pool.stop.set()
        for member in self._members.values():
            member.drop_pools(set())
        self._members.clear()

    # What the monitor asks

    def getStatusInfo(self) -> dict[str, Any]:
        """Return the state of this dispatcher.

        ``STUCK`` means that a poll is overdue.
        """
        interval = datetime.timedelta(seconds=self.poll_interval)
        result: dict[str, Any] = {
            'time since last poll': None, 'uptime': None, 'uuid': self.UUID,
            'poll interval': interval, 'status': self.STOPPED}
        activated = self.activated
        if not isinstance(activated, datetime.datetime):
            return result
        moment = now()
        poll = next(iter(self.polls), None)
        last = activated if poll is None else poll.utc_timestamp
        assert last is not None
        result['time since last poll'] = moment - last
        # A poll that is a little late is not overdue.
        if moment - last > interval + max(
                interval, datetime.timedelta(seconds=1)):
            result['status'] = self.STUCK
        else:
            result['status'] = self.STARTING if poll is None else self.RUNNING
        if poll is not None:
            result['uptime'] = moment - activated
        return result

    def getJobInfo(self, oid: int, database_name: str | None = None
                   ) -> dict[str, Any]:
        """Return what is known about a job.

        :raises ValueError: when it is not known, or ambiguous
        """
        key = (self.jobs.find(oid) if database_name is None
               else (oid, database_name))
        info = self.jobs.get(key)
        if info is None:
            raise ValueError(f'The job {oid} is not known here.')
        return dict(info)

    def getActiveJobIds(self, queue: str | None = None,
                        agent: str | None = None) -> list[tuple[int, str]]:
        """Return the ids of the jobs that are performed now."""
        return [claim.info['id']
                for queue_name, pools in self.queues.items()
                if queue is None or queue == queue_name
                for agent_name, pool in pools.items()
                if agent is None or agent == agent_name
                for claim in reversed(pool.running())]

    def getPollInfo(self, at: Any = None, before: Any = None) -> PollInfo:
        """Return one poll, by default the last.

        :raises ValueError: when there is none
        """
        for poll in self.iterPolls(at, before):
            return poll
        raise ValueError('There is no such poll.')

    def iterPolls(self, at: Any = None, before: Any = None,
                  since: Any = None, count: int | None = None
                  ) -> Iterator[PollInfo]:
        """Iterate over polls, the latest first.

        :param at: not after this key or time
        :param before: before this key or time
        :param since: not before this key or time
        :param count: how many at most
        """
        return records.iterate(self.polls, at, before, since, count)

    def getStatistics(self, at: Any = None, before: Any = None,
                      since: Any = None, queue: str | None = None,
                      agent: str | None = None) -> dict[str, Any]:
        """Return how many jobs started, succeeded and failed."""
        return records.statistics(
            self.polls, self.jobs, at, before, since, queue, agent)
