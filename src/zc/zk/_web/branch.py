"""A copy of the tree in memory, by parents and children.

Pure, and not for several threads at once.  A change costs what changed: the
tree may have a hundred thousand nodes.
"""
from __future__ import annotations

from bisect import bisect_left
from bisect import insort
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from .._following import CHANGED
from .._following import Happening
from .._following import NodeState
from .._tree import links
from .._tree import paths
from .._tree.graph import PROVIDERS
from .._tree.model import LINK
from .._tree.values import decode
from ..errors import DataError


_NO_NAMES: tuple[str, ...] = ()


class Held:
    """A node of the copy.

    :ivar state: None for a node that may not be read
    :ivar names: of the children, sorted
    """

    __slots__ = ('names', 'state')

    def __init__(self, state: NodeState | None) -> None:
        self.state = state
        self.names: Sequence[str] = _NO_NAMES

    @property
    def data(self) -> bytes:
        """What the node holds."""
        return self.state.data if self.state is not None else b''


class TreeCopy:
    """All nodes below the root.

    :param generation: that of what it takes the place of
    :ivar nodes: by path
    :ivar services: the paths of nodes with a child ``providers``
    :ivar linking: the paths of nodes with symbolic links
    :ivar generation: grows with each change
    :ivar structure: grows when services or links change
    """

    def __init__(self, generation: int = 0) -> None:
        self.nodes: dict[str, Held] = {'/': Held(None)}
        self.services: set[str] = set()
        self.linking: set[str] = set()
        self.generation = generation
        self.structure = 0

    def __contains__(self, path: str) -> bool:
        return path in self.nodes

    def readable(self) -> set[str]:
        """Return the paths of all nodes that may be read."""
        return {path for path, held in self.nodes.items()
                if held.state is not None}

    # What nodes hold

    def names(self, path: str) -> Sequence[str]:
        """Return the names of a node's children, sorted."""
        held = self.nodes.get(path)
        return held.names if held is not None else _NO_NAMES

    def properties(self, path: str) -> dict[str, Any]:
        """Return the properties of a node: none if its data are no text."""
        held = self.nodes.get(path)
        return _decoded(held.data, path) if held is not None else {}

    def lookup(self, asked: Sequence[str]) -> list[links.Found]:
        """Return the data of nodes, to follow links by."""
        return [held.data if held is not None else None
                for held in map(self.nodes.get, asked)]

    def below(self, path: str, after: str = '') -> Iterator[str]:
        """Yield the paths of all nodes at and below one, in order.

        :param after: begin behind this path
        """
        todo = [path]
        while todo:
            here = todo.pop()
            held = self.nodes.get(here)
            if held is None:
                continue
            if not after or paths.parts(here) > paths.parts(after):
                after = ''      # so are all that follow
                yield here
                names: Sequence[str] = held.names
            elif paths.is_under(after, here) and after != here:
                # Somewhere below this one
                name = paths.parts(after)[len(paths.parts(here))]
                names = held.names[bisect_left(held.names, name):]
            elif after == here:
                names = held.names
            else:
                continue
            todo.extend([paths.join(here, name) for name in reversed(names)])

    # Changes

    def load(self, found: Mapping[str, NodeState]) -> None:
        """Begin with nodes that were read together."""
        for path in sorted(found):
            self._put(path, found[path])
        self.generation += 1

    def apply(self, happening: Happening) -> str:
        """Take in what happened to a node.

        :returns: what to say of it: the names of properties that changed
        """
        self.generation += 1
        path, new = happening.path, happening.new
        if new is None:
            self._drop(path)
            return ''
        old = self.nodes.get(path)
        before = old.data if old is not None else None
        self._put(path, new)
        if before is None or happening.what != CHANGED:
            return ''
        return _names_changed(path, before, new.data)

    def _put(self, path: str, state: NodeState) -> None:
        held = self.nodes.get(path)
        if held is None:
            held = self._add(path)
        held.state = state
        self._note(path, state.data)

    def _add(self, path: str) -> Held:
        above, name = paths.split(path)
        parent = self.nodes.get(above)
        if parent is None:
            parent = self._add(above)       # one that may not be read
        if not parent.names:
            parent.names = []
        assert isinstance(parent.names, list)
        insort(parent.names, name)
        held = self.nodes[path] = Held(None)
        if name == PROVIDERS:
            self.services.add(above)
            self.structure += 1
        return held

    def _drop(self, path: str) -> None:
        if path == '/':
            return
        for here in reversed(list(self.below(path))):
            above, name = paths.split(here)
            del self.nodes[here]
            names = self.nodes[above].names
            assert isinstance(names, list)
            del names[bisect_left(names, name)]
            if name == PROVIDERS:
                self.services.discard(above)
                self.structure += 1
            if here in self.linking:
                self.linking.discard(here)
                self.structure += 1

    def _note(self, path: str, data: bytes) -> None:
        """Note whether a node has links, and that they may have changed."""
        # The second is how some libraries write the ">" of an arrow.
        links = (b'>' in data or b'\\u003' in data) and any(
            name.endswith(LINK) for name in _decoded(data, path))
        if links or path in self.linking:
            self.structure += 1
            (self.linking.add if links else self.linking.discard)(path)


def _decoded(data: bytes, path: str) -> dict[str, Any]:
    try:
        return decode(data, path)
    except DataError:
        return {}


def _names_changed(path: str, old: bytes, new: bytes) -> str:
    """Return the names of the properties that differ, never their values."""
    before, after = _decoded(old, path), _decoded(new, path)
    names = sorted(name for name in {*before, *after}
                   if before.get(name) != after.get(name)
                   or (name in before) != (name in after))
    shown = [name[:80] for name in names[:10]]
    if len(names) > len(shown):
        shown.append(f'and {len(names) - len(shown)} more')
    return ', '.join(shown)
