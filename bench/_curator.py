"""Curator's ServiceCache in a JVM, for `fleet`.

Its program is compiled when it is needed.  The JVM does not count what it
receives, so a relay between it and ZooKeeper does.
"""
from __future__ import annotations

import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import uuid

from zc.zk.tests import realserver


SOURCE = pathlib.Path(__file__).parent / 'CuratorFollower.java'
_JARS = pathlib.Path('/usr/share/java')
NAMES = ('curator-client', 'curator-framework', 'curator-recipes',
         'curator-x-discovery', 'guava', 'jackson-core', 'jackson-databind',
         'jackson-annotations', 'zookeeper-jute', 'metrics-core',
         'snappy-java')
SERVICE = 'bench'

_folder: tempfile.TemporaryDirectory[str] | None = None


def _class_path() -> str:
    jars = [str(_JARS / f'{name}.jar') for name in NAMES
            if (_JARS / f'{name}.jar').exists()]
    return ':'.join([*jars, realserver.class_path()])


def available() -> bool:
    """Tell whether Curator and a compiler are here."""
    return (shutil.which('javac') is not None
            and all((_JARS / f'curator-{part}.jar').exists()
                    for part in ('x-discovery', 'recipes')))


def command(servers: str, path: str) -> list[str]:
    """Return the command that follows a service."""
    global _folder
    if _folder is None:
        folder = tempfile.TemporaryDirectory()
        subprocess.run(
            ['javac', '-nowarn', '-d', folder.name, '-cp', _class_path(),
             str(SOURCE)], check=True)
        _folder = folder
    base, _, name = path.rpartition('/')
    return ['java', '-Xmx512m',
            # Its names take more than a megabyte in a large service.
            '-Djute.maxbuffer=8388608',
            '-cp', f'{_folder.name}:{_class_path()}', 'CuratorFollower',
            servers, base, name]


def service(
    base: str, nodes: dict[str, bytes]
) -> tuple[str, dict[str, bytes]]:
    """Return the path and the nodes of the same service, in its format."""
    found = {}
    for name in nodes:
        host, _, port = name.rpartition(':')
        id_ = str(uuid.uuid4())
        found[id_] = json.dumps({
            'name': SERVICE, 'id': id_, 'address': host, 'port': int(port),
            'sslPort': None, 'payload': None,
            'registrationTimeUTC': 1_700_000_000_000,
            'serviceType': 'DYNAMIC', 'uriSpec': None, 'enabled': True,
        }, separators=(',', ':')).encode()
    return f'{base}/{SERVICE}', found


class Relay:
    """Passes bytes on to ZooKeeper and back, and counts those.

    :ivar address: where it listens
    :ivar received: how many came back
    """

    def __init__(self, servers: str) -> None:
        host, _, port = servers.rpartition(':')
        self._to = host, int(port)
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.address = f'127.0.0.1:{self._listener.getsockname()[1]}'
        self.received = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        try:
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._to)
                for source, target, count in (
                        (client, server, False), (server, client, True)):
                    source.setsockopt(
                        socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    threading.Thread(
                        target=self._pass, args=(source, target, count),
                        daemon=True).start()
        except OSError:
            pass

    def _pass(
        self, source: socket.socket, target: socket.socket, count: bool
    ) -> None:
        try:
            while data := source.recv(1 << 18):
                if count:
                    self.received += len(data)
                target.sendall(data)
        except OSError:
            pass
        finally:
            target.close()
