"""What the properties of a node say about a dispatcher.

Pure.  Properties are written by others: those that are wrong are named and
left out.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from typing import NamedTuple


__all__ = ['Tuning', 'read']

#: The intervals, all in seconds, and the shortest that makes sense.
_INTERVALS = {'poll_interval': 0.1, 'look_interval': 0.01, 'drain': 0.0}
_LONGEST = 86400.0
_MOST = 1000


class Tuning(NamedTuple):
    """What is to be changed.

    :ivar intervals: seconds, by the names of a dispatcher's attributes
    :ivar sizes: how many jobs run at one time, by agent
    :ivar wrong: what cannot be used, as texts
    """

    intervals: dict[str, float]
    sizes: dict[str, int]
    wrong: list[str]


def read(properties: Mapping[str, Any]) -> Tuning:
    """Read properties; those with other names are not ours.

    ``poll_interval``, ``look_interval`` and ``drain`` are numbers,
    ``sizes`` is an object of whole numbers by the names of agents.
    """
    found = Tuning({}, {}, [])
    for name, least in _INTERVALS.items():
        value = properties.get(name)
        if value is None:
            continue
        if _is(value, int, float) and least <= value <= _LONGEST:
            found.intervals[name] = float(value)
        else:
            found.wrong.append(
                f'{name} = {value!r} is no number from {least} to '
                f'{_LONGEST:.0f}')
    sizes = properties.get('sizes')
    if isinstance(sizes, Mapping):
        for name, value in sizes.items():
            if _is(value, int) and 0 < value <= _MOST:
                found.sizes[name] = value
            else:
                found.wrong.append(f'the size {value!r} of agent {name!r} is '
                                   f'no whole number from 1 to {_MOST}')
    elif sizes is not None:
        found.wrong.append(f'sizes = {sizes!r} is no object')
    return found


def _is(value: Any, *kinds: type) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)
