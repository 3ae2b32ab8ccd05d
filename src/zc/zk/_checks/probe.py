"""Performs a check once.

Runs in the thread of a prober, `connect` in any.  Knows no ZooKeeper, and
decides nothing.
"""
from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import time
from collections.abc import Callable
from collections.abc import Sequence

from .._tree.addresses import format_addr
from . import owners
from .check import COMMAND
from .check import HTTPS
from .check import TCP
from .check import Check
from .check import status_of


#: Where a server listens.
Target = tuple[str, int] | str
#: Runs a command, for so many seconds at most.
Run = Callable[[Sequence[str], float], int | None]

#: Seconds between looks at whether a connection has been accepted.
LOOK = 0.005
#: How many connections are made at most until the right process accepts
#: one: while two children share a socket, each gets some.
ATTEMPTS = 8
#: The most that is read of a response, in bytes: that it comes is enough.
LONGEST = 65536


def probe(
    check: Check,
    target: Target,
    timeout: float,
    run: Run,
    pid: int | None = None,
) -> str:
    """Perform a check.

    :param check: a check other than 'notify'
    :param target: where the server listens: a (host, port) pair, or the
        path of a Unix-domain socket
    :param timeout: how long it may take, in seconds
    :param run: runs a command for so many seconds at most, and returns its
        exit status, or None if it has not ended and was killed
    :param pid: the process that has to accept the connection, itself or by
        one that it started; None if any may
    :returns: why it failed; empty when it passed
    """
    if check.kind == COMMAND:
        return _command(check, timeout, run)
    deadline = time.monotonic() + timeout
    try:
        for _ in range(ATTEMPTS):
            with connect(target, timeout) as connection:
                if pid is not None:
                    inode = _accepted(connection, deadline)
                    if not inode:
                        break
                    if not owners.holds(pid, inode):
                        continue
                if check.kind == TCP:
                    return ''
                return _http(check, target, connection, deadline)
        return f'process {pid} accepts no connections'
    except TimeoutError:
        return f'no answer within {timeout:g} s'
    except OSError as e:
        return e.strerror or str(e)


def connect(target: Target, timeout: float) -> socket.socket:
    """Return a connection to where a server listens.

    :param target: a (host, port) pair, or the path of a Unix-domain socket
    :param timeout: of the connection, in seconds
    """
    if isinstance(target, tuple):
        return socket.create_connection(target, timeout)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        connection.connect(target)
    except BaseException:
        connection.close()
        raise
    return connection


def _accepted(connection: socket.socket, deadline: float) -> int:
    while (not (inode := owners.accepted(connection))
           and time.monotonic() < deadline):
        time.sleep(LOOK)
    return inode


def _http(
    check: Check, target: Target, connection: socket.socket, deadline: float
) -> str:
    def patience() -> float:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    connection.settimeout(patience())
    host = 'localhost'
    if isinstance(target, tuple):
        host = format_addr(target)
    if check.kind == HTTPS:
        # It is our own server: there is nobody else to tell it from.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = context.wrap_socket(connection)
    with connection:
        connection.sendall(
            f'GET {check.path} HTTP/1.1\r\nHost: {host}\r\n'
            'User-Agent: zc.zk-check\r\nAccept: */*\r\n'
            'Connection: close\r\n\r\n'.encode())
        head = b''
        while b'\r\n' not in head and len(head) < LONGEST:
            connection.settimeout(patience())
            piece = connection.recv(LONGEST)
            if not piece:
                break
            head += piece
        status = status_of(head)
        if not 200 <= status < 400:
            return (f'{check.path} answers {status}' if status
                    else 'the answer is not HTTP')
        # Who is cut off in the middle of an answer may complain of it.
        with contextlib.suppress(OSError):
            size = len(head)
            while size < LONGEST and piece:
                connection.settimeout(patience())
                piece = connection.recv(LONGEST)
                size += len(piece)
    return ''


def _command(check: Check, timeout: float, run: Run) -> str:
    name = check.command[0]
    try:
        status = run(check.command, timeout)
    except OSError as e:
        return f'{name} cannot be run: {e.strerror or e}'
    if status is None:
        return f'{name} did not end within {timeout:g} s'
    return f'{name} ended with {status}' if status else ''


def killed(group: int) -> None:
    """Kill all processes of a process group."""
    # It is not there while the process has not made it, or is empty.
    # macOS says EPERM of a group of zombies.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
