"""What a running job can ask and say: `local`.

Each thread sees its own job.
"""
from __future__ import annotations

import threading
import time
from typing import Any

import transaction

from .._stored.base import get_id
from ..interfaces import COMPLETED
from .claim import Claim


__all__ = ['Local', 'local']


class Local(threading.local):
    """The job that this thread performs, and its surroundings.

    :ivar job: the job
    :ivar dispatcher: the dispatcher whose worker this thread is
    :ivar name: the name of the agent that took the job
    :ivar claim: what the dispatcher knows about the job
    """

    job: Any = None
    dispatcher: Any = None
    name: str | None = None
    claim: Claim | None = None

    def getJob(self) -> Any:
        """Return the running job, or None."""
        return self.job

    def getQueue(self) -> Any:
        """Return the queue of the running job."""
        return self.job.queue

    def getDispatcher(self) -> Any:
        """Return the dispatcher, or None outside of one."""
        return self.dispatcher

    def getAgentName(self) -> str | None:
        """Return the name of the agent that took the job."""
        return self.name

    def cancelled(self) -> bool:
        """Say whether the job should stop.

        It should if somebody cancelled it, if its ``timeout`` passed, or if
        the dispatcher stops and could not wait longer.
        """
        return self.claim is not None and self.claim.cancelled()

    def progress(self, done: float, total: float | None = None,
                 text: str = '') -> None:
        """Tell how far the job is.

        Costs nothing: the dispatcher writes the latest to the database now
        and then, outside the job's transaction.

        :param done: how much is done
        :param total: of how much, if known
        :param text: what people read
        """
        if self.claim is not None:
            self.claim.progress = done, total, text
            self.claim.info['progress'] = [done, total, text]

    def setLiveAnnotation(self, name: str, value: Any,
                          job: Any = None) -> None:
        """Set an annotation at once, outside the running transaction.

        :param job: the job to annotate; the running one if not given
        """
        db, place = self._place(job)
        manager = transaction.TransactionManager()
        connection = db.open(manager)
        try:
            for attempt in manager.attempts(20):
                with attempt:
                    found = _load(connection, place)
                    if found.status == COMPLETED:
                        found.annotations[name] = value
                        continue
                    entry = found.queue.live.of(found)
                    entry.annotations = {**entry.annotations, name: value}
        finally:
            manager.abort()
            connection.close()

    def getLiveAnnotation(self, name: str, default: Any = None,
                          timeout: float = 0, poll: float = 1,
                          job: Any = None) -> Any:
        """Return an annotation as it is now, outside the transaction.

        :param timeout: seconds to wait until there is one
        :param poll: seconds between looks
        :param job: the job to look at; the running one if not given
        """
        db, place = self._place(job)
        until = time.monotonic() + timeout
        manager = transaction.TransactionManager()
        connection = db.open(manager)
        try:
            while True:
                manager.begin()
                found = _load(connection, place).annotations
                if name in found:
                    return found[name]
                left = until - time.monotonic()
                if left <= 0:
                    return default
                if self.claim is None:
                    time.sleep(min(poll, left))
                else:
                    self.claim.wait(min(poll, left))
        finally:
            manager.abort()
            connection.close()

    def _place(self, job: Any) -> tuple[Any, tuple[bytes, str]]:
        if job is None:
            job = self.job
        if job is None or job._p_jar is None:
            raise ValueError('There is no running job, or it is not stored.')
        return job._p_jar.db(), (job._p_oid, get_id(job)[1])


def _load(connection: Any, place: tuple[bytes, str]) -> Any:
    return connection.get(place[0])


local = Local()
