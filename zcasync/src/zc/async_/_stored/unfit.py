"""Jobs that this process cannot store: it lacks what they call.

A process that has not the code of a job loads the job, and fails to write it.
Such a job is left to others, so that it holds up no other job.

Runs in dispatchers' threads, and in those that perform jobs.
"""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

from ZODB.serialize import ObjectWriter

from .base import get_id


__all__ = ['find', 'storable', 'without']

#: Ids of jobs that this process could not store.
_unfit: set[tuple[int, str]] = set()


def storable(job: Any) -> bool:
    """Say whether a job, as it is in the database, can be stored again."""
    if job._p_jar is None or job._p_changed:
        return True
    try:
        job._p_activate()
        ObjectWriter(job).serialize(job)
    except (AttributeError, ImportError, TypeError):
        return False
    except Exception as e:
        # The pickler of the ZODB has an exception of its own.
        if type(e).__name__ == 'PicklingError':
            return False
        raise
    return True


def find(jobs: Iterable[Any]) -> list[Any]:
    """Return the jobs that cannot be stored, and remember them.

    :returns: those that were not known
    """
    found = [job for job in jobs
             if get_id(job) not in _unfit and not storable(job)]
    _unfit.update(get_id(job) for job in found)
    return found


def without(filter: Callable[[Any], bool] | None
            ) -> Callable[[Any], bool] | None:
    """Return a filter that passes over what is known to be unfit.

    :param filter: says which of the others are wanted; None for all
    """
    if not _unfit:
        return filter
    return lambda job: get_id(job) not in _unfit and (
        filter is None or filter(job))
