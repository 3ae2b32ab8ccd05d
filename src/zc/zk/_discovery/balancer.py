"""Which of a service's servers the next request goes to.

Every server is in one pool, by what is known of it; a choice is a pick from
the pools that are best at the moment.  Moving a server between pools and
picking take the same time for ten servers and for ten thousand.

Pure: the clock and the random source are arguments.  Any thread may call.
A lock keeps the pools whole; usual choices and good reports do without it,
since it would cost as much as all the rest of them.
"""
from __future__ import annotations

import math
import threading
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator

from ..errors import NoProviders
from . import ejection
from . import rendezvous
from .entry import Entry
from .member import Member
from .member import why_none
from .pool import Draw
from .pool import Pool
from .pool import Random
from .provider import Provider
from .rules import TWO_CHOICES
from .rules import Rules
from .trials import Trials
from .ways import WAYS
from .ways import favourite


#: How many picks may meet excluded servers before all are looked through.
TRIES = 5
#: By which power of e a second may grow before all is counted anew.
LARGEST_GROWTH = 200.0

# The pools, from the best to the last.
NEAR = 'near'           # ready, in the own zone, or there are no zones
FAR = 'far'             # ready, in another zone
SPARE = 'spare'         # ready, but not in this client's subset
EJECTED = 'ejected'
STALE = 'stale'
TIERS = (NEAR, FAR, SPARE, EJECTED, STALE)


