"""Text from others, made harmless in files of many kinds.

Pure.  What ZooKeeper holds may be written by anyone who may register a
server; it must not end a string, a line or a block of a configuration.
"""
from __future__ import annotations

import ipaddress
import re


#: What ends or opens something in the files of one program or another.
_BREAKING = re.compile(r'''["'`\\;{}$#<>|&]''')
#: What a name of a host may be made of.
_HOST = re.compile(r'[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?')
_IDENTIFIER = re.compile('[^A-Za-z0-9_.-]')
#: What stands for a character that was taken out.
INSTEAD = '_'


def harmless(text: str) -> str:
    """Return text without what could end a string, a line or a block."""
    text = _BREAKING.sub(INSTEAD, text)
    if text.isprintable():
        return text
    return ''.join([each if each.isprintable() else INSTEAD
                    for each in text])


def quoted(text: str) -> str:
    """Return text in double quotes, as nginx, HAProxy and many others read
    it; ``$``, which names a variable there, and control characters are
    taken out.
    """
    shown = ''.join([each if each.isprintable() and each != '$' else INSTEAD
                     for each in text])
    shown = shown.replace('\\', r'\\').replace('"', r'\"')
    return f'"{shown}"'


def identifier(text: str) -> str:
    """Return a name for the use in a file: letters, digits, ``_.-``."""
    found = _IDENTIFIER.sub(INSTEAD, text.strip('/'))
    return found if found.strip('.-') else INSTEAD + found


def is_host(host: str) -> bool:
    """Tell whether a host is a name or an IP address, and nothing else.

    ``unix:`` begins the path of a socket in nginx.
    """
    if _number(host) is not None:
        return is_ip(host)
    return (_HOST.fullmatch(host) is not None and '..' not in host
            and host.lower() != 'unix')


def is_ip(host: str) -> bool:
    """Tell whether a host is an IP address that a client can connect to.

    ``0.0.0.0`` means something else in each program.
    """
    number = _number(host)
    return (number is not None and '%' not in host
            and not number.is_unspecified)


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def endpoint(host: str, port: int) -> str:
    """Return an address as configurations have it: IPv6 in brackets."""
    return f'[{host}]:{port}' if ':' in host else f'{host}:{port}'
