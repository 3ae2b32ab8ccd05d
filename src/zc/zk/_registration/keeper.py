"""Registrations: ephemeral nodes, kept for as long as they are wanted.

A first registration makes its pass in its caller's thread (see `arrivals`).
From then on one thread for each client looks at what is in doubt (see
`rounds`): after each (re)connection, and when a node of ours or its parent
changed.  What ends is deleted (see `departures`).  Any thread may use it.
"""
from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from functools import partial
from typing import Any

from kazoo.exceptions import ConnectionClosedError
from kazoo.exceptions import KazooException
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError
from kazoo.protocol.states import KazooState
from kazoo.security import ACL

from .._live.engine import Engine
from .._live.view import keys_of
from .._session.requests import Bulk
from .._tree.values import encode
from .arrivals import Arrivals
from .departures import Departures
from .early import Early
from .followers import Followers
from .reconciler import Reconciler
from .registration import Registration
from .rounds import Rounds
from .states import State


#: The longest that `part` waits, in seconds: the word is not worth more.
PART_SECONDS = 0.5


class Keeper:
    """Keeps the registrations of one client.

    One noun: all that begins, changes or ends a registration goes through one
    table and one turn.  What each of them does is in the modules beside.

    :param bulk: reads and writes nodes
    :param engine: tells when a node changed
    :param session_timeout: tells how long a dead session's nodes may stay,
        in seconds
    :param name: goes into the name of the thread
    :ivar registrations: those that are kept, by the paths of their nodes
    """

    def __init__(
        self,
        bulk: Bulk,
        engine: Engine,
        session_timeout: Callable[[], float],
        name: str,
    ) -> None:
        self._bulk = bulk
        self._engine = engine
        self._reconciler = Reconciler(bulk)
        self.registrations: dict[str, Registration] = {}
        # First registrations that are under way.
        self._adding: dict[str, Registration] = {}
        self._closed = False
        self._lock = threading.Lock()       # for these three
        # Held while a pass is under way: over requests, so that it is of
        # the kind that kazoo's handler makes.
        self._turn: threading.Lock = bulk.client.handler.lock_object()
        self._followers = Followers(engine, self._doubt)
        self._arrivals = Arrivals(
            bulk, self._reconciler, self._turn, session_timeout)
        self._departures = Departures(
            self._reconciler, self._holder, self._put_off)
        self._early = Early(self._move)
        self._rounds = Rounds(
            name, self._reconciler, self._turn, self._early,
            self._followers, self._departures)
        self.session_changed(bulk.client.state)

    # For users' threads

    def add(
        self,
        nodes: Mapping[str, Mapping[str, Any]],
        acl: Sequence[ACL],
        takeover: bool = False,
    ) -> None:
        """Create ephemeral nodes, all or none, and keep them from now on.

        :param nodes: the properties of each, by path
        :param takeover: whether the caller knows that nodes which are there
            already are stale
        :raises NodeExistsError: when a node is another live session's
        :raises NoNodeError: when the parent is missing
        :raises NoAuthError: when the nodes may not be created
        :raises TooLarge: when their data are over the server's limit
        """
        new = self._new(nodes, acl, takeover)
        with self._lock:
            self._check_new(new)
            self._adding.update(new)
        try:
            self._arrivals.make(list(new.values()))
            with self._lock:
                if self._closed:
                    raise ConnectionClosedError('closed')
                self.registrations.update(new)
        except BaseException:
            self._departures.take_back(list(new.values()))
            raise
        finally:
            with self._lock:
                for path in new:
                    del self._adding[path]
        self._followers.follow(new.values())
        # Whatever happened before this was followed is seen now.
        doubtful = self._doubtful(new.values())
        if doubtful:
            self._rounds.look(doubtful)
        self._rounds.start()
        self._engine.settle([key for path in nodes for key in keys_of(path)])

    def add_later(
        self,
        nodes: Mapping[str, Mapping[str, Any]],
        acl: Sequence[ACL],
        resolve: Callable[[str], str],
    ) -> None:
        """Keep ephemeral nodes, which are created when there is a
        connection.

        :param nodes: the properties of each, by a path that may lead
            through links
        :param resolve: returns the real path of a node; called in another
            thread
        :raises NodeExistsError: when they are registered here already
        :raises TooLarge: when their data are over the server's limit
        """
        new = self._new(nodes, acl)
        for each in new.values():
            each._announce()
        with self._lock:
            self._check_new(new)
            self._early.add(new.values(), resolve)
            self.registrations.update(new)
        self._rounds.look(new.values())
        self._rounds.start()

    def connected(self) -> bool:
        """Tell whether there is a connection."""
        return self._reconciler.connected()

    def _new(
        self,
        nodes: Mapping[str, Mapping[str, Any]],
        acl: Sequence[ACL],
        takeover: bool = False,
    ) -> dict[str, Registration]:
        new = {path: Registration(
                    self, path, encode(properties, path), acl, takeover)
               for path, properties in nodes.items()}
        for each in new.values():
            self._reconciler.check_size(each)
        return new

    def _check_new(self, paths: Iterable[str]) -> None:
        """Refuse new registrations at a bad time, or of the same nodes."""
        if self._closed:
            raise ConnectionClosedError('closed')
        for path in paths:
            if path in self.registrations or path in self._adding:
                raise NodeExistsError(f'{path} (registered here already)')

    def _move(self, registration: Registration, path: str) -> None:
        """Have a registration kept under its real path."""
        with self._lock:
            old = registration.path
            if path == old or self.registrations.get(old) is not registration:
                return
            self._check_new([path])
            del self.registrations[old]
            registration._move(path)
            self.registrations[path] = registration
        self._followers.drop(registration)

    def update(
        self, registration: Registration, changes: Mapping[str, Any]
    ) -> None:
        """Change properties of a registered node.

        :raises TooLarge: when the data are over the server's limit; then
            nothing changes
        """
        self._bulk.check_process()
        with self._turn:
            if registration.state == State.CLOSED:
                raise NoNodeError(f'{registration.path} (not registered here)')
            registration._content.change(
                changes, partial(self._reconciler.check_size, registration))
            if registration not in self._early:
                self._reconciler.attempt([registration])
        if registration._settled:
            self._engine.settle(keys_of(registration.path))
        else:
            self._doubt(registration)

    def wrote(self, path: str, data: bytes, mzxid: int) -> None:
        """Take note of data that this client wrote to `path`."""
        registration = self.registrations.get(path)
        if registration is not None:
            registration._content.learn(data, mzxid)

    def remove(self, registration: Registration) -> bool:
        """Delete a node, and keep it no longer.

        :returns: whether it is gone; if not, it is deleted as soon as that
            is possible
        """
        return self._remove([registration])

    def leave(self, timeout: float | None = 0.0) -> bool:
        """Delete all nodes, and take no new ones: for a client whose session
        goes on.  A first registration that is under way is taken back.

        :param timeout: how long to wait, in seconds, for nodes that cannot
            be deleted now; None: until `close`
        :returns: whether all nodes are gone
        """
        self._remove(self._end())
        return self._departures.wait(timeout)

    def part(self, timeout: float = PART_SECONDS) -> None:
        """Delete all nodes that can be deleted now, and take no new ones:
        for a client whose session ends.

        That would delete them too, but without the word that their servers
        leave on purpose.

        :param timeout: the longest to wait, in seconds
        """
        registrations = self._end()
        deadline = time.monotonic() + timeout
        if (registrations and self._reconciler.connected()
                and self._turn.acquire(timeout=timeout)):
            try:
                for each in registrations:
                    each._close()
                self._departures.delete(registrations, deadline)
            finally:
                self._turn.release()

    def _end(self) -> list[Registration]:
        """Take no new registrations; return those that there are."""
        with self._lock:
            self._closed = True
            registrations = list(self.registrations.values())
        self._arrivals.give_up()
        return registrations

    def _remove(self, registrations: Sequence[Registration]) -> bool:
        self._bulk.check_process()
        with self._lock:
            mine = [each for each in registrations
                    if self.registrations.get(each.path) is each]
            for each in mine:
                del self.registrations[each.path]
        if not mine:
            return True
        with self._turn:
            for each in mine:
                each._close()
                self._early.discard(each)
                self._followers.drop(each)
            deleted = self._departures.delete(mine)
        self._engine.settle(
            [key for each in mine for key in keys_of(each.path)])
        if not deleted:
            self._departures.put_off(mine)
        return deleted

    def close(self) -> None:
        """End the thread, from any thread; the session's end does the rest.
        """
        self._closed = True
        self._rounds.close()
        self._arrivals.give_up()
        self._departures.give_up()
        self._rounds.join()
        for registration in list(self.registrations.values()):
            registration._close()

    def when_settled(self, function: Callable[[], None]) -> None:
        """Call `function` when all that was to be looked at so far was."""
        self._rounds.when_settled(function)

    @property
    def thread(self) -> threading.Thread | None:
        """The reconciler thread, or None before it starts."""
        return self._rounds.mailbox.thread

    # For kazoo's threads

    def session_changed(self, state: str) -> None:
        """Take note of the connection's state: a kazoo listener."""
        if state == KazooState.CONNECTED:
            with contextlib.suppress(KazooException):
                self._reconciler.session()      # notes its id
            self._rounds.look(list(self.registrations.values()), True)

    def connection_ended(self, error: Exception) -> None:
        """Take note that there is no connection, and that this will last."""
        with self._lock:
            if not self._closed:
                for registration in self.registrations.values():
                    registration._become(State.PENDING, error)

    # For the parts

    def _doubtful(
        self, registrations: Iterable[Registration]
    ) -> list[Registration]:
        """Return those that are not well by what their followers know.

        Of a session that changed meanwhile, `session_changed` is told.
        """
        try:
            session = self._reconciler.session()
        except KazooException:
            return list(registrations)
        return [each for each in registrations if not each._is_well(
            self._followers.found(each), session)]

    def _doubt(self, registration: Registration) -> None:
        self._rounds.look([registration])

    def _holder(self, path: str) -> Registration | None:
        """Return the registration that has a path, if there is one."""
        with self._lock:
            return self._adding.get(path) or self.registrations.get(path)

    def _put_off(self) -> None:
        self._rounds.look(departures=True)
        self._rounds.start()
