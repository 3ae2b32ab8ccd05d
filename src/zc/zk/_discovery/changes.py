"""What became of a service's providers since someone looked.

Runs in any thread: the roster's lock is held around every call here.  It must
not know who looks.
"""
from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from typing import NamedTuple

from .provider import Provider


class Difference(NamedTuple):
    """The providers that came, went, and are other objects now."""

    added: set[Provider]
    removed: set[Provider]
    changed: set[Provider]


class PendingChanges:
    """The names that something happened to, and what was there before.

    :param names: of the providers that there are: all are new
    """

    __slots__ = ('__weakref__', '_before')

    def __init__(self, names: Iterable[str]) -> None:
        self._before: dict[str, Provider | None] = dict.fromkeys(names)

    def note(self, name: str, before: Provider | None) -> None:
        """Note that another provider, or none, has a name from now on."""
        self._before.setdefault(name, before)

    def take(self, now: Mapping[str, Provider]) -> Difference:
        """Return how `now` differs from the last time."""
        before, self._before = self._before, {}
        difference = Difference(set(), set(), set())
        for name, old in before.items():
            new = now.get(name)
            if new is old:
                continue
            if old is None:
                assert new is not None
                difference.added.add(new)
            elif new is None:
                difference.removed.add(old)
            else:
                difference.changed.add(new)
        return difference
