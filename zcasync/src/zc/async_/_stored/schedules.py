"""Jobs that are put again and again, by a cron line or an interval.

Kept in the database.  A dispatcher that finds a schedule due puts the job
and notes when it is due next, in its own thread and in one transaction: of
several dispatchers, one succeeds.
"""
from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from .._rules.schedule import check
from .._rules.schedule import following
from .base import Base
from .base import Dict
from .times import now


__all__ = ['Schedule', 'Schedules']

#: Makes a job of a callable; set by `zc.async_.queue`, which is above.
make_job: Callable[[Any], Any] = NotImplemented


class Schedule(Base):
    """When a job is put.

    :ivar job: what is put; each time a copy
    :ivar cron: a cron line, or None
    :ivar every: an interval, or None
    :ivar zone: the time zone of the cron line
    :ivar due: when it is due next
    :ivar last: when it was put last, or None
    :ivar paused: whether it is left alone
    """

    __module__ = 'zc.async_.queue'

    last: datetime.datetime | None = None
    paused = False

    def __init__(self, job: Any, cron: str | None,
                 every: datetime.timedelta | None, zone: str,
                 options: dict[str, Any]) -> None:
        check(cron, every, zone)
        self.job = job
        self.cron = cron
        self.every = every
        self.zone = zone
        self.options = options
        self.due = following(cron, every, zone, now())

    def fire(self, queue: Any, moment: datetime.datetime) -> Any:
        """Put the job if it is due; return it, or None.

        However often it was due since the last time, it is put once.
        """
        if self.paused or self.due > moment:
            return None
        job = queue.put(self.job.again(), **self.options)
        self.last = moment
        self.due = following(
            self.cron, self.every, self.zone, moment, self.due)
        return job


class Schedules(Dict):
    """The schedules of a queue, by name."""

    __module__ = 'zc.async_.queue'

    def create(self, name: str, job: Any, cron: str | None = None,
               every: datetime.timedelta | None = None, zone: str = 'UTC',
               **options: Any) -> Schedule:
        """Make a schedule; one of that name is replaced.

        While the job of the last time waits, no other is put, unless
        ``unique=None`` is given.

        :param job: the job that is put, each time as a copy
        :param cron: a cron line, such as ``'30 4 * * *'``
        :param every: an interval instead
        :param zone: the time zone of the cron line
        :param options: of `Queue.put`
        :raises ValueError: when the cron line, the interval or the zone is
            wrong
        """
        options.setdefault('unique', f'schedule {name}')
        schedule = self[name] = Schedule(
            make_job(job), cron, every, zone, options)
        return schedule

    def remove(self, name: str) -> None:
        """Remove a schedule."""
        del self[name]

    def due(self, moment: datetime.datetime) -> list[str]:
        """Return the names of the schedules that are due."""
        return [name for name, each in self.items()
                if not each.paused and each.due <= moment]
