"""Who can be connected to.

A connection is made and closed; nothing is sent.  Where there are many, each
is made in one of the threads of `crowd`.  It must not know what the addresses
are.
"""
from __future__ import annotations

import socket
from collections.abc import Callable
from collections.abc import Collection

from . import crowd
from .rules.reach import Outcome


#: After how many attempts that took too long a host is taken for dead.
SILENT = 3

Address = tuple[str, int]


def attempt(address: Address, timeout: float) -> Outcome:
    """Return what comes of connecting to an address.

    :param timeout: how long it may take, in seconds
    """
    try:
        with socket.create_connection(address, timeout):
            return Outcome.ACCEPTED
    except (socket.gaierror, UnicodeError):
        return Outcome.UNKNOWN_HOST
    except ConnectionRefusedError:
        return Outcome.REFUSED
    except TimeoutError:
        return Outcome.TIMED_OUT
    except (OSError, OverflowError, ValueError):
        return Outcome.UNREACHABLE


def attempts(
    addresses: Collection[Address],
    timeout: float,
    progress: Callable[[int, int], None],
) -> dict[Address, Outcome]:
    """Return what comes of connecting to each of many addresses.

    A host that did not answer in time at several ports is taken for dead at
    its others: it would cost that time for each.

    :param timeout: how long each may take, in seconds
    :param progress: called with how many of how many are done
    """
    silent: dict[str, int] = {}

    def work(address: Address) -> Outcome:
        host = address[0]
        if silent.get(host, 0) >= SILENT:
            return Outcome.TIMED_OUT
        outcome = attempt(address, timeout)
        if outcome == Outcome.TIMED_OUT:
            silent[host] = silent.get(host, 0) + 1
        return outcome

    return crowd.results(work, addresses, progress)
