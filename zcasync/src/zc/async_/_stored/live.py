"""What is said about a job while it runs, outside its own record.

Others change it during the job's transaction: a request to cancel, the
progress, annotations.  In the job's record each change would conflict with
the job's result.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import persistent
from BTrees.OOBTree import OOBTree

from .base import Base
from .base import get_id


__all__ = ['Entry', 'Live']


class Entry(persistent.Persistent):
    """What is said about one job.

    :ivar annotations: a dictionary, replaced as a whole
    :ivar progress: how much is done, of how much, and a text; or None
    :ivar cancel: whether somebody wants the job to stop
    """

    __module__ = 'zc.async_.queue'

    progress: tuple[float, float | None, str] | None = None
    cancel = False

    def __init__(self) -> None:
        self.annotations: dict[str, Any] = {}


class Live(Base):
    """Entries by job."""

    __module__ = 'zc.async_.queue'

    def __init__(self) -> None:
        # A permanent smallest key; see streams.py.
        self._data = OOBTree({(-1, ''): None})

    def get(self, job: Any) -> Entry | None:
        """Return the entry of a job, or None."""
        if job._p_oid is None or job._p_jar is None:
            return None
        entry: Entry | None = self._data.get(get_id(job))
        return entry

    def of(self, job: Any) -> Entry:
        """Return the entry of a job; make it if there is none."""
        entry = self.get(job)
        if entry is None:
            entry = self._data[get_id(job)] = Entry()
        return entry

    def discard(self, job: Any) -> Entry | None:
        """Remove and return the entry of a job, if there is one."""
        if self.get(job) is None:
            return None
        entry: Entry = self._data.pop(get_id(job))
        return entry

    def ids(self) -> Iterator[tuple[int, str]]:
        """Iterate over the ids of the jobs that have an entry."""
        return iter(list(self._data.keys((-1, ''), None, excludemin=True)))

    def __len__(self) -> int:
        return len(self._data) - 1
