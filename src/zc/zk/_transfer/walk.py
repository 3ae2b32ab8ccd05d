"""Live trees one node after the other.

Runs in its caller's thread, as nodes are taken from what it returns.  It
must not know how nodes are read ahead.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from typing import NamedTuple

from .._session.requests import Bulk
from .reader import Reader


class PathAndChildren(NamedTuple):
    """A path and the names of the node's children, to be changed at will.

    Prints as the path.
    """

    path: str
    children: list[str]

    def __str__(self) -> str:
        return self.path


def walk(
    bulk: Bulk, path: str, ephemeral: bool, children: bool
) -> Iterator[Any]:
    """Iterate over a node and all below it, each before its children.

    What the caller changes through the same connection meanwhile shows,
    below where it is: nodes read ahead are read again when a reply to any
    other request has shown a newer zxid.

    :param bulk: the connection
    :param ephemeral: whether to include ephemeral nodes
    :param children: whether to give a PathAndChildren for each node; what
        is taken off its list is left out
    :returns: an iterator of paths or of PathAndChildren
    :raises NoAuthError: when a node, which it names, may not be read
    """
    reader = Reader(bulk, path, fresh=True, data=not ephemeral)
    if ephemeral and not children:
        for found in reader:
            yield found[0]
        return
    for path, _, stat, names in reader:
        if not ephemeral and stat.ephemeralOwner:
            continue
        yield PathAndChildren(path, names) if children else path
