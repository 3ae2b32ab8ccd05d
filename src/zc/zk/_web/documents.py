"""Documents about single nodes, their children, and what is looked for.

Pure.  Secrets are hidden in all of them.
"""
from __future__ import annotations

import base64
from bisect import bisect_right
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

from kazoo.exceptions import KazooException

from .._following import NodeState
from .._tree import links
from .._tree import paths
from .._tree.graph import PROVIDERS
from .._tree.model import LINK
from .._tree.model import PROPERTY_LINK
from .._tree.values import decode
from ..errors import DataError
from ..errors import Error
from .branch import TreeCopy
from .hiding import has_secrets
from .hiding import has_word
from .hiding import hidden
from .hiding import is_secret
from .hiding import plain
from .hiding import properties_shown
from .hiding import shown
from .ring import moment


#: How many characters of a value a search shows around what it found.
AROUND = 60


def node(branch: TreeCopy, path: str) -> dict[str, Any]:
    """Return the document of a node, which may not be there."""
    held = branch.nodes.get(path)
    if held is None:
        return {'path': path, 'exists': False}
    name = paths.split(path)[1]
    error = None
    properties: dict[str, Any] = {}
    try:
        properties = decode(held.data, path)
    except DataError as e:
        error = str(e)
    reading = links.Reading(branch.lookup, still=True)
    own = {name: value for name, value in properties.items()
           if not name.endswith((LINK, PROPERTY_LINK))}
    return {
        'path': path,
        'exists': True,
        'readable': held.state is not None,
        'properties': properties_shown(own, name),
        'error': error,
        'links': [
            _link(reading, path, key, properties[key])
            for key in sorted(properties) if key.endswith(LINK)],
        'property_links': [
            _property_link(reading, path, key, properties)
            for key in sorted(properties) if key.endswith(PROPERTY_LINK)],
        **raw(held.data, properties, name),
        'stat': stat(held.state),
        'children': len(held.names),
        'service': path in branch.services,
        'provider': paths.split(paths.split(path)[0])[1] == PROVIDERS,
    }


def raw(
    data: bytes, properties: dict[str, Any], name: str
) -> dict[str, Any]:
    """Return the data of a node as they are, unless there are secrets."""
    text, encoding = _text(data)
    # What is no text, or nested too deep, has no properties to tell.
    if is_secret(name) or has_secrets(properties, name) or (
            not properties and has_word(data.decode('latin-1'))):
        return {'raw': hidden(), 'encoding': encoding}
    return {'raw': text, 'encoding': encoding}


def _text(data: bytes) -> tuple[str, str]:
    """Return data as text, and how that was made of them."""
    try:
        return data.decode('utf-8'), 'utf-8'
    except UnicodeDecodeError:
        return base64.b64encode(data).decode('ascii'), 'base64'


def stat(state: NodeState | None) -> dict[str, Any] | None:
    """Return what is known of a node's stat."""
    if state is None:
        return None
    return {'czxid': zxid(state.czxid), 'mzxid': zxid(state.mzxid),
            'ctime': moment(state.created / 1000),
            'mtime': moment(state.modified / 1000),
            'version': state.version,
            'ephemeralOwner': zxid(state.owner) if state.owner else 0,
            'dataLength': len(state.data)}


def zxid(number: int) -> str:
    """Return a number of 64 bits, which JavaScript would round."""
    return f'{number:#x}'


def children(
    branch: TreeCopy, path: str, after: str, limit: int
) -> dict[str, Any]:
    """Return some children of a node, by name.

    :param after: begin behind this name
    """
    names = branch.names(path)
    start = bisect_right(names, after) if after else 0
    some = names[start:start + limit]
    more = start + limit < len(names)
    return {'path': path, 'exists': path in branch,
            'children': [_child(branch, path, name) for name in some],
            'next': some[-1] if more and some else None,
            'total': len(names)}


def secret(branch: TreeCopy, path: str, name: str) -> dict[str, Any] | None:
    """Return a value that is hidden elsewhere, None if there is none.

    :param name: of the property, or of a property link; empty: all that
        the node holds, as it is
    """
    held = branch.nodes.get(path)
    if held is None:
        return None
    if not name:
        return {'value': _text(held.data)[0]}
    properties = branch.properties(path)
    if name in properties:
        return {'value': plain(properties[name])}
    found = links.linked_values(
        branch.lookup, path, properties, [name + PROPERTY_LINK]
        if name + PROPERTY_LINK in properties else [])
    value = found.get(name)
    if name not in found or isinstance(value, Exception):
        return None
    return {'value': plain(value)}


