"""Hosts in addresses: loopback, all interfaces.

Pure.  It must not know which addresses this machine has.
"""
from __future__ import annotations

import ipaddress


def is_wildcard(host: str) -> bool:
    """Tell whether `host` stands for all interfaces."""
    if host in ('', '*'):
        return True
    address = _parsed(host)
    return address is not None and address.is_unspecified


def is_loopback(host: str) -> bool:
    """Tell whether `host` is this machine, on any machine."""
    if host.lower().rstrip('.') in (
            'localhost', 'localhost.localdomain', 'ip6-localhost'):
        return True
    address = _parsed(host)
    return address is not None and address.is_loopback


def plain(host: str) -> str:
    """Return an address as it is usually written, or a name as it is."""
    address = _parsed(host)
    return host if address is None else str(address)


def _parsed(
    host: str
) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.partition('%')[0])
    except ValueError:
        return None
    return getattr(address, 'ipv4_mapped', None) or address
