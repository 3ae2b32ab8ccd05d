"""What of a node only ZooKeeper itself tells: its whole stat and its ACL.

Runs in a thread of its caller's, and waits for ZooKeeper, but not for long.
"""
from __future__ import annotations

import time
from typing import Any

from kazoo.exceptions import KazooException

from .._looking.stat import letters_of
from .._looking.stat import who_of
from .._session.requests import Bulk
from ..client import ZooKeeper
from .documents import zxid
from .ring import moment


#: How long to wait for ZooKeeper, in seconds: the rest is known without it.
PATIENCE = 3.0


def more_of(zk: ZooKeeper, path: str) -> dict[str, Any]:
    """Return the ACL and the whole stat of a node, as far as they are told.
    """
    if not zk.client.connected:
        return {'acl': None}
    bulk = Bulk(zk.client).until(time.monotonic() + PATIENCE)
    try:
        answer = bulk.acls([path])[0]
    except KazooException:
        return {'acl': None}
    if isinstance(answer, Exception):
        return {'acl': None}
    entries, stat = answer
    found = stat._asdict()
    for name in 'ctime', 'mtime':
        found[name] = moment(found[name] / 1000)
    for name in 'czxid', 'mzxid', 'pzxid':
        found[name] = zxid(found[name])
    found['ephemeralOwner'] = zxid(
        stat.ephemeralOwner) if stat.ephemeralOwner else 0
    return {'stat': found, 'acl': [
        {'perms': letters_of(entry), 'scheme': entry.id.scheme,
         'id': who_of(entry)} for entry in entries]}


def server_version(zk: ZooKeeper) -> str | None:
    """Return the version of the ZooKeeper server, if it tells."""
    try:
        answer = zk.client.command(b'srvr')
    except (KazooException, OSError):
        return None
    first = str(answer).partition('\n')[0]
    _, colon, version = first.partition('Zookeeper version: ')
    if not colon:
        return None
    return version.partition('-')[0].partition(',')[0] or None
