"""Whether a provider that is down may be taken away from its service.

Pure.  The last healthy provider stays: a check that is wrong everywhere
must not empty a service, and a server that answers badly is better than
none.
"""
from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any


#: What the state of a provider that is down says, for clients that know
#: health and for those that know only weights.
DOWN = {'weight': 0, 'healthy': False}


def is_healthy(properties: Mapping[str, Any]) -> bool:
    """Tell whether a provider can be chosen, by what its node says."""
    return (properties.get('healthy') is not False
            and properties.get('leaving') is not True
            and not _is_zero(properties.get('weight')))


def _is_zero(weight: Any) -> bool:
    return weight == 0 and weight is not False and weight is not None


def may_go(
    marked: bool,
    names: Iterable[str],
    others: Iterable[tuple[str, Mapping[str, Any]]],
) -> bool:
    """Tell whether a provider whose checks fail may be, or stay, away.

    Two that fail at the same moment may both go, since each sees the other.
    Then the one with the first name comes back when it looks again.

    :param marked: whether it is away already
    :param names: the names of its own nodes
    :param others: the names and properties of the other providers; read
        only as far as needed
    """
    first = True
    own = min(names)
    for name, properties in others:
        if is_healthy(properties):
            return True
        if name < own:
            first = False
    return marked and not first


def restored(before: Mapping[str, Any]) -> dict[str, Any]:
    """Return what undoes `DOWN`.

    :param before: the node's properties before
    """
    # A property cannot be removed: these are what its absence means.
    return {'weight': before.get('weight', 1),
            'healthy': before.get('healthy', True)}
