"""The text of a tree.

Pure; the other direction of parser, which reads back all that this writes,
as it was.  Every character it writes is printable, so that a node's
content cannot steer a terminal.  It must not know ZooKeeper.
"""
from __future__ import annotations

import functools
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from ..errors import PathError
from ..errors import ValueNotStorable
from . import grammar
from . import paths
from .model import LINK
from .model import PROPERTY_LINK
from .model import Node
from .values import trouble


# Their repr is an expression for them
_PLAIN = frozenset([str, int, float, bool, type(None)])


def format_tree(node: Node) -> str:
    """Return the text that `parse_tree` reads back as the same tree.

    :param node: what `parse_tree` returns, or one of the nodes in it, which
        is then the text's only top node
    :raises ValueNotStorable: when a property cannot be kept in ZooKeeper,
        or stands at the nameless root
    :raises PathError: when a name cannot be a node's
    """
    return ''.join(f'{line}\n' for line in tree_lines(node))


def tree_lines(
    node: Node, indent: str = '', path: str = '/'
) -> Iterator[str]:
    """Yield the lines, without line ends, of a tree's text.

    :param node: the root of a description (its name is ``''``), or a node
    :param indent: what to put before each line
    :param path: the path of `node`, for errors
    :raises ValueNotStorable: when a property cannot be kept in ZooKeeper,
        or stands at the nameless root
    :raises PathError: when a name cannot be a node's
    """
    root = node
    todo = [(node.name, indent, path, node)]
    while todo:
        name, indent, path, node = todo.pop()
        if name:
            yield from node_lines(name, node.properties, indent, path)
            indent += '  '
        elif node is not root:
            raise PathError(path, "a node's name is empty")
        elif node.properties:
            raise ValueNotStorable(
                path, min(node.properties, key=str),
                'text cannot give the root properties')
        for name in sorted(node.children, reverse=True):
            todo.append((name, indent, paths.join(path, name),
                         node.children[name]))


def node_lines(
    name: str, properties: Mapping[str, Any], indent: str, path: str
) -> list[str]:
    """Return the lines of one node: its name and type, then properties,
    property links and links, each by name.

    :param path: the node's path, for errors
    :raises ValueNotStorable: when a property cannot be kept in ZooKeeper
    """
    return node_text(name, properties, indent, path).split('\n')


def node_text(
    name: str, properties: Mapping[str, Any], indent: str, path: str
) -> str:
    """Return the lines of one node as `node_lines` does, but joined.

    :param path: the node's path, for errors
    :raises ValueNotStorable: when a property cannot be kept in ZooKeeper
    """
    text = name if grammar.usual_name(name) else _node_name(name)
    template, values_of = _template(indent, tuple(properties))
    if template:
        values = values_of(properties)
        if _PLAIN.issuperset(map(type, values)):
            try:
                lines = template % (text, *values)
            except ValueError:
                pass    # a number that Python does not write: named below
            else:
                # Nor has text infinite floats and such.
                if 'inf' not in lines and 'nan' not in lines:
                    return lines
    return '\n'.join(_lines(text, properties, indent, path))


@functools.lru_cache(maxsize=1000)
def _template(
    indent: str, keys: tuple[str, ...]
) -> tuple[str, Callable[[Mapping[str, Any]], tuple[Any, ...]]]:
    """Return how to write a node that has properties of these names.

    Kept, since the nodes of a tree have names of properties in common.

    :returns: a template for the node's name and the values of the
        properties, ``''`` where not all are usual ones; and what gives
        the values
    """
    if not all(isinstance(key, str) and grammar.usual_key(key)
               and key != 'type'
               for key in keys):
        return '', _values
    keys = tuple(sorted(keys))
    template = '\n'.join([
        f'{indent}/%s', *(f'{indent}  {key} = %r' for key in keys)])
    if len(keys) > 1:
        return template, itemgetter(*keys)
    return template, _values


def _values(properties: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(properties.values())


def _lines(
    text: str, properties: Mapping[str, Any], indent: str, path: str
) -> list[str]:
    lines = [f'{indent}/{text}']
    links: list[str] = []
    property_links: list[str] = []
    indent += '  '
    for key in sorted(properties, key=str):
        value = properties[key]
        if not isinstance(key, str):
            raise ValueNotStorable(path, key, 'a name must be a str')
        text, kind = _key_parts(key)
        if not kind:
            if key == 'type' and _is_type(value):
                lines[0] += f' : {value}'
            else:
                lines.append(
                    f'{indent}{text} = {_value_text(value, path, key)}')
        elif not _is_target(kind, value):
            lines.append(
                f'{indent}{key!r} = {_value_text(value, path, key)}')
        elif kind == LINK:
            links.append(f'{indent}{text} -> {value}')
        else:
            property_links.append(f'{indent}{text} => {value}')
    if property_links:
        lines += property_links
    if links:
        lines += links
    return lines


def _node_name(name: str) -> str:
    paths.check_name(name)
    if grammar.plain_name(name) and name.isprintable():
        return name
    return repr(name)


def _is_type(value: Any) -> bool:
    return (isinstance(value, str) and value.isprintable()
            and grammar.plain_type(value) is not None)


def _is_target(kind: str, value: Any) -> bool:
    return (isinstance(value, str) and value.isprintable()
            and grammar.plain_target[kind](value) is not None)


@functools.lru_cache(maxsize=10_000)
def _key_parts(key: str) -> tuple[str, str]:
    """Return the text for a property's name, and its kind if it is a link.

    Kept, since the nodes of a tree have names of properties in common.
    """
    kind = ''
    if key.endswith((LINK, PROPERTY_LINK)):
        key, kind = key[:-len(LINK)], key[-len(LINK):]
    if grammar.plain_key(key) and key.isprintable():
        return key, kind
    return repr(key), kind


def _value_text(value: Any, path: str, key: str) -> str:
    reason = trouble(value)
    if reason:
        raise ValueNotStorable(path, key, reason)
    return repr(value)
