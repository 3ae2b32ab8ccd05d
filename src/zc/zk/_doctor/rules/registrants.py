"""The servers of a service as they are registered, and what is wrong there.

Pure.  Names and data were written by others: whatever they hold, nothing
here fails.
"""
from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from ..._curator import instance
from ..._discovery.entry import weight_of
from ..._discovery.overrides import OVERRIDES
from ..._discovery.overrides import Overrides
from ..._registration.farewell import LEAVING
from ..._tree import paths
from ..._tree.addresses import parse_addr
from ...errors import AddressError
from . import hosts
from .finding import Findings
from .finding import clipped


#: How long a drain may last before it is taken for forgotten, in seconds.
LONGEST_DRAIN = 86_400.0
#: The node below which servers register, as trees have it.
PROVIDERS = 'providers'
#: What Curator calls servers whose nodes go with a session, and ours do.
DYNAMIC = 'DYNAMIC'
#: How `zczk run` begins the name of a server on a Unix-domain socket.
UNIX = 'unix:'

#: Locks, elections and queues have names that end in so many digits.
_SEQUENCE = 10
_DAY = 86_400.0


class Registrant(NamedTuple):
    """A node that may be that of a server.

    :ivar address: its host and port, or None
    :ivar owner: the session that the node goes with; 0: none
    :ivar static: whether it is meant to go with none
    :ivar pid: the process that registered it, or None
    :ivar monitor: where its monitor listens, as the node says, or None
    :ivar fault: why its data cannot be understood; empty: they can
    :ivar modified: when its data were written, in seconds since 1970
    """

    path: str
    name: str
    address: tuple[str, int] | None
    properties: Mapping[str, Any]
    owner: int
    static: bool
    pid: int | None
    monitor: str | None
    fault: str
    modified: float

    @property
    def leaving(self) -> bool:
        """Whether it says that it is about to go."""
        return bool(self.properties.get(LEAVING))


def registrant(
    path: str,
    properties: Mapping[str, Any] | None,
    fault: str,
    owner: int,
    modified: float,
) -> Registrant | None:
    """Return the server that a node without children may stand for.

    :param properties: what it holds, None when that cannot be understood
    """
    name = paths.split(path)[1]
    address = _address(name)
    own = properties or {}
    static = False
    if address is None and own.get('id') == name and 'serviceType' in own:
        static = not str(own['serviceType']).startswith(DYNAMIC)
        address, own = instance.read(own)
    if not owner and address is None:
        return None
    pid, monitor = own.get('pid'), own.get('monitor')
    # Only what is of use later: a service may have thousands of them.
    kept = {key: own[key] for key in ('weight', 'healthy', LEAVING)
            if key in own}
    return Registrant(
        path, name, address, kept, owner, static,
        pid if type(pid) is int and 0 < pid < 1 << 31 else None,
        monitor if isinstance(monitor, str) and len(monitor) < 300 else None,
        fault, modified)


def _address(name: str) -> tuple[str, int] | None:
    if name.startswith(UNIX):
        return None
    try:
        return parse_addr(name)
    except AddressError:
        return None


def is_service(path: str, registrants: Sequence[Registrant]) -> bool:
    """Tell whether servers register below a node.

    Locks, elections and the like have ephemeral nodes, too.
    """
    return paths.split(path)[1] == PROVIDERS or any(
        each.address is not None for each in registrants)


def judge(
    findings: Findings,
    path: str,
    properties: Mapping[str, Any],
    modified: float,
    registrants: Sequence[Registrant],
    local: bool,
    now: float,
) -> None:
    """Judge a service by what stands in ZooKeeper.

    :param path: of the service's node
    :param properties: of the service's node
    :param modified: when they were written, in seconds since 1970
    :param registrants: what is registered there
    :param local: whether ZooKeeper is on this machine and for it alone
    :param now: in seconds since 1970
    """
    # Addresses of one machine alone, for a desk; not among others.
    loopback = not local or any(
        each.address is not None and not hosts.is_loopback(each.address[0])
        and not hosts.is_wildcard(each.address[0]) for each in registrants)
    for each in registrants:
        _judge_name(findings, each, loopback)
        _judge_node(findings, each)
    _judge_weights(findings, path, properties, modified, registrants, now)


