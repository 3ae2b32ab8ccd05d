"""The dispatchers of a queue: activations, pings, take-over.

Dispatchers write here, each in its own thread.

An activation has a number.  Everything that a dispatcher commits checks
that the number is still its own; whoever takes over changes it.
"""
from __future__ import annotations

import datetime
import socket
import time
import uuid as uuids
from collections.abc import Iterator
from typing import Any

import persistent
import zope.event
from zope.interface import implementer

from .._logs import log
from .._rules.liveness import Watch
from .._rules.liveness import heir
from ..interfaces import ACTIVE
from ..interfaces import COMPLETED
from ..interfaces import NEW
from ..interfaces import DispatcherActivated
from ..interfaces import DispatcherDeactivated
from ..interfaces import DispatcherReactivated
from ..interfaces import DispatcherRegistered
from ..interfaces import DispatcherUnregistered
from ..interfaces import IAgent
from ..interfaces import IDispatcherAgents
from ..interfaces import IDispatchers
from . import unfit
from .base import Dict
from .base import get_id
from .times import now


__all__ = ['DispatcherAgents', 'Dispatchers', 'Fence', 'Ping', 'hand_back',
           'plain', 'watch_again']

#: What this process saw of others.
_watch = Watch()


def plain(uuid: Any) -> uuids.UUID:
    """Return a UUID that depends on no file, fit to be stored."""
    return uuids.UUID(int=uuid.int)


class Fence(persistent.Persistent):
    """The number of a dispatcher's activation; 0 while it is not active.

    :ivar last: the highest number there was
    """

    __module__ = 'zc.async_.queue'

    number = 0
    last = 0

    def raise_(self) -> None:
        """Begin an activation."""
        self.last += 1
        self.number = self.last

    def drop(self) -> None:
        """End the activation."""
        self.number = 0


class Ping(persistent.Persistent):
    """Counts the pings of a dispatcher.

    :ivar value: when the last one was, by the dispatcher's own clock; for
        people, never compared
    """

    __module__ = 'zc.async_.queue'

    count = 0
    value: datetime.datetime | None = None

    def beat(self) -> None:
        """Count one."""
        self.count += 1
        self.value = now()


@implementer(IDispatcherAgents)
class DispatcherAgents(Dict):
    """The agents of one dispatcher in one queue.

    :ivar activated: when it was activated, or None
    :ivar host: where it runs or ran
    :ivar pid: its process
    """

    __module__ = 'zc.async_.queue'

    UUID: Any = None
    activated: datetime.datetime | None = None
    host: str | None = None
    pid: int | None = None
    #: Whether its death shows elsewhere sooner than by its silence.
    registered = False

    #: How often a dispatcher pings.
    ping_interval = datetime.timedelta(seconds=30)
    #: How long one is silent before it is taken for dead.
    ping_death_interval = datetime.timedelta(seconds=60)

    def __init__(self, uuid: Any) -> None:
        super().__init__()
        self.UUID = plain(uuid)
        self.last_ping = Ping()
        self.fence = Fence()

    @property
    def dead(self) -> bool:
        """Whether this process saw it silent for `ping_death_interval`.

        Silence begins when this process first looks.
        """
        if not self.activated:
            return False
        silent = _watch.silent(
            self._watched(), (self.fence.number, self.last_ping.count),
            time.monotonic())
        return silent > self.ping_death_interval.total_seconds()

    def _watched(self) -> Any:
        return get_id(self) if self._p_jar is not None else id(self)

    def __setitem__(self, key: Any, value: Any) -> None:
        if not IAgent.providedBy(value):
            raise ValueError(f'{value!r} is no agent.')
        if len(value):
            raise ValueError('An agent that has jobs cannot be added.')
        self._ensure_empty(key)
        super().__setitem__(key, value)

    def __delitem__(self, key: Any) -> None:
        self._ensure_empty(key)
        super().__delitem__(key)

    def _ensure_empty(self, key: Any) -> None:
        current = self.get(key)
        if current is not None and len(current):
            raise ValueError('An agent that has jobs cannot be removed.')

    def activate(self, host: str | None = None,
                 pid: int | None = None) -> None:
        """Begin an activation.

        :raises ValueError: when it is active
        """
        if self.activated:
            raise ValueError('It is active already.')
        self._begin(host, pid)
        zope.event.notify(DispatcherActivated(self))

    def reactivate(self, host: str | None = None,
                   pid: int | None = None) -> None:
        """Begin another activation, after it was taken for dead."""
        self._begin(host, pid)
        zope.event.notify(DispatcherReactivated(self))

    def _begin(self, host: str | None, pid: int | None) -> None:
        # Jobs that were left here would never be worked on.
        self._clean()
        self.fence.raise_()
        self.last_ping.beat()
        self.activated = now()
        self.host = host or socket.gethostname()
        self.pid = pid

    def deactivate(self) -> None:
        """End the activation, and hand its jobs back.

        :raises ValueError: when it is not active
        """
        if not self.activated:
            raise ValueError('It is not active.')
        self.activated = None
        self.fence.drop()
        self._clean()
        zope.event.notify(DispatcherDeactivated(self))

    def _clean(self) -> None:
        for agent in self.values():
            for job in list(agent):
                if unfit.storable(job):
                    hand_back(self.parent, agent, job)
                else:
                    log.error(
                        '%r cannot be handed back here, because this process '
                        'has not what it calls.  It stays with the '
                        'dispatcher %s until one takes it that has', job,
                        self.UUID)

    def left(self) -> bool:
        """Say whether jobs are here that nobody performs or hands back."""
        return not self.activated and any(
            unfit.storable(job) for agent in self.values() for job in agent)

    def hand_on(self) -> None:
        """Hand back jobs that were left here."""
        if not self.activated:
            self._clean()


