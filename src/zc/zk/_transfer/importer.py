"""Live trees, imported into by a plan.

Runs in its caller's thread.  Reads what a plan needs, has plan make it and
commit apply it.  It must not know ZooKeeper objects, links or
registrations.
"""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence

from kazoo.protocol.states import ZnodeStat
from kazoo.security import ACL
from kazoo.security import OPEN_ACL_UNSAFE

from .._session.requests import Bulk
from .._tree import links
from .._tree import notes as _notes
from .._tree import plan as _plan
from .._tree import steps as _steps
from .._tree.model import PROPERTY_LINK
from .._tree.model import Node
from .._tree.steps import Add
from .._tree.steps import Change
from .._tree.steps import Step
from .._tree.values import decode
from .._tree.values import same
from . import commit
from .commit import Progress
from .deletion import delete_recursive
from .export import export_json
from .export import export_lines
from .present import read_branches
from .present import read_extras
from .present import read_wanted
from .walk import walk


__all__ = ['Import', 'delete_recursive', 'export_json', 'export_lines',
           'import_tree', 'walk']

Out = Callable[[str], None]


class Import:
    """An import, to be planned, looked at and applied.

    :param bulk: the connection
    :param path: of an existing node, at which the top nodes are made
    :param trim: whether to delete nodes that `tree` does not have (True),
        to name them (None), or to leave them (False); those at the top are
        always left
    :param acl: for all nodes of `tree`; without, new nodes are open to all
        and existing nodes keep theirs
    :param progress: called with how many operations of how many are done
    :param look: for someone who only looks: whether nodes that text cannot
        describe are steps, which cannot be applied, and no errors, and
        property links that are none are let pass
    :ivar applied: the paths that were written or deleted so far
    :raises PathError: when a name in `tree` is none
    """

    def __init__(
        self,
        bulk: Bulk,
        tree: Node,
        path: str,
        trim: bool | None,
        acl: Sequence[ACL] | None,
        progress: Progress = commit.no_progress,
        look: bool = False,
    ) -> None:
        self._bulk = bulk
        self._path = path
        self._trim = trim
        self._acl = acl
        self._progress = progress
        self._look = look
        self._deletable: dict[str, tuple[int, int]] | None = None
        self._changes: dict[str, Change] = {}
        self.applied: list[str] = []
        self.wanted = _plan.flatten(tree, path)

    def plan(self) -> list[Step]:
        """Read the live tree and return what is to be done.

        What the first plan does not delete, later ones do not either, nor
        what changed since.

        :raises NoNodeError: when there is no node at the import's path
        :raises NoAuthError: when a node, which it names, may not be read
        :raises DataError: when data that are not UTF-8 would be replaced
        :raises ValueNotStorable: when JSON cannot hold a property
        :raises BadPropertyLink: when a property link that would be written
            is none
        """
        bulk, wanted = self._bulk, self.wanted
        found = read_wanted(bulk, wanted, self._path)
        extras = read_extras(bulk, wanted, found, self._trim)
        branches: dict[str, tuple[ZnodeStat, list[str]]] = {}
        keep: set[str] = set()
        if self._trim:
            branches = read_branches(
                bulk, [path for paths in extras.values() for path in paths],
                keep)
        steps = _plan.plan_import(
            wanted, found, extras, branches, self._trim, self._deletable,
            keep, self._look)
        if not self._look:
            _check_links(steps)
        if self._deletable is None:
            self._deletable = _steps.removed(steps)
        return steps

    def _plan_to_apply(self) -> list[Step]:
        steps = self.plan()
        self._changes.update(
            (step.path, step) for step in steps
            if isinstance(step, Change))
        return steps

    def changed(self) -> list[Change]:
        """Return the changes of data that were applied, by path."""
        applied = set(self.applied)
        return [change for path, change in sorted(self._changes.items())
                if path in applied]

    def apply(self) -> list[Step]:
        """Make the live tree as wanted, and return what was done last.

        Nothing is written that is equal already, nothing of others is
        overwritten unseen.  What fits one transaction is applied whole or
        not at all, except for the ACLs of existing nodes, which come last.

        :raises NoNodeError: when there is no node at the import's path
        :raises NoAuthError: when a node, which it names, may not be read
            or written, and nothing was written
        :raises DataError: when data that are not UTF-8 would be replaced
        :raises TooLarge: when a node is over the limit; nothing was written
        :raises ImportFailed: when it had to stop half way
        :raises TreeChanged: when others kept changing the same nodes
        """
        acl = OPEN_ACL_UNSAFE if self._acl is None else self._acl
        steps = commit.apply(
            self._bulk, self._plan_to_apply, acl, self.applied,
            self._progress)
        if self._acl is not None:
            added = {step.path for step in steps
                     if isinstance(step, _steps.Add)}
            paths = [want.path for want in self.wanted]
            commit.set_acls(
                self._bulk, [path for path in paths if path not in added],
                self._acl, self.applied)
        return steps


def import_tree(
    bulk: Bulk,
    tree: Node,
    path: str,
    trim: bool | None,
    acl: Sequence[ACL] | None,
    dry_run: bool,
    out: Out,
) -> None:
    """Make the nodes below `path` as `tree` describes them; see Import.

    :param dry_run: only print what would be done
    :param out: prints a line
    :raises Error: as Import does
    :raises KazooException: as Import does
    """
    work = Import(bulk, tree, path, trim, acl)
    if dry_run:
        lines = _notes.lines(work.plan())
    else:
        lines = _notes.notes(work.apply())
    for line in lines:
        out(line)


_WRITES = (Add, Change)
# How the name of a property link ends, in JSON
_LINK_IN_DATA = f'{PROPERTY_LINK}":'.encode('ascii')


def _check_links(steps: Iterable[Step]) -> None:
    """Refuse property links that are none, unless they are there already.

    :raises BadPropertyLink: when one would be written
    """
    for step in steps:
        if not isinstance(step, _WRITES) or _LINK_IN_DATA not in step.data:
            continue        # nearly always
        properties = decode(step.data, step.path)
        if isinstance(step, Change):
            old = step.old
            properties = {
                name: value for name, value in properties.items()
                if name not in old or not same(value, old[name])}
        links.check_property_links(step.path, properties)
