"""The servers of a connection string, asked one by one.

By the four-letter word ``srvr``, which servers answer unless they were told
not to (4lw.commands.whitelist).  Each is asked in one of the threads of
`crowd`.
"""
from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Sequence

from .._tree.addresses import format_addr
from . import crowd
from .probes import Address
from .probes import attempt
from .rules.ensemble import ZooKeeperServer
from .rules.reach import Outcome


#: The longest answer that is read, in bytes.
LONGEST = 65_536


def ask_all(
    servers: Sequence[Address],
    timeout: float,
    secure: ssl.SSLContext | None = None,
) -> list[ZooKeeperServer]:
    """Return what each server says of itself.

    :param timeout: how long each may take to connect, and for each part of
        its answer, in seconds
    :param secure: for servers that speak TLS only
    """
    found = crowd.results(
        lambda place: ask(servers[place], timeout, secure),
        range(len(servers)))
    return [found[place] for place in range(len(servers))]


def ask(
    server: Address, timeout: float, secure: ssl.SSLContext | None = None
) -> ZooKeeperServer:
    """Return what a server says of itself."""
    name = format_addr(server)
    outcome = attempt(server, timeout)
    answer = b''
    if outcome == Outcome.ACCEPTED:
        with contextlib.suppress(OSError, ValueError):
            answer = _answer(server, timeout, secure)
    return ZooKeeperServer(name, outcome, answer.decode('utf-8', 'replace'))


def _answer(
    server: Address, timeout: float, secure: ssl.SSLContext | None
) -> bytes:
    answer = b''
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(
            socket.create_connection(server, timeout))
        if secure is not None:
            sock = stack.enter_context(secure.wrap_socket(
                sock, server_hostname=server[0]))
        sock.sendall(b'srvr')
        with contextlib.suppress(OSError):
            while len(answer) < LONGEST:
                part = sock.recv(LONGEST)
                if not part:
                    break
                answer += part
    return answer
