"""Listening sockets, for IPv4 and IPv6, on a given port or any.

Runs in its caller's thread.  Knows no engine, no HTTP and no ZooKeeper.
"""
from __future__ import annotations

import ipaddress
import socket

from ._options.values import Address


#: Connections that the kernel keeps for us until they are accepted.
BACKLOG = 1024


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    :param host: a name or address; empty for all IPv4 interfaces, ``::``
        for all interfaces of both families
    :param port: the TCP port; 0 for any free one
    :raises OSError: when the host is unknown or the port in use
    """
    found = socket.getaddrinfo(
        host or '0.0.0.0', port, type=socket.SOCK_STREAM,
        flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        # Connections of an earlier process that still linger must not
        # keep a restarted server from its port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(
                socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, host != '::')
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def is_blank(host: str) -> bool:
    """Tell whether `host` stands for all interfaces."""
    if not host:
        return True
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def addresses(
    host: str, port: int, advertise: tuple[Address, ...] = ()
) -> list[tuple[str, int]]:
    """Return the (host, port) pairs to register.

    :param host: the host that the socket was asked to listen on: the name
        that the operator chose says more than the number it stands for
    :param port: the port that the socket got
    :param advertise: addresses to register instead; what they leave open
        is taken from the first two
    """
    own = '' if is_blank(host) else host
    if not advertise:
        return [(own, port)]
    found = [(name or own, number or port) for name, number in advertise]
    # What was left open may make two of them one.
    return list(dict.fromkeys(found))
