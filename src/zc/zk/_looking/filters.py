"""Which nodes are looked for.

Pure: the time is an argument.
"""
from __future__ import annotations

import fnmatch
from collections.abc import Callable
from typing import Any

from .._tree.expressions import evaluate
from .._tree.values import same
from ..errors import TreeSyntaxError
from .items import Item
from .items import shown


Filter = Callable[[Item], bool]

#: The longest time that is taken for one, in seconds: some 300 years.
LONGEST = 1e10
_UNITS = {'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 7 * 86400}


def duration(text: str) -> float:
    """Return the seconds that a text as ``15m`` or ``2d`` means.

    :raises ValueError: when it means none
    """
    unit = _UNITS.get(text[-1:])
    number = text[:-1] if unit else text
    try:
        seconds = float(number) * (unit or 1)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < LONGEST:
        raise ValueError(f'a number of seconds is needed, or one with s, m, '
                         f'h, d or w behind it, not {text!r}')
    return seconds


def owner(text: str) -> int:
    """Return the session that a text means, as ``0x1000a3b5c0001``.

    :raises ValueError: when it means none
    """
    try:
        number = int(text, 16 if text[:2].lower() == '0x' else 10)
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 64:
        raise ValueError(f'a session is needed, as 0x1000a3b5c0001, not '
                         f'{text!r}')
    # The server's numbers are signed.
    return number - (1 << 64) if number >> 63 else number


def named(pattern: str) -> Filter:
    """Take nodes whose name matches a pattern with ``*``, ``?``, ``[]``."""
    return lambda item: fnmatch.fnmatchcase(item.name, pattern)


def typed(pattern: str) -> Filter:
    """Take nodes with a property ``type`` that matches a pattern."""
    def take(item: Item) -> bool:
        value = (item.properties() or {}).get('type')
        return isinstance(value, str) and fnmatch.fnmatchcase(value, pattern)
    return take


def having(wanted: str) -> Filter:
    """Take nodes with a property: ``NAME``, or ``NAME=VALUE``.

    VALUE is what the property is, as text, or as an expression.
    """
    name, equal, text = wanted.partition('=')
    name = name.strip()
    if not equal:
        return lambda item: name in (item.properties() or {})
    fits = valued(text)

    def take(item: Item) -> bool:
        properties = item.properties() or {}
        return name in properties and fits(properties[name])
    return take


def valued(text: str) -> Callable[[Any], bool]:
    """Return what tells whether a value is the one that a text means."""
    values = [text]
    try:
        values.append(evaluate(text.strip()))
    except TreeSyntaxError:
        values.append(text.strip())
    return lambda value: any(
        same(value, each) for each in values) or shown(value) == text


def ephemeral(item: Item) -> bool:
    """Take nodes that go with a session."""
    return item.ephemeral


def older(seconds: float, now: float) -> Filter:
    """Take nodes whose data were written so long ago."""
    return lambda item: now - item.modified >= seconds


def owned(session: int) -> Filter:
    """Take the ephemeral nodes of a session."""
    return lambda item: item.stat.ephemeralOwner == session
