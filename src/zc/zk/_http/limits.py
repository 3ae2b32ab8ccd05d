"""How often a request is sent, and how long that may take: the defaults.

Pure.  It must not know how a request is sent.
"""
from __future__ import annotations

from typing import NamedTuple


#: Methods whose repetition changes nothing (RFC 9110, section 9.2.2).
IDEMPOTENT = frozenset(
    {'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PUT', 'TRACE'})

#: Statuses that count as failures of a server: it, or what stands behind
#: it, does not work.  A server that fails quickly would seem to be the best
#: one otherwise.  501 and 505 only say that it cannot do what was asked.
FAILURES = frozenset({500, 502, 503, 504})

#: How long a connection may take, in seconds, where the library itself sets
#: no limit: two lost packets are sent again within that.
CONNECT_TIMEOUT = 5.0

#: How long the answer may take, in seconds, where the library itself sets
#: no limit: longer than nearly all requests take, shorter than a person
#: or another server waits.
ANSWER_TIMEOUT = 30.0


class Limits(NamedTuple):
    """What bounds the sending of one request.

    :ivar attempts: how often it is sent at most, counting the connections
        that could not be made.  Six find a server that works though five
        have died at once and are still registered.
    :ivar late: how often it is sent again because no answer came in time.
        Once, so that servers that are slow under load get no more than
        twice the load.
    :ivar deadline: seconds after which it is not sent again, or None: the
        time-outs and the other limits bound it already.
    """

    attempts: int = 6
    late: int = 1
    deadline: float | None = None

    def checked(self) -> Limits:
        """Return these limits.

        :raises ValueError: when one makes no sense
        """
        if self.attempts < 1:
            raise ValueError(
                f'attempts must be 1 or more, not {self.attempts}')
        if self.deadline is not None and self.deadline < 0:
            raise ValueError(
                f'deadline must not be negative, not {self.deadline}')
        return self
