"""This machine: its addresses, what listens on it, which processes live.

From Linux's /proc, see proc(5); elsewhere less is known.  Other users'
processes hide what they have open, unless root asks.  Runs in its caller's
thread.
"""
from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator

from .._checks import owners
from .._registration.hosts import ipv4_addresses
from .rules.reach import Machine
from .rules.reach import OpenPort


#: States of connections, as /proc/net/tcp has them.
ESTABLISHED, LISTENS = '01', '0A'

Address = tuple[str, int]


def look(servers: Collection[Address], pids: Iterable[int]) -> Machine:
    """Return what is known of this machine.

    :param servers: those of ZooKeeper, as IP addresses and ports
    :param pids: processes that may be gone
    """
    names = {socket.gethostname().lower(), *map(str.lower, ipv4_addresses())}
    addresses = names | set(_ipv6())
    return Machine(
        addresses, names,
        list(_listeners(frozenset(servers))) if owners.available() else None,
        frozenset(pid for pid in set(pids) if is_dead(pid)))


def is_dead(pid: int) -> bool:
    """Tell whether there is no such process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        pass
    return False


def looked_up(servers: Iterable[Address]) -> set[Address]:
    """Return the IP addresses that the names of servers stand for."""
    found = set()
    for host, port in servers:
        with contextlib.suppress(OSError, UnicodeError):
            found |= {(str(each[4][0]), port) for each in socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM)}
    return found


def _ipv6() -> Iterator[str]:
    with contextlib.suppress(OSError), open('/proc/net/if_inet6') as lines:
        for line in lines:
            yield socket.inet_ntop(
                socket.AF_INET6, bytes.fromhex(line.split()[0]))


def _listeners(servers: frozenset[Address]) -> Iterator[OpenPort]:
    listening: dict[int, Address] = {}
    clients = set()
    for name in ('tcp', 'tcp6'):
        with contextlib.suppress(OSError), open(f'/proc/net/{name}') as lines:
            next(lines)
            for local, remote, state, inode in entries(lines):
                if state == LISTENS:
                    listening[inode] = owners.parsed(local)
                elif (state == ESTABLISHED
                        and owners.parsed(remote) in servers):
                    clients.add(inode)
    holders = _holders(clients.union(listening))
    # What listens where ZooKeeper does is ZooKeeper.
    zookeepers = {pid for inode, address in listening.items()
                  if address in servers for pid in holders.get(inode, ())}
    connected = {pid for inode in clients for pid in holders.get(inode, ())}
    for inode, (host, port) in listening.items():
        pids = holders.get(inode, [])
        # A launcher and its workers share one socket.
        pid = min(pids, default=None)
        yield OpenPort(
            host, port, pid, _command(pid),
            bool(connected.intersection(pids))
            and not zookeepers.intersection(pids)
            and not any(map(_is_page, pids)))


def entries(lines: Iterable[str]) -> Iterator[tuple[str, str, str, int]]:
    """Yield the addresses, state and inode in lines of /proc/net/tcp."""
    for line in lines:
        fields = line.split()
        yield fields[1], fields[2], fields[3], int(fields[9])


def _holders(inodes: Collection[int]) -> dict[int, list[int]]:
    """Return which processes have which sockets."""
    wanted = {f'socket:[{inode}]': inode for inode in inodes}
    found: dict[int, list[int]] = {}
    for name in os.listdir('/proc') if wanted else ():
        if name.isdigit():
            pid = int(name)
            for inode in {wanted[each] for each in owners.descriptors(pid)
                          if each in wanted}:
                found.setdefault(inode, []).append(pid)
    return found


def _is_page(pid: int) -> bool:
    """Tell whether a process is a page of zczk web, which is no server."""
    with contextlib.suppress(OSError), open(
            f'/proc/{pid}/cmdline', encoding='utf-8',
            errors='replace') as file:
        words = file.read().split('\0')
        return 'web' in words and any(
            os.path.basename(word) == 'zczk' for word in words)
    return False


def _command(pid: int | None) -> str:
    with contextlib.suppress(OSError), open(
            f'/proc/{pid}/comm', encoding='utf-8', errors='replace') as file:
        return file.read().strip()
    return ''
