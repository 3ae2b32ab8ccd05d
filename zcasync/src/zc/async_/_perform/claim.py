"""A job in the hands of a dispatcher: what its thread needs to know.

Used by the worker thread that performs the job; `cancel` and `stop` are set
by the dispatcher's thread.
"""
from __future__ import annotations

import threading
import time
from typing import Any

from transaction._transaction import Status

from .._stored.base import get_id
from ..interfaces import ReassignedError


__all__ = ['Claim', 'FencedCommits', 'Stopped']


class Stopped(BaseException):
    """The dispatcher handed the job back; the thread may end."""


class Claim:
    """A job that a dispatcher took.

    :param job_id: the job's id as bytes, and the name of its database
    :param token: the number that the claim wrote into the job
    :param fence: the id of the object that holds the activation's number,
        and the name of its database
    :param number: the number of the activation that took the job
    :param stop: set when the dispatcher has handed its jobs back
    :param info: what `Dispatcher.jobs` shows
    :param early: whether no thread was free for it
    """

    def __init__(self, job_id: tuple[bytes, str], token: int,
                 fence: tuple[bytes, str], number: int,
                 stop: threading.Event, info: dict[str, Any],
                 early: bool = False) -> None:
        self.job_id = job_id
        self.token = token
        self.fence = fence
        self.number = number
        self.stop = stop
        self.info = info
        self.cancel = threading.Event()
        self.connection: Any = None
        #: When it was submitted, by ``time.monotonic()``.
        self.submitted = 0.0
        #: Whether it was claimed while no thread was free for it.
        self.early = early
        #: Whether it was taken back before a thread began it.
        self.withdrawn = False
        #: Whether the connection saw nothing new since the last commit.
        self.settled = False
        #: Whether the thread's transaction has just begun.
        self.fresh = False
        self.progress: tuple[float, float | None, str] | None = None
        #: Jobs that waited for this one and ended with it.
        self.released: list[tuple[int, str]] = []
        self._deadline: float | None = None

    def start(self, timeout: float | None) -> None:
        """Begin to count the time that the job may take."""
        self._deadline = (
            None if timeout is None else time.monotonic() + timeout)

    def check(self) -> None:
        """Compare the activation's number, and have the commit check it.

        Called in each transaction of the job, at the latest when it is
        committed.

        :raises ReassignedError: when the job is another dispatcher's now
        """
        fence = self.load(self.fence)
        if fence.number != self.number:
            raise ReassignedError(
                'The job was given to another dispatcher, because this one '
                'was taken for dead.')
        # Without this, a commit that does not write the fence would not
        # notice that it changed since the transaction began.
        fence._p_jar.readCurrent(fence)

    def load(self, place: tuple[bytes, str]) -> Any:
        """Return an object, by its id and the name of its database."""
        oid, name = place
        connection = self.connection
        if connection.db().database_name != name:
            connection = connection.get_connection(name)
        found = connection.get(oid)
        found._p_activate()
        return found

    def is_of(self, job: Any) -> bool:
        """Say whether a job is this one."""
        oid, name = self.job_id
        return bool(job._p_oid == oid and get_id(job)[1] == name)

    def is_late(self, job: Any) -> bool:
        """Say whether a job is this one, and was claimed early."""
        return self.early and self.is_of(job)

    def owns(self, job: Any) -> bool:
        """Say whether a job is not this one, or still in our hands."""
        other: bool = job._p_oid != self.job_id[0]
        return other or job.token == self.token

    def cancelled(self) -> bool:
        """Say whether the job should stop."""
        return self.cancel.is_set() or self.stop.is_set() or (
            self._deadline is not None and time.monotonic() > self._deadline)

    def wait(self, seconds: float) -> None:
        """Wait, and end the thread when the dispatcher is through.

        :raises Stopped: when the job was handed back
        """
        if self.stop.wait(seconds):
            raise Stopped


class FencedCommits:
    """Checks the claim at each commit of a worker thread.

    A synchronizer of the thread's transaction manager, so that commits
    which a job makes by itself are checked as well.  Does nothing between
    jobs.
    """

    def __init__(self) -> None:
        self.claim: Claim | None = None

    def newTransaction(self, transaction: Any) -> None:
        """Nothing happens here: not all transactions tell of their begin."""

    def beforeCompletion(self, transaction: Any) -> None:
        """Check the claim, before a commit; harmless before an abort."""
        if self.claim is None or transaction.status != Status.ACTIVE:
            return
        try:
            self.claim.check()
        except Exception as e:
            # An abort must not fail, and cannot be told from a commit.
            transaction.join(_Refusal(e))

    def afterCompletion(self, transaction: Any) -> None:
        """Nothing happens here."""


class _Refusal:
    """Takes part in a transaction, to keep it from being committed."""

    transaction_manager = None

    def __init__(self, error: Exception) -> None:
        self._error = error

    def tpc_begin(self, transaction: Any) -> None:
        raise self._error

    def abort(self, transaction: Any) -> None:
        pass

    commit = tpc_vote = tpc_finish = tpc_abort = abort

    def sortKey(self) -> str:
        return ''
