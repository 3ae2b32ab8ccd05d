"""Which values are secrets, and documents without them.

Pure.  A value is a secret if the name of its property says so; data that
have no names are, if the node's name or they themselves have such a word.
Hiding too much costs a click, and hiding too little gives a password away.
"""
from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any

from .._tree.values import STRING_VALUE


#: What a name has in it that says so, in any case.
WORDS = ('secret', 'passw', 'passphrase', 'token', 'credential', 'key')

#: The largest whole number that JavaScript knows from its neighbours.
EXACT = 2 ** 53
#: Where floating point numbers end.
LARGEST = 10 ** 308


class NotKept(ValueError):
    """A place for a hidden value, where there is no value to keep."""


@functools.lru_cache(10_000)
def is_secret(name: str) -> bool:
    """Tell whether a name says that what it stands for is a secret."""
    return has_word(name)


def has_word(text: str) -> bool:
    """Tell whether a text has a word in it that names of secrets have."""
    lower = text.lower()
    return any(word in lower for word in WORDS)


def hidden() -> dict[str, Any]:
    """Return what stands in the place of a secret."""
    return {'hidden': True}


def is_hidden(value: Any) -> bool:
    """Tell whether a value is what stands in the place of a secret."""
    return isinstance(value, dict) and value == {'hidden': True}


def shown(name: str, value: Any) -> Any:
    """Return a value as it may be shown, to be written as JSON.

    :param name: of the property
    """
    if is_secret(name) or (
            name == STRING_VALUE and isinstance(value, str)
            and has_word(value)):
        return hidden()
    return plain(value, True)


def plain(value: Any, hide: bool = False) -> Any:
    """Return a value as JSON of browsers can hold it.

    :param hide: whether to hide what names within it call secrets
    """
    if isinstance(value, dict):
        return {key: hidden() if hide and is_secret(key)
                else plain(each, hide) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each, hide) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def properties_shown(
    properties: Mapping[str, Any], node: str
) -> dict[str, Any]:
    """Return the properties of a node as they may be shown.

    :param node: the node's name
    """
    return {name: hidden() if name == STRING_VALUE and is_secret(node)
            else shown(name, value) for name, value in properties.items()}


def has_secrets(properties: Mapping[str, Any], node: str) -> bool:
    """Tell whether any of it would be hidden."""
    return properties_shown(properties, node) != {
        name: plain(value) for name, value in properties.items()}


def kept(given: Any, old: Any) -> Any:
    """Return a value that came back, with what was hidden put in again.

    :param given: what came back
    :param old: what is there
    :raises NotKept: when nothing is there that could be put in
    """
    if is_hidden(given):
        if old is None:
            raise NotKept('there is no hidden value to keep')
        return old
    if (isinstance(given, int) and isinstance(old, int)
            and EXACT < abs(old) < LARGEST and given == int(float(old))):
        return old      # as a browser has rounded it
    if isinstance(given, dict):
        there = old if isinstance(old, dict) else {}
        return {name: kept(each, there.get(name))
                for name, each in given.items()}
    if isinstance(given, list):
        parts = old if isinstance(old, list) else []
        return [kept(each, parts[place] if place < len(parts) else None)
                for place, each in enumerate(given)]
    return given
