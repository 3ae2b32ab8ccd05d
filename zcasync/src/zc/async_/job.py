"""Jobs: calls that are made later.

A job is one database record, with its arguments and callbacks in it.  How
it is performed is in `_perform.perform`.
"""
from __future__ import annotations

import datetime
import logging
import types
from typing import Any

import zope.component
from BTrees.OOBTree import OOBTree
from zope.interface import implementer

from ._perform import attempt as _attempt
from ._perform import perform as _perform
from ._rules import states
from ._rules.failure import Failure
from ._rules.failure import is_failure
from ._stored import callbacks as _callbacks
from ._stored.base import Base
from ._stored.base import describe
from ._stored.base import get_id
from ._stored.callbacks import ConditionalCallbackProxy
from ._stored.callbacks import SuccessFailureCallbackProxy
from ._stored.callbacks import holder
from ._stored.callbacks import prepare
from ._stored.callbacks import status_of_new
from ._stored.callbacks import transparent as _transparent
from ._stored.policies import Backoff
from ._stored.policies import BackoffPolicy
from ._stored.policies import NeverRetry
from ._stored.policies import RetryCommonForever
from ._stored.policies import RetryCommonFourTimes
from ._stored.times import now
from ._stored.times import utc
from ._stored.views import Annotations
from ._stored.views import Arguments
from ._stored.views import Callbacks
from ._stored.views import Keywords
from .interfaces import ACTIVE
from .interfaces import ASSIGNED
from .interfaces import CALLBACKS
from .interfaces import COMPLETED
from .interfaces import NEW
from .interfaces import PENDING
from .interfaces import AbortedError
from .interfaces import BadStatusError
from .interfaces import IAgent
from .interfaces import IDispatcherAgents
from .interfaces import IJob
from .interfaces import IQueue
from .interfaces import IRetryPolicy
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