def hand_back(queue: Any, agent: Any, job: Any) -> None:
    """Take from an agent a job that its dispatcher stopped to work on."""
    agent.remove(job)
    if job.status == NEW:
        # It was claimed, and did not start.
        job.reset()
        queue.putBack(job)
    elif job.status == COMPLETED:
        agent.completed.add(job)
        queue.ended(job)
    elif job.carried:
        queue.wait(job)
    elif job.status == ACTIVE and job.interruptible():
        # Our own policies are asked at once.
        job.reset()
        queue.putBack(job)
    else:
        # Other policies, and callbacks, are run in a worker.
        queue.wait(job)
        queue.put_interrupted(job)


@implementer(IDispatchers)
class Dispatchers(Dict):
    """The dispatchers of a queue, by UUID."""

    __module__ = 'zc.async_.queue'

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError('Use the method register.')

    def __delitem__(self, key: Any) -> None:
        raise TypeError('Use the method unregister.')

    def register(self, uuid: Any) -> DispatcherAgents:
        """Add a dispatcher.

        :raises ValueError: when it is there
        """
        if uuid in self:
            raise ValueError(f'The UUID {uuid} is registered already.')
        agents = DispatcherAgents(uuid)
        agents.name = agents.UUID
        agents.parent = self.parent
        self._data[agents.UUID] = agents
        zope.event.notify(DispatcherRegistered(agents))
        return agents

    def unregister(self, uuid: Any) -> DispatcherAgents:
        """Remove a dispatcher that is not active.

        :raises ValueError: when it is active, or has jobs
        """
        agents: DispatcherAgents = self[uuid]
        if agents.activated:
            raise ValueError(f'The dispatcher {uuid} is active.')
        if any(len(agent) for agent in agents.values()):
            raise ValueError(f'The dispatcher {uuid} has jobs still.')
        del self._data[agents.UUID]
        agents.parent = agents.name = None
        zope.event.notify(DispatcherUnregistered(agents, self.parent))
        return agents

    def ping(self, uuid: Any) -> None:
        """Say that a dispatcher lives; take over from those that do not."""
        agents = self[uuid]
        if not agents.activated:
            log.critical(
                'The dispatcher %s was taken for dead, and is not.  Perhaps '
                'ping_death_interval is too short, or commits take too '
                'long.  It is activated again', uuid)
            agents.reactivate()
        agents.last_ping.beat()
        for each in self.to_take_over(uuid):
            each.deactivate()

    def active(self) -> Iterator[DispatcherAgents]:
        """Iterate over the active dispatchers."""
        return (each for each in list(self.values()) if each.activated)

    def to_take_over(self, uuid: Any, gone: Any = ()
                     ) -> list[DispatcherAgents]:
        """Return the dead dispatchers that this one takes over from.

        :param gone: the UUIDs of those that are known to be dead
        """
        mine = plain(uuid)
        dead, alive = [], []
        for each in self.active():
            if each.UUID != mine and (each.UUID in gone or each.dead):
                dead.append(each)
            else:
                alive.append(each.UUID)
        return [each for each in dead if heir(each.UUID, alive) == mine]


def watch_again() -> None:
    """Forget who was silent: this process itself could not look."""
    _watch.restart()
