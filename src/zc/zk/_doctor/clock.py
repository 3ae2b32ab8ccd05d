"""The clock of ZooKeeper's leader beside ours.

Only what is written gets a time.  So a node is created, written and deleted
in one transaction: nobody ever sees it, and nothing is left behind, whatever
happens.  Who watches the list of the root's children is told once that it
changed, and finds it as it was.  Runs in its caller's thread.
"""
from __future__ import annotations

import secrets
from collections.abc import Callable

from kazoo.exceptions import KazooException
from kazoo.security import OPEN_ACL_UNSAFE

from .._session.requests import Bulk
from .._session.requests import is_connection_error
from .._session.transactions import TransactionFailed
from .._session.wire import Create
from .._session.wire import Delete
from .._session.wire import SetData
from .rules.finding import Findings
from .rules.session import judge_clock


def examine(
    bulk: Bulk, findings: Findings, clock: Callable[[], float]
) -> bool:
    """Compare the clocks.

    :param clock: gives seconds since 1970
    :returns: whether that was possible: not where we may not write
    """
    path = f'/zczk-doctor-{secrets.token_hex(8)}'
    before = clock()
    try:
        _, stat, _ = bulk.commit([
            Create(path, b'', OPEN_ACL_UNSAFE, True),
            SetData(path, b'', -1), Delete(path, -1)])
    except TransactionFailed:
        return False
    except KazooException as e:
        if is_connection_error(e):
            raise
        return False
    judge_clock(findings, stat.mtime / 1000, before, clock())
    return True
