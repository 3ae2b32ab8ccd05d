"""Sets of servers from which one is picked at random, by weight.

Adding, discarding and picking take the same time for ten servers and for
ten thousand.  Pure: the random source is an argument.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator

from .member import Member


Random = Callable[[], float]

#: How many servers are looked at before a pick by weight counts them all.
#: Each look succeeds with the mean weight's share of the largest.
TRIES = 16


class Draw:
    """Members to pick from.

    :ivar items: the members
    :ivar even: whether all have the same weight
    """

    def __init__(self, items: list[Member]) -> None:
        self.items = items
        # How many members have each weight: nearly always there is one.
        self._weights = Counter(member.weight for member in items)
        self.even = len(self._weights) <= 1

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Member]:
        return iter(self.items)

    def pick(self, random: Random) -> int:
        """Return the place of a member, each as often as its weight says.

        :param random: gives numbers from 0 to 1, as ``random.random``
        """
        items = self.items
        if self.even:
            return int(random() * len(items))
        heaviest = max(self._weights)
        for _ in range(TRIES):
            place = int(random() * len(items))
            if random() * heaviest < items[place].weight:
                return place
        left = random() * sum(member.weight for member in items)
        place = 0
        while place < len(items) - 1 and left >= items[place].weight:
            left -= items[place].weight
            place += 1
        return place


class Pool(Draw):
    """Members that know their places, so that each can go at once."""

    def __init__(self) -> None:
        super().__init__([])

    def add(self, member: Member) -> None:
        """Take in a member that is in no pool."""
        member.place = len(self.items)
        self.items.append(member)
        self._weights[member.weight] += 1
        self.even = len(self._weights) <= 1

    def discard(self, member: Member) -> None:
        """Let a member of this pool go."""
        last = self.items.pop()
        if last is not member:
            self.items[member.place] = last
            last.place = member.place
        self._weights[member.weight] -= 1
        if not self._weights[member.weight]:
            del self._weights[member.weight]
            self.even = len(self._weights) <= 1
