"""The addresses of this machine, for servers that listen on all of them.

Needs the module ``netifaces`` (distribution netifaces-plus, extra
``netifaces``); without it, the fully qualified host name is all there is.
Runs in the thread that registers a server, and asks the system each time.
"""
from __future__ import annotations

import socket


def ipv4_addresses() -> list[str]:
    """Return the addresses at which clients may find this machine.

    :returns: the sorted IPv4 addresses that are not loopback's; where there
        are none, those of loopback, for a developer's disconnected machine;
        without netifaces, the fully qualified host name
    """
    try:
        import netifaces
    except ImportError:
        return [socket.getfqdn()]
    found = {
        info['addr']
        for name in netifaces.interfaces()
        for info in netifaces.ifaddresses(name).get(netifaces.AF_INET, ())
        if info.get('addr')
    }
    remote = {each for each in found if not each.startswith('127.')}
    return sorted(remote or found)
