"""Dispatchers: they claim jobs and have threads perform them.

A dispatcher has one thread of its own, which claims, pings and takes over
from dead siblings, and the worker threads of its agents.  What its thread
does in each queue is in `_work.rounds`, what it tells in `_work.account`.
"""
from __future__ import annotations

import threading
import time
import uuid as uuids
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import zope.component

from . import instanceuuid
from ._logs import log
from ._perform import stock
from ._perform import wake
from ._rules import pace
from ._stored.base import get_id
from ._stored.members import plain
from ._stored.times import now
from ._work.pool import AgentThreadPool
from ._work.records import PollInfo
from ._work.rounds import Rounds
from .interfaces import IUUID


__all__ = ['Dispatcher', 'PollInfo', 'clear', 'get', 'getId', 'pop']

#: Seconds between polls: records for the monitor, pings.
POLL_INTERVAL = 5.0
#: Seconds between looks for new jobs that nobody told of.  A look at a
#: queue that did not change costs no request to a ZEO server.
LOOK_INTERVAL = 0.25
#: Seconds in which jobs that end are put away together.
GATHER = 0.003
#: The same where commits take long.
GATHER_MOST = 0.02
#: Seconds that running jobs have to end when the dispatcher stops.
DRAIN = 10.0

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


class Dispatcher(Rounds):
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

    def __init__(self, db: Any, reactor: Any = None,
                 poll_interval: float = POLL_INTERVAL, uuid: Any = None,
                 jobs_size: int = 200, polls_size: int = 400,
                 drain: float = DRAIN,
                 look_interval: float = LOOK_INTERVAL) -> None:
        super().__init__(db, jobs_size, polls_size, drain)
        own = uuid is None
        uuid = _uuid(uuid)
        known = _dispatchers.get(uuid)
        if known is not None and known.activated is not False:
            raise ValueError(
                f'This process has a dispatcher {uuid} already.')
        _dispatchers[uuid] = self
        self.UUID = uuid
        self.poll_interval = poll_interval
        self.look_interval = min(look_interval, poll_interval)
        self.thread: threading.Thread | None = None
        self.dead_pools: list[AgentThreadPool] = []
        #: Whether nobody else on this host can have this UUID.
        self.proof = False
        #: Knows who is there without asking the database, or None.
        self.presence: Any = None
        self._own_uuid = own and uuid == plain(instanceuuid.UUID)
        self._lock: Any = None
        self._poll_now = threading.Event()
        self._untuned = {'poll_interval': poll_interval,
                         'look_interval': look_interval, 'drain': drain}
        #: When it polls next.
        self._due = 0.0
        self._stopping = threading.Event()
        self._ended = threading.Event()

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

    def tune(self, intervals: Mapping[str, float],
             sizes: Mapping[str, int]) -> None:
        """Change intervals and sizes.  May be called from any thread.

        What is not named becomes what it was when the dispatcher was made;
        agents that are not named keep their sizes.

        :param intervals: seconds; ``poll_interval``, ``look_interval``,
            ``drain``
        :param sizes: by the names of agents, in all queues
        """
        told = {**self._untuned, **intervals}
        self.poll_interval = told['poll_interval']
        self.look_interval = min(told['look_interval'], self.poll_interval)
        self.drain = self._drain = told['drain']
        self.sizes = dict(sizes)
        self.wake_for_poll()

    def poll_within(self, seconds: float) -> None:
        """Have it poll earlier than it would.

        Called in its own thread.
        """
        self._due = min(self._due, time.monotonic() + seconds)

    # What its parts ask

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

    # The thread

    def _run(self) -> None:
        wake.subscribe(self._on_put)
        self.grow(1)
        if self.presence is not None:
            self.presence.start(self)
        failed = 0
        self._due = 0.0
        try:
            while not self._stop.is_set():
                try:
                    full = self._poll_now.is_set() or (
                        time.monotonic() >= self._due)
                    self._poll_now.clear()
                    if full:
                        self._due = time.monotonic() + self.poll_interval
                    self._turn(full)
                    failed = 0
                except Exception:
                    failed += 1
                    self._due = 0.0
                    self._complain(failed)
                self._wake.wait(self._interval() if not failed else
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

    def _interval(self) -> float:
        """Return when it looks again, in seconds."""
        if any(pool.free() < 0 for member in self._members.values()
               for pool in member.pools.values()):
            # Claims that no thread begins must not wait for long.
            return min(self.look_interval, pace.LONGEST)
        return self.look_interval

    def _gather(self) -> None:
        """Wait a moment for more jobs to end, while some still run.

        A commit for several costs little more than one for one.
        """
        members = list(self._members.values())
        # Where a commit takes long, to wait as long costs little.
        moment = min(GATHER_MOST, max(
            [GATHER, *(member.took for member in members)]))
        until = time.monotonic() + moment
        pools = [pool for member in members
                 for pool in member.pools.values()]
        while not self._stop.is_set() and any(
                pool.running() for pool in pools) and not any(
                pool.hungry() for pool in pools):
            left = until - time.monotonic()
            if left <= 0:
                break
            self._wake.clear()
            self._wake.wait(left)

    def _on_put(self, name: str) -> None:
        if name == (self.db.database_name or '') or name in self.db.databases:
            self._wake.set()
