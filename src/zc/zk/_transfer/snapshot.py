"""A whole live tree in memory, for looking at how its parts go together.

Runs in its caller's thread.  It must not know what is looked for.
"""
from __future__ import annotations

from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError

from .._session.requests import Bulk
from .._tree import paths
from .._tree.model import Node
from .._tree.values import decode
from ..errors import DataError
from .export import no_text
from .reader import Reader


def read_data(bulk: Bulk, path: str) -> tuple[dict[str, bytes], list[str]]:
    """Return the data of a node and of all below it, by path.

    :returns: the data, empty for nodes that may not be read; and the paths
        of these, below which nothing is known
    """
    reader = Reader(bulk, path, fresh=False, data=True)
    reader.unreadable = []
    found = {here: data or b'' for here, data, _, _ in reader}
    found.update(dict.fromkeys(reader.unreadable, b''))
    return found, reader.unreadable


def read_tree(
    bulk: Bulk, path: str
) -> tuple[Node, dict[str, int], list[str], list[str]]:
    """Return the nodes at and below a path, and counts of live providers.

    Ephemeral nodes are left out.

    :returns: a root with the nodes at their whole paths; and for the path
        of each node, the number of ephemeral nodes below its ``providers``;
        and a line for each node whose data are not text, which is taken
        for one without properties; and the paths of nodes that may not be
        read, which are taken for empty ones
    :raises NoNodeError: when there is no node at `path`
    :raises NoAuthError: when it may not be read
    """
    root = top = Node()
    for name in paths.parts(path):
        top.children[name] = top = Node(name)
    nodes = {path: top}
    counts: dict[str, int] = {}
    unknown: list[str] = []
    reader = Reader(bulk, path, fresh=False, data=True, reserved=False)
    unreadable: list[str] = []
    reader.unreadable = unreadable
    for here, data, stat, _ in reader:
        above, name = paths.split(here)
        if stat.ephemeralOwner:
            service, parent = paths.split(above)
            if parent == 'providers':
                counts[service] = counts.get(service, 0) + 1
            continue
        if here != path:
            nodes[here] = nodes[above].children[name] = Node(name)
        try:
            nodes[here].properties = decode(data, here)
        except DataError as e:
            unknown.append(f'{here}: {no_text(data, e)}')
    if path in unreadable:
        raise NoAuthError(path)
    if reader.missing_top:
        raise NoNodeError(path)
    for here in unreadable:
        above, name = paths.split(here)
        nodes[above].children[name] = Node(name)
    return root, counts, unknown, unreadable
