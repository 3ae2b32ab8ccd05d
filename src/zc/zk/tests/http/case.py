"""What the tests of the clients of HTTP share."""
from __future__ import annotations

import pathlib
import socket
import tempfile
from typing import Any

import zc.zk
from zc.zk.tests.base import ZooKeeperCase
from zc.zk.tests.base import wait_for
from zc.zk.tests.certificates import Certificates
from zc.zk.tests.http.webserver import WebServer


PATH = '/fooservice/providers'


class HttpCase(ZooKeeperCase):
    """A test with a service and servers of HTTP."""

    tree = '/fooservice\n  /providers\n'

    def setUp(self) -> None:
        super().setUp()
        self.client = self.zk()

    def server(self, mode: Any = 'answer', **options: Any) -> WebServer:
        """Return a new server, which is registered."""
        server = WebServer(mode, **options)
        self.addCleanup(server.close)
        self.register(server.name)
        return server

    def register(self, name: str) -> None:
        self.client.create(f'{PATH}/{name}', '{}')

    def remove(self, name: str) -> None:
        """Take a provider away, and wait until that is known."""
        self.client.client.delete(f'{PATH}/{name}')

    def refusing(self) -> str:
        """Return the name of a new provider that refuses connections."""
        place = socket.socket()
        self.addCleanup(place.close)
        place.bind(('127.0.0.1', 0))
        name = f'127.0.0.1:{place.getsockname()[1]}'
        self.register(name)
        return name

    def providers(self, **options: Any) -> zc.zk.Providers:
        """Return the providers; by default, all that are registered."""
        options = {
            'choose': 'round robin', 'eject': False, 'hold': 0, **options}
        providers = self.client.providers(PATH, **options)
        self.addCleanup(providers.close)
        return providers

    def certificates(self) -> Certificates:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        return Certificates(pathlib.Path(directory.name) / 'tls')

    def wait_for_requests(
        self, count: int, servers: list[WebServer]
    ) -> None:
        """Wait until so many have come: the client may be the faster one.
        """
        wait_for(lambda: count <= sum(
            len(each.requests) for each in servers), f'{count} requests')
        self.assertEqual(count, sum(len(each.requests) for each in servers))

    def wait_for_no_connection(self, server: WebServer) -> None:
        wait_for(lambda: not server.connections, 'connections are closed')
