"""What is wrong with the links of a tree, seen without asking any server.

Pure: nodes are a dictionary of data by path, whether they come from text,
from a live tree or from one laid over the other.
"""
from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from collections.abc import Set
from typing import Any
from typing import NamedTuple

from kazoo.exceptions import NoNodeError

from ..errors import BadPropertyLink
from ..errors import DataError
from ..errors import Error
from . import links
from . import paths as _paths
from .model import LINK
from .model import PROPERTY_LINK


class LinkFault(NamedTuple):
    """What is wrong with a link; `name` is the property's, arrow and all.
    """

    path: str
    name: str
    message: str


class _Outside(Exception):
    """A link leads to where nothing is known."""


def link_faults(
    nodes: Mapping[str, bytes],
    paths: Iterable[str],
    known: Sequence[str] = ('/',),
    unreadable: Sequence[str] = (),
) -> Iterator[LinkFault]:
    """Yield what is wrong with the links of some nodes.

    Links that dangle, that lead in a circle, that a real node or property
    of the same name hides, and property links to properties that are
    missing.

    :param nodes: the data of all nodes, by path
    :param paths: the nodes whose links are looked at
    :param known: the paths of the tops of the branches that `nodes` shows
        whole; nothing is said of links that lead elsewhere
    :param unreadable: the paths of nodes that may not be read; nothing is
        said of links that lead to them or below
    """
    above = {'/'}
    for path in known:
        while path != '/':
            path = _paths.split(path)[0]
            above.add(path)

    hidden = frozenset(unreadable)
    tops = frozenset(known)

    def lookup(asked: Sequence[str]) -> list[bytes | None]:
        found: list[bytes | None] = []
        on_the_way = len(asked) > 1
        for path in asked:
            data = nodes.get(path)
            if path in hidden and not on_the_way:
                raise _Outside
            if data is None and _is_within(path, hidden):
                raise _Outside
            if data is None and not _is_within(path, tops):
                # Of what is above the tops no more is known than that it
                # is there, which is enough on the way to what is below.
                if path not in above or not on_the_way:
                    raise _Outside
                data = b''
            found.append(data)
        return found

    reading = links.Reading(lookup, still=True)
    for path in paths:
        try:
            properties = reading.properties(path, nodes[path])
        except DataError:
            continue        # no properties, so no links
        for key in sorted(properties):
            if key.endswith(LINK):
                yield from _link_fault(
                    reading, nodes, path, key, properties[key])
            elif key.endswith(PROPERTY_LINK):
                yield from _property_link_fault(
                    reading, path, key, properties)


def _is_within(path: str, tops: Set[str]) -> bool:
    """Tell whether a path is one of some, or below one."""
    if not tops:
        return False
    while path not in tops:
        if path == '/':
            return False
        path = _paths.split(path)[0]
    return True


def _link_fault(
    lookup: links.Reading,
    nodes: Mapping[str, bytes],
    path: str,
    key: str,
    target: Any,
) -> Iterator[LinkFault]:
    name = key[:-len(LINK)]
    here = _paths.join(path, name)
    if here in nodes:
        yield LinkFault(path, key, f'hidden by the node {here}')
    try:
        links.resolve(lookup, _paths.follow(path, target))
    except _Outside:
        pass
    except NoNodeError as e:
        where = _paths.follow(path, target)
        story = str(e)
        yield LinkFault(path, key, f'leads to {where}, which does not exist'
                        if story == where else f'leads nowhere: {story}')
    except Error as e:
        yield LinkFault(path, key, str(e))


def _property_link_fault(
    lookup: links.Reading,
    path: str,
    key: str,
    properties: Mapping[str, Any],
) -> Iterator[LinkFault]:
    name = key[:-len(PROPERTY_LINK)]
    if name in properties:
        yield LinkFault(path, key, f'hidden by the property {name!r}')
    try:
        found = links.linked_values(lookup, path, {key: properties[key]})
    except _Outside:
        return
    value = found[name]
    if isinstance(value, BadPropertyLink):
        yield LinkFault(path, key, value.reason)
