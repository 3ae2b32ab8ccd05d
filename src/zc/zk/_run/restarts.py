"""How long to wait before a command that ended is started again.

Pure: the clock and chance are arguments.
"""
from __future__ import annotations


#: Seconds before the first restart, and the most before any.
FIRST = 0.5
LONGEST = 30.0
#: A command that ran for so many seconds did not fail at its start.
STEADY = 60.0
#: How much a delay is shortened at most, as a part of it: all the servers
#: that one bad database ended must not come back in step.
JITTER = 0.3


class Restarts:
    """Delays that double while a command keeps failing early."""

    def __init__(self) -> None:
        self._next = FIRST

    def delay(self, ran: float, chance: float) -> float:
        """Return the seconds to wait before the next start.

        :param ran: for how long the command ran, in seconds
        :param chance: a random number from 0 to 1
        """
        if ran >= STEADY:
            self._next = FIRST
        delay = self._next * (1 - JITTER * chance)
        self._next = min(2 * self._next, LONGEST)
        return delay
