"""The model of a tree: nodes with properties and children.

Pure data, as ``parse_tree`` makes it from text and ``import_tree`` takes
it.  It must not know text, ZooKeeper or what a property means.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any


LINK = ' ->'
PROPERTY_LINK = ' =>'


class Node:
    """A node of a tree that a text describes.

    The root of a whole description has the name ``''`` and no properties.
    A symbolic link is a property whose name ends in ``' ->'``, a property
    link one whose name ends in ``' =>'``; a node's type is its property
    ``type``.

    :param name: the node's name
    :param properties: its properties, by name
    :param children: its child nodes, by name; each gets that name
    """

    name: str
    properties: dict[str, Any]
    children: dict[str, Node]

    def __init__(
        self,
        name: str = '',
        properties: dict[str, Any] | None = None,
        **children: Node,
    ) -> None:
        self.name = name
        self.properties = {} if properties is None else properties
        self.children = children
        for name, child in children.items():
            child.name = name

    def walk(self, path: str = '/') -> Iterator[tuple[str, Node]]:
        """Yield the path and the node of this node and all below it.

        Parents come before their children, children by name.

        :param path: the path of this node
        """
        todo = [(path, self)]
        while todo:
            path, node = todo.pop()
            yield path, node
            base = '/' if path == '/' else path + '/'
            for name in sorted(node.children, reverse=True):
                todo.append((base + name, node.children[name]))

    # Not recursive, since a tree may be deeper than Python's stack.
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Node):
            return NotImplemented
        todo = [(self, other)]
        while todo:
            mine, theirs = todo.pop()
            if mine is theirs:
                continue
            if (mine.name != theirs.name
                    or mine.properties != theirs.properties
                    or mine.children.keys() != theirs.children.keys()):
                return False
            for name, child in mine.children.items():
                todo.append((child, theirs.children[name]))
        return True

    # Equal by value and open to change: no hash would stay true.
    __hash__ = None     # type: ignore[assignment]

    def __repr__(self) -> str:
        return (f'{type(self).__name__}({self.name!r}, {self.properties!r}, '
                f'children: {sorted(self.children)!r})')
