"""Symbolic links and property links, followed.

Pure: what nodes hold comes from a `lookup` function that is given paths and
returns, for each, the node's data, None where there is no node, or the
exception that reading it gave.  Asking for several at once lets the caller
read them in one request.

A link is a property: ``name ->`` holds a path that stands for a missing
child, ``name =>`` holds a path and perhaps a property name that stand for a
missing property.  A real child hides a link of its name.
"""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError

from ..errors import BadPropertyLink
from ..errors import Error
from ..errors import LinkLoop
from . import paths as _paths
from .model import LINK
from .model import PROPERTY_LINK
from .values import decode


Found = bytes | None | Exception
Lookup = Callable[[Sequence[str]], Sequence[Found]]

#: How many links a path may lead through, and by how many characters it may
#: grow on the way.  Links come from others: ``x -> x/x`` would grow for ever,
#: and each hop reads as many nodes as the path has parts.
MAX_HOPS = 100
MAX_GROWTH = 4_000


class Reading:
    """What one or more resolutions read: each node is decoded once.

    Can be called like the `lookup` that it is made of.

    :param lookup: gives the data of nodes
    :param still: whether nodes cannot change meanwhile: then steps from one
        path to the next are kept, too
    """

    def __init__(self, lookup: Lookup, still: bool = False) -> None:
        self._lookup = lookup
        self._decoded: dict[str, tuple[bytes, dict[str, Any]]] = {}
        self._followed: dict[tuple[str, str], str] = {}
        self._steps: dict[str, str | None] | None = {} if still else None

    def __call__(self, paths: Sequence[str]) -> Sequence[Found]:
        return self._lookup(paths)

    def properties(self, path: str, data: bytes) -> dict[str, Any]:
        """Return the properties in the data of a node, not to be changed.

        :raises DataError: when the data are not as needed
        """
        known = self._decoded.get(path)
        # Nearly always the same object
        if known is not None and known[0] == data:
            return known[1]
        found = decode(data, path)
        self._decoded[path] = data, found
        return found

    def properties_at(self, path: str) -> dict[str, Any]:
        """Return the properties of a real node, read once.

        :raises KazooException: when the node may not be read
        :raises DataError: when its data are not as needed
        """
        known = self._decoded.get(path)
        if known is not None:
            return known[1]
        data = self([path])[0]
        if isinstance(data, Exception):
            raise _paths.named(data, path)
        return self.properties(path, data or b'')

    def followed(self, path: str, target: str) -> str:
        """Return the real path that a link of a node leads to.

        :raises Error: as `resolve` does
        :raises NoNodeError: as `resolve` does
        """
        key = path, target
        try:
            return self._followed[key]
        except KeyError:
            found = self._followed[key] = resolve(
                self, _paths.follow(path, target))
            return found

    def step(self, path: str) -> str | None:
        """Return `path` with its first link followed, None for no link."""
        if self._steps is None:
            return _first_link(self, path)
        try:
            return self._steps[path]
        except KeyError:
            found = self._steps[path] = _first_link(self, path)
            return found


def reading(lookup: Lookup) -> Reading:
    """Return a Reading, which `lookup` may be already."""
    return lookup if isinstance(lookup, Reading) else Reading(lookup)


def resolve(lookup: Lookup, path: str) -> str:
    """Return the path of the real node that `path` leads to.

    :raises NoNodeError: when it leads to no node
    :raises LinkLoop: when links lead in a circle
    :raises PathError: when a link's target is no path
    """
    lookup = reading(lookup)
    here = path
    seen: dict[str, None] = {}
    while lookup([here])[0] is None:
        if (here in seen or len(seen) > MAX_HOPS
                or len(here) > len(path) + MAX_GROWTH):
            raise _loop(seen, here)
        seen[here] = None
        step = lookup.step(here)
        if step is None:
            raise NoNodeError(_story(path, here))
        here = step
    return here


def followed(lookup: Lookup, path: str) -> Iterator[str]:
    """Yield `path`, and the path after each link that is followed.

    :raises NoNodeError: when it leads to no node
    :raises LinkLoop: when links lead in a circle
    :raises PathError: when a link's target is no path
    """
    lookup = reading(lookup)
    here = path
    seen: set[str] = set()
    while True:
        yield here
        if lookup([here])[0] is not None:
            return
        seen.add(here)
        step = lookup.step(here)
        if (step is None or step in seen or len(seen) > MAX_HOPS
                or len(step) > len(path) + MAX_GROWTH):
            # Says what is wrong, unless it has changed meanwhile.
            resolve(lookup, path)
            raise NoNodeError(path)
        here = step


