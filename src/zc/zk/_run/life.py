"""The life of a server: what follows on what.

Pure: things happen to a `Life`, it tells `Hands` what to do, and the time
is an argument, in seconds.  Knows no process, thread, socket or ZooKeeper.

Starting -> running -> leaving -> draining -> stopping -> ended.  Back from
running to waiting and starting, if the command ended and is started again.
"""
from __future__ import annotations

import enum
import logging
from collections.abc import Callable
from typing import Any
from typing import NamedTuple
from typing import Protocol

from .._checks.health import DOWN_AFTER
from .._checks.health import UP_AFTER
from .._checks.health import Health
from .restarts import Restarts


logger = logging.getLogger('zc.zk.run')

#: Seconds to wait until the nodes are gone: without ZooKeeper they will not
#: be, and the server's end must not depend on that.
LEAVE_SECONDS = 5.0
#: The exit status when the server could not be started or registered.
FAILED = 2
CANNOT = 126            # as shells say of what they cannot start
SIGTERM = 15


class Phase(enum.Enum):
    """Where a life is."""

    STARTING = 'starting'
    RUNNING = 'running'
    WAITING = 'waiting'         # to start the command again
    LEAVING = 'leaving'
    DRAINING = 'draining'
    STOPPING = 'stopping'
    ENDED = 'ended'


class Policy(NamedTuple):
    """What the options say; times in seconds."""

    drain: float = 1.0
    stop_timeout: float = 8.0
    ready_timeout: float = 60.0
    restart: bool = False
    hand_over: bool = True
    down_after: int = DOWN_AFTER
    up_after: int = UP_AFTER


class Hands(Protocol):
    """What a life can do.  Nothing of it waits."""

    def start(self) -> Any:
        """Start the command; return the child."""

    def terminate(self, child: Any) -> None:
        """Ask a child to end."""

    def kill(self, child: Any) -> None:
        """Kill a child."""

    def enter(self) -> None:
        """Register."""

    def leave(self) -> None:
        """Unregister; `Life.left` follows."""

    def mark(self, up: bool) -> None:
        """Tell ZooKeeper whether the server is up."""


