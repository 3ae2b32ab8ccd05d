"""When ejected servers are tried again.

Pure: the clock is an argument.
"""
from __future__ import annotations

import heapq
from collections.abc import Callable

from .member import Member


INFINITY = float('inf')


class Trials:
    """The ends of ejections, the next one first.

    :ivar due: when the next one is
    """

    def __init__(self) -> None:
        # When, a number that orders equal ones, and whom.  What has changed
        # since is recognised when its time comes.
        self._ends: list[tuple[float, int, Member]] = []
        self._count = 0
        self.due = INFINITY

    def __bool__(self) -> bool:
        return bool(self._ends)

    def add(self, member: Member) -> None:
        """Take note of the end of a member's ejection."""
        self._count += 1
        heapq.heappush(self._ends, (member.health.until, self._count, member))
        self.due = self._ends[0][0]

    def next(
        self, now: float, ready: Callable[[Member], bool]
    ) -> Member | None:
        """Return a member whose ejection is over, and forget that one.

        :param ready: tells whether it can be tried now; others wait
        """
        found, waiting = None, []
        while found is None and self._ends and self._ends[0][0] <= now:
            item = heapq.heappop(self._ends)
            until, _, member = item
            if member.health.until != until:
                pass            # it is back, or was ejected anew meanwhile
            elif ready(member):
                found = member
            elif member.tier is not None:
                waiting.append(item)
        for item in waiting:
            heapq.heappush(self._ends, item)
        self.due = self._ends[0][0] if self._ends else INFINITY
        return found
