"""Live trees: read in bulk, imported into and deleted by a plan.

Runs in its caller's thread.  Reads what a plan needs, has _plan make it,
and applies it in transactions that fail when another client changed a node
meanwhile; then it reads and plans again.  It must not know ZooKeeper
objects, links or registrations.
"""
from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

from kazoo.exceptions import BadVersionError
from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import KazooException
from kazoo.exceptions import NoChildrenForEphemeralsError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError
from kazoo.exceptions import NotEmptyError
from kazoo.exceptions import SessionExpiredError
from kazoo.exceptions import SessionMovedError
from kazoo.protocol.states import ZnodeStat
from kazoo.security import ACL
from kazoo.security import OPEN_ACL_UNSAFE

from . import _paths
from . import _plan
from ._bulk import IN_FLIGHT
from ._bulk import Bulk
from ._bulk import Create
from ._bulk import Delete
from ._bulk import Op
from ._bulk import PendingCommit
from ._bulk import SetData
from ._bulk import TransactionFailed
from ._model import Node
from ._plan import Step
from ._plan import Wanted
from ._walk import export_lines
from ._walk import walk
from .errors import ImportFailed
from .errors import PathError
from .errors import TreeChanged


__all__ = ['delete_recursive', 'export_lines', 'import_tree', 'walk']

logger = logging.getLogger(__name__)

Out = Callable[[str], None]

#: How often a change is planned before it fails because of other clients.
ROUNDS = 10

# What a transaction gives when another client changed the tree meanwhile
_CHANGED = (BadVersionError, NoChildrenForEphemeralsError, NoNodeError,
            NodeExistsError, NotEmptyError)
# What it gives when the connection was lost, and comes back
_LOST = (ConnectionLoss, SessionExpiredError, SessionMovedError)


def import_tree(
    bulk: Bulk,
    tree: Node,
    path: str,
    trim: bool | None,
    acl: Sequence[ACL] | None,
    dry_run: bool,
    out: Out,
) -> None:
    """Make the nodes below `path` as `tree` describes them.

    Nothing is written that is equal already, nothing of others is
    overwritten unseen.  What fits one transaction is applied whole or not
    at all, except for the ACLs of existing nodes, which come last.

    :param bulk: the connection
    :param path: of an existing node, at which the top nodes are made
    :param trim: whether to delete nodes that `tree` does not have (True),
        to name them (None), or to leave them (False); those at the top are
        always left
    :param acl: for all nodes of `tree`; without, new nodes are open to all
        and existing nodes keep theirs
    :param dry_run: only print what would be done
    :param out: prints a line
    :raises NoNodeError: when there is no node at `path`
    :raises NoAuthError: when a node, which it names, may not be read or
        written, and nothing was written
    :raises DataError: when data that are not UTF-8 would be replaced
    :raises TooLarge: when a node is over the limit; nothing was written
    :raises ImportFailed: when it had to stop half way
    :raises TreeChanged: when others kept changing the same nodes
    """
    wanted = _plan.flatten(tree, path)
    deletable: dict[str, int] | None = None

    def plan() -> list[Step]:
        nonlocal deletable
        found = _read_wanted(bulk, wanted, path)
        extras = _read_extras(bulk, wanted, found, trim)
        branches: dict[str, tuple[ZnodeStat, list[str]]] = {}
        if trim:
            branches = read_branches(
                bulk, [each for paths in extras.values() for each in paths])
        steps = _plan.plan_import(
            wanted, found, extras, branches, trim, deletable)
        if deletable is None:
            deletable = _plan.removed(steps)
        return steps

    if dry_run:
        for line in _plan.lines(plan()):
            out(line)
        return
    applied: list[str] = []
    steps = _apply(bulk, plan, acl or OPEN_ACL_UNSAFE, applied)
    if acl is not None:
        added = {step.path for step in steps
                 if isinstance(step, _plan.Add)}
        _set_acls(bulk, [want.path for want in wanted
                         if want.path not in added], acl, applied)
    for line in _plan.notes(steps):
        out(line)


def delete_recursive(
    bulk: Bulk,
    path: str,
    dry_run: bool,
    force: bool,
    ignore_if_ephemeral: bool,
    out: Out,
) -> bool:
    """Delete a node and all below it; return whether all of it went.

    Only what was there at the beginning is deleted: a node that grew a
    child meanwhile stays and is named.

    :param bulk: the connection
    :param dry_run: only print what would be done
    :param force: whether to delete ephemeral nodes too
    :param ignore_if_ephemeral: whether to say nothing when the node at
        `path` itself is ephemeral
    :param out: prints a line
    :raises NoNodeError: when there is no such node
    :raises PathError: for the root
    :raises NoAuthError: when a node, which it names, may not be deleted
    :raises TreeChanged: when others kept changing the same nodes
    """
    if path == '/':
        raise PathError(path, 'the root cannot be deleted')
    deletable: dict[str, int] | None = None

    def plan() -> list[Step]:
        nonlocal deletable
        branches = read_branches(bulk, [path])
        if path not in branches and deletable is None:
            raise NoNodeError(path)
        steps = _plan.plan_delete(
            path, branches, force, ignore_if_ephemeral, deletable)
        if deletable is None:
            deletable = _plan.removed(steps)
        return steps

    if dry_run:
        steps = plan()
        for line in _plan.lines(steps):
            out(line)
    else:
        steps = _apply(bulk, plan, OPEN_ACL_UNSAFE, [])
        for line in _plan.notes(steps):
            out(line)
    return not any(True for _ in _plan.notes(steps))


# Reading

def _value(path: str, answer: Any) -> Any:
    """Return an answer, None for no node; raise another error it is."""
    if isinstance(answer, KazooException):
        if isinstance(answer, NoNodeError):
            return None
        raise type(answer)(path)
    return answer


