"""The parts of a ZooKeeper object that work by themselves, in threads.

They are told of the connection's state and of each other's writes here, they
settle together, and they end together.
"""
from __future__ import annotations

import collections
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kazoo.protocol.states import ZnodeStat

from ._live.engine import Engine
from ._live.view import keys_of
from ._registration.keeper import Keeper
from ._registration.states import State
from ._session.connection import Connection
from ._statistics import Statistics
from ._worker.moments import Moments


if TYPE_CHECKING:
    from ._discovery.providers import Providers


class Parts:
    """A connection, a watch engine and a keeper of registrations.

    :param connection: the connection, which nobody follows yet
    :param persistent_watches: whether to use them where possible; a kazoo
        client that was passed in knows none
    """

    def __init__(
        self, connection: Connection, persistent_watches: bool = True
    ) -> None:
        self.connection = connection
        bulk, name = connection.bulk, connection.name
        self.engine = Engine(
            bulk, name, connection.own and persistent_watches)
        self.keeper = Keeper(bulk, self.engine, connection.granted, name)

    def session_changed(self, state: str) -> None:
        """Take note of the connection's state, in kazoo's thread."""
        self.engine.session_changed(state)
        self.keeper.session_changed(state)
        self.connection.session_changed(state)

    # What the user wrote

    def wrote(self, path: str, data: bytes, stat: ZnodeStat) -> None:
        """Take note of data that were written."""
        self.keeper.wrote(path, data, stat.mzxid)
        self.engine.learn(path, data, stat)

    def changed(self, path: str, above: bool) -> None:
        """Take note of a node that was created or deleted.

        :param above: whether nodes above it may have been created too
        """
        self.engine.settle(None if above else keys_of(path))

    def changed_much(self) -> None:
        """Take note that many nodes were written."""
        self.engine.settle()

    # What they do at the moment

    def threads(self) -> list[threading.Thread]:
        """Return the threads that there are."""
        reviver = self.connection.reviver
        return [each for each in (
            self.engine.thread, self.engine.calls.thread,
            self.keeper.thread, reviver.thread if reviver else None)
            if each is not None and each.is_alive()]

    def statistics(self, providers: Sequence[Providers]) -> Statistics:
        """Return figures of this moment.

        :param providers: those that follow a service
        """
        states = collections.Counter(
            each.state for each in list(self.keeper.registrations.values()))
        return Statistics(
            threads=tuple([each.name for each in self.threads()]),
            watches=self.engine.watch_count(),
            registrations={
                each.value: states[each.value] for each in State
                if each != State.CLOSED},
            reconnections=self.connection.reconnections,
            session_timeout=self.connection.granted(),
            requests_in_flight=self.connection.requests_in_flight(),
            providers=tuple(providers))

    def settle(self, timeout: float) -> bool:
        """Wait until all that happened in ZooKeeper by now has its effects.

        :returns: whether it was so within `timeout` seconds; not in a thread
            that it would have to wait for
        """
        if (threading.current_thread() in self.threads()
                or self.connection.bulk.on_kazoos_thread()):
            return False
        deadline = time.monotonic() + timeout
        return self.connection.settle(deadline) and all(
            Moments().wait(when_settled, deadline - time.monotonic())
            for when_settled in (
                self.engine.when_settled,
                self.engine.calls.when_settled,
                self.keeper.when_settled))

    def close(self) -> None:
        """End the session, where it is ours, and the threads."""
        # First, so that no callback hears that our own nodes go.
        self.engine.close()
        self.keeper.part()
        if not self.connection.unfollow():
            self.keeper.leave()
        self.keeper.close()

    def __str__(self) -> str:
        counts = [(len(self.keeper.registrations), 'registered'),
                  (self.engine.watch_count(), 'watched')]
        held = ''.join([f', {count} {what}' for count, what in counts
                        if count])
        client = self.connection.client
        return (f'{self.connection.name}{client.chroot} {client.state}{held}')
