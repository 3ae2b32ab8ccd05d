"""Claims between the thread of a dispatcher and those that perform them.

Some wait for a thread; they can be taken back until one begins them.
"""
from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from .._perform.claim import Claim
from .._rules import pace


__all__ = ['Handover']


class Handover:
    """The claims that the threads of a pool have, had, and will have.

    :param done: called, in a thread of the pool, when claims are done
    """

    def __init__(self, done: Callable[[], None]) -> None:
        self._done = done
        self._size = 0
        #: For the threads; None ends one.
        self._claims: queue.SimpleQueue[Claim | None] = queue.SimpleQueue()
        self._lock = threading.Condition()
        #: Those that no thread has begun.
        self._waiting: list[Claim] = []
        self._running: list[Claim] = []
        self._finished: list[Claim] = []
        self._pace = pace.Pace()
        #: No thread's end of a job is told while more claims wait.
        self._low = 0

    def free(self) -> int:
        """Return how many threads have nothing to do.

        Less than zero where claims wait for threads.
        """
        with self._lock:
            return self._size - len(self._running)

    def room(self, most: int, early: bool) -> tuple[int, int]:
        """Return how many jobs may be claimed, and how many more early.

        :param most: how many at most, without those claimed early
        :param early: whether any may be claimed early
        """
        free = self.free()
        ahead = self.ahead()
        if not early or free < 0 and self.resting():
            ahead = 0
        return max(0, min(free, most)), max(0, min(ahead, ahead + free))

    def ahead(self) -> int:
        """Return how many claims may wait for threads."""
        with self._lock:
            return self._pace.ahead(self._size)

    def rest_until(self, low: int) -> None:
        """Tell of jobs that end only when so many claims wait at most."""
        with self._lock:
            self._low = low
            tell = bool(self._finished) and len(self._waiting) <= low
        if tell:
            self._done()

    def resting(self) -> bool:
        """Say whether the threads have enough to do."""
        with self._lock:
            return len(self._waiting) > self._low

    def hungry(self) -> bool:
        """Say whether there is more to claim before threads are free."""
        with self._lock:
            return 0 < self._low >= len(self._waiting)

    def withdraw(self, since: float | None = None) -> bool:
        """Take back the claims that no thread has begun.

        They are collected like those that are done.

        :param since: only if one of them waits since this time, as of
            ``time.monotonic()``; if not given, in any case
        :returns: whether there were any
        """
        with self._lock:
            if not self._waiting or since is not None and all(
                    claim.submitted > since for claim in self._waiting):
                return False
            back, self._waiting = self._waiting, []
            for claim in back:
                self._running.remove(claim)
                claim.withdrawn = claim.info['reassigned'] = True
            self._finished.extend(back)
            self._pace.forget()
            self._lock.notify_all()
        return True

    def running(self) -> list[Claim]:
        """Return the claims that are being performed."""
        with self._lock:
            return list(self._running)

    def held(self) -> set[tuple[bytes, int]]:
        """Return what was submitted, until collected: the ids of jobs, each
        with the number of its claim.
        """
        with self._lock:
            return {(claim.job_id[0], claim.token)
                    for claim in [*self._running, *self._finished]}

    def submit(self, claim: Claim) -> None:
        """Have a claim performed."""
        claim.submitted = time.monotonic()
        with self._lock:
            self._running.append(claim)
            self._waiting.append(claim)
        self._claims.put(claim)

    def collect(self) -> list[Claim]:
        """Return the claims that are done, each once."""
        with self._lock:
            finished, self._finished = self._finished, []
            return finished

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until nothing is performed; say whether it is so."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._running, seconds)

    # In the worker threads

    def _next(self) -> Claim | None:
        while True:
            claim = self._claims.get()
            if claim is None:
                return None
            with self._lock:
                if not claim.withdrawn:
                    self._waiting.remove(claim)
                    return claim

    def _end(self, claim: Claim, seconds: float) -> None:
        """Note that a thread ended a claim, after so long."""
        with self._lock:
            self._running.remove(claim)
            self._finished.append(claim)
            self._pace.note(seconds)
            tell = len(self._waiting) <= self._low
            if not self._running:
                self._lock.notify_all()
        if tell:
            self._done()
