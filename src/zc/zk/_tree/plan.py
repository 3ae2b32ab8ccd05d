"""What an import or a deletion would do, worked out before it is done.

Pure: from what is wanted and what was read, to steps.  It must not know how
nodes are read or written.

Steps come in the order of their lines, which is that of zc.zk 2.1: a node
before the nodes below it, and first those that are not wanted, by name.
"""
from __future__ import annotations

from collections.abc import Container
from collections.abc import Mapping
from collections.abc import Sequence

from kazoo.protocol.states import ZnodeStat

from ..errors import DataError
from ..errors import ImportFailed
from ..errors import PathError
from ..errors import ValueNotStorable
from . import grammar
from . import paths
from .model import Node
from .steps import ABOVE_EPHEMERAL
from .steps import ABOVE_NO_TEXT
from .steps import EPHEMERAL
from .steps import EXTRA
from .steps import GREW
from .steps import NO_TEXT
from .steps import UNCHANGED
from .steps import UNREADABLE
from .steps import Add
from .steps import Change
from .steps import Remove
from .steps import Stay
from .steps import Step
from .values import decode
from .values import encode
from .values import same


#: The data and the stat of a node that is there.
Present = tuple[bytes, ZnodeStat]
#: The stat of each node of some branches and the names of its children.
Branches = Mapping[str, tuple[ZnodeStat, Sequence[str]]]
#: The czxid and the version of each node that may be deleted.
Deletable = Mapping[str, tuple[int, int]]


class Wanted:
    """A node that an import is to make.

    :ivar parent: the place of its parent in the list, -1 for a top node
    """

    __slots__ = ('_data', 'node', 'parent', 'path')

    def __init__(self, path: str, parent: int, node: Node) -> None:
        self.path = path
        self.parent = parent
        self.node = node
        self._data: bytes | None = None

    @property
    def data(self) -> bytes:
        """Its data."""
        return self.make_data()

    def make_data(self) -> bytes:
        """Return its data, made at the first call.

        :raises ValueNotStorable: when JSON cannot hold a property
        """
        data = self._data
        if data is None:
            data = self._data = encode(self.node.properties, self.path)
        return data


# What that means for the node above
_ABOVE = {GREW: GREW, NO_TEXT: ABOVE_NO_TEXT, ABOVE_NO_TEXT: ABOVE_NO_TEXT}


def is_text(data: bytes, path: str) -> bool:
    """Tell whether the text of a tree can describe a node's data."""
    try:
        encode(decode(data, path), path)
    except (DataError, ValueNotStorable):
        return False
    return True


# Imports

def flatten(tree: Node, path: str) -> list[Wanted]:
    """Return the nodes that `tree` wants below `path`, parents first.

    :raises PathError: when a node's name is none
    """
    found: list[Wanted] = []
    todo = [(path, '' if path == '/' else path, -1, tree)]
    while todo:
        here, prefix, parent, node = todo.pop()
        children = node.children
        index = -1
        if node is not tree:
            index = len(found)
            found.append(Wanted(here, parent, node))
        if not children:
            continue
        for name in sorted(children, reverse=True):
            if not grammar.usual_name(name):
                paths.check_name(name)
                if not name:
                    raise PathError(f'{prefix}/', "a node's name is empty")
            below = f'{prefix}/{name}'
            todo.append((below, below, index, children[name]))
    return found


def plan_import(
    wanted: Sequence[Wanted],
    found: Sequence[Present | None],
    extras: Mapping[int, Sequence[str]],
    branches: Branches,
    trim: bool | None,
    deletable: Deletable | None = None,
    keep: Container[str] = (),
    look: bool = False,
) -> list[Step]:
    """Return the steps that make what was found into what is wanted.

    :param found: for each wanted node, what there is in its place
    :param extras: the paths of the children that a wanted node, given by
        its place, has but should not
    :param branches: with `trim`, the nodes at and below the extra paths
    :param trim: whether to delete them (True) or to name them (None)
    :param deletable: the only nodes that may be deleted, as `removed`
        returns them
    :param keep: nodes that stay, with all below them, since text cannot
        describe them
    :param look: whether data that text cannot describe give a step, for
        someone who only looks, and no error
    :raises DataError: when data that would be replaced are not UTF-8
    :raises ValueNotStorable: when JSON cannot hold a property of any node
    :raises ImportFailed: when nodes are wanted below an ephemeral node
    """
    steps: list[Step] = []
    for index, want in enumerate(wanted):
        have = found[index]
        new = want.make_data()
        if have is None:
            parent = want.parent
            steps.append(Add(want.path, new,
                             parent < 0 or found[parent] is not None))
            continue
        data, stat = have
        if stat.ephemeralOwner and want.node.children:
            raise ImportFailed(
                want.path, 'it is ephemeral, and cannot have children', ())
        if data != new:
            if look and not is_text(data, want.path):
                steps.append(Stay(want.path, UNREADABLE))
                continue
            old = decode(data, want.path)
            if not same(old, want.node.properties):
                if stat.ephemeralOwner:
                    steps.append(Stay(want.path, UNCHANGED))
                else:
                    steps.append(Change(
                        want.path, new, stat.version, old,
                        want.node.properties))
        for path in extras.get(index, ()):
            if trim:
                steps += plan_delete(
                    path, branches, False, True, deletable, keep)
            elif trim is None:
                steps.append(Stay(path, EXTRA))
    return steps


# Deletions

def plan_delete(
    path: str,
    branches: Branches,
    force: bool,
    ignore_if_ephemeral: bool,
    deletable: Deletable | None = None,
    keep: Container[str] = (),
) -> list[Step]:
    """Return the steps that delete a node and all below it.

    A node that is ephemeral stays (unless `force` is true), and so does
    each node above one that stays.

    :param branches: the node and all below it; nothing, if it is gone
    :param ignore_if_ephemeral: whether to leave out the step for `path`
        itself if it is ephemeral
    :param deletable: the only nodes that may be deleted, as `removed`
        returns them
    :param keep: nodes that stay, with all below them, since text cannot
        describe them
    """
    steps: list[Step] = []
    # Why nodes have to stay, for those of which it is known
    stay: dict[str, str] = {}
    todo = [(path, False)]
    while todo:
        here, back = todo.pop()
        if here not in branches:
            continue        # deleted by someone else meanwhile
        stat, names = branches[here]
        if here in keep:
            names = ()
        if not back and names:
            todo.append((here, True))
            todo += [(paths.join(here, name), False)
                     for name in sorted(names, reverse=True)]
            continue
        reason = stay.get(here, '')
        if not reason:
            if stat.ephemeralOwner and not force:
                reason = EPHEMERAL
            elif here in keep:
                reason = NO_TEXT
            elif deletable is not None and deletable.get(here) != (
                    stat.czxid, stat.version):
                reason = GREW
        if not reason:
            steps.append(Remove(here, stat.version, stat.czxid))
            continue
        above = _ABOVE.get(reason, ABOVE_EPHEMERAL)
        stay.setdefault(paths.split(here)[0], above)
        if not (reason == EPHEMERAL and here == path
                and ignore_if_ephemeral):
            steps.append(Stay(here, reason))
    return steps


