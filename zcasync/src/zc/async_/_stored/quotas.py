"""Quotas: how many jobs of a kind may run at one time.

Jobs are counted in a dispatcher's thread, when it claims them.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zope.interface import implementer

from ..interfaces import ACTIVE
from ..interfaces import ASSIGNED
from ..interfaces import IJob
from ..interfaces import IQuota
from .base import Base
from .base import Dict


__all__ = ['Quota', 'Quotas']


@implementer(IQuota)
class Quota(Base):
    """The jobs that run and name this quota.

    Written when a job is claimed, never when one ends: jobs that ended are
    left out at the next claim.

    :param name: its name
    :param size: how many jobs may run
    """

    __module__ = 'zc.async_.queue'

    def __init__(self, name: str, size: int = 1) -> None:
        self.name = name
        self.size = size
        self._jobs: tuple[Any, ...] = ()

    def clean(self) -> None:
        """Leave out the jobs that do not run any more."""
        jobs = tuple(job for job in self._jobs
                     if job.status in (ASSIGNED, ACTIVE))
        if len(jobs) != len(self._jobs):
            self._jobs = jobs

    @property
    def filled(self) -> bool:
        """Whether there is no room."""
        return len(self._jobs) >= self.size

    def add(self, item: Any) -> None:
        """Add a job that is about to run.

        :raises ValueError: when it is none, does not name the quota, or
            there is no room
        """
        if item in self:
            return
        if not IJob.providedBy(item):
            raise ValueError(f'{item!r} is no job.')
        if self.name not in item.quota_names:
            raise ValueError(f'{item!r} does not name the quota '
                             f'{self.name!r}.')
        if self.filled:
            raise ValueError(f'The quota {self.name!r} is filled.')
        self._jobs += (item,)

    def __contains__(self, item: object) -> bool:
        return any(job is item for job in self._jobs)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._jobs)

    def __len__(self) -> int:
        return len(self._jobs)

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, index: int) -> Any:
        return self._jobs[index]


class Quotas(Dict):
    """The quotas of a queue, by name."""

    __module__ = 'zc.async_.queue'

    def create(self, name: str, size: int = 1) -> Quota:
        """Make a quota; one of that name is replaced."""
        quota = self[name] = Quota(name, size)
        return quota

    def remove(self, name: str) -> None:
        """Remove a quota; jobs that name it run without it."""
        del self[name]
