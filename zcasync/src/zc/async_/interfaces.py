"""What each part promises: interfaces, events, states and errors.

Pure: declarations only.  The names are those of zc.async 1.5.
"""
from __future__ import annotations

from typing import Any

import zope.interface
import zope.interface.interfaces
import zope.processlifetime
from zope.interface import Attribute
from zope.interface import Interface
from zope.interface import implementer
from zope.interface.common.mapping import IEnumerableMapping
from zope.interface.interfaces import IObjectEvent

from ._rules.states import ACTIVE
from ._rules.states import ASSIGNED
from ._rules.states import CALLBACKS
from ._rules.states import COMPLETED
from ._rules.states import NEW
from ._rules.states import PENDING


__all__ = [
    'ACTIVE',
    'ASSIGNED',
    'AbortedError',
    'AbstractObjectEvent',
    'BadStatusError',
    'CALLBACKS',
    'COMPLETED',
    'CancelledError',
    'DatabaseOpened',
    'DispatcherActivated',
    'DispatcherDeactivated',
    'DispatcherReactivated',
    'DispatcherRegistered',
    'DispatcherUnregistered',
    'FormatError',
    'FullError',
    'IAbstractJob',
    'IAgent',
    'ICallbackProxy',
    'ICompletedCollection',
    'IDatabaseOpenedEvent',
    'IDispatcherActivated',
    'IDispatcherAgents',
    'IDispatcherDeactivated',
    'IDispatcherReactivated',
    'IDispatcherRegistered',
    'IDispatcherUnregistered',
    'IDispatchers',
    'IFilterAgent',
    'IJob',
    'IObjectAdded',
    'IQueue',
    'IQueues',
    'IQuota',
    'IRetryPolicy',
    'IUUID',
    'KEY',
    'NEW',
    'ObjectAdded',
    'PENDING',
    'ReassignedError',
    'TimeoutError',
    'UUIDInUseError',
]

#: The key of the queues in the root of the database.
KEY = 'zc.async'

IDatabaseOpenedEvent = zope.processlifetime.IDatabaseOpened
DatabaseOpened = zope.processlifetime.DatabaseOpened


# Errors

class AbortedError(Exception):
    """The job was interrupted, and its retry policy gave it up."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else (
            'The dispatcher stopped or died while it had this job, and the '
            'retry policy of the job does not start it again.')


class TimeoutError(Exception):
    """The job did not start in the time that ``begin_by`` gave it."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else (
            'The job did not start before the time that its begin_by set.')


class CancelledError(Exception):
    """The job was cancelled before it started."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else (
            'The job was cancelled before it started.')


class BadStatusError(Exception):
    """The job is not in the state that the call needs."""


class ReassignedError(Exception):
    """The job was taken from this dispatcher, which was taken for dead.

    Nothing that the job did is committed.
    """


class FullError(Exception):
    """The container is full."""


class FormatError(Exception):
    """The database was written by zc.async 1.5 or by Python 2.

    :ivar what: what was found
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return (
            f'{self.what}, which zc.async 2 cannot read.  Let the old '
            'dispatchers finish the queue, then start with a new database '
            'for the jobs, or convert the database with "zodbupdate '
            '--convert-py3" and delete the key "zc.async" from its root.')


class UUIDInUseError(Exception):
    """Another process has a dispatcher with the same UUID.

    :ivar path: the file that holds the UUID
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return (
            f'Another process runs a dispatcher with the UUID in {self.path}.'
            '  Set ZC_ASYNC_UUID to another file in one of them.')


# Parts

class IRetryPolicy(Interface):
    """Decides whether a job is tried again.

    Each answer is true, false, or the time when to put the job again: a
    datetime, or a timedelta from now.
    """

    def jobError(failure: Any, data_cache: dict[str, Any]) -> Any:
        """Decide after the job raised an exception."""

    def commitError(failure: Any, data_cache: dict[str, Any]) -> Any:
        """Decide after the job's transaction could not be committed."""

    def interrupted() -> Any:
        """Decide after the dispatcher stopped or died during the job."""

    def updateData(data_cache: dict[str, Any]) -> None:
        """Store what was noted in `data_cache`, before a commit."""


class IAbstractJob(Interface):
    """What jobs and callbacks have in common."""

    parent = Attribute('where it is: a queue, an agent, a job, or None')
    status = Attribute('NEW, PENDING, ASSIGNED, ACTIVE, CALLBACKS, COMPLETED')
    result = Attribute('what the call returned, or a Failure; None before')
    callbacks = Attribute('the callbacks, in the order of their addition')

    def addCallbacks(success: Any = None, failure: Any = None) -> Any:
        """Add a callback for each outcome; return their proxy."""

    def addCallback(callback: Any) -> Any:
        """Add a callback, which gets the result; return it."""


