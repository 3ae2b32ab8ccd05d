"""Jobs made of jobs: performed one after the other, or at the same time.

A job of its own puts the others, and puts what comes after them.  `serial` and
`parallel` run in their caller's thread, all else in one that performs a job.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._stored.callbacks import transparent
from ..interfaces import CALLBACKS
from ..interfaces import COMPLETED
from ..interfaces import NEW
from .local import local


__all__ = ['parallel', 'serial']

#: Makes a job of a callable; set by `zc.async_.job`, which is above.
make_job: Callable[[Any], Any] = NotImplemented
#: The class of jobs; set there as well.
new_job: Callable[..., Any] = NotImplemented


def _composite(scheduler: Any, jobs: tuple[Any, ...], postprocess: Any) -> Any:
    last = make_job(postprocess)
    last.deferred = True
    return new_job(scheduler, *map(make_job, jobs), postprocess=last)


def serial(*jobs: Any, postprocess: Any = transparent) -> Any:
    """Make a job that performs jobs one after the other.

    :param jobs: jobs or callables
    :param postprocess: called with the jobs, when all are done; its result
        is the result of the whole
    """
    return _composite(_schedule_serial, jobs, postprocess)


def parallel(*jobs: Any, postprocess: Any = transparent) -> Any:
    """Make a job that performs jobs at the same time; see `serial`."""
    return _composite(_schedule_parallel, jobs, postprocess)


def _put_postprocess(main: Any, jobs: Any) -> None:
    postprocess = main.kwargs['postprocess']
    # Not NEW: it was put before an interruption.
    if postprocess.status == NEW:
        postprocess.args.extend(jobs)
        main.queue.put(postprocess)


def _queue_next(main: Any, index: int = 0, ignored: Any = None) -> None:
    jobs = list(main.args)
    while index < len(jobs) and jobs[index].status == COMPLETED:
        index += 1
    if index < len(jobs):
        job = jobs[index]
        if job.status == NEW:
            main.queue.put(job)
            job.addCallback(new_job(_queue_next, main, index + 1))
    else:
        _put_postprocess(main, jobs)


def _schedule_serial(*jobs: Any, postprocess: Any) -> Any:
    _queue_next(local.getJob())
    return postprocess


def _queue_all(main: Any, ignored: Any = None) -> None:
    jobs = list(main.args)
    done = True
    for job in jobs:
        status = job.status
        if status == NEW:
            main.queue.put(job)
            job.addCallback(new_job(_queue_all, main))
            done = False
        elif status not in (CALLBACKS, COMPLETED):
            done = False
    if done:
        _put_postprocess(main, jobs)


def _schedule_parallel(*jobs: Any, postprocess: Any) -> Any:
    _queue_all(local.getJob())
    return postprocess


# Stored jobs call these under the names that they have in `zc.async_.job`.
for _each in (serial, parallel, _queue_next, _schedule_serial, _queue_all,
              _schedule_parallel):
    _each.__module__ = 'zc.async_.job'
