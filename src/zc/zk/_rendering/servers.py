"""The servers of a service, as a template sees them.

Pure.  They are values: a template can do nothing with them but look.
"""
from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from . import quoting


#: The share of the server with the largest weight of a service.
WHOLE = 100


class ShownServer(NamedTuple):
    """A server that is registered for a service.

    :ivar name: of its node, which is its address as a rule
    :ivar host: the host in the name, or None
    :ivar port: the TCP port in the name, or None
    :ivar endpoint: both, as configurations have them: IPv6 in brackets;
        None if they are no address that is safe to write
    :ivar ip: whether the host is an IP address
    :ivar properties: what the node holds, after overrides
    :ivar weight: how large a share of requests it wants; 0: none
    :ivar share: its weight in per cent of the largest of the service, a
        whole number; 0 if it wants no more requests
    :ivar draining: whether it wants no more requests
    :ivar state: 'ready', 'draining', 'ejected' or 'stale'
    """

    name: str
    host: str | None
    port: int | None
    endpoint: str | None
    ip: bool
    properties: Mapping[str, Any]
    weight: float
    share: int
    draining: bool
    state: str


class AsRegistered(NamedTuple):
    """What was read of a server."""

    name: str
    address: tuple[str, int] | None
    properties: Mapping[str, Any]
    weight: float
    state: str


def shown(found: Iterable[AsRegistered]) -> list[ShownServer]:
    """Return servers as templates see them, by name."""
    servers = sorted(found)
    largest = max([each.weight for each in servers], default=0.0)
    return [_shown(each, largest) for each in servers]


def _shown(each: AsRegistered, largest: float) -> ShownServer:
    host, port = each.address or (None, None)
    safe = (host is not None and port is not None and port > 0
            and quoting.is_host(host))
    share = 0
    if each.weight:
        share = max(1, round(WHOLE * each.weight / largest))
    return ShownServer(
        each.name, host, port,
        quoting.endpoint(host or '', port or 0) if safe else None,
        safe and quoting.is_ip(host or ''), each.properties, each.weight,
        share, not each.weight, each.state)
