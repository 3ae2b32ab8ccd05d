"""What a dispatcher tells about itself: its state, its polls, its jobs.

Asked by the monitor and the commands, in any thread.
"""
from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from .._stored.times import now
from . import records
from .pool import AgentThreadPool
from .records import PollInfo


__all__ = ['Account']


class Account:
    """The part of a dispatcher that answers questions.

    :param jobs_size: how many jobs it remembers
    :param polls_size: how many polls it remembers
    """

    STOPPED = 'STOPPED'
    RUNNING = 'RUNNING'
    STUCK = 'STUCK'
    STARTING = 'STARTING'

    UUID: Any
    poll_interval: float

    def __init__(self, jobs_size: int, polls_size: int) -> None:
        self.activated: datetime.datetime | None | bool = False
        self.polls = records.PollRecords(polls_size)
        self.jobs = records.JobRecords(jobs_size)

    @property
    def queues(self) -> dict[str, dict[str, AgentThreadPool]]:
        """The pools by queue and agent."""
        raise NotImplementedError

    def getStatusInfo(self) -> dict[str, Any]:
        """Return the state of this dispatcher.

        ``STUCK`` means that a poll is overdue.
        """
        interval = datetime.timedelta(seconds=self.poll_interval)
        result: dict[str, Any] = {
            'time since last poll': None, 'uptime': None, 'uuid': self.UUID,
            'poll interval': interval, 'status': self.STOPPED}
        activated = self.activated
        if not isinstance(activated, datetime.datetime):
            return result
        moment = now()
        poll = next(iter(self.polls), None)
        last = activated if poll is None else poll.utc_timestamp
        assert last is not None
        result['time since last poll'] = moment - last
        # A poll that is a little late is not overdue.
        if moment - last > interval + max(
                interval, datetime.timedelta(seconds=1)):
            result['status'] = self.STUCK
        else:
            result['status'] = self.STARTING if poll is None else self.RUNNING
        if poll is not None:
            result['uptime'] = moment - activated
        return result

    def getJobInfo(self, oid: int, database_name: str | None = None
                   ) -> dict[str, Any]:
        """Return what is known about a job.

        :raises ValueError: when it is not known, or ambiguous
        """
        key = (self.jobs.find(oid) if database_name is None
               else (oid, database_name))
        info = self.jobs.get(key)
        if info is None:
            raise ValueError(f'The job {oid} is not known here.')
        return dict(info)

    def getActiveJobIds(self, queue: str | None = None,
                        agent: str | None = None) -> list[tuple[int, str]]:
        """Return the ids of the jobs that are performed now."""
        return [claim.info['id']
                for queue_name, pools in self.queues.items()
                if queue is None or queue == queue_name
                for agent_name, pool in pools.items()
                if agent is None or agent == agent_name
                for claim in reversed(pool.running())
                if claim.info['started'] or not claim.early]

    def getPollInfo(self, at: Any = None, before: Any = None) -> PollInfo:
        """Return one poll, by default the last.

        :raises ValueError: when there is none
        """
        for poll in self.iterPolls(at, before):
            return poll
        raise ValueError('There is no such poll.')

    def iterPolls(self, at: Any = None, before: Any = None,
                  since: Any = None, count: int | None = None
                  ) -> Iterator[PollInfo]:
        """Iterate over polls, the latest first.

        :param at: not after this key or time
        :param before: before this key or time
        :param since: not before this key or time
        :param count: how many at most
        """
        return records.iterate(self.polls, at, before, since, count)

    def getStatistics(self, at: Any = None, before: Any = None,
                      since: Any = None, queue: str | None = None,
                      agent: str | None = None) -> dict[str, Any]:
        """Return how many jobs started, succeeded and failed."""
        return records.statistics(
            self.polls, self.jobs, at, before, since, queue, agent)
