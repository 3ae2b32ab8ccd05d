"""Performing a job: the call and its result.

Runs in a worker thread of a dispatcher, or in the thread of whoever calls a
job.  The effects of the call and its result are one commit.
"""
from __future__ import annotations

import asyncio
import datetime
import functools
import inspect
from typing import Any

from .._logs import log
from .._logs import tracelog
from .._rules import retry
from .._rules.failure import Failure
from .._rules.failure import is_failure
from .._stored.times import now
from ..interfaces import ACTIVE
from ..interfaces import CALLBACKS
from ..interfaces import COMPLETED
from ..interfaces import BadStatusError
from ..interfaces import CancelledError
from ..interfaces import IAgent
from ..interfaces import IJob
from ..interfaces import ReassignedError
from ..interfaces import TimeoutError
from . import settle
from .attempt import FATAL
from .attempt import insist
from .attempt import manager_of
from .attempt import pause
from .attempt import renew_ids
from .attempt import until_answered
from .local import local


__all__ = ['log_completion', 'perform']

_NOTHING = object()
_AGAIN, _MOVED, _GIVE_UP, _ENDED = 'again', 'moved', 'give up', 'ended'


def perform(job: Any, *args: Any, **kwargs: Any) -> Any:
    """Perform a job until it has a result; its callbacks come after that.

    :param args: more positional arguments
    :param kwargs: more keyword arguments
    :returns: the result; the job itself if its policy put it back
    :raises ReassignedError: when the job is another dispatcher's now
    """
    before = local.job
    local.job = job
    try:
        return _Performance(job, args, kwargs).run()
    finally:
        local.job = before


