"""What this client knows of one server by talking to it.

Latency follows Finagle's peak EWMA (twitter/finagle, `PeakEwma`): a slow
answer counts at once, a quick one little by little, and a server that is
left alone becomes interesting again, since what is known of it fades.

All latencies fade alike.  So it is the present that is taken to grow: a
latency is kept in units that grow by e in each `Rules.latency_memory`, and
two servers are compared without computing how far theirs have faded.

Pure: the clock is an argument.
"""
from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .ejection import TrackRecord
from .entry import Entry
from .rendezvous import fingerprint


#: What a request that is out counts while no latency is known, far above
#: all that is known: a new server gets one request, not all of them at once.
UNKNOWN = 1e290


class Member:
    """One server: how loaded it is, and how well it does.

    It lives as long as one process serves under one name: what was learned
    of a process says nothing of the next one.

    :ivar entry: what the server wrote of itself
    :ivar weight: above 0 unless it is draining
    :ivar fingerprint: stands for its name where servers are ranked
    :ivar requests: an item for each request that is out.  Appending and
        popping need no lock, where counting would
    :ivar latency: in units of the moment when it was last reported, as
        `Balancer` has them; 0 while nothing is known
    :ivar tier: the name of the pool that it is in, or None
    :ivar place: its place in there
    :ivar provider: the same for users, as it was when it was last read
    """

    __slots__ = ('_unit', 'entry', 'fingerprint', 'health', 'latency',
                 'place', 'provider', 'requests', 'stale', 'tier', 'weight')

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.weight = entry.weight
        self.fingerprint = fingerprint(entry.name)
        self.requests: list[None] = []
        self.health = TrackRecord()
        self.provider: Any = None
        self.stale = False
        self.tier: str | None = None
        self.place = -1
        self.latency = 0.0
        self._unit = 1.0

    def __repr__(self) -> str:
        return f'Member({self.entry.name!r})'

    @property
    def draining(self) -> bool:
        """Whether it wants no more requests."""
        return self.weight == 0

    def took(self, seconds: float, unit: float) -> None:
        """Take note of how long an answer took.

        :param unit: what a second counts now
        """
        if seconds * unit > self.latency:
            self.latency = seconds * unit
        else:
            # The mean of what was known, which has faded, and of this one.
            self.latency += seconds * (unit - self._unit)
        self._unit = unit

    def rebase(self, factor: float) -> None:
        """Count in smaller units from now on."""
        self.latency *= factor
        self._unit *= factor

    def cost(self) -> float:
        """Return how long a request would have to wait here, in units."""
        if self.latency:
            return self.latency * (len(self.requests) / self.weight + 1.0)
        return UNKNOWN * len(self.requests) / self.weight


def why_none(members: Collection[Member]) -> str:
    """Say why none of these will do for a request."""
    if not members:
        return 'none is registered'
    draining = sum(each.draining for each in members)
    if draining == len(members):
        return f'all that are registered ({draining}) are draining'
    if draining:
        return f'all are draining ({draining}) or excluded'
    return 'all are excluded'
