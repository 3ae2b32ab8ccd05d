"""What the registry says beside what is true: who can be connected to, and
what listens on this machine.

Pure.  It must not know how one finds out.
"""
from __future__ import annotations

import enum
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence
from typing import NamedTuple

from . import hosts
from .finding import Findings
from .finding import Level
from .finding import clipped
from .registrants import Registrant


class Outcome(enum.Enum):
    """What came of an attempt to connect."""

    ACCEPTED = 'accepted'
    REFUSED = 'refused'
    TIMED_OUT = 'timed out'
    UNKNOWN_HOST = 'unknown host'
    UNREACHABLE = 'unreachable'


class OpenPort(NamedTuple):
    """A socket that listens on this machine.

    :ivar pid: the process that has it; None when that is hidden from us
    :ivar command: the process's name
    :ivar client: whether the process is connected to ZooKeeper
    """

    host: str
    port: int
    pid: int | None
    command: str
    client: bool


class Machine(NamedTuple):
    """What is known of this machine.

    :ivar addresses: its IP addresses
    :ivar names: its own names
    :ivar listeners: the TCP sockets that listen; None when they are not known
    :ivar dead: the processes among those asked for that are gone
    """

    addresses: Collection[str]
    names: Collection[str]
    listeners: Sequence[OpenPort] | None
    dead: Collection[int] = ()

    def has(self, host: str) -> bool:
        """Tell whether an address's host is this machine."""
        return (hosts.is_loopback(host) or hosts.plain(host) in self.addresses
                or host.lower() in self.names)

    def listens(self, host: str, port: int) -> bool | None:
        """Tell whether anything listens at an address; None: not known."""
        if self.listeners is None:
            return None
        host = hosts.plain(host)
        return any(
            each.port == port and (
                hosts.is_wildcard(each.host) or each.host == host
                # A name may stand for any address.
                or not _is_address(host))
            for each in self.listeners)

    def on_port(self, port: int) -> list[OpenPort]:
        """Return what listens at a port, whatever the address."""
        return [each for each in self.listeners or () if each.port == port]


def _process(found: OpenPort) -> str:
    if found.pid is None:
        return 'what runs there'
    return f'process {found.pid} ({clipped(found.command)})'


def _is_address(host: str) -> bool:
    return ':' in host or host.replace('.', '').isdigit()


def judge_server(
    findings: Findings,
    each: Registrant,
    outcome: Outcome | None,
    machine: Machine,
    timeout: float,
) -> None:
    """Judge a registered server.

    :param outcome: what came of an attempt to connect; None: there was none
    :param timeout: how long that may have taken, in seconds
    """
    if each.address is None or each.leaving:
        return
    host, port = each.address
    if outcome == Outcome.ACCEPTED:
        return
    if (each.pid in machine.dead and machine.has(host)
            and not machine.listens(host, port)):
        findings.error(
            'dead-process', each.path,
            f'process {each.pid}, which registered it on this machine, is '
            'gone, and nothing listens there',
            'wait until its session has expired, or delete the node; start '
            'the server again')
        return
    if outcome is None:
        return
    elsewhere = machine.on_port(port) if machine.has(host) else []
    if outcome == Outcome.REFUSED and elsewhere:
        found = elsewhere[0]
        findings.error(
            'refused', each.path,
            f'{clipped(host)} refuses connections to port {port}, since '
            f'{_process(found)} listens at {found.host} only',
            'have the server listen at the address that is registered, or '
            'register the one where it listens')
        return
    # A server that drains may be just ending.
    level = (Level.WARNING if each.properties.get('weight') == 0
             else Level.ERROR)
    where = clipped(host)
    fault, rule, remedy = {
        Outcome.REFUSED: (
            f'{where} refuses connections to port {port}', 'refused',
            'look whether the server runs and listens at this address; '
            'restart it, or delete the node if the server is gone'),
        Outcome.TIMED_OUT: (
            f'no answer from {where} at port {port} within {timeout:g} '
            'seconds', 'timed-out',
            'look whether the machine is up, and for a firewall in between'),
        Outcome.UNKNOWN_HOST: (
            f'the name {where} is not known here', 'unknown-host',
            'register an IP address, or a name that clients can look up'),
        Outcome.UNREACHABLE: (
            f'{where} cannot be reached from here', 'unreachable',
            'look for the route to the machine, and register an address that '
            'clients can reach'),
    }[outcome]
    findings.add(level, rule, each.path, fault, remedy)


def judge_doubles(
    findings: Findings, path: str, other: str
) -> None:
    """Tell of an address that is registered under two services."""
    findings.warning(
        'same-address', path,
        f'{clipped(other)} has the same address, under another service',
        'unless one server is meant to serve both, delete the node that is '
        'wrong: its server may have moved, and another taken its port')


def suspects(
    machine: Machine, local: bool, own: int
) -> list[list[OpenPort]]:
    """Return the open ports of processes that perhaps should be registered.

    These are the processes that are connected to ZooKeeper.

    :param local: whether ZooKeeper is on this machine and for it alone: then
        servers may listen on its loopback, too
    :param own: our own process
    """
    by_process: dict[int, list[OpenPort]] = {}
    for each in machine.listeners or ():
        if each.client and each.pid is not None and each.pid != own:
            by_process.setdefault(each.pid, []).append(each)
    return [found for _, found in sorted(by_process.items()) if local or any(
        not hosts.is_loopback(each.host) for each in found)]


def unregistered(
    found: Iterable[list[OpenPort]],
    servers: Iterable[Registrant],
) -> list[list[OpenPort]]:
    """Return the processes of which nothing is registered.

    A process may have ports of which clients need not know, and its server
    may be another process that it started.  The address that it advertises
    may be another machine's, which hands connections on.
    """
    ports, pids = set(), set()
    for each in servers:
        if each.address is not None:
            ports.add(each.address[1])
        pids.add(each.pid)
    return [ports_ for ports_ in found if not any(
        each.port in ports or each.pid in pids for each in ports_)]


def judge_process(
    findings: Findings, path: str, found: Sequence[OpenPort]
) -> None:
    """Tell of a process that listens here and is registered nowhere.

    :param path: where it might be registered
    """
    findings.warning(
        'not-registered', path,
        f'{_process(found[0])} on this machine is connected to ZooKeeper and '
        'listens at '
        f'{_ports(sorted({each.port for each in found}))}, which is '
        'registered nowhere',
        'if clients should find it, have it register; look at its log, and '
        'ask its monitor: zczk doctor --monitor')


def _ports(ports: Iterable[int]) -> str:
    ports = list(ports)
    shown = ', '.join(map(str, ports[:5]))
    return (f'port{"" if len(ports) == 1 else "s"} {shown}'
            + (' ...' if len(ports) > 5 else ''))
