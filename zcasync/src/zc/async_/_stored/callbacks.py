"""Callbacks that are chosen by the result of their job.

They are chosen in the thread that performs them.
"""
from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from zope.interface import implementer

from .._rules.failure import is_failure
from ..interfaces import NEW
from ..interfaces import ICallbackProxy
from .base import Base
from .place import status_of_new
from .policies import RetryCommonForever
from .views import Callbacks


__all__ = ['ConditionalCallbackProxy', 'SuccessFailureCallbackProxy',
           'prepare', 'transparent']

#: Makes a job of a callable; set by `zc.async_.job`, which is above.
make_job: Callable[[Any], Any] = NotImplemented


def transparent(*results: Any) -> tuple[Any, ...]:
    """Return the arguments."""
    return results


transparent.__module__ = 'zc.async_.job'
transparent.__qualname__ = transparent.__name__ = '_transparent'


def prepare(callback: Any, log_level: int | None, policy: Any,
            parent: Any) -> Any:
    """Make a job of a callback, with the defaults of callbacks."""
    if not ICallbackProxy.providedBy(callback):
        callback = make_job(callback)
        if log_level is not None:
            callback.failure_log_level = log_level
        elif callback.failure_log_level is None:
            callback.failure_log_level = logging.CRITICAL
        if policy is not None:
            callback.retry_policy_factory = policy
        elif callback.retry_policy_factory is None:
            callback.retry_policy_factory = RetryCommonForever
    callback.parent = parent
    return callback


@implementer(ICallbackProxy)
class ConditionalCallbackProxy(Base):
    """Chooses the first callback whose condition takes the result.

    :param args: pairs of a condition and a callback, and at the end, if
        wanted, the callback for all other results
    """

    __module__ = 'zc.async_.job'

    job: Any = None

    def __init__(self, *args: Any, failure_log_level: int | None = None,
                 retry_policy_factory: Any = None) -> None:
        def made(callback: Any) -> Any:
            if callback is None:
                return None
            return prepare(callback, failure_log_level, retry_policy_factory,
                           self)
        self.default = None
        if args and not isinstance(args[-1], tuple):
            self.default = made(args[-1])
            args = args[:-1]
        self.conditionals = [
            (condition, made(callback)) for condition, callback in args]
        self._callbacks: tuple[Any, ...] = ()

    @property
    def callbacks(self) -> Callbacks:
        """Callbacks that the chosen job will get."""
        return Callbacks(self)

    @property
    def status(self) -> str:
        """The state of the chosen job."""
        if self.job is not None:
            status: str = self.job.status
            return status
        return status_of_new(self)

    @property
    def begun(self) -> str:
        """The same, but NEW until that starts."""
        begun: str = NEW if self.job is None else self.job.begun
        return begun

    @property
    def result(self) -> Any:
        """The result of the chosen job."""
        return None if self.job is None else self.job.result

    def getJob(self, result: Any) -> Any:
        """Choose a job, and hand it the callbacks."""
        if self.job is None:
            chosen = self.default
            for condition, callback in self.conditionals:
                if condition(result):
                    chosen = callback
                    break
            if chosen is None:
                chosen = prepare(transparent, None, None, self)
            self.job = chosen
        for callback in self._callbacks:
            self.job.addCallback(callback)
        if self._callbacks:
            self._callbacks = ()
        return self.job

    def addCallbacks(self, success: Any = None, failure: Any = None,
                     failure_log_level: int | None = None,
                     retry_policy_factory: Any = None) -> Any:
        """Add a callback for each outcome; return their proxy."""
        return self.addCallback(SuccessFailureCallbackProxy(
            success, failure, failure_log_level=failure_log_level,
            retry_policy_factory=retry_policy_factory))

    def addCallback(self, callback: Any,
                    failure_log_level: int | None = None,
                    retry_policy_factory: Any = None) -> Any:
        """Add a callback to the job that will be chosen; return it."""
        if self.job is not None:
            return self.job.addCallback(
                callback, failure_log_level, retry_policy_factory)
        callback = prepare(
            callback, failure_log_level, retry_policy_factory, self)
        self._callbacks += (callback,)
        return callback


class SuccessFailureCallbackProxy(ConditionalCallbackProxy):
    """Chooses by whether the result is a Failure."""

    __module__ = 'zc.async_.job'

    def __init__(self, success: Any, failure: Any,
                 failure_log_level: int | None = None,
                 retry_policy_factory: Any = None) -> None:
        super().__init__((is_failure, failure), success,
                         failure_log_level=failure_log_level,
                         retry_policy_factory=retry_policy_factory)

    @property
    def success(self) -> Any:
        """The callback for a result that is no Failure."""
        return self.default

    @property
    def failure(self) -> Any:
        """The callback for a Failure."""
        return self.conditionals[0][1]
