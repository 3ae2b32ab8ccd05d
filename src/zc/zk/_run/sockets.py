"""The socket that a server listens on: bound here, or inherited.

Runs in the main thread.  Knows no process and no ZooKeeper.
"""
from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import stat
import urllib.parse
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple


#: Connections that the kernel keeps until they are accepted: enough for the
#: time in which one child takes over from another.
BACKLOG = 1024
#: The descriptor that systemd passes, and that we announce by LISTEN_FDS: see
#: sd_listen_fds(3).
FIRST_FD = 3
#: The same socket for those that take its number from their arguments.  A
#: server may read both, as gunicorn does, and close the first one.
NAMED_FD = 4


class Place(NamedTuple):
    """Where a server listens.

    :ivar host: the host as it was asked for; empty for all interfaces
    :ivar port: the TCP port; 0 for a Unix-domain socket
    :ivar unix: the path of a Unix-domain socket, or None
    """

    host: str
    port: int
    unix: str | None = None

    @property
    def bind_host(self) -> str:
        """The host to bind, for a command that does so itself."""
        return self.host or '0.0.0.0'

    @property
    def target(self) -> tuple[str, int] | str:
        """What to connect to, from this machine."""
        if self.unix is not None:
            return self.unix
        if not is_blank(self.host):
            return self.host, self.port
        return '::1' if ':' in self.host else '127.0.0.1', self.port

    def names(
        self, advertise: Sequence[tuple[str, int | None]] = ()
    ) -> list[str | tuple[str, int]]:
        """Return the addresses to register.

        :param advertise: (host, port) pairs to register instead; an empty
            host or no port is taken from here
        """
        if self.unix is not None and not advertise:
            # A node's name cannot hold '/'.
            return ['unix:' + urllib.parse.quote(self.unix, safe='')]
        own = '' if is_blank(self.host) else self.host
        return list(dict.fromkeys(
            (host or own, port or self.port)
            for host, port in advertise or [(own, self.port)]))


def is_blank(host: str) -> bool:
    """Tell whether `host` stands for all interfaces."""
    if not host:
        return True
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that is bound and does not listen yet.

    :param host: a name or address; empty for all IPv4 interfaces, ``::``
        for all interfaces of both families
    :param port: the TCP port; 0 for any free one
    :raises OSError: when the host is unknown or the port in use
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host or '0.0.0.0', port, type=socket.SOCK_STREAM,
        flags=socket.AI_PASSIVE)[0]
    sock = socket.socket(family, kind, protocol)
    try:
        # Connections of an earlier process that still linger must not
        # keep a restarted server from its port.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(
                socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, host != '::')
        sock.bind(address)
    except BaseException:
        sock.close()
        raise
    return sock


def listen(host: str, port: int) -> tuple[socket.socket, Place]:
    """Return a socket that listens, and its place."""
    sock = bind(host, port)
    try:
        sock.listen(BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock, Place(host, sock.getsockname()[1])


def free(host: str, port: int) -> Place:
    """Return a place where a command can listen by itself.

    :raises OSError: when another process listens there
    """
    sock, place = listen(host, port)
    sock.close()
    return place


def listen_unix(path: str) -> tuple[socket.socket, Place]:
    """Return a Unix-domain socket that listens, and its place.

    A socket that an earlier process left behind is replaced.

    :raises OSError: when a server listens there, or it cannot be made
    """
    path = os.path.abspath(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if _is_stale(path):
            os.unlink(path)
        sock.bind(path)
        sock.listen(BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock, Place('', 0, path)


def _is_stale(path: str) -> bool:
    """Tell whether there is a socket at `path` that nobody listens on."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return False
    except FileNotFoundError:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        try:
            sock.connect(path)
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False


def inherited_count(environ: Mapping[str, str], pid: int) -> int:
    """Return how many sockets were passed to this process.

    :param environ: the environment
    :param pid: the id of this process
    """
    if environ.get('LISTEN_PID') != str(pid):
        return 0        # they are for another process
    count = environ.get('LISTEN_FDS', '')
    return int(count) if count.isascii() and count.isdigit() else 0


def inherit(fd: int = FIRST_FD) -> tuple[socket.socket, Place]:
    """Return the socket that systemd passed, and its place.

    :raises OSError: when the descriptor is not a socket that listens
    """
    sock = socket.socket(fileno=fd)
    try:
        if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            raise OSError(f'descriptor {fd} does not listen')
        # It may come non-blocking, which is the children's affair, but
        # must not come along where it is not meant to.
        sock.set_inheritable(False)
        name = sock.getsockname()
    except BaseException:
        with contextlib.suppress(OSError):
            sock.close()
        raise
    if sock.family == socket.AF_UNIX:
        return sock, Place('', 0, os.fsdecode(name))
    return sock, Place(name[0], name[1])
