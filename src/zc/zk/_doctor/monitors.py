"""Monitors of processes, asked for their registrations.

Where a monitor listens is a property of a server's node, which others wrote:
only the server's own machine is asked, with a time limit, and a few bytes
are sent.  Each is asked in one of the threads of `crowd`.
"""
from __future__ import annotations

import os
import socket
import stat
import time
from collections.abc import Collection
from collections.abc import Iterable
from typing import NamedTuple

from .._tree.addresses import format_addr
from .._tree.addresses import parse_addr
from ..errors import AddressError
from . import crowd
from .rules import hosts
from .rules.reach import Machine
from .rules.registrants import Registrant


#: The longest answer that is read, in bytes.
LONGEST = 1_000_000

Place = str | tuple[str, int]


def places(
    servers: Iterable[Registrant], machine: Machine
) -> dict[Place, str]:
    """Return where monitors listen that may be asked, by what nodes say."""
    found: dict[Place, str] = {}
    for each in servers:
        if each.monitor is None or each.address is None:
            continue
        host, here = each.address[0], machine.has(each.address[0])
        try:
            place = place_of(each.monitor, host)
        except AddressError:
            continue
        if isinstance(place, str):
            if here and is_socket(place):
                found[place] = each.monitor
        elif (here if hosts.is_loopback(place[0]) else place[0] == host):
            found[place] = format_addr(place)
    return found


def place_of(text: str, host: str = '') -> Place:
    """Return the place that a monitor's address means.

    :param host: of the server, for an address without one
    :raises AddressError: when it is neither an address nor a path
    """
    if text.startswith('/'):
        return text
    named, port = parse_addr(text)
    return named or host or 'localhost', port


def is_socket(path: str) -> bool:
    """Tell whether there is a Unix-domain socket at a path."""
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


class MonitorReply(NamedTuple):
    """What came from a monitor: the answer, or why there is none.

    :ivar hidden: whether it is only for another user of this machine
    """

    answer: str
    failure: str = ''
    hidden: bool = False


def ask_all(
    asked: Collection[Place], timeout: float
) -> dict[Place, MonitorReply]:
    """Return what each monitor answers.

    :param timeout: how long each may take, in seconds
    """
    def work(place: Place) -> MonitorReply:
        try:
            return MonitorReply(ask(place, timeout))
        except (OSError, OverflowError, UnicodeError) as e:
            return MonitorReply(
                '', getattr(e, 'strerror', None) or str(e) or 'no answer',
                isinstance(e, PermissionError))

    return crowd.results(work, asked)


def ask(place: Place, timeout: float) -> str:
    """Return what a monitor answers to the command ``connection``.

    :param timeout: how long all of it may take, in seconds
    :raises OSError: when there is no answer
    """
    until = time.monotonic() + timeout
    answer = b''
    with (socket.socket(socket.AF_UNIX) if isinstance(place, str)
          else socket.create_connection(place, timeout)) as sock:
        sock.settimeout(timeout)
        if isinstance(place, str):
            sock.connect(place)
        sock.sendall(b'connection\n')
        while len(answer) < LONGEST:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError('timed out')
            sock.settimeout(left)
            part = sock.recv(65_536)
            if not part:
                break
            answer += part
    return answer.decode('utf-8', 'replace')
