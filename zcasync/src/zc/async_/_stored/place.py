"""Where a job is, and its state, which follows from that until it starts.

Runs in the thread to which the job belongs, and writes nothing.
"""
from __future__ import annotations

import datetime
from typing import Any

from ..interfaces import ACTIVE
from ..interfaces import ASSIGNED
from ..interfaces import NEW
from ..interfaces import PENDING
from ..interfaces import IAgent
from ..interfaces import ICallbackProxy
from ..interfaces import IDispatcherAgents
from ..interfaces import IJob
from ..interfaces import IQueue
from .base import Base


__all__ = ['Place', 'holder', 'status_of_new']


def holder(thing: Any) -> Any:
    """Return what holds a job or the job that it is a callback of."""
    place = thing.parent
    seen = {id(thing)}
    while (isinstance(place, Place) or IJob.providedBy(place)
           or ICallbackProxy.providedBy(place)):
        if id(place) in seen:
            # A callback that calls a method of its own job.
            return None
        seen.add(id(place))
        place = place.parent
    return place


def status_of_new(thing: Any) -> str:
    """Return the state of what has not started: it follows the holder."""
    place = holder(thing)
    if IAgent.providedBy(place):
        return ASSIGNED
    if IQueue.providedBy(place):
        return PENDING
    return NEW


class Place(Base):
    """The part of a job that knows its queue, its agent and its state."""

    _result: Any = None
    # The states PENDING and ASSIGNED follow from where the job is.
    _status = NEW
    _active_start: datetime.datetime | None = None
    _active_end: datetime.datetime | None = None

    #: Where it is in its queue or agent.
    place: Any = None

    @property
    def status(self) -> str:
        """Its state, one of those in `zc.async_.interfaces`."""
        if self._status == NEW:
            return status_of_new(self)
        return self._status

    @property
    def begun(self) -> str:
        """The same, but NEW until it starts, wherever it is.

        Where a job is takes time to find out in a long chain of callbacks.
        """
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
