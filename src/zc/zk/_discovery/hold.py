"""Which servers to keep although their nodes are gone.

A server that stops says so before its node goes.  One that crashes does
not, but rarely do many crash at once: when over half of a service is gone
within moments and without a word, something between the servers and
ZooKeeper has failed, and most of them probably still serve.

Pure: the clock is an argument.
"""
from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterable

from .rules import Rules


class Hold:
    """The names that vanished without a word, and those that are held."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        # When each vanished; the oldest come first.
        self._vanished: dict[str, float] = {}
        self._held: dict[str, float] = {}       # until when

    @property
    def held(self) -> Collection[str]:
        """The names that are held."""
        return self._held.keys()

    @property
    def due(self) -> float:
        """When `expire` has something to do."""
        return next(iter(self._held.values()), float('inf'))

    def vanish(
        self, names: Iterable[str], left: int, now: float
    ) -> list[str]:
        """Take note of names that went without a word.

        :param left: how many servers are still registered
        :returns: the names that are held from now on, old and new
        """
        if not self._rules.hold:
            return []
        for name, when in list(self._vanished.items()):
            if now - when <= self._rules.vanish_window:
                break
            del self._vanished[name]
        for name in names:
            self._vanished.pop(name, None)
            self._vanished[name] = now
        gone = len(self._vanished)
        if gone <= (gone + left) * self._rules.vanish_share:
            return []
        until = now + self._rules.hold
        new = [name for name in self._vanished if name not in self._held]
        self._held.update(dict.fromkeys(new, until))
        return new

    def forget(self, name: str) -> None:
        """Take note that a server is back, or is known not to be there."""
        self._vanished.pop(name, None)
        self._held.pop(name, None)

    def expire(self, now: float) -> list[str]:
        """Return the names that have been held for long enough."""
        over = [name for name, until in self._held.items() if until <= now]
        for name in over:
            del self._held[name]
        return over
