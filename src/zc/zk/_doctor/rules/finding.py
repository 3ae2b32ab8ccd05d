"""A finding: how bad it is, where, what is wrong, and what to do.

Pure.  It must not know how anything is found.
"""
from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import NamedTuple


#: How many findings of one rule are kept.  When a network fails, there is one
#: for each server, and nobody reads the thousandth.
MOST = 100
#: How many characters of what others wrote stand in a finding.
LONGEST = 200


class Level(str, enum.Enum):
    """How bad a fault is."""

    #: Clients do not find or reach a server, or soon will not.
    ERROR = 'error'
    #: It works now, and something will go wrong with it.
    WARNING = 'warning'

    def __str__(self) -> str:
        return self.value


class Finding(NamedTuple):
    """One fault.

    The texts may hold what others wrote: they must be made printable before
    they are shown on a terminal, and escaped before they stand in a page.

    :ivar level: how bad it is
    :ivar path: where: the path of a node, or the address of a server of
        ZooKeeper
    :ivar fault: what is wrong
    :ivar remedy: what to do
    :ivar rule: a word for the kind of fault, the same in all releases
    """

    level: Level
    path: str
    fault: str
    remedy: str
    rule: str


class Findings:
    """Collects findings, and keeps a limited number of each kind.

    :param most: how many of each rule
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: dict[str, list[Finding]] = {}
        self._more: dict[str, int] = {}

    def add(
        self, level: Level, rule: str, path: str, fault: str, remedy: str
    ) -> None:
        """Add one."""
        kept = self._kept.setdefault(rule, [])
        if len(kept) < self._most:
            kept.append(Finding(level, path, fault, remedy, rule))
        else:
            self._more[rule] = self._more.get(rule, 0) + 1

    def error(self, rule: str, path: str, fault: str, remedy: str) -> None:
        """Add one that clients suffer from."""
        self.add(Level.ERROR, rule, path, fault, remedy)

    def warning(self, rule: str, path: str, fault: str, remedy: str) -> None:
        """Add one that nobody suffers from yet."""
        self.add(Level.WARNING, rule, path, fault, remedy)

    def all(self) -> list[Finding]:
        """Return them: errors first, and in each level those of one rule
        together, in the order in which they were found.
        """
        return sorted(self._each(), key=lambda each: (
            each.level != Level.ERROR))

    def _each(self) -> Iterator[Finding]:
        for rule, kept in self._kept.items():
            yield from kept
            more = self._more.get(rule)
            if more:
                last = kept[-1]
                yield last._replace(
                    path='/', fault=f'and {more} more like these')


def clipped(text: str) -> str:
    """Return a text, or the beginning of a long one."""
    return text if len(text) <= LONGEST else text[:LONGEST] + '...'