def _judge_name(
    findings: Findings, each: Registrant, loopback: bool
) -> None:
    if each.address is None:
        last = each.name[-_SEQUENCE:]
        if not each.name.startswith(UNIX) and not (
                len(last) == _SEQUENCE and last.isdigit()):
            findings.error(
                'no-address', each.path,
                f'the name {clipped(each.name)!r} is no address',
                'register the server as HOST:PORT, and an IPv6 host in '
                'brackets')
        return
    host, port = each.address
    if hosts.is_wildcard(host):
        findings.error(
            'wildcard', each.path,
            f'{clipped(host)!r} stands for all interfaces; clients cannot '
            'connect to it',
            'register an address that clients can reach; zczk run and '
            'zc.zkzopeserver have an option for it')
    elif loopback and hosts.is_loopback(host):
        findings.error(
            'loopback', each.path,
            f'clients on other machines cannot connect to {clipped(host)}',
            'register an address that clients can reach')
    elif not port:
        findings.error(
            'no-address', each.path, 'port 0 is no port of a server',
            'register the port that the server was given')


def _judge_node(findings: Findings, each: Registrant) -> None:
    if not each.owner and not each.static:
        findings.warning(
            'not-ephemeral', each.path,
            'it goes with no session, so it stays when the server dies',
            'delete it, and have the server register itself')
    if each.fault:
        findings.error(
            'bad-json', each.path,
            f'{each.fault}, so its properties count for nothing',
            'have the server register with properties, or none')


def _judge_weights(
    findings: Findings,
    path: str,
    properties: Mapping[str, Any],
    modified: float,
    registrants: Sequence[Registrant],
    now: float,
) -> None:
    rules = properties.get(OVERRIDES)
    overrides = Overrides(rules)
    for fault in overrides.faults:
        findings.warning(
            'overrides', path, clipped(fault),
            f'correct the property {OVERRIDES} with zczk drain or zczk set')
    drained = [
        each for each in registrants
        if not weight_of({**each.properties,
                          **overrides.of(each.name, each.properties)})]
    if drained and len(drained) == len(registrants):
        findings.error(
            'all-drained', path,
            f'all servers ({len(drained)}) have the weight 0 or are leaving: '
            'clients choose none of them',
            f'take the drains back with zczk drain --undo {path} NAME, or '
            'give servers a weight')
    if now - modified > LONGEST_DRAIN:
        names = _drained_by(rules)
        if names:
            findings.warning(
                'old-drain', path,
                f'{OVERRIDES} drains {clipped(", ".join(names))} since '
                f'{_days(now - modified)} or longer',
                f'take it back with zczk drain --undo {path} NAME, or stop '
                'the server')
    for each in registrants:
        age = now - each.modified
        if age > LONGEST_DRAIN and not weight_of(each.properties):
            what = ('is leaving' if each.leaving else
                    'is down, as its checks say'
                    if each.properties.get('healthy') is False else
                    'has the weight 0')
            findings.warning(
                'old-drain', each.path,
                f'the server {what} since {_days(age)} or longer',
                'look at the server, and give it a weight or stop it')


def _drained_by(rules: Any) -> list[str]:
    """Return for what the overrides say that the weight is 0."""
    found = []
    for rule in rules if isinstance(rules, list) else ():
        if (isinstance(rule, dict) and weight_of(rule) == 0
                and ('name' in rule) != ('where' in rule)):
            name = rule.get('name')
            found.append(name if isinstance(name, str)
                         else 'servers with certain properties')
    return found


def _days(seconds: float) -> str:
    days = int(seconds / _DAY)
    return f'{days} day{"" if days == 1 else "s"}'
