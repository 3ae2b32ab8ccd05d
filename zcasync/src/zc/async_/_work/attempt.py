"""Trying until it works: what must be written is written in the end.

Runs in the thread that performs a job.  Waits are ended by the dispatcher.
"""
from __future__ import annotations

import errno
import random
import time
from collections.abc import Callable
from typing import Any
from typing import TypeVar

from .._logs import log
from .._rules import retry
from ..interfaces import BadStatusError
from ..interfaces import ReassignedError
from ..threadlocal import local
from .claim import Stopped


__all__ = ['FATAL', 'insist', 'kind_of_commit_error', 'rest']

T = TypeVar('T')

#: What is never swallowed.
FATAL = (KeyboardInterrupt, SystemExit, GeneratorExit, ReassignedError,
         BadStatusError, Stopped)

#: Errors of the operating system that pass when somebody makes room.
_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}


def rest(seconds: float) -> None:
    """Wait in the thread of a job.

    :raises Stopped: when the dispatcher handed the job back meanwhile
    """
    if local.claim is not None:
        local.claim.wait(seconds)
    else:
        time.sleep(seconds)


def pause(kind: str | None, count: int) -> None:
    """Wait before the next attempt, after an error of this kind.

    :param count: how many attempts failed, from 1
    """
    if kind == retry.CONFLICT:
        # Enough to let the other one pass.
        rest(random.random() * min(0.002 * 2 ** count, 0.25))
    else:
        rest(retry.pause(count))


def kind_of_commit_error(error: BaseException) -> str | None:
    """Return the kind of an error of a commit.

    A full disk is no fault of the job: it counts as a database that is
    away.
    """
    if isinstance(error, OSError) and error.errno in _ROOM:
        return retry.AWAY
    return retry.kind(error)


def insist(call: Callable[[], T], what: str, manager: Any) -> T:
    """Call and commit, as often as it takes.

    :param what: for the log, for example "storing the result of ..."
    :raises ReassignedError: when the job is another dispatcher's now
    """
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
            kind = kind_of_commit_error(e)
            if kind == retry.CONFLICT:
                if failed % 5 == 0:
                    log.warning('%d transaction errors in a row while %s',
                                failed, what, exc_info=True)
            elif failed == 1 or failed % 10 == 0:
                (log.error if kind else log.critical)(
                    '%d errors in a row while %s; it is tried again',
                    failed, what, exc_info=True)
            pause(kind, failed)
