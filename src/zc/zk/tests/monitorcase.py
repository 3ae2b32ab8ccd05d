"""What tests of the monitor share: a server, asking it, telling of servers."""
from __future__ import annotations

import socket
import unittest
from typing import Any

import zc.zk
from zc.zk import monitor
from zc.zk._monitor import plugin
from zc.zk.tests.base import DEADLINE


def ask(address: Any, line: str) -> str:
    """Return what a monitor server answers."""
    family = (socket.AF_UNIX if isinstance(address, str)
              else socket.AF_INET)
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(DEADLINE)
        sock.connect(address)
        sock.sendall(f'{line}\n'.encode())
        with sock.makefile() as stream:
            return stream.read()


class MonitorCase(unittest.TestCase):

    def setUp(self) -> None:
        plugin._servers.clear()
        self.addCleanup(plugin._servers.clear)

    def start(self, *args: Any) -> Any:
        address = monitor.start(*args)
        self.addCleanup(monitor.stop, address)
        return address

    def notify(self, name: str, path: str, **properties: Any) -> None:
        monitor.notify(zc.zk.RegisteringServer(name, path, properties))
