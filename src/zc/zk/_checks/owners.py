"""Which process has accepted a connection, as Linux's /proc tells.

The launcher listens, so that its children can come and go: the kernel
completes connections whether or not anyone accepts them, and two children
share one socket while one takes over from the other.  Only the process that
holds the server's end of a connection has proved something.  See proc(5).

Runs in its caller's thread.
"""
from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import struct
from collections.abc import Iterable


Address = tuple[str, int]


def available() -> bool:
    """Tell whether /proc is there and shows our own processes."""
    try:
        return os.readlink('/proc/self') == str(os.getpid())
    except OSError:
        return False


def accepted(connection: socket.socket) -> int:
    """Return the inode of the server's end; 0 before it is accepted.

    :param connection: the client's end of a TCP connection on this machine
    """
    wanted = (_plain(connection.getpeername()[:2]),
              _plain(connection.getsockname()[:2]))
    for name in ('tcp', 'tcp6'):
        with contextlib.suppress(OSError), open(f'/proc/net/{name}') as lines:
            next(lines)
            found = find_inode(lines, wanted)
            if found:
                return found
    return 0


def holds(pid: int, inode: int) -> bool:
    """Tell whether a process, or one that it started, has a socket.

    :param pid: the process
    :param inode: the socket's
    """
    wanted = f'socket:[{inode}]'
    return any(wanted in descriptors(each) for each in _family(pid))


def find_inode(
    lines: Iterable[str], wanted: tuple[Address, Address]
) -> int:
    """Find a connection in the lines of ``/proc/net/tcp`` or ``tcp6``.

    :param wanted: its own address, and that of the other end
    :returns: its inode, or 0
    """
    ports = [f':{port:04X}' for _, port in wanted]
    for line in lines:
        fields = line.split()
        if (fields[1].endswith(ports[0]) and fields[2].endswith(ports[1])
                and (parsed(fields[1]), parsed(fields[2])) == wanted):
            return int(fields[9])
    return 0


def parsed(text: str) -> Address:
    """Return an address from the kernel's hexadecimal words."""
    host, _, port = text.partition(':')
    words = [int(host[at:at + 8], 16) for at in range(0, len(host), 8)]
    packed = struct.pack(f'={len(words)}I', *words)
    return _plain((str(ipaddress.ip_address(packed)), int(port, 16)))


def _plain(address: Address) -> Address:
    """Return an address with IPv4 not written as IPv6."""
    host = ipaddress.ip_address(address[0].partition('%')[0])
    mapped = getattr(host, 'ipv4_mapped', None)
    return str(mapped or host), address[1]


def descriptors(pid: int) -> list[str]:
    """Return what the descriptors of a process lead to."""
    found = []
    with contextlib.suppress(OSError):
        for name in os.listdir(f'/proc/{pid}/fd'):
            with contextlib.suppress(OSError):
                found.append(os.readlink(f'/proc/{pid}/fd/{name}'))
    return found


def _family(pid: int) -> list[int]:
    """Return a process, those of its group, and all that these started."""
    parents = {}
    found = {pid}
    for name in os.listdir('/proc'):
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError), open(
                f'/proc/{name}/stat', encoding='utf-8',
                errors='replace') as file:
            # The name in parentheses may hold anything.
            fields = file.read().rpartition(')')[2].split()
            parents[int(name)] = int(fields[1])
            if int(fields[2]) == pid:
                found.add(int(name))
    grown = True
    while grown:
        more = {each for each, parent in parents.items() if parent in found}
        grown = not more <= found
        found |= more
    return sorted(found)
