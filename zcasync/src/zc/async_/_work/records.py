"""What a dispatcher remembers: its last polls and jobs, and sums of them.

In memory, of this process alone.  Read by any thread, written by the
dispatcher's own.
"""
from __future__ import annotations

import datetime
import threading
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from .._stored.times import from_micros
from .._stored.times import micros
from .._stored.times import micros_of
from .._stored.times import now
from .._stored.times import utc


__all__ = ['JobRecords', 'PollInfo', 'PollRecords', 'statistics']

JobId = tuple[int, str]


class PollInfo(dict[str, Any]):
    """What one poll found, by queue and agent.

    :ivar key: a number that rises with time
    :ivar started: how many jobs started since the poll before, by queue
        and agent; the poll itself names the last ones only
    """

    key: int | None = None

    def __init__(self) -> None:
        super().__init__()
        self.started: dict[tuple[str, str], int] = {}

    @property
    def utc_timestamp(self) -> datetime.datetime | None:
        """When it was."""
        return None if self.key is None else from_micros(self.key)


class PollRecords:
    """The last polls, the latest first.

    :param size: how many are kept
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._data: list[PollInfo] = []
        self._count = 0
        self._changed = threading.Condition()

    def add(self, poll: PollInfo) -> None:
        """Add a poll."""
        with self._changed:
            poll.key = micros()
            self._data = [poll, *self._data[:self.size - 1]]
            self._count += 1
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget them."""
        with self._changed:
            self._data = []
            self._count = 0

    def wait(self, more_than: int, seconds: float) -> bool:
        """Wait until there were more than so many polls.

        :returns: whether there are
        """
        with self._changed:
            return self._changed.wait_for(
                lambda: self._count > more_than, seconds)

    @property
    def total(self) -> int:
        """How many there were, those that are forgotten included."""
        return self._count

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[PollInfo]:
        return iter(self._data)

    def first(self, at: Any = None) -> PollInfo:
        """Return the latest poll, or the latest at a time or before.

        :param at: a key or a time
        :raises ValueError: when there is none
        """
        key = _key(at)
        for poll in self._data:
            if key is None or (poll.key or 0) <= key:
                return poll
        raise ValueError('There is no such poll.')


class JobRecords:
    """What is known about the last jobs, by id.

    :param size: how many are kept
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._data: OrderedDict[JobId, dict[str, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def __setitem__(self, key: JobId, value: dict[str, Any]) -> None:
        with self._lock:
            self._data[key] = value
            self._data.move_to_end(key)
            while len(self._data) > self.size:
                self._data.popitem(last=False)

    def __getitem__(self, key: JobId) -> dict[str, Any]:
        return self._data[key]

    def get(self, key: JobId, default: Any = None) -> Any:
        """Return what is known about a job, or the default."""
        return self._data.get(key, default)

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._data.clear()

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[JobId]:
        with self._lock:
            return iter(list(self._data))

    def find(self, oid: int) -> JobId:
        """Return the id of a job whose database is not known.

        :raises ValueError: when there is none, or several
        """
        found = [key for key in self if key[0] == oid]
        if not found:
            raise ValueError(f'The job {oid} is not known here.')
        if len(found) > 1:
            raise ValueError(f'Several databases have a job {oid}: name one.')
        return found[0]


def _key(at: Any) -> int | None:
    if at is None or isinstance(at, int):
        return at
    return micros_of(utc(at))


def iterate(polls: PollRecords, at: Any = None, before: Any = None,
            since: Any = None, count: int | None = None
            ) -> Iterator[PollInfo]:
    """Iterate over polls, the latest first.

    :param at: not after this key or time
    :param before: before this key or time
    :param since: not before this key or time
    :param count: how many at most
    """
    if at is not None and before is not None:
        raise ValueError('Give at or before, not both.')
    last = _key(at)
    if before is not None:
        last = (_key(before) or 0) - 1
    first = _key(since)
    for poll in polls:
        key = poll.key or 0
        if last is not None and key > last:
            continue
        if count is not None:
            if count <= 0:
                return
            count -= 1
        if first is not None and key < first:
            return
        yield poll


def _agents(poll: PollInfo, queue: str | None, agent: str | None
            ) -> Iterator[dict[str, Any]]:
    for queue_name, agents in poll.items():
        if queue is None or queue == queue_name:
            for agent_name, info in (agents or {}).items():
                if agent is None or agent == agent_name:
                    yield info


class _Extremes:

    def __init__(self) -> None:
        self.shortest: tuple[datetime.timedelta, JobId] | None = None
        self.longest: tuple[datetime.timedelta, JobId] | None = None

    def add(self, duration: datetime.timedelta, job: JobId) -> None:
        if self.shortest is None or duration < self.shortest[0]:
            self.shortest = duration, job
        if self.longest is None or duration > self.longest[0]:
            self.longest = duration, job


def statistics(polls: PollRecords, jobs: JobRecords, at: Any = None,
               before: Any = None, since: Any = None,
               queue: str | None = None, agent: str | None = None
               ) -> dict[str, Any]:
    """Sum up the jobs that polls tell of; see `iterate`."""
    result: dict[str, Any] = dict(
        started=0, successful=0, failed=0, unknown=0)
    extremes = {name: _Extremes()
                for name in ('successful', 'failed', 'active')}
    moment = now()
    latest = earliest = None

    def process(job: JobId, since: Any) -> None:
        info = jobs.get(job)
        if info is None:
            result['unknown'] += 1
            return
        if info['completed'] is None:
            kind = 'active'
        else:
            kind = 'failed' if info['failed'] else 'successful'
            result[kind] += 1
        start = info['started'] or since
        extremes[kind].add((info['completed'] or moment) - start, job)

    for poll in iterate(polls, at, before, since):
        latest = latest or poll
        earliest = poll
        for (queue_name, agent_name), count in poll.started.items():
            if queue in (None, queue_name) and agent in (None, agent_name):
                result['started'] += count
        for each in _agents(poll, queue, agent):
            for job in each['new jobs']:
                process(job, poll.utc_timestamp)
    if earliest is not None:
        for each in _agents(earliest, queue, agent):
            for job in set(each['active jobs']) - set(each['new jobs']):
                process(job, earliest.utc_timestamp)
    for name, found in extremes.items():
        result[f'shortest {name}'] = found.shortest and found.shortest[1]
        result[f'longest {name}'] = found.longest and found.longest[1]
    result['statistics start'] = latest and latest.utc_timestamp
    result['statistics end'] = earliest and earliest.utc_timestamp
    return result
