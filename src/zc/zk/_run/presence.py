"""The server's nodes in ZooKeeper: how they come, say how it is, and go.

All requests are made in one thread, which brings what is there into line
with what is wanted.  So the thread that looks after the processes never
waits for ZooKeeper, and trouble with ZooKeeper is no trouble of theirs.
Knows no process and no socket.
"""
from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from kazoo.exceptions import AuthFailedError
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError

from .._checks.marks import Marks
from .._worker.backoff import Backoff
from ..client import ZooKeeper
from ..errors import Error
from ..errors import FailedConnect


logger = logging.getLogger('zc.zk.run')

# Seconds between attempts, after errors.
FIRST_DELAY = 0.2
LONGEST_DELAY = 10.0


class Registered(NamedTuple):
    """The nodes are there."""

    paths: tuple[str, ...]


class Left(NamedTuple):
    """The nodes are gone, or go when that is possible."""


class Refused(NamedTuple):
    """The nodes cannot be made, and trying again is not wanted."""

    reason: str


class Wishes(NamedTuple):
    """What to register, and when.

    :ivar path: the node below which to register
    :ivar names: the addresses
    :ivar properties: the properties of each
    :ivar wait: whether to try again when the first attempt fails
    :ivar even_the_last: whether the last healthy provider may go
    :ivar takeover: whether nodes of these names, if they are there already,
        must be left over: the socket is ours, so their owner has lost it
    :ivar unregister_when_down: whether one that is down goes altogether
    """

    path: str
    names: Sequence[str | tuple[str, int]]
    properties: Mapping[str, Any]
    wait: bool = False
    even_the_last: bool = False
    unregister_when_down: bool = False
    takeover: bool = False


class Presence:
    """Keeps the nodes as they are wanted.

    :param connect: makes the connection
    :param wishes: what to register
    :param told: called with `Registered`, `Left` and `Refused`
    """

    def __init__(
        self,
        connect: Callable[[], ZooKeeper],
        wishes: Wishes,
        told: Callable[[Any], None],
    ) -> None:
        self._connect = connect
        self._wishes = wishes
        self._told = told
        self._condition = threading.Condition()
        # What is wanted:
        self._in = False
        self._up = True
        self._asked = True          # something has changed since
        self._closing = False
        # What is there; only for the thread:
        self._zk: ZooKeeper | None = None
        self._first = True          # connect, whatever is wanted
        self._marks = Marks(wishes.path, wishes.even_the_last, logger)
        self._away = False          # unregistered, since it is down
        self._entered: list[str | tuple[str, int]] = []
        self._proved = False        # it was registered once
        self._said = ''
        self._thread = threading.Thread(
            target=self._run, daemon=True, name='zczk run registration')
        self._thread.start()

    # For the supervisor; none of these waits

    def enter(self) -> None:
        """Have the server registered, as one that is up."""
        self._ask(True, True)

    def leave(self) -> None:
        """Have the nodes taken away; `Left` is told in any case.

        It is told at once if there was no connection yet.
        """
        self._ask(False, self._up)
        if self._zk is None:
            self._told(Left())

    def mark(self, up: bool) -> None:
        """Have the nodes say whether the server is up.

        Call it again while it is down: others may have come up meanwhile.
        """
        self._ask(self._in, up)

    def _ask(self, in_: bool, up: bool) -> None:
        with self._condition:
            self._in, self._up, self._asked = in_, up, True
            self._condition.notify()

    def close(self, timeout: float) -> None:
        """End the session.

        :param timeout: how long to wait for that, in seconds
        """
        with self._condition:
            self._closing = True
            self._condition.notify()
        # A request that waits for a server ends when the client is closed.
        closer = threading.Thread(
            target=self._end_session, daemon=True, name='zczk run close')
        closer.start()
        deadline = time.monotonic() + timeout
        for thread in (closer, self._thread):
            thread.join(max(0.0, deadline - time.monotonic()))
        if self._thread.is_alive() and self._zk is not None:
            logger.warning('could not end the ZooKeeper session in time')

    def _end_session(self) -> None:
        if self._zk is not None:
            with contextlib.suppress(Exception):
                self._zk.close()

    # The thread

    def _run(self) -> None:
        delays = Backoff(FIRST_DELAY, LONGEST_DELAY)
        delay: float | None = None
        while True:
            with self._condition:
                self._condition.wait_for(
                    lambda: self._asked or self._closing, delay)
                self._asked = False
                wanted, up, closing = self._in, self._up, self._closing
            if closing:
                break
            try:
                self._step(wanted, up)
                delay = None
                delays.reset()
            except Exception as e:
                if self._closing:
                    break
                reason, hopeless = _explain(e, self._wishes.path)
                # What worked once will work again.
                if not self._proved and (hopeless or not self._wishes.wait):
                    self._told(Refused(reason))
                    continue
                if reason != self._said:
                    self._said = reason
                    logger.warning('trying on: %s', reason)
                delay = delays.next()
        self._end_session()

    def _step(self, wanted: bool, up: bool) -> None:
        if self._zk is None and (wanted or self._first):
            self._zk = self._connect()
            self._zk.client.add_listener(self._tell)
            # That may have taken long.
            with self._condition:
                wanted, up = self._in, self._up
        self._first = False
        if not wanted:
            self._leave()
            self._marks.forget()
            self._away = False
            self._told(Left())
        elif self._away:
            if up or not self._marks.may_go(self._client()):
                self._enter()
                self._away = False
        elif len(self._entered) < len(self._wishes.names):
            self._enter()
        elif up:
            self._marks.up(self._client())
        elif not self._wishes.unregister_when_down:
            self._marks.down(self._client())
        elif self._marks.may_go(self._client()):
            self._leave()
            self._away = True
        else:
            self._marks.stay(self._client())

    def _tell(self, state: str) -> None:
        """Log a change of the connection's state: a kazoo listener."""
        if not self._closing:
            logger.info('connection to ZooKeeper %s', state.lower())

    def _enter(self) -> None:
        assert self._zk is not None
        for name in self._wishes.names:
            if name not in self._entered:
                self._zk.register_with(
                    self._wishes.path, name, self._wishes.properties,
                    takeover=self._wishes.takeover)
                self._entered.append(name)
        self._said = ''
        self._proved = True
        paths = tuple(sorted(self._zk.registrations))
        logger.info('registered as %s', ', '.join(paths))
        self._told(Registered(paths))

    def _leave(self) -> None:
        if self._zk is None:
            return
        paths = sorted(self._zk.registrations)
        for registration in self._zk.registrations.values():
            registration.unregister()
        self._entered = []
        if paths:
            logger.info('took %s away', ', '.join(paths))

    def _client(self) -> ZooKeeper:
        assert self._zk is not None
        return self._zk


def _explain(error: Exception, path: str) -> tuple[str, bool]:
    """Return what is wrong, and whether time cannot mend it."""
    if isinstance(error, FailedConnect):
        return str(error), (error.reason == 'authentication failed'
                            or isinstance(error.__cause__, ValueError))
    if isinstance(error, NoNodeError):
        return f'--path: there is no node {path}', False
    if isinstance(error, NodeExistsError):
        return ('another server is registered with the same address '
                f'({error})', False)
    if isinstance(error, NoAuthError):
        return f'--path: no permission at {path}', False
    if isinstance(error, AuthFailedError):
        return '--auth: ZooKeeper refuses the credentials', True
    if isinstance(error, (Error, OSError)):
        return str(error), True
    return f'{type(error).__name__} {error}'.strip(), False
