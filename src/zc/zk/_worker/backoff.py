"""Growing delays before what failed is tried again.

They vary, so that many who failed at once do not come back in step.  Runs in
its caller's thread.  The clock is an argument: it knows no time of its own.
"""
from __future__ import annotations

import random


class Backoff:
    """The delays of one undertaking.

    :param first: the first delay, in seconds
    :param longest: the longest; each is twice the one before until then
    :param least: the share of a delay that is waited at least; 1.0: all
    :ivar delay: the last delay, before it was varied; 0.0: none yet
    :ivar due: when to try again, of the caller's clock
    """

    __slots__ = ('_first', '_least', '_longest', 'delay', 'due')

    def __init__(
        self, first: float, longest: float, least: float = 0.5
    ) -> None:
        self._first = first
        self._longest = longest
        self._least = least
        self.delay = 0.0
        self.due = 0.0

    def next(self) -> float:
        """Return how long to wait after one more failure, in seconds."""
        self.delay = min(max(2 * self.delay, self._first), self._longest)
        return self.delay * random.uniform(self._least, 1.0)

    def failed(self, now: float) -> None:
        """Have it tried again after the next delay."""
        self.due = now + self.next()

    def rest(self, now: float) -> None:
        """Have it tried again after the longest delay: it is no failure."""
        self.due = now + self._longest

    def hurry(self) -> None:
        """Have it tried at once; the next delay is as long as it was."""
        self.due = 0.0

    def reset(self) -> None:
        """Begin with the first delay again, at once."""
        self.delay = self.due = 0.0
