"""The steps of an import or a deletion.

Pure data, as plan makes them and others print, save or apply them.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from typing import NamedTuple


class Add(NamedTuple):
    """Create a node; `top` when its parent is there already."""

    path: str
    data: bytes
    top: bool


class Change(NamedTuple):
    """Replace the data of a node that are at `version`."""

    path: str
    data: bytes
    version: int
    old: dict[str, Any]
    new: dict[str, Any]


class Remove(NamedTuple):
    """Delete the node that was created at `czxid`."""

    path: str
    version: int
    czxid: int


class Stay(NamedTuple):
    """Leave a node as it is, although it is not as wanted."""

    path: str
    reason: str


Step = Add | Change | Remove | Stay

#: Why a node stays: the line that a dry run prints, and the other line.
EXTRA = 'extra'
NO_TEXT = 'no text'
ABOVE_NO_TEXT = 'above no text'
UNREADABLE = 'unreadable'
EPHEMERAL = 'ephemeral'
ABOVE_EPHEMERAL = 'above ephemeral'
UNCHANGED = 'unchanged'
GREW = 'grew'
REASONS = frozenset((EXTRA, NO_TEXT, ABOVE_NO_TEXT, UNREADABLE, EPHEMERAL,
                     ABOVE_EPHEMERAL, UNCHANGED, GREW))


def removed(steps: Iterable[Step]) -> dict[str, tuple[int, int]]:
    """Return path, czxid and version of each node that would be deleted.
    """
    return {step.path: (step.czxid, step.version)
            for step in steps if isinstance(step, Remove)}
