"""Jobs: calls that are made later.

A job is one database record, with its arguments and callbacks in it: what
it calls (`_stored.call`), on what terms (`_stored.terms`), where it is
(`_stored.place`), and here its callbacks and its life.  How it is performed
is in `_perform.perform` and `_perform.follow`.  A job belongs to the thread
that opened its connection.
"""
from __future__ import annotations

import datetime
import functools
from typing import Any

from BTrees.OOBTree import OOBTree
from zope.interface import implementer

from ._perform import attempt as _attempt
from ._perform import composites as _composites
from ._perform import follow as _follow
from ._perform.composites import _queue_all as _queue_all
from ._perform.composites import _queue_next as _queue_next
from ._perform.composites import _schedule_parallel as _schedule_parallel
from ._perform.composites import _schedule_serial as _schedule_serial
from ._perform.composites import parallel
from ._perform.composites import serial
from ._rules import states
from ._rules.failure import Failure
from ._rules.failure import is_failure
from ._stored import callbacks as _callbacks
from ._stored.base import get_id
from ._stored.call import Call
from ._stored.callbacks import ConditionalCallbackProxy
from ._stored.callbacks import SuccessFailureCallbackProxy
from ._stored.callbacks import prepare
from ._stored.callbacks import transparent as _transparent  # noqa: F401
from ._stored.policies import Backoff
from ._stored.policies import BackoffPolicy
from ._stored.policies import NeverRetry
from ._stored.policies import RetryCommonForever
from ._stored.policies import RetryCommonFourTimes
from ._stored.terms import Terms
from ._stored.times import key_for
from ._stored.times import micros_of
from ._stored.times import now
from ._stored.times import utc
from ._stored.views import Callbacks
from .interfaces import ACTIVE
from .interfaces import ASSIGNED
from .interfaces import CALLBACKS
from .interfaces import COMPLETED
from .interfaces import NEW
from .interfaces import AbortedError
from .interfaces import BadStatusError
from .interfaces import IAgent
from .interfaces import IJob
from .interfaces import IQueue
from .interfaces import TimeoutError
from .threadlocal import local


__all__ = [
    'Backoff',
    'BackoffPolicy',
    'ConditionalCallbackProxy',
    'Failure',
    'Job',
    'NeverRetry',
    'RetryCommonForever',
    'RetryCommonFourTimes',
    'SuccessFailureCallbackProxy',
    'as_job',
    'isFailure',
    'parallel',
    'serial',
]

isFailure = is_failure


def as_job(thing: Any) -> Any:
    """Return a job: the thing itself, its adapter, or one that calls it."""
    if IJob.providedBy(thing):
        return thing
    job = IJob(thing, None)
    if job is None:
        if not callable(thing):
            raise TypeError(f'{thing!r} is neither a job nor callable.')
        job = Job(thing)
    return job


_callbacks.make_job = as_job


