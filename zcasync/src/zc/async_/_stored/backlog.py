"""Jobs that wait to start: in which order, and who may claim them.

Puts write the job and one of several trees; claims write the same trees.
Neither writes a counter or the queue itself, so that they do not conflict.
Any thread puts jobs; dispatchers' threads claim them.
"""
from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

from BTrees.OOBTree import OOBTree

from .._rules.claim import SLACK
from .._rules.claim import Head
from .._rules.claim import in_order
from .base import Base
from .quotas import Quota
from .quotas import Quotas
from .streams import Stream
from .streams import due
from .streams import items
from .times import micros
from .times import now


__all__ = ['Backlog']


class _Spot:
    """A waiting job while a claim looks at it."""

    def __init__(self, stream: Stream, number: int, turn: int) -> None:
        self.stream = stream
        self.number = number
        self.place = turn
        self._items = items(stream.trees[number])
        self.job: Any = None
        self.key = 0
        self.next()

    def next(self) -> bool:
        self.key, self.job = next(self._items, (0, None))
        return self.job is not None

    def head(self) -> Head:
        return Head(self.stream.priority, due(self.key), self.stream.held,
                    self.place)


class Backlog(Base):
    """The part of a queue that holds the jobs that wait to start.

    :ivar quotas: the quotas by name
    """

    def __init__(self) -> None:
        self._streams = OOBTree()
        self._unique = OOBTree({'': None})
        for held in False, True:
            self._stream(0, (), held)
        self.quotas = Quotas()
        self.quotas.parent = self

    def _add(self, job: Any, when: int, held: bool) -> None:
        stream = self._stream(job.priority, job.quota_names, held)
        number, key = stream.add(when, job)
        job.place = (job.priority, job.quota_names, held), number, key
        job.parent = self

    def _stream(self, priority: int, names: tuple[str, ...],
                held: bool) -> Stream:
        key = -priority, names, held
        stream: Stream | None = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = Stream(priority, names, held)
        return stream

    def _spots(self, turn: int = 0) -> list[_Spot]:
        spots = []
        place = 0
        for stream in list(self._streams.values()):
            for number in range(len(stream.trees)):
                spot = _Spot(stream, number, place)
                place += 1
                if spot.job is not None:
                    spots.append(spot)
        return spots

    def _ordered(self) -> Iterator[Any]:
        """Iterate over all jobs, in the order in which they start."""
        def of(stream: Stream, tree: Any) -> Iterator[tuple[int, int, Any]]:
            for key, job in items(tree):
                yield -stream.priority, key, job
        sources = [of(stream, tree)
                   for stream in list(self._streams.values())
                   for tree in stream.trees]
        for _, _, job in heapq.merge(*sources, key=lambda each: each[:2]):
            yield job

    def __iter__(self) -> Iterator[Any]:
        return self._ordered()

    def __len__(self) -> int:
        return sum(stream.count() for stream in self._streams.values())

    def __bool__(self) -> bool:
        return any(self._streams.values())

    def __contains__(self, job: object) -> bool:
        place = getattr(job, 'place', None)
        if getattr(job, 'parent', None) is not self or not isinstance(
                place, tuple):
            return False
        (priority, names, held), number, key = place
        stream = self._streams.get((-priority, names, held))
        return stream is not None and stream.trees[number].get(key) is job

    def __getitem__(self, index: int) -> Any:
        if index < 0:
            index += len(self)
        if index >= 0:
            for number, job in enumerate(self):
                if number == index:
                    return job
        raise IndexError(index)

    def pull(self, index: int = 0) -> Any:
        """Remove and return a job, by default the first.

        :raises IndexError: when there is none
        """
        job = self[index]
        self.remove(job)
        job.assignerUUID = None
        return job

    def remove(self, item: Any) -> None:
        """Remove a job that waits, so that it does not start.

        :raises LookupError: when it does not wait here
        """
        if item not in self:
            raise LookupError(f'{item!r} does not wait in this queue.')
        self._take_out(item)

    def _take_out(self, job: Any) -> None:
        (priority, names, held), number, key = job.place
        self._streams[-priority, names, held].remove(number, key, job)
        job.place = job.parent = None
        if job.unique is not None and self._unique.get(job.unique) is job:
            del self._unique[job.unique]

    def ready(self) -> bool:
        """Say whether a job may start now, quotas and filters aside."""
        moment = micros()
        return any(not spot.stream.held or due(spot.key) <= moment
                   for spot in self._spots())

    # Claims

    def claim(self, filter: Callable[[Any], bool] | None = None,
              default: Any = None) -> Any:
        """Remove and return the first job that may start.

        :param filter: says whether a job is wanted
        :param default: what is returned if there is none
        """
        jobs = self.claim_many(1, filter)
        return jobs[0] if jobs else default

    def claim_many(self, limit: int,
                   filter: Callable[[Any], bool] | None = None,
                   turn: float | None = None, ahead: int = 0) -> list[Any]:
        """Remove and return the first jobs that may start.

        :param limit: how many at most
        :param turn: from 0 to 1, so that dispatchers begin at different
            places; None for the exact order
        :param ahead: how many more, up to the first that may not be claimed
            early
        """
        taken: list[Any] = []
        quotas: dict[str, Quota] = {}
        full: set[int] = set()
        candidates = self._candidates(turn, full)
        early = True
        while early and len(taken) < limit + ahead:
            some = list(itertools.islice(
                candidates, limit + ahead - len(taken)))
            if not some:
                break
            self._load([job for _, _, job in some])
            for place, names, job in some:
                early = len(taken) < limit or job.claimed_early
                if not early:
                    break
                if place in full:
                    continue
                if names and not self._room(names, quotas, job):
                    # What shares these quotas has to wait as well.
                    full.add(place)
                elif filter is None or filter(job):
                    if names:
                        self._count(names, quotas, job)
                    taken.append(job)
        for job in taken:
            self._take_out(job)
        return taken

    def _candidates(self, turn: float | None, full: set[int]
                    ) -> Iterator[tuple[int, tuple[str, ...], Any]]:
        """Iterate over the jobs that are due, in the order of claims.

        Gives the place, the names of the quotas and the job; reads none.

        :param full: places that are passed over from now on
        """
        moment = micros()
        slack = 0 if turn is None else SLACK
        spots = {spot.place: spot for spot in self._spots()}
        while True:
            order = in_order(
                (spot.head() for spot in spots.values()
                 if spot.place not in full), moment, turn or 0, slack)
            if not order:
                break
            spot = spots[order[0].place]
            yield spot.place, spot.stream.quota_names, spot.job
            if not spot.next():
                del spots[spot.place]

    def _load(self, jobs: list[Any]) -> None:
        """Ask the storage for all at one time, if it can do that."""
        missing = [job._p_oid for job in jobs
                   if job._p_changed is None and job._p_jar is self._p_jar]
        if len(missing) > 1:
            self._p_jar.prefetch(missing)

    def _room(self, names: tuple[str, ...], quotas: dict[str, Quota],
              job: Any) -> bool:
        if job.late(now()):
            return True             # it fails without running
        for name in names:
            if name not in quotas and name in self.quotas:
                quotas[name] = self.quotas[name]
                quotas[name].clean()
        return not any(quotas[name].filled and job not in quotas[name]
                       for name in names if name in quotas)

    def _count(self, names: tuple[str, ...], quotas: dict[str, Quota],
               job: Any) -> None:
        if not job.late(now()):
            for name in names:
                if name in quotas:
                    quotas[name].add(job)
