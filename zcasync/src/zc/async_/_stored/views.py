"""A job's arguments, callbacks and annotations, as mutable collections.

A job keeps them in its own record, so that putting it writes one object.
These views change the job, in the thread to which it belongs.
"""
from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import MutableMapping
from collections.abc import MutableSequence
from collections.abc import Sequence
from typing import Any

from BTrees.OOBTree import OOBTree


__all__ = ['Annotations', 'Arguments', 'Callbacks', 'Keywords']


class Arguments(MutableSequence[Any]):
    """The positional arguments of a job."""

    def __init__(self, job: Any) -> None:
        self._job = job

    def __getitem__(self, index: Any) -> Any:
        found = self._job._args[index]
        return list(found) if isinstance(index, slice) else found

    def _change(self, change: str, *args: Any) -> Any:
        values = list(self._job._args)
        result = getattr(values, change)(*args)
        self._job._args = tuple(values)
        return result

    def __setitem__(self, index: Any, value: Any) -> None:
        self._change('__setitem__', index, value)

    def __delitem__(self, index: Any) -> None:
        self._change('__delitem__', index)

    def __len__(self) -> int:
        return len(self._job._args)

    def insert(self, index: int, value: Any) -> None:
        """Insert a value."""
        self._change('insert', index, value)

    def extend(self, values: Iterable[Any]) -> None:
        """Add values at the end."""
        self._change('extend', values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None                             # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self._job._args))


class Keywords(MutableMapping[str, Any]):
    """The keyword arguments of a job."""

    def __init__(self, job: Any) -> None:
        self._job = job

    def __getitem__(self, key: str) -> Any:
        return self._job._kwargs[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._job._kwargs = {**self._job._kwargs, key: value}

    def __delitem__(self, key: str) -> None:
        values = dict(self._job._kwargs)
        del values[key]
        self._job._kwargs = values

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._job._kwargs))

    def __len__(self) -> int:
        return len(self._job._kwargs)

    def __repr__(self) -> str:
        return repr(self._job._kwargs)


class Callbacks(Sequence[Any]):
    """The callbacks of a job, in the order of their addition."""

    def __init__(self, job: Any) -> None:
        self._job = job

    def __getitem__(self, index: Any) -> Any:
        return self._job._callbacks[index]

    def __len__(self) -> int:
        return len(self._job._callbacks)

    def put(self, callback: Any) -> None:
        """Add a callback as it is; `addCallback` prepares it."""
        self._job._callbacks += (callback,)

    def pull(self, index: int = 0) -> Any:
        """Remove and return a callback."""
        values = list(self._job._callbacks)
        result = values.pop(index)
        self._job._callbacks = tuple(values)
        return result

    def __repr__(self) -> str:
        return repr(list(self._job._callbacks))


class Annotations(MutableMapping[str, Any]):
    """What code keeps on a job.

    While the job runs, annotations that others set (live ones) are kept
    outside it, so that they do not conflict with its result.  They show
    here, and move into the job when it ends.
    """

    def __init__(self, job: Any) -> None:
        self._job = job

    def _live(self) -> Any:
        queue = self._job.queue
        if queue is None or self._job._p_oid is None:
            return {}
        entry = queue.live.get(self._job)
        return {} if entry is None else entry.annotations

    def __getitem__(self, key: str) -> Any:
        stored = self._job._annotations
        if stored is not None and key in stored:
            return stored[key]
        return self._live()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        if self._job._annotations is None:
            self._job._annotations = OOBTree()
        self._job._annotations[key] = value

    def __delitem__(self, key: str) -> None:
        if self._job._annotations is None:
            raise KeyError(key)
        del self._job._annotations[key]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*(self._job._annotations or ()), *self._live()}))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return repr(dict(self))
