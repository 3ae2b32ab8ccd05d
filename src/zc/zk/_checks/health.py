"""Whether a server is up, from the results of its checks.

Pure: knows no check, no thread and no clock.
"""
from __future__ import annotations


#: Failures in a row after which a server counts as down, and successes in a
#: row after which it counts as up again: one lost packet changes nothing.
DOWN_AFTER = 3
UP_AFTER = 2
#: Seconds between two checks, and seconds that one may take.
INTERVAL = 2.0
TIMEOUT = 1.0
#: How much an interval varies, as a part of it: the checks of many servers
#: must not fall into step.
JITTER = 0.1


class Health:
    """Up or down, as results come.  It begins up.

    :param down_after: failures in a row that make it down
    :param up_after: successes in a row that make it up again
    :ivar up: whether the server is up
    """

    def __init__(
        self, down_after: int = DOWN_AFTER, up_after: int = UP_AFTER
    ) -> None:
        self._down_after = down_after
        self._up_after = up_after
        self._against = 0       # results in a row that contradict `up`
        self.up = True

    def observe(self, passed: bool) -> bool:
        """Take the result of one check.

        :returns: whether `up` changed
        """
        if passed == self.up:
            self._against = 0
            return False
        self._against += 1
        if self._against < (self._down_after if self.up else self._up_after):
            return False
        self._against = 0
        self.up = passed
        return True


def next_check(now: float, interval: float, chance: float) -> float:
    """Return when to check next, in seconds.

    :param now: the time in seconds
    :param interval: the mean interval in seconds
    :param chance: a random number from 0 to 1
    """
    return now + interval * (1 + JITTER * (2 * chance - 1))
