"""What is said about a job while it runs, outside its own record.

Others change it, in threads of their own, during the job's transaction: a
request to cancel, the progress, annotations.  In the job's record each change
would conflict with the job's result.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import persistent
from BTrees.OOBTree import OOBTree

from .base import Base
from .base import get_id
from .base import stored_id


__all__ = ['Entry', 'Live']


class Entry(persistent.Persistent):
    """What is said about one job.

    :ivar annotations: a dictionary, replaced as a whole
    :ivar progress: how much is done, of how much, and a text; or None
    """

    __module__ = 'zc.async_.queue'

    progress: tuple[float, float | None, str] | None = None

    def __init__(self) -> None:
        self.annotations: dict[str, Any] = {}


class Live(Base):
    """Entries by job, and the jobs that somebody wants to stop.

    These are apart: a request to cancel must not conflict with the first
    progress that the dispatcher writes.
    """

    __module__ = 'zc.async_.queue'

    def __init__(self) -> None:
        # A permanent smallest key; see streams.py.
        self._data = OOBTree({(-1, ''): None})
        self._cancelled = OOBTree({(-1, ''): None})

    def _key(self, job: Any) -> tuple[int, str]:
        return stored_id(get_id(job), self)

    def get(self, job: Any) -> Entry | None:
        """Return the entry of a job, or None."""
        if job._p_oid is None or job._p_jar is None:
            return None
        entry: Entry | None = self._data.get(self._key(job))
        return entry

    def of(self, job: Any) -> Entry:
        """Return the entry of a job; make it if there is none."""
        entry = self.get(job)
        if entry is None:
            entry = self._data[self._key(job)] = Entry()
            _must_not_end(job)
        return entry

    def cancel(self, job: Any) -> None:
        """Note that somebody wants a running job to stop."""
        self._cancelled[self._key(job)] = True
        _must_not_end(job)

    def cancelled(self, job_id: tuple[int, str]) -> bool:
        """Say whether somebody wants a job to stop.

        :param job_id: what `get_id` returns
        """
        return stored_id(job_id, self) in self._cancelled

    def discard(self, job: Any) -> Entry | None:
        """Forget a job; return its entry, if there is one."""
        if job._p_oid is None or job._p_jar is None:
            return None
        key = self._key(job)
        if key in self._cancelled:
            del self._cancelled[key]
        entry: Entry | None = self._data.get(key)
        if entry is not None:
            del self._data[key]
        return entry

    def ids(self) -> Iterator[tuple[int, str]]:
        """Iterate over the ids of the jobs that something is said about."""
        return iter(sorted({
            key for tree in (self._data, self._cancelled)
            for key in tree.keys((-1, ''), None, excludemin=True)}))

    def __len__(self) -> int:
        return len(list(self.ids()))


def _must_not_end(job: Any) -> None:
    # What is said about a job that ends at the same time would stay here
    # for ever: this transaction conflicts then.
    if job._p_jar is not None and job._p_oid is not None:
        job._p_activate()
        job._p_jar.readCurrent(job)
