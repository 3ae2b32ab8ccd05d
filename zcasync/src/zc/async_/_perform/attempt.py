"""Trying until it works: what must be written is written in the end.

Runs in the thread that performs a job.  Waits are ended by the dispatcher.
"""
from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any
from typing import TypeVar

import transaction

from .._logs import log
from .._rules import retry
from ..interfaces import BadStatusError
from ..interfaces import ReassignedError
from .claim import Stopped
from .local import local


__all__ = ['FATAL', 'insist', 'manager_of', 'pause', 'renew_ids', 'rest',
           'until_answered']

T = TypeVar('T')

#: What is never swallowed.
FATAL = (KeyboardInterrupt, SystemExit, GeneratorExit, ReassignedError,
         BadStatusError, Stopped)

#: Ids that a ZEO client gets at one time.
_STOCK = 100


def rest(seconds: float) -> None:
    """Wait in the thread of a job.

    :raises Stopped: when the dispatcher handed the job back meanwhile
    """
    if local.claim is not None:
        local.claim.wait(seconds)
    else:
        time.sleep(seconds)


def manager_of(job: Any) -> Any:
    """Return the transaction manager of a job."""
    if job._p_jar is None:
        return transaction.manager
    return job._p_jar.transaction_manager


def pause(kind: str | None, count: int) -> None:
    """Wait before the next attempt, after an error of this kind.

    :param count: how many attempts failed, from 1
    """
    if kind == retry.CONFLICT:
        # Enough to let the other one pass.
        rest(random.random() * min(0.002 * 2 ** count, 0.25))
    else:
        rest(retry.pause(count))


def renew_ids(error: BaseException, db: Any) -> None:
    """Drop the ids for new objects that a ZEO client has in stock.

    A server that was killed gives ids out again that it gave to clients
    before.  Clients keep theirs over a reconnection, so that the next
    hundred attempts would fail as well.
    """
    if retry.stale_id(error):
        for each in set(db.databases.values()) | {db}:
            for _ in range(_STOCK):
                each.new_oid()


def insist(call: Callable[[], T], what: str, job: Any) -> T:
    """Call and commit, as often as it takes.

    :param job: whose transaction manager and database are used
    :param what: for the log, for example "storing the result of ..."
    :raises ReassignedError: when the job is another dispatcher's now
    """
    manager = manager_of(job)
    failed = 0
    while True:
        try:
            manager.begin()
            result = call()
            manager.commit()
            return result
        except FATAL:
            manager.abort()
            raise
        except Exception as e:
            manager.abort()
            failed += 1
            kind = retry.kind_of_commit(e)
            if kind == retry.CONFLICT:
                if failed % 5 == 0:
                    log.warning('%d transaction errors in a row while %s',
                                failed, what, exc_info=True)
            elif failed == 1 or failed % 10 == 0:
                (log.error if kind else log.critical)(
                    '%d errors in a row while %s; it is tried again',
                    failed, what, exc_info=True)
            if job._p_jar is not None:
                renew_ids(e, job._p_jar.db())
            pause(kind, failed)


def until_answered(call: Any, what: str, manager: Any) -> Any:
    """Return an answer, as often as it takes; commit nothing.

    :param call: what is asked
    :param what: for the log, for example "asking the policy of ..."
    """
    failed = 0
    while True:
        try:
            manager.begin()
            try:
                return call()
            finally:
                manager.abort()
        except FATAL:
            raise
        except Exception as e:
            failed += 1
            if failed == 1 or failed % 10 == 0:
                log.critical('%d errors in a row while %s', failed, what,
                             exc_info=True)
            pause(retry.kind(e), failed)