_OURS = {BackoffPolicy, RetryCommonForever, RetryCommonFourTimes}


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
class Job(Base):
    """A call that is made later, at most once with effect.

    :param args: the callable and its positional arguments; a method of a
        persistent object is kept as the object and the method's name
    :param kwargs: its keyword arguments
    """

    _callable_root: Any = None
    _callable_name: str | None = None
    _result: Any = None
    # The states PENDING and ASSIGNED follow from where the job is.
    _status = NEW
    _begin_after: datetime.datetime | None = None
    _begin_by: datetime.timedelta | None = None
    _active_start: datetime.datetime | None = None
    _active_end: datetime.datetime | None = None
    _quota_names: tuple[str, ...] = ()
    _retry_policy: Any = None
    _annotations: Any = None
    _callbacks: tuple[Any, ...] = ()

    #: A policy's factory, its name as an adapter, or None for the adapter
    #: without a name, or else `RetryCommonFourTimes`.
    retry_policy_factory: Any = None
    failure_log_level: int | None = None
    assignerUUID: Any = None
    #: Its key among the completed jobs of its agent.
    key: int | None = None
    #: Its key among the dead jobs of its queue.
    dead_key: int | None = None
    #: Where it is in its queue or agent.
    place: Any = None
    #: Jobs of a higher priority start earlier.
    priority = 0
    #: While a job with this key waits, no other one is put.
    unique: str | None = None
    #: Seconds after which `local.cancelled` tells the job to stop.
    timeout: float | None = None
    #: How long the result is kept; None for as long as the history.
    keep: datetime.timedelta | None = None
    cancel_requested = False
    #: Changes with each claim.
    token: int | None = None
    #: Whether somebody else puts it, so that `wait_for` must not.
    deferred = False
    #: Whether the result was dropped, because ``keep`` passed.
    expired = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not args:
            raise TypeError('A job needs something to call.')
        self._args = tuple(args[1:])
        self._kwargs = kwargs
        self.callable = args[0]

    @classmethod
    def bind(cls, *args: Any, **kwargs: Any) -> Job:
        """Make a job that gets itself as its first argument."""
        job = cls(*args, **kwargs)
        job.args.insert(0, job)
        return job

    def setUp(self) -> Any:
        """Prepare the thread for the call; return what `tearDown` needs."""

    def tearDown(self, setup_info: Any) -> None:
        """Undo what `setUp` did."""

    # What it calls

    @property
    def callable(self) -> Any:
        """What is called."""
        if self._callable_name is None:
            return self._callable_root
        return getattr(self._callable_root, self._callable_name)

    @callable.setter
    def callable(self, value: Any) -> None:
        if self._status != NEW:
            raise BadStatusError('The callable of a job cannot be changed '
                                 'after it started.')
        if isinstance(value, (types.MethodType, types.MethodWrapperType)) or (
                isinstance(value, types.BuiltinMethodType)
                and not isinstance(value.__self__, types.ModuleType)
                and value.__self__ is not None):
            self._callable_root = value.__self__
            self._callable_name = value.__name__
        else:
            self._callable_root, self._callable_name = value, None
        root = self._callable_root
        # A job whose method this calls finds its queue through this one;
        # one that has a parent is somewhere already.
        if IJob.providedBy(root) and root is not self and root.parent is None:
            root.parent = self

    @property
    def args(self) -> Arguments:
        """The positional arguments; a mutable sequence."""
        return Arguments(self)

    @property
    def kwargs(self) -> Keywords:
        """The keyword arguments; a mutable mapping."""
        return Keywords(self)

    @property
    def annotations(self) -> Annotations:
        """A mapping for whatever code wants to keep on the job."""
        return Annotations(self)

    @property
    def callbacks(self) -> Callbacks:
        """The callbacks, in the order of their addition."""
        return Callbacks(self)

    def __repr__(self) -> str:
        try:
            call = describe(self._callable_root)
            if self._callable_name is not None:
                call += f' :{self._callable_name}'
            args = [describe(each) for each in self._args if each is not self]
            if len(args) < len(self._args):
                args.insert(0, 'self')
            args += [f'{name}={describe(value)}'
                     for name, value in self._kwargs.items()]
            return f'<{describe(self)} ``{call}({", ".join(args)})``>'
        except Exception:
            # A text for a log must not hide what is logged.
            return f'<{type(self).__module__}.{type(self).__name__}>'

    # When and where

    @property
    def status(self) -> str:
        """Its state, one of those in `zc.async_.interfaces`."""
        if self._status == NEW:
            return status_of_new(self)
        return self._status

    @property
    def result(self) -> Any:
        """What the call returned, or a `Failure`; None before that."""
        return self._result

    @property
    def waiting(self) -> bool:
        """Whether it returned a job, and waits for the result of that."""
        return self._status == ACTIVE and IJob.providedBy(self._result)

    @property
    def active_start(self) -> datetime.datetime | None:
        """When it started."""
        return self._active_start

    @property
    def active_end(self) -> datetime.datetime | None:
        """When it had its result."""
        return self._active_end

    @property
    def queue(self) -> Any:
        """The queue that it belongs to, or None."""
        place = holder(self)
        while place is not None and not IQueue.providedBy(place):
            if not (IAgent.providedBy(place)
                    or IDispatcherAgents.providedBy(place)
                    or hasattr(place, 'parent')):
                return None
            place = place.parent
        return place

    @property
    def agent(self) -> Any:
        """The agent that has it, or None."""
        place = holder(self)
        return place if IAgent.providedBy(place) else None

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
                and self._begin_after + self._begin_by < when)

    # Callbacks

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
        _perform.resume_callbacks(self)

    def handleCallbackInterrupt(self, caller: Any) -> None:
        """Go on with this callback of `caller`, which was interrupted."""
        _perform.handle_callback_interrupt(self, caller)

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
    def repeatable(self) -> bool:
        """Whether it may start again if its dispatcher dies."""
        return bool(getattr(self.getRetryPolicy(), 'repeatable', False))

    @property
    def effective_log_level(self) -> int:
        """The level at which its failure is logged."""
        level = self.failure_log_level
        return logging.ERROR if level is None else level

    def update_policy(self, cache: dict[str, Any]) -> None:
        """Have the policy store what it noted; it is stored with the job."""
        if cache:
            policy = self.getRetryPolicy()
            policy.updateData(cache)
            self._retry_policy = policy

    def count_interruption(self) -> Any:
        """Ask the policy about an interruption, and keep its count."""
        policy = self.getRetryPolicy()
        answer = policy.interrupted()
        self._retry_policy = policy
        return answer

    def interruptible(self) -> bool:
        """Say whether it starts again after an interruption.

        False as well if that is for others to say: a policy that is not
        ours is asked in a worker.
        """
        policy = self.getRetryPolicy()
        return (type(policy) in _OURS and not self.late(now())
                and self.count_interruption() is True)

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
        return _perform.perform(self, *args, **kwargs)

    def _become(self, status: str) -> None:
        before = self.status
        if not states.may_follow(before, status):
            raise BadStatusError(
                f'A job in the state {states.NAMES[before]} cannot come to '
                f'the state {states.NAMES[status]}.')
        self._status = status

    def start(self, when: datetime.datetime) -> None:
        """Note that the call begins."""
        self._become(ACTIVE)
        self._active_start = when

    def finish(self, result: Any, when: datetime.datetime) -> None:
        """Note the result.  Without callbacks, this completes the job."""
        self._become(CALLBACKS if self._callbacks else COMPLETED)
        self._result = result
        self._active_end = when

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
        self.token = self.place = None

    def wait_for(self, inner: Any) -> None:
        """Take the result of another job when that has one."""
        if (inner.parent is None and not inner.deferred
                and self.queue is not None):
            self.queue.put(inner)
        inner.addCallback(self._callback)
        self._result = inner

    def _callback(self, result: Any) -> None:
        # Runs as a callback of the job that this one returned.
        if self._status == ACTIVE:
            manager = _attempt.manager_of(self)
            while IJob.providedBy(result) and result.status == COMPLETED:
                result = result.result
            if IJob.providedBy(result):
                self.wait_for(result)
                return
            self._result = None
            self.finish(result, now())
            manager.commit()
        if local.claim is not None:
            local.claim.released.append(get_id(self))
        if self._status == CALLBACKS:
            self.resumeCallbacks()

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
        if self._status == ACTIVE and not self.waiting:
            answer = self.count_interruption()
            if self.late(now()):
                answer = False
            if answer:
                self.reschedule(answer if answer is not True
                                else datetime.timedelta(), {})
            else:
                self.finish(Failure(AbortedError()), now())
            _attempt.manager_of(self).commit()
            if local.claim is not None and self._status != NEW:
                local.claim.released.append(get_id(self))
        if self._status == CALLBACKS:
            self.resumeCallbacks()

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


# Jobs made of jobs

def _composite(scheduler: Any, jobs: tuple[Any, ...], postprocess: Any) -> Job:
    last = as_job(postprocess)
    last.deferred = True
    return Job(scheduler, *map(as_job, jobs), postprocess=last)


def serial(*jobs: Any, postprocess: Any = _transparent) -> Job:
    """Make a job that performs jobs one after the other.

    :param jobs: jobs or callables
    :param postprocess: called with the jobs, when all are done; its result
        is the result of the whole
    """
    return _composite(_schedule_serial, jobs, postprocess)


def parallel(*jobs: Any, postprocess: Any = _transparent) -> Job:
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
            job.addCallback(Job(_queue_next, main, index + 1))
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
            job.addCallback(Job(_queue_all, main))
            done = False
        elif status not in (CALLBACKS, COMPLETED):
            done = False
    if done:
        _put_postprocess(main, jobs)


def _schedule_parallel(*jobs: Any, postprocess: Any) -> Any:
    _queue_all(local.getJob())
    return postprocess