class Balancer:
    """The members of a service, and a choice among them.

    One noun: each choice, report and change uses the same members.

    :param path: of the service's node, for errors
    :param rules: the figures that decide
    :param clock: gives the time in seconds, as ``time.monotonic``
    :param random: gives numbers from 0 to 1, as ``random.random``
    :param way: a name in `ways.WAYS`
    :param zone: the zone to stay in, or None
    :param subset: how many servers to use at most, or None
    :param client: names this client where servers are ranked
    :param refused: called with the name of a server that is stale only, and
        refused a connection
    """

    def __init__(
        self,
        path: str,
        rules: Rules,
        clock: Callable[[], float],
        random: Random,
        way: str = TWO_CHOICES,
        zone: str | None = None,
        subset: int | None = None,
        client: str = '',
        refused: Callable[[str], None] = lambda name: None,
    ) -> None:
        self._path = path
        self._rules = rules
        self.clock = clock
        self._random = random
        self._zone = zone
        self._subset = subset
        self._client = rendezvous.fingerprint(client)
        self._way = WAYS[way]()
        self._refused = refused
        self._pools = {tier: Pool() for tier in TIERS}
        self._members: dict[str, Member] = {}
        self._known = False                     # whether these were told
        self._chosen: set[str] = set()          # the subset's names
        self._trials = Trials()
        self.choices = self.ejections = 0       # since it was made
        self._near_ejected = 0
        self._failing = 0       # ejected for other errors than refusals
        # A second counts e times as much after each `latency_memory`.
        self._epoch = 0.0
        self._growth = 1.0 / rules.latency_memory
        # The one pool that all picks are from, if it is one; and the same
        # while there is nothing else to look at.
        self._main: Pool | None = None
        self._usual: Pool | None = None
        self._lock = threading.Lock()

    # What there is

    def get(self, name: str) -> Member | None:
        """Return the member of that name."""
        return self._members.get(name)

    def update(
        self,
        entries: Iterable[Entry],
        gone: Iterable[str] = (),
        stale: Iterable[str] = (),
    ) -> None:
        """Take in what is registered now.

        :param entries: new and changed ones
        :param gone: names that are registered and held no longer
        :param stale: names that are held although they are not registered
        """
        with self._lock:
            self._known = True
            for name in gone:
                member = self._members.pop(name, None)
                if member is not None:
                    self._leave(member)
            for entry in entries:
                self._enter(entry)
            for name in stale:
                member = self._members.get(name)
                if member is not None:
                    self._leave(member)
                    member.stale = True
                    self._place(member)
            if self._subset is not None:
                self._choose_subset(self._subset)
            self._settle()

    def _enter(self, entry: Entry) -> None:
        member = self._members.get(entry.name)
        if member is not None:
            self._leave(member)
        if member is None or member.entry.identity != entry.identity:
            member = self._members[entry.name] = Member(entry)
        member.entry = entry
        member.provider = Provider(entry, member, self)
        member.weight = entry.weight
        member.stale = False
        self._place(member)

    def _leave(self, member: Member) -> None:
        if member.tier is not None:
            self._pools[member.tier].discard(member)
            if member.tier == EJECTED:
                self._near_ejected -= self._is_near(member)
                self._failing -= not member.health.refused
        member.tier = None

    def _place(self, member: Member) -> None:
        if member.draining:
            return
        if member.stale:
            tier = STALE
        elif member.health.until:
            tier = EJECTED
            self._near_ejected += self._is_near(member)
            self._failing += not member.health.refused
        elif self._subset is not None and (
                member.entry.name not in self._chosen):
            tier = SPARE
        else:
            tier = NEAR if self._is_near(member) else FAR
        member.tier = tier
        self._pools[tier].add(member)

    def _is_near(self, member: Member) -> bool:
        return self._zone is None or member.entry.zone == self._zone

    def _choose_subset(self, count: int) -> None:
        """Rank the servers, and move those whose rank changed."""
        wanted = set(rendezvous.best(
            self._client,
            ((name, member.fingerprint, member.weight)
             for name, member in self._members.items()
             if member.tier not in (None, STALE)),
            count))
        moved = wanted ^ self._chosen
        self._chosen = wanted
        for name in moved:
            member = self._members.get(name)
            if member is not None and member.tier is not None:
                self._leave(member)
                self._place(member)

    def _settle(self) -> None:
        """See whether all picks are from one pool at present."""
        near, far = self._pools[NEAR], self._pools[FAR]
        ejected = len(self._pools[EJECTED])
        self._main = None
        if not (ejected and self._too_few(ejected)):
            if not near:
                self._main = far or None
            elif not far or len(near) >= self._rules.zone_healthy * (
                    len(near) + self._near_ejected):
                self._main = near
        # While a server is ejected, its trial may be due.
        self._usual = None if self._trials else self._main

    def _too_few(self, ejected: int) -> bool:
        healthy = sum(
            len(self._pools[tier]) for tier in (NEAR, FAR, SPARE))
        return healthy < self._rules.least_healthy * (healthy + ejected)

    # Choosing

    def choose(
        self,
        key: str | None = None,
        exclude: Collection[str] = (),
        begin: bool = False,
    ) -> Member:
        """Return the member that the next request goes to.

        :param key: requests with one key go to one server
        :param exclude: names that will not do
        :param begin: whether the request counts as out from now on
        :raises NoProviders: when none will do
        """
        usual = self._usual
        member = None
        if usual is not None and key is None and not exclude:
            try:
                member = self._way(usual, self._random)
            except IndexError:
                pass            # the last one of the pool has just gone
        if member is None:
            with self._lock:
                member = self._look(key, exclude)
        self.choices += 1       # nearly exact: a lock would cost too much
        if begin:
            member.requests.append(None)
        return member

    def _look(self, key: str | None, exclude: Collection[str]) -> Member:
        """Return the best member, when something is unusual."""
        trial = self._trial(exclude)
        if trial is not None:
            return trial
        if key is None and self._main is not None:
            for _ in range(TRIES):
                member = self._way(self._main, self._random)
                if member.entry.name not in exclude:
                    return member
        for pools in self._ranks():
            members = [member for pool in pools for member in pool
                       if member.entry.name not in exclude]
            if members and key is not None:
                return favourite(key, members)
            if members:
                return self._way(Draw(members), self._random)
        raise NoProviders(self._path, (
            why_none(self._members.values()) if self._known
            else 'ZooKeeper has not answered yet'))

    def _ranks(self) -> Iterator[list[Pool]]:
        """Yield groups of pools, the best group first."""
        pools = self._pools
        near, far = pools[NEAR], pools[FAR]
        ejected = len(pools[EJECTED])
        if ejected and self._too_few(ejected):
            yield [near, far, pools[SPARE], pools[EJECTED]]
        elif near and far:
            healthy = len(near) / (len(near) + self._near_ejected)
            stay = self._random() * self._rules.zone_healthy < healthy
            yield from ([near], [far]) if stay else ([far], [near])
        else:
            yield [near, far]
        yield [pools[SPARE]]
        yield [pools[EJECTED]]
        yield [pools[STALE]]

    def _trial(self, exclude: Collection[str]) -> Member | None:
        """Return a member whose ejection is over, for one request."""
        now = self.clock()
        if now < self._trials.due:
            return None
        member = self._trials.next(now, lambda member: (
            member.tier == EJECTED and member.entry.name not in exclude))
        if member is not None:
            member.health.on_trial = True
            # If nothing is heard of this trial, another one follows.
            member.health.until = now + self._rules.eject
            self._trials.add(member)
        self._settle()
        return member

    # Reports

    def ok(
        self, member: Member, seconds: float | None, end: bool = False
    ) -> None:
        """Take note that a request was answered.

        :param seconds: how long that took, if known
        :param end: whether it was counted as out
        """
        now = self.clock()
        if end:
            member.requests.pop()
        if seconds is not None:
            epoch = self._epoch
            growth = (now - epoch) * self._growth
            if growth > LARGEST_GROWTH:
                epoch, growth = self._rebase(now), 0.0
            member.took(seconds, math.exp(growth))
            if epoch != self._epoch:
                member.latency = 0.0    # it was counted in old units
        health = member.health
        health.streak = 0
        health.good += 1
        if now >= health.turn_at:
            health.turn(now, self._rules)
        if health.on_trial:
            with self._lock:
                self._move(member, lambda: health.reinstate(now, self._rules))

    def _rebase(self, now: float) -> float:
        """Count latencies in units of now, before they grow too large."""
        with self._lock:
            if now > self._epoch:
                factor = math.exp(
                    -min(700.0, (now - self._epoch) * self._growth))
                self._epoch = now
                for member in self._members.values():
                    member.rebase(factor)
            return self._epoch

    def failed(
        self, member: Member, refused: bool, end: bool = False
    ) -> None:
        """Take note that a request failed.

        :param refused: whether nobody listens there
        """
        now = self.clock()
        if end:
            member.requests.pop()
        with self._lock:
            health = member.health
            too_many = health.failed(now, self._rules)
            if health.until:
                if health.on_trial:
                    self._eject(member, refused, now)
            elif (too_many and self._rules.eject
                  and member.tier in (NEAR, FAR, SPARE)
                  and self._may_eject(refused)):
                self._eject(member, refused, now)
        if refused and member.stale:
            self._refused(member.entry.name)

    def end(self, member: Member) -> None:
        """Take note that a request is out no longer, whatever came of it."""
        member.requests.pop()

    def _may_eject(self, refused: bool) -> bool:
        ejected = len(self._pools[EJECTED])
        total = ejected + sum(
            len(self._pools[tier]) for tier in (NEAR, FAR, SPARE))
        return ejection.allowed(
            refused, total, ejected, self._failing, self._rules)

    def _eject(self, member: Member, refused: bool, now: float) -> None:
        self._move(member, lambda: member.health.eject(
            now, refused, self._random(), self._rules))
        self.ejections += 1
        self._trials.add(member)
        self._settle()

    def _move(self, member: Member, change: Callable[[], None]) -> None:
        if self._members.get(member.entry.name) is member:
            self._leave(member)
            change()
            self._place(member)
            self._settle()
        else:
            change()

    # For statistics

    def counts(self) -> dict[str, int]:
        """Return how many servers are in each state."""
        with self._lock:
            sizes = {tier: len(pool) for tier, pool in self._pools.items()}
            draining = len(self._members) - sum(sizes.values())
        return {'ready': sizes[NEAR] + sizes[FAR] + sizes[SPARE],
                'draining': draining,       # they are in no pool
                'ejected': sizes[EJECTED], 'stale': sizes[STALE]}
