"""What follows a job's result: its callbacks.

A callback is a job, with a commit of its own, and may have callbacks.  Runs
in the thread that performed the job.
"""
from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from .._logs import log
from .._logs import tracelog
from .._rules import retry
from .._rules.failure import Failure
from .._stored import unfit
from .._stored.times import now
from ..interfaces import ACTIVE
from ..interfaces import CALLBACKS
from ..interfaces import COMPLETED
from ..interfaces import AbortedError
from ..interfaces import BadStatusError
from ..interfaces import ICallbackProxy
from .attempt import FATAL
from .attempt import insist
from .attempt import manager_of
from .attempt import until_answered
from .local import local
from .perform import log_completion
from .perform import perform


__all__ = ['handle_callback_interrupt', 'perform_missed', 'perform_whole',
           'resume_callbacks']

#: Callbacks that cannot be performed here, and why.
Missed = list[tuple[Any, Exception]]


def perform_whole(job: Any, *args: Any, **kwargs: Any) -> Any:
    """Perform a job and its callbacks; see `perform`."""
    result = perform(job, *args, **kwargs)
    if local.claim is not None and local.claim.settled:
        return result               # it has none, and must not be read
    if job.begun == CALLBACKS and not job.carried:
        resume_callbacks(job)
    return result


def resume_callbacks(job: Any) -> None:
    """Perform the callbacks of a job that has its result.

    Callbacks that were performed before an interruption are left alone.
    Those that cannot be performed here are put as jobs of their own.
    """
    _go_through(_resumed(job))


def _go_through(steps: Iterator[Any]) -> None:
    """Take steps; each gives a job whose callbacks come before the next.

    Not by recursion: a callback of a callback of a callback may go on for
    thousands.
    """
    stack = [steps]
    while stack:
        following = next(stack[-1], None)
        if following is None:
            stack.pop()
        else:
            stack.append(_resumed(following))


def _resumed(job: Any) -> Iterator[Any]:
    if job.begun != CALLBACKS:
        raise BadStatusError('Only a job in the state CALLBACKS has callbacks'
                             ' to resume.')
    manager = manager_of(job)
    missed: Missed = []
    done = 0
    while True:
        manager.begin()
        callbacks = list(job.callbacks)[done:]
        for callback in callbacks:
            yield from _performed(job, callback, missed)
        done += len(callbacks)
        if insist(functools.partial(_complete, job, done, missed),
                  f'completing {job!r}', job):
            break
    for callback, error in missed:
        log.critical('The callback %r of %r was not performed: %s', callback,
                     job, error)


def _complete(job: Any, done: int, missed: Missed) -> bool:
    if local.claim is not None:
        local.claim.check()
    if job.begun == COMPLETED:
        return True                 # the commit before came through
    # Callbacks may have been added meanwhile.  If one is added right now,
    # its transaction conflicts with this one.
    if len(job.callbacks) > done:
        return False
    job.complete()
    if missed and job.queue is not None:
        for callback, _ in missed:
            job.queue.put_missed(job, callback)
    return True


def _performed(job: Any, callback: Any, missed: Missed) -> Iterator[Any]:
    """Perform a callback; give it if its callbacks are next."""
    # What lacks its class has no state.
    state = getattr(callback, 'begun', None)
    if state == COMPLETED:
        return
    if not unfit.storable(callback):
        missed.append((callback, ImportError(
            f'This process has not what the callback {callback!r} calls.  '
            'Install it, start the dispatcher again, and put the job again '
            'that stands for the callback among the dead.')))
        return
    if ICallbackProxy.providedBy(callback):
        chosen, error = insist(functools.partial(_chosen, job, callback),
                               f'choosing a callback of {job!r}', job)
        if error is not None:
            missed.append((callback, error))
            return
        if chosen is not callback:
            yield from _performed(job, chosen, missed)
        return
    if state == ACTIVE:
        _interrupted(callback, job)
    elif state != CALLBACKS:
        tracelog.debug('starting callback %r to %r', callback, job)
        _call(callback, job.result)
    if callback.begun == CALLBACKS and not callback.carried:
        yield callback


def _chosen(job: Any, proxy: Any) -> tuple[Any, Exception | None]:
    try:
        return proxy.getJob(job.result), None
    except FATAL:
        raise
    except Exception as e:
        # A condition failed, which is the code of others.
        if retry.kind(e) is not None:
            raise
        manager_of(job).abort()
        return None, e


def perform_missed(job: Any, callback: Any) -> None:
    """Perform a callback that could not be performed before.

    :param job: the job whose callback it is
    :raises ImportError: when this process has not what it calls
    """
    missed: Missed = []
    _go_through(_performed(job, callback, missed))
    for _, error in missed:
        raise error


def _call(callback: Any, result: Any) -> None:
    if not callback.repeatable:
        # It must never start twice: first, it is said that it did.
        def start() -> None:
            if local.claim is not None:
                local.claim.check()
            if callback.begun != ACTIVE:
                callback.start(now())
        insist(start, f'starting {callback!r}', callback)
    perform(callback, result)


def handle_callback_interrupt(callback: Any, caller: Any) -> None:
    """Go on with a callback that was interrupted.

    :param caller: the job whose callback it is
    """
    if callback.status != ACTIVE or caller.status != CALLBACKS:
        raise BadStatusError(
            'Only an active callback of a job that performs its callbacks '
            'can have been interrupted.')
    _interrupted(callback, caller)
    if callback.status == CALLBACKS and not callback.carried:
        resume_callbacks(callback)


def _interrupted(callback: Any, caller: Any) -> None:
    if callback.waiting:
        return
    if until_answered(lambda: callback.ask_policy('interrupted'),
                      f'asking the policy of {callback!r}',
                      manager_of(callback)):
        def again() -> None:
            callback.count_interruption()
            callback.reset()
        insist(again, f'starting {callback!r} again', callback)
        _call(callback, caller.result)
    else:
        def abort() -> None:
            if callback.begun == ACTIVE:
                callback.finish(Failure(AbortedError()), now())
        insist(abort, f'aborting {callback!r}', callback)
        log_completion(callback, callback.result)