def _first_link(lookup: Reading, path: str) -> str | None:
    """Return `path` with its first link followed, None where there is none.

    The first missing part of the path can only be a link of its parent.
    """
    names = _paths.parts(path)
    above = ['/']
    for name in names:
        above.append(_paths.join(above[-1], name))
    found = lookup(above)
    if None not in found:
        return path         # created meanwhile
    index = list(found).index(None) - 1
    if index < 0:
        return None         # not even the root: a chroot that is missing
    parent = above[index]
    data = found[index]
    if isinstance(data, Exception):
        raise _paths.named(data, parent)
    assert data is not None
    target = lookup.properties(parent, data).get(names[index] + LINK)
    if not target or not isinstance(target, str):
        return None
    here = _paths.follow(parent, target)
    for rest in names[index + 1:]:
        here = _paths.join(here, rest)
    return here


def _loop(seen: Iterable[str], again: str) -> LinkLoop:
    # Told in short: it may have grown on the way.
    return LinkLoop([each[:200] for each in [*list(seen)[:10], again]])


def _story(path: str, here: str) -> str:
    if path == here:
        return path
    return f'{path} (links lead to {here[:200]}, which does not exist)'


def linked_values(
    lookup: Lookup,
    path: str,
    properties: dict[str, Any],
    keys: Iterable[str] | None = None,
) -> dict[str, Any]:
    """Return the values that the property links among `properties` give.

    A link that a property of the same name hides gives none.

    :param path: the real path of the node that has the properties
    :param keys: of the properties to look at; by default all
    :returns: a dictionary of values; where a link leads to none, the value
        is the BadPropertyLink that says why
    """
    found: dict[str, Any] = {}
    for key in properties if keys is None else keys:
        if key.endswith(PROPERTY_LINK):
            name = key[:-len(PROPERTY_LINK)]
            if name not in properties:
                lookup = reading(lookup)
                found[name] = _linked(lookup, path, name, properties[key])
    return found


def _linked(lookup: Reading, path: str, name: str, target: Any) -> Any:
    """Follow one property link, through more of them where need be."""
    first = (path, name, target)
    seen: dict[str, None] = {}
    try:
        while True:
            at = f'{path} {name}'
            if at in seen or len(seen) > MAX_HOPS:
                raise _loop(seen, at)
            seen[at] = None
            where, name = split_property_link(target, name)
            path = lookup.followed(path, where)
            properties = lookup.properties_at(path)
            if name in properties:
                return properties[name]
            target = properties.get(name + PROPERTY_LINK)
            if target is None:
                raise NoNodeError(f'{path} has no property {name!r}')
    except NoNodeError as e:
        reason = str(e)
        return BadPropertyLink(*first, (
            reason if ' ' in reason else f'there is no node {reason}'))
    except NoAuthError as e:
        return BadPropertyLink(*first, f'{e} may not be read')
    except (Error, ValueError) as e:
        return BadPropertyLink(*first, str(e))


def check_property_links(path: str, properties: Mapping[str, Any]) -> None:
    """Refuse what can be no link, whatever there is where it leads.

    :param path: the path of the node that has the properties
    :raises BadPropertyLink: when a property link has no path to lead to
    """
    for key in properties:
        if isinstance(key, str) and key.endswith(PROPERTY_LINK):
            name, target = key[:-len(PROPERTY_LINK)], properties[key]
            try:
                _paths.follow(path, split_property_link(target, name)[0])
            except ValueError as e:
                raise BadPropertyLink(path, name, target, str(e)) from None


def split_property_link(target: Any, name: str) -> tuple[str, str]:
    """Return the path and the property name in a property link's text.

    :param name: the link's own name, used where the text has none
    :raises ValueError: when it is not one or two words
    """
    words = target.split() if isinstance(target, str) else []
    if not 1 <= len(words) <= 2:
        raise ValueError('a path and at most one property name are needed')
    return words[0], words[1] if len(words) == 2 else name
