"""Jobs that ended, the latest first.

Written by the poll thread of a dispatcher only, never by a job's own
transaction: keeping records must not make a job run again.
"""
from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from BTrees.LOBTree import LOBTree
from zope.interface import implementer

from ..interfaces import ICompletedCollection
from .base import Base
from .times import key_for
from .times import micros
from .times import micros_of
from .times import utc


__all__ = ['Completed', 'Dead']

_DAY = 86_400_000_000


@implementer(ICompletedCollection)
class Completed(Base):
    """The jobs that an agent completed, for some days.

    A day's jobs are in one tree, which is dropped as a whole.

    :param days: how many days are kept, today included
    """

    __module__ = 'zc.async_.agent'

    def __init__(self, days: int = 8) -> None:
        self.days = days
        self._days = LOBTree()

    def add(self, job: Any) -> None:
        """Add a job that ended.

        One that is in the agent already, and has its key, is not written:
        it wrote both itself when it ended.
        """
        when = (micros() if job.active_end is None
                else micros_of(job.active_end))
        day = when // _DAY
        tree = self._days.get(day)
        if tree is None:
            tree = self._days[day] = LOBTree()
            for old in list(self._days.keys(None, day - self.days)):
                del self._days[old]
        key = job.key
        if key is None or key in tree:
            key = key_for(when)
            while key in tree:
                key = key_for(when)
            job.key = key
        tree[key] = job
        if self.parent is None or job.parent is not self.parent:
            job.parent = self

    def discard(self, job: Any) -> None:
        """Remove a job, if it is here."""
        key = job.key
        if key is None:
            return
        for tree in self._days.values():
            if tree.get(key) is job:
                del tree[key]

    def iter(self, start: datetime.datetime | None = None,
             stop: datetime.datetime | None = None) -> Iterator[Any]:
        """Iterate over the jobs, the latest first.

        :param start: leave out what ended later
        :param stop: leave out what ended earlier
        """
        latest = None if start is None else key_for(micros_of(utc(start)) + 1)
        first = None if stop is None else key_for(micros_of(utc(stop)) - 1)
        for day in reversed(list(self._days)):
            yield from reversed(list(self._days[day].values(first, latest)))

    def __iter__(self) -> Iterator[Any]:
        return self.iter()

    def __len__(self) -> int:
        return sum(len(tree) for tree in self._days.values())

    def __bool__(self) -> bool:
        return any(self._days.values())

    def first(self, start: datetime.datetime | None = None) -> Any:
        """Return the latest job that ended at `start` or before.

        :raises ValueError: when there is none
        """
        for job in self.iter(start=start):
            return job
        raise ValueError('There is no such job.')

    def last(self, stop: datetime.datetime | None = None) -> Any:
        """Return the earliest job that ended at `stop` or after.

        :raises ValueError: when there is none
        """
        found = list(self.iter(stop=stop))
        if not found:
            raise ValueError('There is no such job.')
        return found[-1]


class Dead(Base):
    """The jobs that failed for good, the latest first.

    :param size: how many are kept
    """

    __module__ = 'zc.async_.queue'

    def __init__(self, size: int = 1000) -> None:
        self.size = size
        self._data = LOBTree()

    def add(self, job: Any) -> None:
        """Add a job that failed."""
        key = key_for(micros())
        self._data[key] = job
        job.dead_key = key
        while len(self._data) > self.size:
            del self._data[self._data.minKey()]

    def discard(self, job: Any) -> None:
        """Remove a job, if it is here."""
        key = job.dead_key
        if key is not None and self._data.get(key) is job:
            del self._data[key]
            job.dead_key = None

    def __iter__(self) -> Iterator[Any]:
        return iter(reversed(list(self._data.values())))

    def __len__(self) -> int:
        return len(self._data)

    def __bool__(self) -> bool:
        return bool(self._data)

    def __contains__(self, job: object) -> bool:
        key = getattr(job, 'dead_key', None)
        return key is not None and self._data.get(key) is job
