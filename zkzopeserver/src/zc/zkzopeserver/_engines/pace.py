"""How slowly a client may send a request.

Pure: the clock is an argument.  A byte now and then keeps a connection from
being idle; these limits end it all the same.
"""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """The pace that clients must keep.

    :ivar header_timeout: how long a header may take, in seconds
    :ivar pause: how long a body may pause altogether, in seconds
    :ivar min_body_rate: how fast a body must come, in bytes per second; 0
        for any rate
    """

    header_timeout: float
    pause: float
    min_body_rate: int

    def header_is_late(self, since: float, now: float) -> bool:
        """Tell whether a header that began at `since` takes too long."""
        return now - since > self.header_timeout

    def body_is_late(self, since: float, received: int, now: float) -> bool:
        """Tell whether a body comes too slowly.

        :param since: when it began
        :param received: the bytes that have come
        """
        rate = self.min_body_rate
        return rate > 0 and now - since > self.pause + received / rate
