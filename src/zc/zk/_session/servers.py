"""Connection strings: where the servers are, and nothing else.

kazoo ignores what else stands in one: with a user's name and password in it,
it would connect without them.  Pure.  It must not know how to connect.
"""
from __future__ import annotations

from kazoo.client import KazooClient
from kazoo.hosts import collect_hosts

from .._tree.addresses import format_addr
from ..errors import FailedConnect


FORM = 'HOST:PORT[,HOST:PORT...][/CHROOT] is needed'


def check(connection_string: str) -> None:
    """Refuse a connection string that is not of the form.

    :raises FailedConnect: when it is not; it shows no credentials
    """
    servers = connection_string.partition('/')[0]
    reason = FORM
    if '@' in servers or '://' in connection_string:
        reason += '; credentials go into auth_data or sasl_options'
    elif '?' in servers or '#' in servers:
        reason += ', and no options'
    else:
        try:
            collect_hosts(connection_string)
            return
        except ValueError:
            pass
    raise FailedConnect(shown(connection_string), reason)


def shown(connection_string: str) -> str:
    """Return a connection string without credentials, for messages.

    A password may have any of the characters that mean something here.
    """
    before, at, after = connection_string.rpartition('@')
    if at and ('/' not in before or '://' in before or '@' in before
               or ':' in after):
        return '...@' + after
    return connection_string


def servers_of(client: KazooClient) -> str:
    """Return host and port of each server that a client may connect to."""
    return ','.join([format_addr(each) for each in client.hosts])