class ICallbackProxy(IAbstractJob):
    """Chooses a callback by the result."""

    job = Attribute('the chosen job; None before')

    def getJob(result: Any) -> Any:
        """Return the job for a result."""


class IJob(IAbstractJob):
    """A call that is made later."""

    callable = Attribute('what is called')
    args = Attribute('the positional arguments, a mutable sequence')
    kwargs = Attribute('the keyword arguments, a mutable mapping')
    annotations = Attribute('a mapping for anything else')
    assignerUUID = Attribute('the UUID of the instance that put the job')
    begin_after = Attribute('when it may start, a datetime in UTC')
    begin_by = Attribute('a timedelta after begin_after; later it fails')


class IAgent(Interface):
    """Takes jobs from a queue for a dispatcher, and holds them."""

    size = Attribute('how many jobs it has at one time')
    name = Attribute('its name in its dispatcher')
    completed = Attribute('the jobs that ended lately')
    parent = Attribute('the IDispatcherAgents that it is in')

    def claimJob() -> Any:
        """Take a job; return None if there is none or no room."""


class IFilterAgent(IAgent):
    """An agent that chooses by a filter."""

    def filter(job: Any) -> bool:
        """Say whether the agent takes a job; None takes all."""


class IQueue(Interface):
    """Jobs that wait."""

    dispatchers = Attribute('an IDispatchers')
    quotas = Attribute('the quotas by name')

    def put(item: Any, begin_after: Any = None, begin_by: Any = None) -> Any:
        """Put a job, or make one of a callable; return the job."""

    def putBack(item: Any) -> None:
        """Put a claimed job where it was."""

    def pull(index: int = 0) -> Any:
        """Remove and return a job."""

    def remove(item: Any) -> None:
        """Remove a job; raise LookupError if it is not there."""

    def claim(filter: Any = None, default: Any = None) -> Any:
        """Remove and return the first job that may start."""


class IQueues(IEnumerableMapping):
    """The queues by name."""


class IDispatcherAgents(IEnumerableMapping):
    """The agents of one dispatcher in one queue, by name."""


class IDispatchers(IEnumerableMapping):
    """The dispatchers of a queue, by UUID."""

    def register(UUID: Any) -> None:
        """Add a dispatcher."""

    def unregister(UUID: Any) -> Any:
        """Remove one that is not active."""

    def ping(UUID: Any) -> None:
        """Say that it lives, and take over from a dead sibling."""


class IQuota(Interface):
    """How many jobs that name it may run at one time."""

    name = Attribute('its name')
    size = Attribute('the number of jobs')
    filled = Attribute('whether there is no room')


class ICompletedCollection(Interface):
    """Jobs that ended, the latest first."""

    def add(job: Any) -> None:
        """Add a job."""


class IUUID(Interface):
    """A `uuid.UUID` that names this instance."""


# Events

class AbstractObjectEvent:
    """Something happened to an object.

    :ivar object: the object
    """

    def __init__(self, object: Any) -> None:
        self.object = object


class IDispatcherRegistered(IObjectEvent):
    """A queue got to know a dispatcher."""


@implementer(IDispatcherRegistered)
class DispatcherRegistered(AbstractObjectEvent):
    """See `IDispatcherRegistered`."""


class IDispatcherUnregistered(IObjectEvent):
    """A queue forgot a dispatcher."""


@implementer(IDispatcherUnregistered)
class DispatcherUnregistered(AbstractObjectEvent):
    """See `IDispatcherUnregistered`."""

    def __init__(self, object: Any, parent: Any) -> None:
        super().__init__(object)
        self.parent = parent


class IDispatcherActivated(IObjectEvent):
    """A dispatcher starts to take jobs from a queue."""


@implementer(IDispatcherActivated)
class DispatcherActivated(AbstractObjectEvent):
    """See `IDispatcherActivated`."""


class IDispatcherDeactivated(IObjectEvent):
    """A dispatcher stopped, or was taken for dead."""


@implementer(IDispatcherDeactivated)
class DispatcherDeactivated(AbstractObjectEvent):
    """See `IDispatcherDeactivated`."""


class IDispatcherReactivated(IObjectEvent):
    """A dispatcher that was taken for dead is back."""


@implementer(IDispatcherReactivated)
class DispatcherReactivated(AbstractObjectEvent):
    """See `IDispatcherReactivated`."""


class IObjectAdded(IObjectEvent):
    """A queue, or the collection of queues, was added."""

    parent = Attribute('where it was added')
    name = Attribute('its name there')


@implementer(IObjectAdded)
class ObjectAdded(AbstractObjectEvent):
    """See `IObjectAdded`."""

    def __init__(self, object: Any, parent: Any, name: str) -> None:
        super().__init__(object)
        self.parent = parent
        self.name = name
