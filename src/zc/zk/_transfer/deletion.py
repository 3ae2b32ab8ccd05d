"""Live trees, deleted by a plan.

Runs in its caller's thread.  Reads what a plan needs, has plan make it and
commit apply it.  It must not know ZooKeeper objects, links or
registrations.
"""
from __future__ import annotations

from collections.abc import Callable

from kazoo.exceptions import NoNodeError
from kazoo.security import OPEN_ACL_UNSAFE

from .._session.requests import Bulk
from .._tree import notes as _notes
from .._tree import plan as _plan
from .._tree import steps as _steps
from .._tree.steps import Step
from ..errors import PathError
from . import commit
from .present import read_branches


Out = Callable[[str], None]


class Deletion:
    """A deletion of a node and all below it, to be looked at and applied.

    :param bulk: the connection
    :param path: of the node
    :param force: whether to delete ephemeral nodes too
    :param ignore_if_ephemeral: whether to say nothing when the node at
        `path` itself is ephemeral
    :param exactly: whether a node whose data change after the first plan
        stays, as one does that is new
    :param progress: called with how many operations of how many are done
    :ivar applied: the paths that were deleted so far
    :raises PathError: for the root
    """

    def __init__(
        self,
        bulk: Bulk,
        path: str,
        force: bool,
        ignore_if_ephemeral: bool = False,
        exactly: bool = False,
        progress: commit.Progress = commit.no_progress,
    ) -> None:
        if path == '/':
            raise PathError(path, 'the root cannot be deleted')
        self._bulk = bulk
        self._path = path
        self._force = force
        self._ignore_if_ephemeral = ignore_if_ephemeral
        self._exactly = exactly
        self._progress = progress
        self._deletable: dict[str, tuple[int, int]] | None = None
        self.applied: list[str] = []

    def plan(self) -> list[Step]:
        """Read the nodes and return what is to be done.

        What the first plan does not delete, later ones do not either.

        :raises NoNodeError: when there is no such node at first
        :raises NoAuthError: when a node, which it names, may not be read
        """
        deletable = self._deletable
        branches = read_branches(self._bulk, [self._path])
        if deletable is None:
            if self._path not in branches:
                raise NoNodeError(self._path)
        elif not self._exactly:
            deletable = {
                path: (czxid, branches[path][0].version)
                for path, (czxid, _) in deletable.items()
                if path in branches}
        steps = _plan.plan_delete(
            self._path, branches, self._force, self._ignore_if_ephemeral,
            deletable)
        if deletable is None:
            self._deletable = _steps.removed(steps)
        return steps

    def apply(self) -> list[Step]:
        """Delete, and return what was done last.

        :raises NoAuthError: when a node, which it names, may not be deleted
        :raises TreeChanged: when others kept changing the same nodes
        """
        return commit.apply(self._bulk, self.plan, OPEN_ACL_UNSAFE,
                            self.applied, self._progress)


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
    work = Deletion(bulk, path, force, ignore_if_ephemeral)
    if dry_run:
        steps = work.plan()
        lines = _notes.lines(steps)
    else:
        steps = work.apply()
        lines = _notes.notes(steps)
    for line in lines:
        out(line)
    return not any(True for _ in _notes.notes(steps))
