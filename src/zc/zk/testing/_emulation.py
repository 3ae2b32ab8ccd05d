"""The clusters that tests have set up, and kazoo's class while there are any.

One for the process: while a test has a cluster, clients that are made with
its connection string talk to it, whatever module makes them, and the writes
of all of them settle together.  Runs in whatever thread makes a client or
uses it.  It must not know tests, trees or servers.
"""
from __future__ import annotations

import socket
import time
import unittest.mock
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import kazoo.client

from .._session import connect
from .._session.insides import HeardCalls
from ._settle import WRITES
from ._settle import Settler
from ._settle import owners_of


#: How long a lost session may take to be replaced, in seconds.
SESSION_SECONDS = 30.0


class Cluster:
    """What stands behind a connection string.

    :param connection_string: the one that is emulated
    :param servers: the connection string of the servers that it stands for
    :param root: the path there of what is ``/`` for the test
    """

    def __init__(
        self, connection_string: str, servers: str, root: str
    ) -> None:
        self.connection_string = connection_string
        self.servers = servers
        self.root = root


class Emulation:
    """The clusters that there are.

    :ivar plain: kazoo's own client class
    """

    def __init__(self) -> None:
        self.plain: Any = kazoo.client.KazooClient
        self._clusters: list[Cluster] = []
        self._settler = Settler()
        self._patches = ExitStack()

    def enter(self, cluster: Cluster) -> None:
        """Let new clients talk to a cluster; it hides one of its name."""
        if not self._clusters:
            self._patch()
        self._clusters.append(cluster)

    def leave(self, cluster: Cluster) -> None:
        """Stop the clients of a cluster; those of others go on."""
        self._clusters.remove(cluster)
        try:
            for client in list(self._settler.clients):
                if client.cluster is cluster or not self._clusters:
                    self._settler.clients.discard(client)
                    _stop(client)
        finally:
            if not self._clusters:
                self._patches.close()

    def find(self, connection_string: str) -> Cluster | None:
        """Return the newest cluster with a connection string."""
        for cluster in reversed(self._clusters):
            if cluster.connection_string == connection_string:
                return cluster
        return None

    def names(self) -> str:
        """Return the connection strings, for an error."""
        return ' or '.join(sorted(
            {repr(each.connection_string) for each in self._clusters}))

    def _patch(self) -> None:
        settler = self._settler = Settler()
        self.plain = kazoo.client.KazooClient
        with ExitStack() as stack:
            stack.enter_context(unittest.mock.patch(
                'kazoo.client.KazooClient', _client_class(self, settler)))
            self._patches = stack.pop_all()


def wait_until(
    func: Callable[[], Any], timeout: float = 9.0, mess: str = ''
) -> None:
    """Wait until ``func()`` is true.

    :param timeout: the longest to wait, in seconds
    :raises AssertionError: when it does not become true in time
    """
    deadline = time.monotonic() + timeout
    while not func():
        if time.monotonic() > deadline:
            raise AssertionError(mess or f'not within {timeout:g} seconds')
        time.sleep(0.005)


def _client_class(emulation: Emulation, settler: Settler) -> type:
    """Return what stands for kazoo's client class in a test."""

    class TestClient(HeardCalls, kazoo.client.KazooClient):
        """A kazoo client that connects to the test's servers only.

        :ivar cluster: to which it belongs, or None
        """

        def __init__(
            self,
            hosts: str = '127.0.0.1:2181',
            timeout: float = 10.0,
            client_id: Any = None,
            handler: Any = None,
            **keywords: Any,
        ) -> None:
            servers, slash, chroot = hosts.partition('/')
            self.cluster = emulation.find(servers)
            if self.cluster is not None:
                hosts = (self.cluster.servers + self.cluster.root
                         + slash + chroot)
            super().__init__(
                hosts, timeout, client_id, settler.handler(), **keywords)
            settler.clients.add(self)

        def start_async(self) -> Any:
            if self.cluster is None:
                raise self.handler.timeout_exception(
                    f'only {emulation.names()} connects in this test')
            return super().start_async()

        def lose_session(
            self, function: Callable[[], Any] | None = None
        ) -> None:
            """Lose the connection and the session, and get a new one.

            When it returns, what follows from that has happened, too.

            :param function: called while there is no connection
            """
            old = self.client_id
            if old is None or self.cluster is None:
                raise ValueError('there is no session')
            refusals = self.handler.refusals
            self.handler.shut = True
            try:
                self.handler.connection.shutdown(socket.SHUT_RDWR)
                # kazoo tries again when it has told all listeners.
                wait_until(lambda: self.handler.refusals > refusals,
                           SESSION_SECONDS, 'the connection stays')
                if function is not None:
                    function()
                _end_session(
                    emulation.plain, self.cluster.servers, old)
            finally:
                self.handler.shut = False
            wait_until(
                lambda: self.connected and self.client_id[0] != old[0],
                SESSION_SECONDS, 'no new session')
            settler.wrote()
            settler.settle()

        def calling(self, request: Any, result: Any) -> None:
            if request.type in WRITES:
                result.is_write = True

        def stop(self) -> None:
            super().stop()
            # The session's ephemeral nodes went with it.
            settler.wrote()
            settler.settle()

    return TestClient


def _end_session(client_class: Any, servers: str, client_id: Any) -> None:
    """Take over a session and end it: that works with any server."""
    client = client_class(servers, client_id=client_id)
    client.start()
    client.stop()
    client.close()


def _stop(client: Any) -> None:
    owners = owners_of(client)
    connect.stop(client)
    # A test may have left its ZooKeeper object open, and its threads.
    for owner in owners:
        owner.close()
