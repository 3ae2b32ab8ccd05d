"""What the code of others does wrong in one queue: told once, and remembered.

Used by the dispatcher's own thread.  Jobs whose code is missing, schedules
that cannot put their jobs, choosers that fail: none of them holds up others.
"""
from __future__ import annotations

import itertools
from typing import Any

from .._logs import log
from .._rules import retry
from .._rules.failure import Failure
from .._stored import unfit
from .activation import Displaced


__all__ = ['Faults', 'is_ours']

#: How many jobs of a queue are looked at for the cause of an error.
LOOK_AT = 10000


def is_ours(error: Exception) -> bool:
    """Say whether an error is the dispatcher's or the database's affair."""
    return isinstance(error, Displaced) or bool(retry.kind_of_commit(error))


class Faults:
    """What is known to be wrong in one queue.

    :param queue: its name
    :ivar choosers: why the last claim of an agent failed, by its name
    :ivar schedules: the names of those that could not put their jobs
    """

    def __init__(self, queue: str) -> None:
        self.queue = queue
        self.choosers: dict[str, Failure] = {}
        self.schedules: set[str] = set()

    def schedule(self, name: str) -> None:
        """Note that a schedule cannot put its job; in an except clause."""
        # Others may have the code, cronsim or the time zones that we lack.
        if name not in self.schedules:
            self.schedules.add(name)
            log.error('The schedule %r in queue %r is due, and its job '
                      'cannot be put here; it is tried again', name,
                      self.queue, exc_info=True)

    def chooser(self, name: str, error: Exception) -> None:
        """Note that the chooser of an agent fails; in an except clause."""
        if name not in self.choosers:
            log.error('The chooser of agent %r in queue %r fails; it is '
                      'asked again', name, self.queue, exc_info=True)
        self.choosers[name] = Failure(error)

    def find_unfit(self, jobs: Any) -> bool:
        """Say whether a job is now known to be unfit that was not before."""
        found = unfit.find(itertools.islice(jobs, LOOK_AT))
        for job in found:
            log.error(
                '%r waits for another dispatcher, because this process has '
                'not what it calls.  Install it and start the dispatcher '
                'again', job)
        return bool(found)
