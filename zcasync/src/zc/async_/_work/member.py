"""A dispatcher's place in one queue: its pools, what they do, its claims.

Used by the dispatcher's own thread.  Every change is a transaction of the
activation (`activation`), which checks its number.
"""
from __future__ import annotations

import time
from collections import deque
from typing import Any

from .._logs import log
from .._perform.claim import Claim
from .._rules import pace
from .._rules.failure import Failure
from .._stored.base import get_id
from .._stored.members import hand_back
from .._stored.times import now
from ..interfaces import COMPLETED
from .activation import Activation
from .activation import Displaced
from .faults import Faults
from .faults import is_ours
from .handover import Handover
from .pool import AgentThreadPool
from .progress import Progress


__all__ = ['Member', 'lost']


class Member(Activation):
    """This dispatcher in one queue.

    :param dispatcher: the dispatcher
    :param oid: the id of the queue, and the name of its database
    """

    def __init__(self, dispatcher: Any, place: tuple[bytes, str],
                 name: str) -> None:
        super().__init__(dispatcher, place, name)
        self.pools: dict[str, AgentThreadPool] = {}
        self.new_jobs: dict[str, deque[tuple[int, str]]] = {}
        #: How many there were since the last poll.
        self.started: dict[str, int] = {}
        self.claims = 0
        #: Seconds that the last claim took.
        self.took = 0.0
        self._swept = 0.0
        self.faults = Faults(name)
        #: Whether it was said that there is no agent.
        self._idle = False
        self.progress = Progress(self)
        #: Claims that are done, by agent.
        self._done: dict[str, list[Claim]] = {}
        #: Agents with a claim of which nobody knows whether it was committed.
        self._doubtful: set[str] = set()

    def abandon(self) -> None:
        """End what the threads do: their jobs are others' now."""
        for pool in self.pools.values():
            pool.withdraw()
            for claim in pool.running():
                claim.cancel.set()
            pool.collect()

    def deactivate(self) -> None:
        """End the activation, and hand the jobs back."""
        if self.number:
            # They stay there: this may take several attempts.
            self.collect()

            def end() -> None:
                for name in self.pools:
                    self._put_away(self.agents()[name], self._done[name])
                self.agents().deactivate()
            try:
                self.commit(end, 'deactivating')
            except Displaced:
                pass
            self.number = 0

    # Claims

    def collect(self) -> None:
        """Note which claims are done."""
        for name, pool in self.pools.items():
            pool.withdraw(time.monotonic() - pace.LONGEST)
            self._done.setdefault(name, []).extend(pool.collect())

    def look(self) -> None:
        """Put away what is done, and claim what there is room for."""
        self.dispatcher.begin()
        self._check()
        agents = self.agents()
        self._fire()
        self._resize(agents)
        if not agents and not self._idle:
            log.warning(
                'The dispatcher %s has no agent in queue %r, and performs '
                'none of its jobs: an AgentInstaller is missing',
                self.dispatcher.UUID, self.name)
        self._idle = not agents
        for name in agents:
            self._exchange(name)
        self.drop_pools(set(agents))

    def _resize(self, agents: Any) -> None:
        """Give the agents the sizes that were told."""
        for name, size in self.dispatcher.sizes.items():
            if name in agents and agents[name].size != size:
                def resize(name: str = name, size: int = size) -> None:
                    self.agents()[name].size = size
                self.commit(resize, f'resizing agent {name!r}')

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
            try:
                self.commit(fire, f'putting the job of schedule {name!r}')
                self.faults.schedules.discard(name)
            except Exception as e:
                if is_ours(e):
                    raise
                # Jobs go on.
                self.faults.schedule(name)

    def _exchange(self, name: str, may_claim: bool = True) -> None:
        agent = self.agents()[name]
        pool = self._pool(name, agent.size)
        # Reading may fail: they stay there until they are put away.
        done = list(self._done.get(name, []))
        doubtful = name in self._doubtful and self.dispatcher.may_claim()
        room, ahead = pool.room(agent.size - len(agent) + len(done),
                                agent.chooser is None)
        may_claim = (may_claim and self.dispatcher.may_claim()
                     and room + ahead > 0)
        sweep = (any(claim.released for claim in done)
                 or time.monotonic() - self._swept > 10)
        if not (done or sweep or doubtful or may_claim and (
                agent.chooser is not None or self.queue().ready())):
            return

        def exchange() -> list[Claim]:
            agent = self.agents()[name]
            self._put_away(agent, done)
            if sweep:
                self.queue().sweep(agent)
            jobs = lost(agent, pool) if doubtful else []
            if may_claim:
                jobs += agent.claim_started(room, self._turn(), ahead)
            return [self._claim(job, name, pool, number >= room)
                    for number, job in enumerate(jobs)]

        began = time.monotonic()
        try:
            claims = self.commit(exchange, f'claiming for agent {name!r}')
        except BaseException as e:
            self._doubtful.add(name)
            if not isinstance(e, Exception) or is_ours(e):
                raise
            self.dispatcher.begin(again=True)
            if self.faults.find_unfit(self.queue()):
                # The next look claims the others.
                self.dispatcher.wake()
                return
            if not may_claim or self.agents()[name].chooser is None:
                raise
            self.faults.chooser(name, e)
            # What is done is put away nevertheless.
            self._exchange(name, False)
            return
        self._done.pop(name, None)
        if may_claim:
            self.faults.choosers.pop(name, None)
        if doubtful:
            self._doubtful.discard(name)
        if sweep:
            self._swept = time.monotonic()
        self._shift = 0.0
        self.took = time.monotonic() - began
        self.claims += bool(claims)
        for claim in claims:
            self.dispatcher.jobs[claim.info['id']] = claim.info
            self.new_jobs.setdefault(
                name, deque(maxlen=self.dispatcher.jobs.size)
            ).append(claim.info['id'])
            self.started[name] = self.started.get(name, 0) + 1
            pool.submit(claim)
        # What is left in the queue is claimed when half of these began.
        pool.rest_until(ahead // 2 if len(claims) == room + ahead else 0)

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
            if claim.withdrawn:
                agent.remove(job)
                job.reset()
                self.queue().putBack(job)
            elif not agent.sweep([job]):
                # Its thread failed in a way that nobody foresaw.
                hand_back(self.queue(), agent, job)

    def _claim(self, job: Any, agent: str, pool: AgentThreadPool,
               early: bool) -> Claim:
        info = {'id': get_id(job), 'result': None, 'failed': False,
                'agent': agent, 'queue': self.name, 'poll id': None,
                'quota names': job.quota_names, 'call': repr(job),
                'started': None, 'completed': None, 'thread': None,
                'reassigned': False, 'progress': None}
        return Claim((job._p_oid, get_id(job)[1]), job.token, self.fence,
                     self.number, pool.stop, info, early)

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

    def info(self) -> dict[str, Any]:
        """Return what a poll says about this queue."""
        result = {}
        for name, agent in self.agents().items():
            new = list(self.new_jobs.pop(name, ()))
            info: dict[str, Any] = {
                'size': None, 'len': None, 'new jobs': new,
                'error': self.faults.choosers.get(name), 'active jobs': []}
            try:
                info['size'] = agent.size
                info['active jobs'] = [get_id(job) for job in agent
                                       if get_id(job) not in new]
                info['len'] = len(agent)
            except Exception as e:
                info['error'] = Failure(e)
            result[name] = info
        return result


def lost(agent: Any, pool: Handover) -> list[Any]:
    """Return jobs that were claimed by a commit without a reply.

    No thread was given them by that claim.
    """
    held = pool.held()
    return [job for job in agent if (job._p_oid, job.token) not in held
            and job.status != COMPLETED and not job.carried]
