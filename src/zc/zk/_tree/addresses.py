"""Server addresses to and from text.

Pure.  It must not know which addresses this machine has.
"""
from __future__ import annotations

from ..errors import AddressError
from ..errors import PathError
from . import paths


def format_name(address: str | tuple[str, int]) -> str:
    """Return the name of the node of a registered server.

    :param address: a (host, port) pair, or any name that a node may have
    :raises AddressError: when no node can have this name
    """
    if not isinstance(address, str):
        address = format_addr(address)
    try:
        paths.check_name(address)
    except PathError as e:
        raise AddressError(address, e.reason) from None
    return address


def format_addr(address: str | tuple[str, int]) -> str:
    """Return the node name for a server address.

    :param address: a (host, port) pair or ``'host:port'``; an IPv6 host
        stands in brackets in text (RFC 3986, section 3.2.2)
    :raises AddressError: when it is neither
    """
    if not isinstance(address, str):
        try:
            host, port = address
        except (TypeError, ValueError):
            raise AddressError(
                address, 'a (host, port) pair is needed') from None
        if not isinstance(host, str):
            raise AddressError(address, 'the host must be a str')
        if ':' in host and not host.startswith('['):
            host = f'[{host}]'
        address = f'{host}:{port}'
    parse_addr(address)
    return address


def parse_addr(address: str) -> tuple[str, int]:
    """Return the (host, port) pair of a server address.

    :param address: ``'host:port'`` or ``'[v6-address]:port'``
    :raises AddressError: when it is not of that form
    """
    if not isinstance(address, str) or ':' not in address:
        raise AddressError(address, 'HOST:PORT is needed')
    host, _, port = address.rpartition(':')
    if host.startswith('[') and host.endswith(']'):
        host = host[1:-1]
    elif ':' in host:
        raise AddressError(
            address, 'an IPv6 address needs brackets: [::1]:80')
    if '/' in host:
        raise AddressError(address, "a host must not hold '/'")
    if not (port.isascii() and port.isdigit()):
        raise AddressError(address, 'the port must be a number')
    number = int(port.lstrip('0')[:6] or '0')
    if number > 65535:
        raise AddressError(address, 'the port must be at most 65535')
    return host, number
