"""How many jobs a dispatcher claims before a thread is free for them.

Pure.  Claims that are commits of their own cost most where jobs are short:
several jobs are claimed at one time then.  Where jobs take long, each waits
in the queue for a free thread, of whichever dispatcher.
"""
from __future__ import annotations


__all__ = ['LONGEST', 'Pace']

#: Seconds after which the last of the jobs that were claimed early starts.
AHEAD = 0.1
#: Seconds after which one that has not started goes back into its queue.
LONGEST = 0.25
#: Jobs for each thread that are claimed early at most.
MOST = 4
#: Jobs that have to be known for that.
_ENOUGH = 8
#: How much the last job counts.
_WEIGHT = 0.125


class Pace:
    """How long the last jobs of a pool took."""

    def __init__(self) -> None:
        self._count = 0
        self._mean = 0.0

    def note(self, seconds: float) -> None:
        """Count a job that took so long."""
        self._count += 1
        weight = max(_WEIGHT, 1 / self._count)
        self._mean += (seconds - self._mean) * weight

    def forget(self) -> None:
        """Begin anew: jobs took longer than it seemed."""
        self._count = 0
        self._mean = 0.0

    def ahead(self, threads: int) -> int:
        """Return how many jobs may be claimed early.

        :param threads: how many threads perform them
        """
        if self._count < _ENOUGH:
            return 0
        within = threads * AHEAD / max(self._mean, 1e-6)
        return int(min(within, MOST * threads))
