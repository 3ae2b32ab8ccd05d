"""Retry policies: they decide, and keep count between attempts.

They are asked in the thread that performs the job, ours in a dispatcher's too.
They never sleep.  A worker waits before an attempt only when the database
itself is away; any other wait is a time at which the job is put again.
"""
from __future__ import annotations

import datetime
import random
from typing import Any

import persistent
from zope.component import adapter
from zope.interface import implementer

from .._logs import log
from .._logs import tracelog
from .._rules import retry
from .._rules.failure import Failure
from .._rules.retry import Limits
from ..interfaces import IJob
from ..interfaces import IRetryPolicy


__all__ = ['Backoff', 'BackoffPolicy', 'NeverRetry', 'RetryCommonForever',
           'RetryCommonFourTimes']

#: Attempts that are logged: the first, and each so many.
LOG_EVERY = 5


class _Counting(persistent.Persistent):

    #: Whether a job may start again after it was interrupted.  One that
    #: may not is marked as started, in a commit of its own, before it is.
    repeatable = True
    limits = Limits(away=None, conflict=5, interruptions=9)

    def __init__(self, job: Any) -> None:
        self.parent = self.__parent__ = job
        self.data: dict[str, Any] = {}

    def updateData(self, data_cache: dict[str, Any]) -> None:
        """Store the counts that were noted during attempts."""
        if 'first_active' in self.data:
            data_cache.pop('first_active', None)
        self.data = {**self.data, **data_cache}

    def jobError(self, failure: Failure, data_cache: dict[str, Any]) -> Any:
        """Try again after a transaction error or a lost connection."""
        return self._process(failure, data_cache, retry.kind(failure))

    def commitError(self, failure: Failure,
                    data_cache: dict[str, Any]) -> Any:
        """Try again after a transaction error or a lost connection."""
        return self._process(failure, data_cache,
                             retry.kind_of_commit(failure))

    def interrupted(self) -> Any:
        """Try again, up to the limit."""
        count = self.data.get('interruptions', 0) + 1
        self.data = {'first_active': self.parent.active_start,
                     **self.data, 'interruptions': count}
        limit = self.limits.interruptions
        again = limit is None or count <= limit
        tracelog.info('%r was interrupted %d times and is %s', self.parent,
                      count, 'put again' if again else 'given up')
        return again

    def _count(self, key: str, failure: Failure,
               data_cache: dict[str, Any]) -> int:
        count: int = data_cache.get(key, self.data.get(key, 0)) + 1
        data_cache[key] = count
        data_cache['last_' + key] = failure
        data_cache.setdefault('first_active', self.parent.active_start)
        return count

    def _process(self, failure: Failure, data_cache: dict[str, Any],
                 kind: str | None) -> Any:
        if kind is None:
            return False
        count = self._count(kind, failure, data_cache)
        limit = (self.limits.away if kind == retry.AWAY
                 else self.limits.conflict)
        if limit is not None and count >= limit:
            log.warning('%r is not tried again after %d times %s',
                        self.parent, count, kind)
            return False
        if count == 1 or count % LOG_EVERY == 0:
            tracelog.warning('%r is tried again after %d times %s: %s',
                             self.parent, count, kind,
                             failure.getBriefTraceback())
        return True


@implementer(IRetryPolicy)
@adapter(IJob)
class RetryCommonFourTimes(_Counting):
    """Four retries of transaction errors; the policy of jobs.

    A lost connection to the database is waited for without end.  Up to nine
    interruptions by a dispatcher that stops or dies.
    """

    __module__ = 'zc.async_.job'


@implementer(IRetryPolicy)
@adapter(IJob)
class RetryCommonForever(_Counting):
    """Retries transaction errors and interruptions without end.

    Any error of a commit, too.  The policy of callbacks.
    """

    __module__ = 'zc.async_.job'

    limits = Limits(away=None, conflict=None, interruptions=None)

    def commitError(self, failure: Failure,
                    data_cache: dict[str, Any]) -> Any:
        """Try again."""
        if not super().commitError(failure, data_cache):
            count = self._count('other', failure, data_cache)
            if count == 1 or count % LOG_EVERY == 0:
                log.critical('%r is tried again after %d errors of its '
                             'commit: %s', self.parent, count,
                             failure.getTraceback())
        return True


@implementer(IRetryPolicy)
@adapter(IJob)
class NeverRetry(persistent.Persistent):
    """Never starts a job twice, whatever happens."""

    __module__ = 'zc.async_.job'

    repeatable = False

    def __init__(self, job: Any) -> None:
        self.parent = self.__parent__ = job

    def updateData(self, data_cache: dict[str, Any]) -> None:
        """Nothing is kept."""

    def jobError(self, failure: Failure, data_cache: dict[str, Any]) -> bool:
        """Give up."""
        return False

    def commitError(self, failure: Failure,
                    data_cache: dict[str, Any]) -> bool:
        """Give up."""
        return False

    def interrupted(self) -> bool:
        """Give up."""
        return False


class Backoff:
    """Tries again after any error, later and later.

    Give it to `Queue.put` as ``retry``.  The job is put again with a time;
    no worker waits for it.

    :param attempts: how often the job runs at most
    :param first: seconds after the first failure
    :param longest: the longest wait, in seconds
    :param factor: how the wait grows
    """

    __module__ = 'zc.async_.job'

    def __init__(self, attempts: int = 5, first: float = 1.0,
                 longest: float = 300.0, factor: float = 2.0) -> None:
        if attempts < 1:
            raise ValueError(f'attempts must be 1 or more, not {attempts!r}.')
        if first < 0 or longest < 0 or factor < 1:
            raise ValueError(
                'first and longest must not be negative, and factor not '
                'below 1.')
        self.attempts = attempts
        self.first = first
        self.longest = longest
        self.factor = factor

    def __call__(self, job: Any) -> BackoffPolicy:
        return BackoffPolicy(job, self)

    def __repr__(self) -> str:
        return (f'Backoff(attempts={self.attempts}, first={self.first}, '
                f'longest={self.longest}, factor={self.factor})')


@implementer(IRetryPolicy)
class BackoffPolicy(_Counting):
    """Carries out a `Backoff` for one job."""

    __module__ = 'zc.async_.job'

    def __init__(self, job: Any, spec: Backoff) -> None:
        super().__init__(job)
        self.spec = spec

    def _process(self, failure: Failure, data_cache: dict[str, Any],
                 kind: str | None) -> Any:
        if super()._process(failure, data_cache, kind):
            return True
        spec = self.spec
        count = self._count('errors', failure, data_cache)
        if count >= spec.attempts:
            return False
        wait = retry.backoff(count, spec.first, spec.longest, spec.factor,
                             random.random())
        tracelog.warning('%r failed %d times and is put again in %.1f s: %s',
                         self.parent, count, wait,
                         failure.getBriefTraceback())
        # Not zero, which means at the front of the queue.
        return datetime.timedelta(seconds=max(wait, 0.000001))