def _read_wanted(
    bulk: Bulk, wanted: Sequence[Wanted], path: str
) -> list[_plan.Found | None]:
    """Return what there is in the place of each wanted node.

    Level by level, so that nothing is asked for below a missing node.
    """
    found: list[_plan.Found | None] = [None] * len(wanted)
    below: list[list[int]] = [[] for _ in wanted]
    level: list[int] = []
    for index, want in enumerate(wanted):
        (below[want.parent] if want.parent >= 0 else level).append(index)
    answers = bulk.data([path] + [wanted[index].path for index in level])
    if _value(path, answers.pop(0)) is None:
        raise NoNodeError(path)
    while level:
        deeper: list[int] = []
        for index, answer in zip(level, answers, strict=True):
            if type(answer) is tuple:
                found[index] = answer
                deeper += below[index]
            else:
                _value(wanted[index].path, answer)
        level = deeper
        answers = bulk.data([wanted[index].path for index in level])
    return found


def _read_extras(
    bulk: Bulk,
    wanted: Sequence[Wanted],
    found: Sequence[_plan.Found | None],
    trim: bool | None,
) -> dict[int, list[str]]:
    """Return the paths of children that wanted nodes have but should not.

    Only where the number of children says that there are any.
    """
    if trim is False:
        return {}
    known = [0] * len(wanted)
    for have, want in zip(found, wanted, strict=True):
        if have is not None and want.parent >= 0:
            known[want.parent] += 1
    ask = [index for index, have in enumerate(found)
           if have is not None and have[1].numChildren > known[index]]
    extras = {}
    answers = bulk.children([wanted[index].path for index in ask])
    for index, answer in zip(ask, answers, strict=True):
        path = wanted[index].path
        names = _value(path, answer) or []
        extras[index] = [
            _paths.join(path, name) for name in sorted(names)
            if name not in wanted[index].node.children]
    return extras


def read_branches(
    bulk: Bulk, paths: Iterable[str]
) -> dict[str, tuple[ZnodeStat, list[str]]]:
    """Return stat and children's names of nodes and of all below them."""
    branches: dict[str, tuple[ZnodeStat, list[str]]] = {}
    level = list(paths)
    while level:
        parents: list[tuple[str, ZnodeStat]] = []
        for path, answer in zip(level, bulk.data(level), strict=True):
            if type(answer) is not tuple:
                _value(path, answer)
            elif answer[1].numChildren:
                parents.append((path, answer[1]))
            else:
                branches[path] = (answer[1], [])
        level = []
        answers = bulk.children([path for path, _ in parents])
        for (path, stat), answer in zip(parents, answers, strict=True):
            names = _value(path, answer)
            if names is not None:
                branches[path] = (stat, names)
                level += [f'{path}/{name}' for name in names]
    return branches


# Applying

def _apply(
    bulk: Bulk,
    plan: Callable[[], list[Step]],
    acl: Sequence[ACL],
    applied: list[str],
) -> list[Step]:
    """Plan and apply until it works; return the steps of the last plan.

    :param applied: gets the paths that were written or deleted
    """
    unknown: list[str] = []     # what transactions without a reply hold
    path = ''
    last: Exception
    for _ in range(ROUNDS):
        try:
            steps = plan()
            writes, deletes = _operations(steps, acl)
            if unknown:
                # What the new plan does not have any more was applied.
                left = {op.path for op in writes + deletes}
                applied += [path for path in unknown if path not in left]
                unknown.clear()
            _commit(bulk, writes, deletes, applied, unknown)
        except TransactionFailed as e:
            path = e.op.path
            if not isinstance(e.error, _CHANGED):
                raise _final(e.error, path, applied) from e
            logger.info('planning again: %s', e)
            last = e
        except KazooException as e:
            # Reading again waits for the connection, and tells whether a
            # transaction without a reply was applied.
            if not isinstance(e, _LOST):
                raise _final(e, str(e), applied) from e
            logger.info('planning again: %s', type(e).__name__)
            last = e
        else:
            return steps
    if isinstance(last, TransactionFailed):
        raise TreeChanged(path, ROUNDS) from last
    raise _final(last, path, applied) from last


def _final(
    error: Exception, path: str, applied: Sequence[str]
) -> Exception:
    """Return what to raise when an error cannot be mended."""
    name = type(error).__name__
    if applied:
        return ImportFailed(path, f'{name} {error}'.strip(), applied)
    return type(error)(path) if path else error


def _operations(
    steps: Iterable[Step], acl: Sequence[ACL]
) -> tuple[list[Op], list[Op]]:
    """Return what writes, parents first, and what deletes, children first.
    """
    writes: list[Op] = []
    deletes: list[Op] = []
    for step in steps:
        if isinstance(step, _plan.Add):
            writes.append(Create(step.path, step.data, acl))
        elif isinstance(step, _plan.Change):
            writes.append(SetData(step.path, step.data, step.version))
        elif isinstance(step, _plan.Remove):
            logger.info('deleting %s', step.path)
            deletes.append(Delete(step.path, step.version))
    return writes, deletes


def _commit(
    bulk: Bulk,
    writes: list[Op],
    deletes: list[Op],
    applied: list[str],
    unknown: list[str],
) -> None:
    """Apply operations, in one transaction if they fit.

    Nothing is sent when one is too large for any.  Several transactions go
    one behind the other: the server handles the requests of a session in
    their order.  Deletions wait for all writes to have worked.
    """
    stages = [list(bulk.batches(writes + deletes))]
    if len(stages[0]) > 1:
        stages = [list(bulk.batches(writes)), list(bulk.batches(deletes))]
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
        if failed is not None:
            raise failed


def _set_acls(
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
    raise TreeChanged(paths[0], ROUNDS)
