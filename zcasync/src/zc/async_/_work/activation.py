"""A dispatcher's activation in one queue: its transactions, its pings.

Used by the dispatcher's own thread, which has one connection and one
transaction manager.  Every change is one short transaction that checks the
activation's number.
"""
from __future__ import annotations

import abc
import os
import random
import socket
import time
from collections.abc import Callable
from typing import Any
from typing import TypeVar

from .._logs import log
from .._perform.attempt import renew_ids
from .._rules import retry
from .._stored.base import get_id
from .._stored.members import watch_again


__all__ = ['Activation', 'Displaced']

T = TypeVar('T')

#: Transaction errors in a row after which a change waits for the next look.
ATTEMPTS = 8


class Displaced(Exception):
    """The activation was ended by somebody else."""


class Activation(abc.ABC):
    """That a dispatcher is active in a queue.

    :param dispatcher: the dispatcher
    :param place: the id of the queue, and the name of its database
    :param name: the name of the queue
    """

    def __init__(self, dispatcher: Any, place: tuple[bytes, str],
                 name: str) -> None:
        self.dispatcher = dispatcher
        self.place = place
        self.name = name
        self.number = 0
        self.fence: tuple[bytes, str] = b'', ''
        #: How far from its place a claim begins that conflicted before.
        self._shift = 0.0
        #: How often a claim had to be tried again.
        self.conflicts = 0
        self._pinged = 0.0
        self._looked = 0.0
        self._complained = False

    # Transactions

    @property
    def manager(self) -> Any:
        """The transaction manager of the dispatcher's thread."""
        return self.dispatcher.manager

    def queue(self) -> Any:
        """Return the queue, as of the running transaction."""
        return self.dispatcher.load(self.place)

    def agents(self) -> Any:
        """Return this dispatcher's agents in the queue."""
        return self.queue().dispatchers[self.dispatcher.UUID]

    def commit(self, change: Callable[[], T], what: str,
               fenced: bool = True) -> T:
        """Make a change in a transaction, tried again after conflicts.

        :raises Displaced: when the activation was ended by somebody else
        """
        failed = 0
        while True:
            try:
                self.dispatcher.begin(again=failed > 0)
                if fenced:
                    self._check()
                result = change()
                self.dispatcher.fresh = False
                self.manager.commit()
                return result
            except Exception as e:
                self.dispatcher.fresh = False
                self.manager.abort()
                if retry.kind_of_commit(e) != retry.CONFLICT:
                    raise
                renew_ids(e, self.dispatcher.db)
                failed += 1
                self.conflicts += 1
                self._shift = random.random()
                if failed >= ATTEMPTS:
                    log.error('%d transaction errors in a row while %s',
                              failed, what, exc_info=True)
                    raise
                time.sleep(random.random() * 0.002 * 2 ** failed)

    def _check(self) -> None:
        fence = self.dispatcher.load(self.fence)
        if fence.number != self.number:
            raise Displaced
        fence._p_jar.readCurrent(fence)

    # Activation

    def ensure_active(self) -> bool:
        """Activate this dispatcher in the queue where it is not.

        :returns: whether it is active
        """
        uuid = self.dispatcher.UUID
        self.dispatcher.begin()
        queue = self.queue()
        if uuid not in queue.dispatchers:
            self.commit(lambda: uuid in self.queue().dispatchers
                        or self.queue().dispatchers.register(uuid),
                        f'registering {uuid}', fenced=False)
            self.dispatcher.begin()
        agents = self.agents()
        if self.number and agents.fence.number == self.number:
            return True
        if agents.activated and not self._may_replace(agents):
            self.number = 0
            return False
        if not self.dispatcher.may_claim():
            # Others would see it active, and not see it there.
            return False
        again = self.number != 0
        if again:
            log.critical(
                'The dispatcher %s was taken for dead in queue %r, and is '
                'not.  Jobs that it performs are performed again by others. '
                'Perhaps ping_death_interval is too short, or commits take '
                'too long.  It is activated again', uuid, self.name)
            self.abandon()

        def activate() -> tuple[int, tuple[bytes, str]]:
            agents = self.agents()
            here = socket.gethostname(), os.getpid()
            if again:
                agents.reactivate(*here)
            else:
                if agents.activated:
                    agents.deactivate()
                agents.activate(*here)
            agents.registered = self.dispatcher.presence is not None
            return agents.fence.number, (
                agents.fence._p_oid, get_id(agents)[1])
        self.number, self.fence = self.commit(
            activate, f'activating {uuid}', fenced=False)
        if not self.fence[0]:
            # It got its id with this commit.
            self.dispatcher.begin()
            fence = self.agents().fence
            self.fence = fence._p_oid, get_id(fence)[1]
        self._complained = False
        self._pinged = time.monotonic()
        return True

    def _may_replace(self, agents: Any) -> bool:
        """Say whether an activation that is not ours is of a dead process.
        """
        here = agents.host == socket.gethostname()
        if here and (agents.pid == os.getpid() or self.dispatcher.proof):
            # Nobody else has the lock on our UUID's file.
            return True
        if agents.dead:
            return True
        if not self._complained:
            self._complained = True
            log.error(
                'The dispatcher %s is active in queue %r already, on %s as '
                'process %s.  If that process is dead, this one takes over '
                'after %s; if it lives, give one of them another UUID',
                agents.UUID, self.name, agents.host, agents.pid,
                agents.ping_death_interval)
        return False

    @abc.abstractmethod
    def abandon(self) -> None:
        """End what the threads do: their jobs are others' now."""

    # Pings and siblings

    def ping(self) -> None:
        """Ping when it is time, and take over from the dead."""
        moment = time.monotonic()
        interval = self.agents().ping_interval.total_seconds()
        if self._looked and moment - self._looked > interval:
            # We were stopped, or without a database: others may have
            # pinged all the time.
            watch_again()
        self._looked = moment
        if moment - self._pinged >= interval:
            self.commit(lambda: self.agents().last_ping.beat(), 'pinging')
            self._pinged = moment
            self._hand_on()
        everybody = self.queue().dispatchers
        gone = self.dispatcher.gone(everybody.active())
        for uuid in [each.UUID for each in everybody.to_take_over(
                self.dispatcher.UUID, gone)]:
            log.warning('Dispatcher %s is dead: %s takes over its jobs in '
                        'queue %r', uuid, self.dispatcher.UUID, self.name)

            def bury(uuid: Any = uuid) -> None:
                agents = self.queue().dispatchers[uuid]
                if agents.activated:
                    agents.deactivate()
            self.commit(bury, f'taking over from {uuid}')

    def _hand_on(self) -> None:
        """Hand back what was left with dispatchers that are gone."""
        for uuid, agents in list(self.queue().dispatchers.items()):
            if agents.left():
                def hand_on(uuid: Any = uuid) -> None:
                    self.queue().dispatchers[uuid].hand_on()
                self.commit(hand_on, f'handing back what {uuid} has left')
