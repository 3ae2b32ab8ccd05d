"""Applying a plan in transactions, and planning again where others wrote.

Runs in its caller's thread.  Each operation carries the version that was
read, so nothing is overwritten unseen.  It must not know what the steps are
for.
"""
from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from itertools import islice

from kazoo.exceptions import BadVersionError
from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import KazooException
from kazoo.exceptions import NoChildrenForEphemeralsError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError
from kazoo.exceptions import NotEmptyError
from kazoo.exceptions import SessionExpiredError
from kazoo.exceptions import SessionMovedError
from kazoo.security import ACL

from .._session.requests import Bulk
from .._session.transactions import IN_FLIGHT
from .._session.transactions import PendingCommit
from .._session.transactions import TransactionFailed
from .._session.wire import Create
from .._session.wire import Delete
from .._session.wire import Op
from .._session.wire import SetData
from .._tree import steps as _steps
from .._tree.steps import Step
from ..errors import ImportFailed
from ..errors import TreeChanged


logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]

#: How often a change is planned before it fails because of other clients.
ROUNDS = 10

# What a transaction gives when another client changed the tree meanwhile
_CHANGED = (BadVersionError, NoChildrenForEphemeralsError, NoNodeError,
            NodeExistsError, NotEmptyError)
# What it gives when the connection was lost, and comes back
_LOST = (ConnectionLoss, SessionExpiredError, SessionMovedError)


def no_progress(done: int, total: int) -> None:
    """Show nothing."""


def apply(
    bulk: Bulk,
    plan: Callable[[], list[Step]],
    acl: Sequence[ACL],
    applied: list[str],
    progress: Progress = no_progress,
) -> list[Step]:
    """Plan and apply until it works; return the steps of the last plan.

    :param applied: gets the paths that were written or deleted
    """
    unknown: list[str] = []     # what transactions without a reply hold
    path = ''
    last: Exception
    for _ in range(ROUNDS):
        try:
            bulk.wait_connected()
            steps = plan()
            writes, deletes = _operations(steps, acl)
            if unknown:
                # What the new plan does not have any more was applied.
                left = {op.path for op in writes + deletes}
                applied += [path for path in unknown if path not in left]
                unknown.clear()
            _commit(bulk, writes, deletes, applied, unknown, progress)
        except TransactionFailed as e:
            path = e.op.path
            if not isinstance(e.error, _CHANGED):
                raise _final(e.error, path, applied) from e
            logger.info('planning again: %s', e)
            last = e
        except KazooException as e:
            # Reading again tells whether a transaction without a reply was
            # applied.
            if unknown:
                path = unknown[0]
            if not isinstance(e, _LOST):
                raise _final(
                    e, str(e) if str(e)[:1] == '/' else path, applied) from e
            logger.info('planning again: %s', type(e).__name__)
            last = e
        else:
            return steps
    if isinstance(last, TransactionFailed):
        raise TreeChanged(path, ROUNDS, applied) from last
    raise _final(last, path, applied) from last


def _final(
    error: Exception, path: str, applied: Sequence[str]
) -> Exception:
    """Return what to raise when an error cannot be mended."""
    name = type(error).__name__
    if applied:
        return ImportFailed(
            path or applied[-1], f'{name} {error}'.strip(), applied)
    return type(error)(path) if path else error


def _operations(
    steps: Iterable[Step], acl: Sequence[ACL]
) -> tuple[list[Op], list[Op]]:
    """Return what writes, parents first, and what deletes, children first.
    """
    writes: list[Op] = []
    deletes: list[Op] = []
    for step in steps:
        if isinstance(step, _steps.Add):
            writes.append(Create(step.path, step.data, acl))
        elif isinstance(step, _steps.Change):
            writes.append(SetData(step.path, step.data, step.version))
        elif isinstance(step, _steps.Remove):
            logger.info('deleting %s', step.path)
            deletes.append(Delete(step.path, step.version))
    return writes, deletes


def _commit(
    bulk: Bulk,
    writes: list[Op],
    deletes: list[Op],
    applied: list[str],
    unknown: list[str],
    progress: Progress,
) -> None:
    """Apply operations, in one transaction if they fit.

    Nothing is sent when one is too large for any.  Several transactions go
    one behind the other: the server handles the requests of a session in
    their order.  Deletions wait for all writes to have worked.
    """
    stages = [list(islice(bulk.batches(writes + deletes), 2))]
    if len(stages[0]) > 1:
        stages = [list(bulk.batches(writes)), list(bulk.batches(deletes))]
    done, total = 0, len(writes) + len(deletes)
    for batches in stages:
        pending: deque[PendingCommit] = deque()
        failed: Exception | None = None
        todo = deque(batches)
        while pending or (todo and failed is None):
            while todo and failed is None and len(pending) < IN_FLIGHT:
                pending.append(bulk.commit_async(todo.popleft()))
            commit = pending.popleft()
            paths = [op.path for op in commit.ops]
            try:
                commit.get()
            except (TransactionFailed, KazooException) as e:
                if not isinstance(e, TransactionFailed):
                    unknown += paths
                failed = failed or e
            else:
                applied += paths
                done += len(paths)
                progress(done, total)
        if failed is not None:
            raise failed


def set_acls(
    bulk: Bulk,
    paths: Sequence[str],
    acl: Sequence[ACL],
    applied: list[str],
) -> None:
    """Give nodes that are not ephemeral an ACL, where it is another."""
    for _ in range(ROUNDS):
        pending = []
        for path, answer in zip(paths, bulk.acls(paths), strict=True):
            if isinstance(answer, NoNodeError):
                continue        # deleted by someone else meanwhile
            if isinstance(answer, KazooException):
                raise _final(answer, path, applied)
            old, stat = answer
            if set(old) != set(acl) and not stat.ephemeralOwner:
                pending.append((path, bulk.client.set_acls_async(
                    path, list(acl), stat.aversion)))
        again = []
        for path, result in pending:
            try:
                bulk.wait(result)
            except (BadVersionError, NoNodeError):
                again.append(path)
            except KazooException as e:
                raise _final(e, path, applied) from e
            else:
                applied.append(path)
        if not again:
            return
        paths = again
    raise TreeChanged(paths[0], ROUNDS, applied)