class Life:
    """One server.

    :param hands: what acts
    :param policy: what the options say
    :param chance: gives random numbers from 0 to 1
    :ivar phase: where it is
    :ivar status: the exit status, once it has ended
    :ivar reason: why the server is down; empty if it is up
    """

    def __init__(
        self, hands: Hands, policy: Policy, chance: Callable[[], float]
    ) -> None:
        self._hands = hands
        self._policy = policy
        self._chance = chance
        self._restarts = Restarts()
        self._health = Health(policy.down_after, policy.up_after)
        self._due: dict[Any, float] = {}
        self._old: set[Any] = set()     # children that are to end
        self._started = 0.0
        self._asked = False             # to end, by a signal
        self._failed = False
        self.current: Any = None
        self.next: Any = None
        self.phase = Phase.STARTING
        self.status = 0
        self.reason = ''

    def begin(self, now: float) -> None:
        """Start the command."""
        self.phase = Phase.STARTING
        self._started = now
        self._due['ready'] = now + self._policy.ready_timeout
        try:
            self.current = self._hands.start()
        except OSError as e:        # the system has no more processes
            logger.error('cannot start the command: %s', e)
            self._current_ended(now, 'the command', CANNOT)

    # What happens

    def end(self, now: float) -> None:
        """Come to an end: a signal.  Another one skips all waiting."""
        self._asked = True
        if self.phase in (Phase.LEAVING, Phase.DRAINING, Phase.STOPPING):
            self._stop_current(now)
            for child in self._children():
                logger.warning('another signal: killing %s', child)
                self._hands.kill(child)
        elif self.phase is not Phase.ENDED:
            registered = self.phase is Phase.RUNNING
            self._begin_leaving(now)
            if not registered:
                self._stop_current(now)

    def hand_over(self, now: float) -> None:
        """Start a new child in place of the old one: SIGHUP."""
        if not self._policy.hand_over:
            logger.warning(
                'SIGHUP is ignored: a command that binds the port itself '
                'cannot be started beside the old one; use {fd}')
        elif self.phase is not Phase.RUNNING or self.next is not None:
            logger.warning('SIGHUP is ignored: a start is under way')
        else:
            self._due['ready'] = now + self._policy.ready_timeout
            try:
                self.next = self._hands.start()
            except OSError as e:
                del self._due['ready']
                logger.error('cannot start the command: %s', e)

    def ready(self, now: float, child: Any) -> None:
        """Take note that a child is ready."""
        if child in self._old:
            return
        if child is self.next:
            old, self.current, self.next = self.current, child, None
            self._is_ready(now)
            self._hands.mark(True)
            self._stop(old, now)
            logger.info('%s has taken over', child)
        elif child is self.current and self.phase is Phase.STARTING:
            self._is_ready(now)
            self.phase = Phase.RUNNING
            logger.info('%s is ready', child)
            self._hands.enter()

    def _is_ready(self, now: float) -> None:
        self._due.pop('ready', None)
        self._started = now
        self.reason = ''
        self._health = Health(self._policy.down_after, self._policy.up_after)

    def checked(self, now: float, child: Any, reason: str) -> None:
        """Take the result of a check.

        :param reason: why it failed; empty when it passed
        """
        if not reason:
            self.ready(now, child)
        if child is not self.current or self.phase is not Phase.RUNNING:
            return
        changed = self._health.observe(not reason)
        if self._health.up or reason:
            self.reason = '' if self._health.up else reason
        if changed and self._health.up:
            logger.info('%s is up again', child)
        elif changed:
            logger.warning('%s is down: %s', child, reason)
        if changed or not self._health.up:
            self._hands.mark(self._health.up)

    def ended(self, now: float, child: Any, status: int) -> None:
        """Take note that a child has ended.

        :param status: its exit status, or minus the signal's number
        """
        self._due.pop(child, None)
        if child is self.next:
            self.next = None
            self._due.pop('ready', None)
            logger.error('%s ended before it was ready (%s); the old one '
                         'goes on', child, shown(status))
        elif child is self.current:
            self.current = None
            self._current_ended(now, child, status)
        self._old.discard(child)
        self._settle()

    def _current_ended(self, now: float, child: Any, status: int) -> None:
        if self.phase in (Phase.STARTING, Phase.RUNNING):
            logger.error('%s ended (%s)', child, shown(status))
            self._hands.leave()
            if self.next is not None:
                self.current, self.next = self.next, None
                self.phase = Phase.STARTING
                return
            self._due.pop('ready', None)
            if self._policy.restart:
                delay = self._restarts.delay(
                    now - self._started, self._chance())
                logger.info('starting it again in %.1f s', delay)
                self.phase = Phase.WAITING
                self._due['restart'] = now + delay
                return
            self._begin_leaving(now)
        if not self._failed:
            self.status = exit_status(status, self._asked)
        if self.phase is Phase.DRAINING:
            self._stop_current(now)

    def left(self, now: float) -> None:
        """Take note that the nodes are gone, or will not go soon."""
        self._due.pop('leave', None)
        if self.phase is not Phase.LEAVING:
            return
        if self.current is None:
            self._stop_current(now)
        else:
            self.phase = Phase.DRAINING
            self._due['drain'] = now + self._policy.drain

    def refused(self, now: float, reason: str) -> None:
        """Take note that it cannot be registered."""
        logger.error('%s', reason)
        self._fail(now)

    def _fail(self, now: float) -> None:
        if self.phase in (Phase.STARTING, Phase.RUNNING, Phase.WAITING):
            self._failed = True
            self.status = FAILED
            self._begin_leaving(now)
            self._stop_current(now)

    # Time

    def due(self) -> float | None:
        """Return when `tick` is to be called, if at all."""
        return min(self._due.values(), default=None)

    def tick(self, now: float) -> None:
        """Do what is due."""
        for what in [what for what, due in self._due.items() if due <= now]:
            if self._due.pop(what, None) is None:
                continue        # another one has seen to it
            if what == 'ready':
                self._too_late(now)
            elif what == 'restart':
                self.begin(now)
            elif what == 'leave':
                logger.warning('the nodes are still there; ZooKeeper takes '
                               'them away when the session ends')
                self.left(now)
            elif what == 'drain':
                self._stop_current(now)
            else:
                logger.warning('%s does not end: killing it', what)
                self._hands.kill(what)

    def _too_late(self, now: float) -> None:
        late = self.next or self.current
        logger.error('%s is not ready after %g s', late,
                     self._policy.ready_timeout)
        if self.next is not None:
            self.next = None
            self._stop(late, now)
        elif self._policy.restart:
            self._stop(late, now)       # its end starts it again
        else:
            self._fail(now)

    # Steps

    def _begin_leaving(self, now: float) -> None:
        self.phase = Phase.LEAVING
        self._due.pop('restart', None)
        self._due.pop('ready', None)
        if self.next is not None:
            self._stop(self.next, now)
            self.next = None
        self._due['leave'] = now + LEAVE_SECONDS
        self._hands.leave()

    def _stop_current(self, now: float) -> None:
        self.phase = Phase.STOPPING
        self._due.pop('drain', None)
        if self.current is not None:
            self._stop(self.current, now)
        self._settle()

    def _stop(self, child: Any, now: float) -> None:
        self._old.add(child)
        self._due[child] = now + self._policy.stop_timeout
        self._hands.terminate(child)

    def _children(self) -> set[Any]:
        return self._old | ({self.current} - {None})

    def _settle(self) -> None:
        if self.phase is Phase.STOPPING and not self._children():
            self.phase = Phase.ENDED
            self._due.clear()


def shown(status: int) -> str:
    """Return how a child ended, in words."""
    return f'signal {-status}' if status < 0 else f'exit status {status}'


def exit_status(status: int, asked: bool) -> int:
    """Return our exit status.

    :param status: the child's, or minus the number of a signal
    :param asked: whether it was asked to end
    """
    if asked and status in (-SIGTERM, 128 + SIGTERM):
        return 0        # as it was told
    return status if status >= 0 else 128 - status
