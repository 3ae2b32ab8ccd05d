"""How a node goes with a word: its server leaves on purpose.

A node that just goes may be that of a server which crashed or was cut off,
and clients may know better than to believe it.  So one transaction says the
word and deletes the node, in one of these ways:

* The node is written to, and deleted.  Whoever watches it hears of a change,
  and then finds it gone.
* Where the ACL lets nobody write, as `register` makes nodes by default, the
  node is deleted, made anew and deleted.  Persistent watches tell of all
  three; a node that crashed servers leave behind stays for a session timeout,
  and never goes at once.  Other watches tell of the first one only.

Nobody sees a node between two operations of a transaction, so clients that
know nothing of this see a node that goes.  Pure.
"""
from __future__ import annotations

import enum
from collections.abc import Sequence

from kazoo.exceptions import BadVersionError
from kazoo.exceptions import NoNodeError
from kazoo.security import ACL
from kazoo.security import Permissions

from .._session.transactions import TransactionFailed
from .._session.wire import Create
from .._session.wire import Delete
from .._session.wire import Op
from .._session.wire import SetData


#: The property of a server that leaves.
LEAVING = 'leaving'
#: What such a node holds at its end.
LAST_DATA = b'{"leaving":true}'


class Farewell(enum.Enum):
    """A way for a node to go."""

    WRITTEN = 'it is written to before'
    REMADE = 'it is made anew before'
    SILENT = 'without a word'


def first_way(acl: Sequence[ACL]) -> Farewell:
    """Return the way to try first for a node with this ACL."""
    if any(each.perms & Permissions.WRITE for each in acl):
        return Farewell.WRITTEN
    return Farewell.REMADE


def next_way(way: Farewell, failure: TransactionFailed) -> Farewell:
    """Return the way to try after one that failed; the same one if it did
    not fail because of the word.
    """
    if not isinstance(failure.error, (BadVersionError, NoNodeError)):
        if isinstance(failure.op, SetData):
            return Farewell.REMADE
        if isinstance(failure.op, Create):
            return Farewell.SILENT
    return way


def steps(
    way: Farewell, path: str, version: int, acl: Sequence[ACL]
) -> list[Op]:
    """Return what takes a node away.

    :param version: that its data must be at
    """
    if way == Farewell.WRITTEN:
        return [SetData(path, LAST_DATA, version), Delete(path, version + 1)]
    if way == Farewell.REMADE:
        return [Delete(path, version), Create(path, LAST_DATA, acl, True),
                Delete(path, 0)]
    return [Delete(path, version)]
