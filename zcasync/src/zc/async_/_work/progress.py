"""What goes in and out while jobs run: requests to cancel, and progress.

Used by the dispatcher's own thread.
"""
from __future__ import annotations

from typing import Any

from .._perform.claim import Claim


__all__ = ['Progress']


class Progress:
    """Between the running jobs of a queue and what is said about them.

    :param member: the dispatcher's place in the queue
    """

    def __init__(self, member: Any) -> None:
        self._member = member
        self._flushed: dict[int, Any] = {}

    def tend(self) -> None:
        """Carry requests to cancel to the jobs, and their progress out."""
        member = self._member
        live = member.queue().live
        told: dict[int, tuple[Claim, Any]] = {}
        for pool in member.pools.values():
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
                job = member.dispatcher.load(claim.job_id)
                if job.token == claim.token:
                    member.queue().live.of(job).progress = progress
        member.commit(flush, 'telling the progress of jobs')
        self._flushed = {token: progress
                         for token, (_, progress) in told.items()}