@implementer(IJob)
class Job(Call, Terms):
    """A call that is made later, at most once with effect.

    One noun, though it is long: the states of a job, and what leads from one
    to the next.

    :param args: the callable and its positional arguments; a method of a
        persistent object is kept as the object and the method's name
    :param kwargs: its keyword arguments
    """

    _callbacks: tuple[Any, ...] = ()

    #: Whether something is to be done before the call and after it.
    prepares = False
    assignerUUID: Any = None
    #: Its key among the completed jobs of its agent.
    key: int | None = None
    #: Its key among the dead jobs of its queue.
    dead_key: int | None = None
    cancel_requested = False
    #: Changes with each claim.
    token: int | None = None
    #: Whether it returned a job.  Whoever performs that one gives this one
    #: its result, and performs its callbacks.
    carried = False
    #: Whether somebody else puts it, so that `wait_for` must not.
    deferred = False
    #: Whether the result was dropped, because ``keep`` passed.
    expired = False

    @classmethod
    def bind(cls, *args: Any, **kwargs: Any) -> Job:
        """Make a job that gets itself as its first argument."""
        job = cls(*args, **kwargs)
        job.args.insert(0, job)
        return job

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.prepares = (cls.setUp, cls.tearDown) != (Job.setUp, Job.tearDown)

    def setUp(self) -> Any:
        """Prepare the thread for the call; return what `tearDown` needs."""

    def tearDown(self, setup_info: Any) -> None:
        """Undo what `setUp` did."""

    # Callbacks

    @property
    def callbacks(self) -> Callbacks:
        """The callbacks, in the order of their addition."""
        return Callbacks(self)

    def addCallbacks(self, success: Any = None, failure: Any = None,
                     failure_log_level: int | None = None,
                     retry_policy_factory: Any = None) -> Any:
        """Add a callback for each outcome.

        :param success: called with a result that is no Failure
        :param failure: called with a Failure
        :returns: their proxy, which takes callbacks as well
        """
        return self.addCallback(SuccessFailureCallbackProxy(
            success, failure, failure_log_level=failure_log_level,
            retry_policy_factory=retry_policy_factory))

    def addCallback(self, callback: Any,
                    failure_log_level: int | None = None,
                    retry_policy_factory: Any = None) -> Any:
        """Add a callback, which is called with the result.

        On a job that is completed, it is called at once; that commits.

        :returns: the callback as a job
        """
        callback = prepare(
            callback, failure_log_level, retry_policy_factory, self)
        # Changes this job, so that it conflicts with its completion.
        self._callbacks += (callback,)
        if self._status == COMPLETED:
            chosen = callback
            if not IJob.providedBy(callback):
                chosen = callback.getJob(self.result)
            chosen(self.result)
        return callback

    def resumeCallbacks(self) -> None:
        """Perform the callbacks that have not been performed."""
        _follow.resume_callbacks(self)

    def handleCallbackInterrupt(self, caller: Any) -> None:
        """Go on with this callback of `caller`, which was interrupted."""
        _follow.handle_callback_interrupt(self, caller)

    def performMissed(self, callback: Any) -> None:
        """Perform a callback whose code was missing before."""
        _follow.perform_missed(self, callback)

    # Its life

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Perform the job in this thread.  Commits.

        :param args: added to the positional arguments
        :param kwargs: added to the keyword arguments
        :returns: the result
        """
        if self.status not in (NEW, ASSIGNED):
            raise BadStatusError(
                'Only a job in the state NEW or ASSIGNED can be called.')
        self.start(now())
        # Whatever the caller has not committed yet is committed with it.
        _attempt.manager_of(self).commit()
        return _follow.perform_whole(self, *args, **kwargs)

    def _become(self, status: str) -> None:
        before = self._status
        if not states.may_follow(before, status):
            raise BadStatusError(
                f'A job in the state {states.NAMES[before]} cannot come to '
                f'the state {states.NAMES[status]}.')
        self._status = status

    def start(self, when: datetime.datetime) -> None:
        """Note that the call begins."""
        self._become(ACTIVE)
        self._active_start = when

    def start_late(self, when: datetime.datetime) -> None:
        """Note that the call begins only now; see `claimed_early`."""
        self._active_start = when

    def finish(self, result: Any, when: datetime.datetime) -> None:
        """Note the result.  Without callbacks, this completes the job."""
        self._become(CALLBACKS if self._callbacks else COMPLETED)
        self._result = result
        self._active_end = when
        self.key = key_for(micros_of(when))

    def complete(self) -> None:
        """Note that the callbacks are performed."""
        self._become(COMPLETED)

    def expire(self) -> None:
        """Drop the result, whose time is over."""
        if self._status == COMPLETED:
            self._result = None
            self.expired = True

    def reset(self) -> None:
        """Make it as if it had not started."""
        self._status = NEW
        self._active_start = self._active_end = self._result = None
        self.token = self.place = self.key = None
        self.carried = False

    def wait_for(self, inner: Any) -> None:
        """Take the result of another job when that has one."""
        if (inner.parent is None and not inner.deferred
                and self.queue is not None):
            self.queue.put(inner)
        inner.addCallback(self._callback)
        self.carried = True
        self._result = inner

    def _callback(self, result: Any) -> None:
        # Runs as a callback of the job that this one returned.
        if self._status == ACTIVE:
            while IJob.providedBy(result) and result.status == COMPLETED:
                result = result.result
            if IJob.providedBy(result):
                self.wait_for(result)
                return
            # Nobody else would finish it, whatever the commit's error.
            _attempt.insist(functools.partial(self._take, result),
                            f'storing the result of {self!r}', self)
        if local.claim is not None:
            local.claim.released.append(get_id(self))
        if self._status == CALLBACKS:
            self.resumeCallbacks()

    def _take(self, result: Any) -> None:
        if self._status == ACTIVE:
            self._result = None
            self.finish(result, now())

    def fail(self, error: BaseException | None = None) -> None:
        """Let it fail without being called, and perform its callbacks."""
        if self.status in (ACTIVE, COMPLETED):
            raise BadStatusError('Only a job that has not started can fail '
                                 'this way.')
        if self._status != CALLBACKS:
            self.finish(Failure(error or TimeoutError()), now())
            _attempt.manager_of(self).commit()
        if self._status == CALLBACKS:
            self.resumeCallbacks()

    def handleInterrupt(self) -> None:
        """Decide about a job whose dispatcher stopped or died.

        Performed as a job of its own, in a worker: policies and callbacks
        are the code of others.
        """
        # Nobody else would decide, whatever the commit's error.
        if _attempt.insist(self._decide, f'deciding about {self!r}', self
                           ) and local.claim is not None:
            local.claim.released.append(get_id(self))
        if self._status == CALLBACKS:
            self.resumeCallbacks()

    def _decide(self) -> bool:
        """Put it back, or let it end; say whether it did not go back."""
        if self._status != ACTIVE or self.waiting:
            return False
        answer = self.count_interruption()
        if self.late(now()):
            answer = False
        if answer:
            self.reschedule(answer if answer is not True
                            else datetime.timedelta(), {})
            return False
        self.finish(Failure(AbortedError()), now())
        return True

    def reschedule(self, when: datetime.datetime | datetime.timedelta,
                   cache: dict[str, Any]) -> None:
        """Put it back into its queue.

        :param when: a time, or how long from now; not in the future means
            at the front
        """
        queue = self.queue
        self.update_policy(cache)
        if IAgent.providedBy(self.parent):
            self.parent.remove(self)
        elif IQueue.providedBy(self.parent):
            queue.waiting.discard(self)
        self.reset()
        self.parent = None
        moment = (now() + when if isinstance(when, datetime.timedelta)
                  else utc(when))
        if moment <= now():
            queue.putBack(self)
        else:
            self._begin_after = moment
            queue.put(self)

    def again(self) -> Job:
        """Return a new job that makes the same call, without callbacks."""
        job = type(self).__new__(type(self))
        job.__init__(self._callable_root, *(   # type: ignore[misc]
            job if each is self else each for each in self._args),
            **self._kwargs)
        job._callable_name = self._callable_name
        for name in ('retry_policy_factory', 'failure_log_level', 'priority',
                     'timeout', 'keep', 'unique', '_quota_names'):
            setattr(job, name, getattr(self, name))
        if self._annotations is not None:
            job._annotations = OOBTree(self._annotations)
        return job


_composites.make_job = as_job
_composites.new_job = Job
