"""What is known of a node, and what happened to it.

Pure.  It must not know how nodes are read.
"""
from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from kazoo.protocol.states import ZnodeStat

from .._tree.values import decode
from ..errors import DataError


#: What can happen to a node.
CAME = 'came'
WENT = 'went'
CHANGED = 'changed'


class NodeState(NamedTuple):
    """A node as it was read: no more of its stat than is needed, since
    there may be very many.

    :ivar created: when, in milliseconds since 1970, by the server's clock
    :ivar modified: when its data were written, likewise
    :ivar owner: the session that an ephemeral node goes with; 0: none
    """

    data: bytes
    version: int
    czxid: int
    mzxid: int
    created: int
    modified: int
    owner: int

    @property
    def ephemeral(self) -> bool:
        """Whether the node goes with a session."""
        return self.owner != 0

    def properties(self) -> dict[str, Any] | None:
        """Return the properties, None when the data are not text."""
        try:
            return decode(self.data, '')
        except DataError:
            return None


class Happening(NamedTuple):
    """A node came, went, or its data were written.

    A node that was deleted and made anew went and came.

    :ivar id: counts the happenings of one follower, from 1
    :ivar time: when it was noticed, in seconds since 1970
    :ivar what: CAME, WENT or CHANGED
    :ivar old: the node before; None when it came
    :ivar new: the node now; None when it went
    """

    id: int
    time: float
    what: str
    path: str
    old: NodeState | None
    new: NodeState | None


Difference = tuple[str, str, NodeState | None, NodeState | None]


def state_of(data: bytes | None, stat: ZnodeStat) -> NodeState:
    """Return what is kept of a node."""
    # A Java client may have left null for data.
    czxid, created = stat.czxid, stat.ctime
    return NodeState(
        data or b'', stat.version, czxid,
        # One object for both, where they are equal
        stat.mzxid if stat.mzxid != czxid else czxid, created,
        stat.mtime if stat.mtime != created else created,
        stat.ephemeralOwner)


def differences(
    known: Mapping[str, NodeState],
    found: Mapping[str, NodeState | None],
) -> Iterator[Difference]:
    """Yield what is different in what was found.

    First comes what went, children before their parents; then the rest, in
    the order in which it was written.

    :param known: nodes by their paths
    :param found: nodes as they are now, None for those that are not there
    :returns: what happened, the path, the node before and the node now
    """
    went: list[str] = []
    rest: list[tuple[int, str, str]] = []
    for path, new in found.items():
        old = known.get(path)
        if new is None:
            if old is not None:
                went.append(path)
        elif old is None:
            rest.append((new.czxid, path, CAME))
        elif old.czxid != new.czxid:
            went.append(path)
            rest.append((new.czxid, path, CAME))
        elif old.mzxid != new.mzxid:
            rest.append((new.mzxid, path, CHANGED))
    for path in sorted(went, reverse=True):
        yield WENT, path, known[path], None
    for _, path, what in sorted(rest):
        yield what, path, (
            known[path] if what == CHANGED else None), found[path]
