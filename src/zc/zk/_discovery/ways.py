"""The ways to choose among servers that are equally good.

Pure: the random source is an argument.
"""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable

from . import rendezvous
from .member import Member
from .pool import Draw
from .pool import Random
from .rules import TWO_CHOICES


ROUND_ROBIN = 'round robin'
RANDOM = 'random'


def better_of_two(draw: Draw, random: Random) -> Member:
    """Return the less loaded of two that are picked at random.

    That is nearly as good as the least loaded of all (Mitzenmacher, 2001),
    and clients do not all run to the same one.
    """
    items = draw.items
    if draw.even:
        count = len(items)
        place = int(random() * count)
        if count > 1:
            second = int(random() * (count - 1))
            second += second >= place
        else:
            second = place
        one, other = items[place], items[second]
        if one.latency and other.latency:
            # `Member.cost` of both, for equal weights.
            weight = one.weight
            return one if (
                one.latency * (len(one.requests) + weight)
                <= other.latency * (len(other.requests) + weight)
            ) else other
    else:
        one = items[draw.pick(random)]
        other = items[draw.pick(random)]
    return other if other.cost() < one.cost() else one


def any_one(draw: Draw, random: Random) -> Member:
    """Return one at random, by weight."""
    return draw.items[draw.pick(random)]


class RoundRobin:
    """One after the other, from any of them on.

    A start at random keeps clients that start together from calling the
    same server together.
    """

    def __init__(self) -> None:
        self._turn: int | None = None

    def __call__(self, draw: Draw, random: Random) -> Member:
        if not draw.even:
            # By weight, every server gets its share of turns at random.
            return any_one(draw, random)
        if self._turn is None:
            self._turn = int(random() * len(draw))
        self._turn += 1
        return draw.items[self._turn % len(draw)]


#: What makes each way, by its name.
WAYS: dict[str, Callable[[], Callable[[Draw, Random], Member]]] = {
    TWO_CHOICES: lambda: better_of_two,
    ROUND_ROBIN: RoundRobin,
    RANDOM: lambda: any_one,
}


def favourite(key: str, members: Iterable[Member]) -> Member:
    """Return the one that `key` ranks first."""
    fingerprint = rendezvous.fingerprint(key)
    return max(members, key=lambda member: (rendezvous.score(
        fingerprint, member.fingerprint, member.weight), member.entry.name))