def search(
    items: Sequence[tuple[str, bytes]], words: str, limit: int
) -> dict[str, Any]:
    """Return nodes whose path or properties have all the words.

    :param items: paths and data, in order
    :param words: separated by blanks; case does not count
    """
    asked = words.lower().split()
    found: list[dict[str, Any]] = []
    if asked:
        for path, data in items:
            for each in _matches(path, data, asked):
                if len(found) >= limit:
                    return {'found': found, 'next': found[-1]['path']}
                found.append(each)
                break
    return {'found': found, 'next': None}


def _matches(
    path: str, data: bytes, asked: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Yield what is to be shown of a node, best first."""
    left = [word for word in asked if word not in path.lower()]
    if not left:
        yield {'path': path}
        return
    # JSON writes what is not ASCII as escapes, so only the others can be
    # looked for before it is read.
    lower = data.lower()
    if any(word.isascii() and '"' not in word and '\\' not in word
           and word.encode('ascii') not in lower for word in left):
        return
    try:
        properties = decode(data, path)
    except DataError:
        return
    visible = properties_shown(properties, paths.split(path)[1])
    for name, value in visible.items():
        text = '' if value == hidden() else str(value)
        both = f'{name} = {text}'.lower()
        if all(word in both for word in left):
            place = max(0, text.lower().find(left[0]) - AROUND)
            yield {'path': path, 'name': name,
                   'value': hidden() if value == hidden()
                   else text[place:place + 3 * AROUND]}


def _child(branch: TreeCopy, path: str, name: str) -> dict[str, Any]:
    below = paths.join(path, name)
    held = branch.nodes[below]
    type_ = branch.properties(below).get('type')
    child: dict[str, Any] = {
        'name': name, 'children': len(held.names),
        'type': type_ if isinstance(type_, str) else None,
        'ephemeral': held.state is not None and held.state.ephemeral}
    if below in branch.services:
        child['service'] = True
    if below in branch.linking:
        child['link'] = True
    return child


def _link(
    reading: links.Reading, path: str, key: str, target: Any
) -> dict[str, Any]:
    """Return a symbolic link with the way that it leads."""
    link: dict[str, Any] = {
        'name': key.removesuffix(LINK),
        'target': target if isinstance(target, str) else str(target)}
    steps: list[str] = []
    try:
        here = paths.follow(path, target)
        steps.append(here)
        while reading([here])[0] is None:
            step = reading.step(here)
            if step is None or step in steps or len(steps) > links.MAX_HOPS:
                links.resolve(reading, here)
                break
            here = step
            steps.append(here)
    except (Error, KazooException) as e:
        link['error'] = _why(e)
    link['steps'] = steps
    return link


def _property_link(
    reading: links.Reading, path: str, key: str, properties: dict[str, Any]
) -> dict[str, Any]:
    name, target = key.removesuffix(PROPERTY_LINK), properties[key]
    link: dict[str, Any] = {
        'name': name,
        'target': target if isinstance(target, str) else str(target)}
    if name in properties:
        link['error'] = 'a property of this name hides it'
        return link
    value = links.linked_values(reading, path, properties, [key])[name]
    if isinstance(value, Exception):
        link['error'] = _why(value)
    elif any(map(is_secret, names_on_the_way(reading, path, name, target))):
        link['value'] = hidden()
    else:
        link['value'] = shown(name, value)
    return link


def names_on_the_way(
    reading: links.Reading, path: str, name: str, target: Any
) -> Iterator[str]:
    """Yield the names under which the value of a property link is known,
    and those of the nodes that have it.
    """
    yield name
    for _ in range(links.MAX_HOPS):
        where, name = links.split_property_link(target, name)
        path = reading.followed(path, where)
        yield name
        properties = reading.properties_at(path)
        if name in properties:
            if name == 'string_value':
                yield paths.split(path)[1]
            return
        target = properties.get(name + PROPERTY_LINK)


def _why(error: Exception) -> str:
    text = str(error)
    if isinstance(error, KazooException):
        return f'there is no node {text}'
    return text
