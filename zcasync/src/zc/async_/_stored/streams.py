"""Where waiting jobs are: trees that puts and claims can change together.

A tree keeps one smallest key for ever, so that its first bucket is never
emptied: the ZODB then resolves a put and a claim in one bucket.  A stream
has several trees, so that several dispatchers take from different ones.

Any thread puts jobs; dispatchers' threads claim them.
"""
from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from typing import Any

import persistent
from BTrees.LOBTree import LOBTree

from .times import KEY_BITS
from .times import key_for


__all__ = ['SHARDS', 'Stream', 'items', 'new_tree']

#: Trees of a stream without quotas.  More of them would conflict less and
#: cost a claim more reads.
SHARDS = 8
#: Consecutive puts of a thread that go into one tree: fewer objects to
#: write for a transaction that puts many.
_RUN = 16

_SMALLEST = 0
_turn = threading.local()


def new_tree() -> Any:
    """Return a tree with the permanent smallest key."""
    tree = LOBTree()
    tree[_SMALLEST] = None
    return tree


def items(tree: Any) -> Iterator[tuple[int, Any]]:
    """Iterate over the keys and jobs of a tree, in order."""
    return iter(tree.items(_SMALLEST, None, excludemin=True))


def _shard(count: int) -> int:
    left = getattr(_turn, 'left', 0)
    if left <= 0:
        _turn.left = _RUN
        _turn.shard = random.randrange(1 << 16)
    _turn.left -= 1
    shard: int = _turn.shard
    return shard % count


class Stream(persistent.Persistent):
    """Jobs of one priority that name the same quotas.

    :ivar held: whether the jobs wait for their times
    """

    __module__ = 'zc.async_.queue'

    def __init__(self, priority: int, quota_names: tuple[str, ...],
                 held: bool) -> None:
        self.priority = priority
        self.quota_names = quota_names
        self.held = held
        # The order of jobs that share a quota is kept: they share a tree.
        self.trees = tuple(
            new_tree() for _ in range(1 if quota_names else SHARDS))

    def add(self, when: int, job: Any) -> tuple[int, int]:
        """Add a job.

        :param when: microseconds since 1970
        :returns: the number of the tree, and the key
        """
        number = _shard(len(self.trees))
        tree = self.trees[number]
        if self.quota_names:
            # Jobs of one microsecond stay in their order, too.
            key = when << KEY_BITS
            while key in tree:
                key += 1
        else:
            key = key_for(when)
            while key in tree:
                key = key_for(when)
        tree[key] = job
        return number, key

    def remove(self, number: int, key: int, job: Any) -> bool:
        """Remove a job; say whether it was there."""
        tree = self.trees[number]
        if tree.get(key) is not job:
            return False
        del tree[key]
        return True

    def count(self) -> int:
        """Count the jobs."""
        return sum(len(tree) - 1 for tree in self.trees)

    def __bool__(self) -> bool:
        return any(True for tree in self.trees for _ in items(tree))


def due(key: int) -> int:
    """Return the microseconds since 1970 that a key stands for."""
    return key >> KEY_BITS
