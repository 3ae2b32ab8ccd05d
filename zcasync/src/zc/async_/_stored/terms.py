"""When a job may start, what it counts for, and what follows a failure.

Set in the thread that puts the job; asked for in a dispatcher's thread and in
the one that performs the job.
"""
from __future__ import annotations

import contextlib
import datetime
import logging
from collections.abc import Iterator
from typing import Any

import zope.component
from zope.interface import providedBy

from .._logs import log
from .._rules import retry
from ..interfaces import NEW
from ..interfaces import PENDING
from ..interfaces import BadStatusError
from ..interfaces import IRetryPolicy
from .checked import Checked
from .place import Place
from .policies import Backoff
from .policies import BackoffPolicy
from .policies import RetryCommonForever
from .policies import RetryCommonFourTimes
from .times import now
from .times import utc


__all__ = ['Terms']

_OURS = {BackoffPolicy, RetryCommonForever, RetryCommonFourTimes}
_OUR_FACTORIES = (RetryCommonForever, RetryCommonFourTimes)


class Terms(Place):
    """The part of a job that says when and how often it may run."""

    _begin_after: datetime.datetime | None = None
    _begin_by: datetime.timedelta | None = None
    _quota_names: tuple[str, ...] = ()
    _retry_policy: Any = None

    #: A policy's factory, its name as an adapter, or None for the adapter
    #: without a name, or else `RetryCommonFourTimes`.
    retry_policy_factory: Any = None
    failure_log_level: int | None = None
    #: Jobs of a higher priority start earlier.
    priority = Checked(0, (int, float), 'a number')
    #: While a job with this key waits, no other one is put.
    unique = Checked(None, str, 'a string')
    #: Seconds after which `local.cancelled` tells the job to stop.
    timeout = Checked(None, (int, float), 'a number of seconds')
    #: How long the result is kept; None for as long as the history.
    keep = Checked(None, datetime.timedelta, 'a timedelta')

    @property
    def quota_names(self) -> tuple[str, ...]:
        """The quotas that it counts for."""
        return self._quota_names

    @quota_names.setter
    def quota_names(self, value: Any) -> None:
        if isinstance(value, str):
            raise TypeError('quota_names must be several names, not a string.')
        names = tuple(value)
        status = self.status
        if status == PENDING:
            queue = self.queue
            queue.check_quotas(names)
            queue.remove(self)
            self._quota_names = names
            queue.putBack(self)
            return
        if status != NEW:
            raise BadStatusError('quota_names cannot be changed after the '
                                 'job was claimed.')
        self._quota_names = names

    @property
    def begin_after(self) -> datetime.datetime | None:
        """When it may start; one without a zone is taken to be in UTC."""
        return self._begin_after

    @begin_after.setter
    def begin_after(self, value: datetime.datetime | None) -> None:
        if self.status != NEW:
            raise BadStatusError('begin_after can only be set before the job '
                                 'is put.')
        self._begin_after = None if value is None else utc(value)

    @property
    def begin_by(self) -> datetime.timedelta | None:
        """How long after begin_after it may start; later it fails."""
        return self._begin_by

    @begin_by.setter
    def begin_by(self, value: datetime.timedelta | None) -> None:
        if self.status not in (NEW, PENDING):
            raise BadStatusError('begin_by can only be set before the job is '
                                 'claimed.')
        if value is not None and value < datetime.timedelta():
            raise ValueError('begin_by must not be negative.')
        self._begin_by = value

    def late(self, when: datetime.datetime | None) -> bool:
        """Say whether a time is after the one by which it had to begin."""
        return (self._begin_by is not None and self._begin_after is not None
                and when is not None
                and when - self._begin_after > self._begin_by)

    # The policy

    def getRetryPolicy(self) -> Any:
        """Return the policy that decides about retries."""
        if self._retry_policy is not None:
            return self._retry_policy
        factory = self.retry_policy_factory
        if factory is None:
            policy = zope.component.queryAdapter(self, IRetryPolicy, '')
            return RetryCommonFourTimes(self) if policy is None else policy
        if isinstance(factory, str):
            return zope.component.getAdapter(self, IRetryPolicy, factory)
        return factory(self)

    @property
    def claimed_early(self) -> bool:
        """Whether it may be claimed while no thread is free for it.

        A death of the dispatcher counts as an interruption then, although
        the job had not begun: not for one that was interrupted before.
        Code of others is not asked.
        """
        if (self._retry_policy is not None or self._begin_by is not None
                or self._quota_names):
            return False
        factory = self.retry_policy_factory
        if factory is None or isinstance(factory, str):
            found = zope.component.getSiteManager().adapters.lookup1(
                providedBy(self), IRetryPolicy, factory or '')
            if found is None:
                return factory is None
            factory = found
        return factory in _OUR_FACTORIES or isinstance(factory, Backoff)

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        """A policy that fails, the code of others, says no."""
        try:
            yield
        except Exception as e:
            if retry.kind(e) is not None:
                raise
            log.critical('The retry policy of %r fails; the job is not tried '
                         'again', self, exc_info=True)

    def ask_policy(self, question: str, *args: Any) -> Any:
        """Ask the retry policy; if that fails, the answer is False.

        :param question: the name of its method
        """
        with self._asking():
            return getattr(self.getRetryPolicy(), question)(*args)
        return False

    @property
    def repeatable(self) -> bool:
        """Whether it may start again if its dispatcher dies."""
        with self._asking():
            return bool(getattr(self.getRetryPolicy(), 'repeatable', False))
        return False

    @property
    def effective_log_level(self) -> int:
        """The level at which its failure is logged."""
        level = self.failure_log_level
        return level if isinstance(level, int) else logging.ERROR

    def update_policy(self, cache: dict[str, Any]) -> None:
        """Have the policy store what it noted; it is stored with the job."""
        if cache:
            with self._asking():
                policy = self.getRetryPolicy()
                policy.updateData(cache)
                self._retry_policy = policy

    def count_interruption(self) -> Any:
        """Ask the policy about an interruption, and keep its count."""
        with self._asking():
            policy = self.getRetryPolicy()
            answer = policy.interrupted()
            self._retry_policy = policy
            return answer
        return False

    def interruptible(self) -> bool:
        """Say whether it starts again after an interruption.

        False as well if that is for others to say: a policy that is not
        ours is asked in a worker.
        """
        with self._asking():
            policy = self.getRetryPolicy()
            return (type(policy) in _OURS and not self.late(now())
                    and self.count_interruption() is True)
        return False
