"""A dispatcher's place in one queue: activation, pings, claims.

Used by the dispatcher's own thread, which has one connection and one
transaction manager.  Every change is one short transaction that checks the
activation's number.
"""
from __future__ import annotations

import os
import random
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Any
from typing import TypeVar

from .._logs import log
from .._perform.attempt import renew_ids
from .._perform.claim import Claim
from .._rules import retry
from .._rules.failure import Failure
from .._stored.base import get_id
from .._stored.members import hand_back
from .._stored.members import watch_again
from .._stored.times import now
from .pool import AgentThreadPool


__all__ = ['Displaced', 'Member']

T = TypeVar('T')

#: Transaction errors in a row after which a change waits for the next look.
ATTEMPTS = 8


class Displaced(Exception):
    """The activation was ended by somebody else."""


class Member:
    """This dispatcher in one queue.

    One noun, though it is long: activation, pings and claims are
    transactions that all check the one number of this activation.

    :param dispatcher: the dispatcher
    :param oid: the id of the queue, and the name of its database
    """

    def __init__(self, dispatcher: Any, place: tuple[bytes, str],
                 name: str) -> None:
        self.dispatcher = dispatcher
        self.place = place
        self.name = name
        self.pools: dict[str, AgentThreadPool] = {}
        self.number = 0
        self.fence: tuple[bytes, str] = b'', ''
        #: How far from its place a claim begins that conflicted before.
        self._shift = 0.0
        self.new_jobs: dict[str, deque[tuple[int, str]]] = {}
        #: How many there were since the last poll.
        self.started: dict[str, int] = {}
        #: How often a claim had to be tried again.
        self.conflicts = 0
        self.claims = 0
        self._pinged = 0.0
        self._looked = 0.0
        self._swept = 0.0
        self._complained = False
        self._flushed: dict[int, Any] = {}
        #: Claims that are done, by agent.
        self._done: dict[str, list[Claim]] = {}

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

    def abandon(self) -> None:
        """End what the threads do: their jobs are others' now."""
        for pool in self.pools.values():
            for claim in pool.running():
                claim.cancel.set()
            pool.collect()

    def deactivate(self) -> None:
        """End the activation, and hand the jobs back."""
        if self.number:
            def end() -> None:
                for name, pool in self.pools.items():
                    self._put_away(self.agents()[name], [
                        *self._done.pop(name, []), *pool.collect()])
                self.agents().deactivate()
            try:
                self.commit(end, 'deactivating')
            except Displaced:
                pass
            self.number = 0

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

    # Claims

    def collect(self) -> None:
        """Note which claims are done."""
        for name, pool in self.pools.items():
            self._done.setdefault(name, []).extend(pool.collect())

    def look(self) -> None:
        """Put away what is done, and claim what there is room for."""
        self.dispatcher.begin()
        self._check()
        agents = self.agents()
        self._fire()
        for name in agents:
            self._exchange(name)
        self.drop_pools(set(agents))

    def _fire(self) -> None:
        """Put the jobs of schedules that are due."""
        if not self.dispatcher.may_claim():
            return
        for name in self.queue().schedules.due(now()):
            def fire(name: str = name) -> None:
                queue = self.queue()
                schedule = queue.schedules.get(name)
                if schedule is not None:
                    schedule.fire(queue, now())
            self.commit(fire, f'putting the job of schedule {name!r}')

    def _exchange(self, name: str) -> None:
        agent = self.agents()[name]
        pool = self._pool(name, agent.size)
        done = self._done.pop(name, [])
        room = min(pool.free(), agent.size - len(agent) + len(done))
        may_claim = self.dispatcher.may_claim() and room > 0
        sweep = (any(claim.released for claim in done)
                 or time.monotonic() - self._swept > 10)
        if not (done or sweep or may_claim and (
                agent.chooser is not None or self.queue().ready())):
            return

        def exchange() -> list[Claim]:
            agent = self.agents()[name]
            self._put_away(agent, done)
            if sweep:
                self.queue().sweep(agent)
            if not may_claim:
                return []
            jobs = agent.claim_started(room, self._turn())
            return [self._claim(job, name, pool) for job in jobs]

        try:
            claims = self.commit(exchange, f'claiming for agent {name!r}')
        except BaseException:
            self._done.setdefault(name, [])[:0] = done
            raise
        if sweep:
            self._swept = time.monotonic()
        self._shift = 0.0
        if claims:
            self.claims += 1
        for claim in claims:
            self.dispatcher.jobs[claim.info['id']] = claim.info
            self.new_jobs.setdefault(
                name, deque(maxlen=self.dispatcher.jobs.size)
            ).append(claim.info['id'])
            self.started[name] = self.started.get(name, 0) + 1
            pool.submit(claim)

    def _turn(self) -> float | None:
        """Return where the claim begins, away from the other dispatchers."""
        active = [each.UUID for each in self.queue().dispatchers.active()]
        if len(active) < 2:
            return None
        rank = active.index(self.dispatcher.UUID)
        return rank / len(active) + self._shift

    def _put_away(self, agent: Any, done: list[Claim]) -> None:
        for claim in done:
            job = self.dispatcher.load(claim.job_id)
            if job.token != claim.token or job not in agent:
                continue
            if not agent.sweep([job]):
                # Its thread failed in a way that nobody foresaw.
                hand_back(self.queue(), agent, job)

    def _claim(self, job: Any, agent: str, pool: AgentThreadPool) -> Claim:
        info = {'id': get_id(job), 'result': None, 'failed': False,
                'agent': agent, 'queue': self.name, 'poll id': None,
                'quota names': job.quota_names, 'call': repr(job),
                'started': None, 'completed': None, 'thread': None,
                'reassigned': False, 'progress': None}
        return Claim((job._p_oid, get_id(job)[1]), job.token, self.fence,
                     self.number, pool.stop, info)

    def _pool(self, name: str, size: int) -> AgentThreadPool:
        pool = self.pools.get(name)
        if pool is None:
            self.dispatcher.grow(size)
            pool = self.pools[name] = AgentThreadPool(
                self.dispatcher, name, size, self.dispatcher.wake)
        elif pool.getSize() != size or any(
                not thread.is_alive() for thread in pool.threads):
            self.dispatcher.grow(pool.setSize(size))
        return pool

    def drop_pools(self, keep: set[str]) -> None:
        """End the threads of agents that are gone."""
        for name in set(self.pools) - keep:
            pool = self.pools.pop(name)
            self.dispatcher.grow(pool.setSize(0))
            self.dispatcher.dead_pools.append(pool)

    # Running jobs

    def tend(self) -> None:
        """Carry requests to cancel to the jobs, and their progress out."""
        live = self.queue().live
        told: dict[int, tuple[Claim, Any]] = {}
        for pool in self.pools.values():
            for claim in pool.running():
                if live.cancelled(claim.info['id']):
                    claim.cancel.set()
                if claim.progress is not None and (
                        self._flushed.get(claim.token) != claim.progress):
                    told[claim.token] = claim, claim.progress
        if not told:
            return

        def flush() -> None:
            for claim, progress in told.values():
                job = self.dispatcher.load(claim.job_id)
                if job.token == claim.token:
                    self.queue().live.of(job).progress = progress
        self.commit(flush, 'telling the progress of jobs')
        self._flushed = {token: progress
                         for token, (_, progress) in told.items()}

    def info(self) -> dict[str, Any]:
        """Return what a poll says about this queue."""
        result = {}
        for name, agent in self.agents().items():
            new = list(self.new_jobs.pop(name, ()))
            info: dict[str, Any] = {
                'size': None, 'len': None, 'error': None, 'new jobs': new,
                'active jobs': []}
            try:
                info['size'] = agent.size
                info['active jobs'] = [get_id(job) for job in agent
                                       if get_id(job) not in new]
                info['len'] = len(agent)
            except Exception as e:
                info['error'] = Failure(e)
            result[name] = info
        return result