class _Performance:

    def __init__(self, job: Any, args: tuple[Any, ...],
                 kwargs: dict[str, Any]) -> None:
        self.job = job
        self.args = args
        self.kwargs = kwargs
        self.manager = manager_of(job)
        #: What the retry policy notes between attempts.
        self.cache: dict[str, Any] = {}
        self.failed = 0
        self.began = now()
        self.setup: Any = _NOTHING

    def run(self) -> Any:
        while True:
            result: Any
            error: BaseException | None = None
            called = False
            try:
                self._begin()
                result = self._unstarted()
                if result is None:
                    called = True
                    result = self._call()
            except BaseException as e:
                result = Failure(e)
                error = e
                self._undo()
                if _fatal(e, called):
                    raise
                verdict = self._ask('jobError', result, retry.kind(e))
                if verdict == _AGAIN:
                    continue
                if verdict == _MOVED:
                    return self.job
                if verdict == _ENDED:
                    return self._end()
            try:
                if error is not None:
                    self._begin()
                self._store(result)
                settled = settle.commit(self.manager, self.job, result)
            except BaseException as e:
                failure = Failure(e)
                self._undo()
                if _fatal(e):
                    raise
                if self.job._p_jar is not None:
                    renew_ids(e, self.job._p_jar.db())
                verdict = self._ask('commitError', failure,
                                    retry.kind_of_commit(e))
                if verdict == _AGAIN:
                    continue
                if verdict == _MOVED:
                    return self.job
                if verdict == _ENDED:
                    return self._end()
                _log_lost(self.job, result)
                insist(functools.partial(self._store_failure, failure),
                       f'storing the failed commit of {self.job!r}',
                       self.job)
            else:
                self._tear_down()
                if settled:
                    log_completion(self.job, result)
                    return result
            return self._end()

    def _begin(self) -> None:
        # To begin twice would ask the storage twice what is new.
        if local.claim is not None and local.claim.fresh:
            local.claim.fresh = False
        else:
            self.manager.begin()
        self._ensure_ours()
        if self.job.begun != ACTIVE:
            self.job.start(now())
        elif local.claim is not None and local.claim.is_late(self.job):
            self.job.start_late(self.began)

    def _ensure_ours(self) -> None:
        self._ensure_claimed()
        if local.claim is not None:
            local.claim.check()
        if self.job.begun in (CALLBACKS, COMPLETED):
            raise BadStatusError(f'{self.job!r} has a result already.')

    def _ensure_claimed(self) -> None:
        if local.claim is not None and not local.claim.owns(self.job):
            raise ReassignedError(f'{self.job!r} is not ours any more.')

    def _unstarted(self) -> Failure | None:
        """Return why the job is not called at all, or None."""
        if self.failed:
            return None
        if self.job.cancel_requested:
            return Failure(CancelledError())
        if self.job.late(self.job.active_start):
            return Failure(TimeoutError())
        return None

    def _call(self) -> Any:
        job = self.job
        kwargs = {**job.kwargs, **self.kwargs}
        args = [*job.args, *self.args]
        if getattr(job, 'prepares', True):
            self.setup = job.setUp()
        result = job.callable(*args, **kwargs)
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
        return result

    def _store(self, result: Any) -> None:
        # A job that is finished already has nobody to wait for.
        while IJob.providedBy(result) and result.status == COMPLETED:
            result = result.result
        if IJob.providedBy(result):
            self.job.wait_for(result)
        else:
            self.job.finish(result, now())
        self.job.update_policy(self.cache)

    def _store_failure(self, failure: Failure) -> None:
        self._ensure_claimed()
        if self.job.begun in (CALLBACKS, COMPLETED):
            return                  # the commit before came through
        self._ensure_ours()
        if self.job.begun != ACTIVE:
            self.job.start(now())
        # What its policy noted is not kept: that may be what failed.
        self.job.finish(failure, now())

    def _end(self) -> Any:
        result = self.job.result
        if self.job.carried:
            # The thread that performs the other job goes on with this one,
            # and may have begun already.
            return result
        log_completion(self.job, result)
        return result

    def _undo(self) -> None:
        self.manager.abort()
        self._tear_down()

    def _tear_down(self) -> None:
        if self.setup is _NOTHING:
            return
        setup, self.setup = self.setup, _NOTHING
        try:
            self.job.tearDown(setup)
        except Exception:
            log.critical('Error in tearDown of %r', self.job, exc_info=True)
        finally:
            # What it read or wrote is no part of anything.
            self.manager.abort()

    def _ask(self, question: str, failure: Failure,
             kind: str | None) -> str:
        """Ask the retry policy, and do what takes time."""
        self.failed += 1
        job = self.job

        def answer() -> Any:
            self._ensure_claimed()
            # The reply to a commit may be lost, and the commit not.
            if job.begun in (CALLBACKS, COMPLETED) or job.waiting:
                return _ENDED
            self._ensure_ours()
            # Too late to begin is too late to begin again.
            if job.late(now()):
                return False
            return job.ask_policy(question, failure, self.cache)

        # Nothing of this is committed: the policy writes by updateData.
        verdict = until_answered(answer, f'asking the policy of {job!r}',
                                  self.manager)
        if isinstance(verdict, (datetime.timedelta, datetime.datetime)):
            if not IAgent.providedBy(job.parent):
                log.critical(
                    'The retry policy of %r puts it back, but only a job '
                    'directly in an agent can be put back', job)
                return _GIVE_UP
            insist(lambda: self._put_back(verdict),
                   f'putting {job!r} back', job)
            return _MOVED
        if verdict == _ENDED:
            return _ENDED
        if verdict:
            pause(kind, self.failed)
            return _AGAIN
        return _GIVE_UP

    def _put_back(self, when: Any) -> None:
        if local.claim is not None and not local.claim.owns(self.job):
            return                  # the commit before came through
        self._ensure_ours()
        self.job.reschedule(when, self.cache)


def _fatal(error: BaseException, called: bool = False) -> bool:
    # A job that says sys.exit() has failed; the worker goes on.
    if isinstance(error, (SystemExit, KeyboardInterrupt, GeneratorExit)):
        return local.claim is None
    if isinstance(error, BadStatusError):
        # The job's own, or that it is not in the state to be called.
        return not called
    return isinstance(error, FATAL)


def _log_lost(job: Any, result: Any) -> None:
    if is_failure(result):
        log.log(job.effective_log_level,
                'Commit failed for %r; before that, it failed:\n%s', job,
                result.getTraceback())
    else:
        log.info('Commit failed for %r; before that, it succeeded: %r', job,
                 result)


def log_completion(job: Any, result: Any) -> None:
    if is_failure(result):
        log.log(job.effective_log_level, '%r failed with traceback:\n%s',
                job, result.getTraceback())
    else:
        tracelog.info('%r succeeded with result: %r', job, result)
