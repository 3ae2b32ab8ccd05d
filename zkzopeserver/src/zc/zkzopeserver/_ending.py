"""How long each step of a server's end may take: one deadline for all.

Pure: the time is an argument, in seconds, from whatever clock the caller has.
"""
from __future__ import annotations


# Seconds that taking the nodes away may keep the other steps waiting, and
# at most half of all the time.  ZooKeeper needs milliseconds for it; what
# takes longer goes on in the background.
LEAVE = 2.0

# Seconds that the end of the session is waited for, the last step.  What
# it does not do in that time, ZooKeeper does when the session times out.
CLOSE = 1.0

# Seconds for the whole, however little time requests get: a node that is
# not taken away misleads clients for as long as the session lasts.
LEAST = 2.0


class Ending:
    """The end of one server.

    :param drain: how long to keep accepting, in seconds
    :param shutdown_timeout: how long requests may take after that, in
        seconds
    :param now: when the end begins
    :ivar deadline: when it must be over
    """

    def __init__(
        self, drain: float, shutdown_timeout: float, now: float
    ) -> None:
        self._drain = drain
        self._shutdown_timeout = shutdown_timeout
        self._whole = max(drain + shutdown_timeout, LEAST)
        self.deadline = now + self._whole

    def leave(self) -> float:
        """Return how long to wait until the nodes are gone."""
        return min(LEAVE, self._whole / 2)

    def drain(self, now: float) -> float:
        """Return how long to serve on after that."""
        return min(self._drain, self._left(now))

    def finish(self, now: float, gone: bool) -> float:
        """Return how long requests in work may take.

        :param gone: whether the nodes are gone, so that the session can
            be ended at the same time
        """
        left = self._left(now) if gone else self._left(now + CLOSE)
        return min(self._shutdown_timeout, left)

    def close(self, now: float) -> float:
        """Return how long to wait for the end of the session."""
        return min(CLOSE, self._left(now))

    def _left(self, now: float) -> float:
        return max(self.deadline - now, 0.0)
