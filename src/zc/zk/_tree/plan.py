"""What an import or a deletion would do, worked out before it is done.

Pure: from what is wanted and what was read, to steps; from steps, to the
lines that a dry run prints.  It must not know how nodes are read or
written.

Steps come in the order of their lines, which is that of zc.zk 2.1: a node
before the nodes below it, and first those that are not wanted, by name.
"""
from __future__ import annotations

from collections.abc import Container
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from kazoo.protocol.states import ZnodeStat

from ..errors import DataError
from ..errors import ImportFailed
from ..errors import PathError
from ..errors import ValueNotStorable
from . import grammar
from . import paths
from .model import LINK
from .model import Node
from .values import decode
from .values import encode


Found = tuple[bytes, ZnodeStat]
#: The stat of each node of some branches and the names of its children.
Branches = Mapping[str, tuple[ZnodeStat, Sequence[str]]]
#: The czxid and the version of each node that may be deleted.
Deletable = Mapping[str, tuple[int, int]]

_SCALARS = frozenset([str, int, float, bool, type(None)])


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


class Add(NamedTuple):
    """Create a node; `top` when its parent is there already."""

    path: str
    data: bytes
    top: bool


class Change(NamedTuple):
    """Replace the data of a node that are at `version`."""

    path: str
    data: bytes
    version: int
    old: dict[str, Any]
    new: dict[str, Any]


class Remove(NamedTuple):
    """Delete the node that was created at `czxid`."""

    path: str
    version: int
    czxid: int


class Stay(NamedTuple):
    """Leave a node as it is, although it is not as wanted."""

    path: str
    reason: str


Step = Add | Change | Remove | Stay

#: Why a node stays: the line that a dry run prints, and the other line.
EXTRA = 'extra'
NO_TEXT = 'no text'
ABOVE_NO_TEXT = 'above no text'
UNREADABLE = 'unreadable'
EPHEMERAL = 'ephemeral'
ABOVE_EPHEMERAL = 'above ephemeral'
UNCHANGED = 'unchanged'
GREW = 'grew'
_STAY_LINES = {
    EXTRA: ('extra path not trimmed: {}', 'extra path not trimmed: {}'),
    EPHEMERAL: ("wouldn't delete {} because it's ephemeral.",
                "Not deleting {} because it's ephemeral."),
    ABOVE_EPHEMERAL: ('{} not deleted due to ephemeral descendent.',
                      '{} not deleted due to ephemeral descendent.'),
    UNCHANGED: ("wouldn't change {} because it's ephemeral.",
                "Not changing {} because it's ephemeral."),
    GREW: ('{} not deleted because it is new or changed, or has such a '
           'node below it.',
           '{} not deleted because it is new or changed, or has such a '
           'node below it.'),
    NO_TEXT: ('{} not deleted because text cannot describe its data.',
              '{} not deleted because text cannot describe its data.'),
    ABOVE_NO_TEXT: ('{} not deleted because text cannot describe the data '
                    'of a node below it.',
                    '{} not deleted because text cannot describe the data '
                    'of a node below it.'),
    UNREADABLE: ('{} differs, and text cannot describe its data.',
                 '{} differs, and text cannot describe its data.'),
}

# What that means for the node above
_ABOVE = {GREW: GREW, NO_TEXT: ABOVE_NO_TEXT, ABOVE_NO_TEXT: ABOVE_NO_TEXT}


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
    found: Sequence[Found | None],
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
        new = want.data
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


def same(old: Any, new: Any) -> bool:
    """Tell whether two values, or sets of properties, are alike in JSON.

    Unlike ``==``, which takes True for 1 and knows tuples from lists.
    """
    kind = type(old)
    if kind is type(new):
        if kind in _SCALARS:
            return bool(old == new)
        if kind is dict:
            if old.keys() != new.keys():
                return False
            for name, value in old.items():
                other = new[name]
                # What most values are, without a call for each
                if type(value) is type(other) and type(value) in _SCALARS:
                    if value != other:
                        return False
                elif not same(value, other):
                    return False
            return True
    if isinstance(old, (list, tuple)) and isinstance(new, (list, tuple)):
        return len(old) == len(new) and all(map(same, old, new))
    return kind is type(new) and bool(old == new)


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


# What follows from steps

def lines(steps: Iterable[Step]) -> Iterator[str]:
    """Yield the lines that a dry run prints."""
    for step in steps:
        if isinstance(step, Add):
            if step.top:
                yield f'add {step.path}'
        elif isinstance(step, Change):
            yield from _change_lines(step)
        elif isinstance(step, Remove):
            yield f'would delete {step.path}.'
        else:
            yield _STAY_LINES[step.reason][0].format(step.path)


def notes(steps: Iterable[Step]) -> Iterator[str]:
    """Yield the lines that tell what was not done as wanted."""
    for step in steps:
        if isinstance(step, Stay):
            yield _STAY_LINES[step.reason][1].format(step.path)


def _change_lines(step: Change) -> Iterator[str]:
    yield from _lost_lines(step)
    path, new = step.path, step.new
    for name in sorted(new.keys() - step.old.keys()):
        if name.endswith(LINK):
            yield f'{path} add link {name} {new[name]}'
        else:
            yield f'{path} add property {name} = {new[name]}'


def _lost_lines(step: Change) -> Iterator[str]:
    """Yield the lines for properties that go or get another value."""
    path, old, new = step.path, step.old, step.new
    for name in sorted([
            name for name, value in old.items()
            if name not in new or not same(value, new[name])]):
        value = old[name]
        link = name.endswith(LINK)
        if name in new:
            if link:
                yield (f'{path} {name[:-len(LINK)]} link change '
                       f'from {value} to {new[name]}')
            else:
                yield f'{path} {name} change from {value} to {new[name]}'
        elif link:
            yield f'{path} remove link {name} {value}'
        else:
            yield f'{path} remove property {name} = {value}'


def change_lines(steps: Iterable[Step]) -> Iterator[str]:
    """Yield a dry run's lines for properties that go or change."""
    for step in steps:
        if isinstance(step, Change):
            yield from _lost_lines(step)


def nodes(count: int) -> str:
    """Return how many nodes there are, as text."""
    return '1 node' if count == 1 else f'{count} nodes'


def removed(steps: Iterable[Step]) -> dict[str, tuple[int, int]]:
    """Return path, czxid and version of each node that would be deleted.
    """
    return {step.path: (step.czxid, step.version)
            for step in steps if isinstance(step, Remove)}


def is_text(data: bytes, path: str) -> bool:
    """Tell whether the text of a tree can describe a node's data."""
    try:
        encode(decode(data, path), path)
    except (DataError, ValueNotStorable):
        return False
    return True
