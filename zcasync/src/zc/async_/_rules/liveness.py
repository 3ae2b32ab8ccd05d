"""Who is dead, and who buries them.

Pure; the clock is an argument.  A dispatcher counts its pings in the
database.  An observer remembers when it first saw a count, by its own
monotonic clock: the clocks of two machines are never compared.
"""
from __future__ import annotations

from collections.abc import Hashable
from collections.abc import Iterable
from typing import Any


__all__ = ['Watch', 'heir']


class Watch:
    """How long each dispatcher has been silent, as one observer saw it."""

    def __init__(self) -> None:
        self._seen: dict[Hashable, tuple[object, float]] = {}

    def silent(self, who: Hashable, beat: object, now: float) -> float:
        """Note what was read; return the seconds without a change.

        :param who: the dispatcher
        :param beat: its activation and the number of its last ping
        :param now: the observer's monotonic clock, in seconds
        """
        known = self._seen.get(who)
        if known is None or known[0] != beat:
            self._seen[who] = beat, now
            return 0.0
        return now - known[1]

    def forget(self, who: Hashable) -> None:
        """Drop what is known, so that it is observed anew."""
        self._seen.pop(who, None)

    def restart(self) -> None:
        """Start all observations again: the observer itself was away."""
        self._seen.clear()


def heir(dead: Any, alive: Iterable[Any]) -> Any:
    """Return which of the living takes over from a dead dispatcher.

    The next one in the order of their names, and the first one after the
    last: all observers agree, and one acts.

    :param alive: the active dispatchers that are not dead
    :returns: None if nobody is alive
    """
    order = sorted(alive)
    for each in order:
        if each > dead:
            return each
    return order[0] if order else None
