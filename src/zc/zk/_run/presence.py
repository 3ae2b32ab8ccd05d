"""The server's nodes in ZooKeeper: how they come, say how it is, and go.

All requests are made in one thread, which brings what is there into line
with what is wanted.  So the thread that looks after the processes never
waits for ZooKeeper, and trouble with ZooKeeper is no trouble of theirs.
Knows no process and no socket.
"""
from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from kazoo.exceptions import AuthFailedError
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError

from .._worker.backoff import Backoff
from ..client import ZooKeeper
from ..errors import DataError
from ..errors import Error
from ..errors import FailedConnect
from .last import DOWN
from .last import may_go
from .last import restored


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
        self._before: dict[str, Any] | None = None      # not None: marked
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
        """Have the nodes taken away; `Left` is told in any case."""
        self._ask(False, self._up)

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
        self._first = False
        if not wanted:
            self._leave()
            self._before, self._away = None, False
            self._told(Left())
        elif self._away:
            if up or not self._may_go():
                self._enter()
                self._away = False
        elif len(self._entered) < len(self._wishes.names):
            self._enter()
        elif up:
            self._restore()
        else:
            self._mark_down()

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

    def _restore(self) -> None:
        if self._before is None:
            return
        assert self._zk is not None
        for registration in self._zk.registrations.values():
            registration.update(restored(self._before))
        self._before = None
        logger.info('the nodes say that it is healthy')

    def _mark_down(self) -> None:
        assert self._zk is not None
        if not self._may_go():
            if self._before is not None:
                self._restore()
            if self._said != 'last':
                self._said = 'last'
                logger.warning(
                    'it stays registered as healthy, since no other provider '
                    'in %s is', self._wishes.path)
            return
        self._said = ''
        if self._wishes.unregister_when_down:
            self._leave()
            self._away = True
        elif self._before is None:
            registrations = list(self._zk.registrations.values())
            self._before = registrations[0].properties
            for registration in registrations:
                registration.update(DOWN)
            logger.info('the nodes say that it is down')

    def _may_go(self) -> bool:
        if self._wishes.even_the_last:
            return True
        assert self._zk is not None
        path = self._zk.resolve(self._wishes.path)
        own = {each.rpartition('/')[2] for each in self._zk.registrations}
        names = list(set(self._zk.get_children(path)) - own)
        # Mostly the first that is read is healthy.
        random.shuffle(names)
        # One that is unregistered has no node whose turn it can be.
        return may_go(
            self._before is not None, own or {''},
            self._properties(self._zk, path, names))

    @staticmethod
    def _properties(
        zk: ZooKeeper, path: str, names: list[str]
    ) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for name in names:
            try:
                yield name, zk.get_properties(f'{path}/{name}'.replace(
                    '//', '/'))
            except NoNodeError:
                continue
            except (DataError, NoAuthError):
                yield name, {}      # it says nothing, so it is healthy


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
