"""Jobs that neither wait to start nor run.

Dispatchers' threads write here, and those that perform jobs.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from BTrees.OOBTree import OOBTree

from .base import Base
from .base import get_id
from .base import stored_id


__all__ = ['Waiting']


class Waiting(Base):
    """Jobs that neither wait to start nor run, by id."""

    __module__ = 'zc.async_.queue'

    def __init__(self) -> None:
        # A permanent smallest key; see streams.py.
        self._data = OOBTree({(-1, ''): None})

    def add(self, job: Any) -> None:
        """Add a job."""
        self._data[stored_id(get_id(job), self)] = job

    def discard(self, job: Any) -> None:
        """Remove a job, if it is here."""
        if job._p_oid is None:
            return
        key = stored_id(get_id(job), self)
        if key in self._data:
            del self._data[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(list(
            self._data.values((-1, ''), None, excludemin=True)))

    def __len__(self) -> int:
        return len(self._data) - 1
