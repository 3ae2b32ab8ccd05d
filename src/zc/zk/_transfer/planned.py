"""Imports that are planned now and applied later, or not at all.

Runs in its caller's thread.  It must not know ZooKeeper objects, links or
registrations.
"""
from __future__ import annotations

import contextlib
import difflib
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from kazoo.exceptions import NoNodeError
from kazoo.security import OPEN_ACL_UNSAFE

from .._session.requests import Bulk
from .._tree import paths
from .._tree import saved as _saved
from .._tree.model import Node
from .._tree.saved import SavedPlan
from .._tree.saved import Seen
from .._tree.steps import Add
from .._tree.steps import Change
from .._tree.steps import Remove
from .._tree.steps import Stay
from .._tree.steps import Step
from .._tree.values import decode
from ..errors import DataError
from ..errors import NoService
from ..errors import PlanMoved
from ..errors import PlanNotForHere
from ..errors import TreeChanged
from . import commit
from .deletion import Deletion
from .importer import Import
from .present import answered


class Plan:
    """What an import would do, held to the nodes as they were read.

    Applying it does that and nothing else: when any node that it touches
    has changed since, nothing is written.

    :param wrote: called when nodes were written

    :ivar applied: the paths that were written or deleted so far
    """

    def __init__(
        self, bulk: Bulk, saved: SavedPlan, wrote: Callable[[], object]
    ) -> None:
        self._bulk = bulk
        self._wrote = wrote
        self._saved = saved
        self._again = False
        self.applied: list[str] = []

    @property
    def steps(self) -> list[Step]:
        """What is to be done, in order; a list of one's own."""
        return list(self._saved.steps)

    @property
    def path(self) -> str:
        """The path of the import."""
        return self._saved.path

    @property
    def old(self) -> dict[str, dict[str, Any] | None]:
        """The properties of nodes that are changed or deleted, by path.

        None for those whose data are not text.
        """
        return {path: seen.old for path, seen in self._saved.seen.items()}

    def __repr__(self) -> str:
        return f'<Plan for {self.path}: {len(self._saved.steps)} steps>'

    def to_json(self) -> str:
        """Return a text from which `ZooKeeper.load_plan` makes the plan."""
        return _saved.dump(self._saved)

    def apply(self, progress: commit.Progress = commit.no_progress) -> None:
        """Do what is planned, if nothing has changed since.

        What fits one transaction is applied whole or not at all.

        :param progress: called with how many operations of how many are
            done
        :raises PlanNotForHere: when it is for another ensemble or chroot
        :raises PlanMoved: when nodes that it touches have changed; nothing
            was written, or what `applied` says
        :raises ImportFailed: when it had to stop half way
        """
        check_place(self._bulk, self._saved)
        self._again = False
        try:
            commit.apply(self._bulk, self._left, OPEN_ACL_UNSAFE,
                         self.applied, progress)
        except TreeChanged as e:
            raise PlanMoved([e.path], self.applied) from e
        finally:
            self._wrote()

    def _left(self) -> list[Step]:
        """Return the steps that were not applied yet.

        Called again when others wrote, and after a lost reply: then what is
        as planned was done by us.
        """
        applied = set(self.applied)
        steps = [step for step in self._saved.steps
                 if not isinstance(step, Stay) and step.path not in applied]
        moved, done = self._compare(steps)
        if not self._again:
            moved += done
            done = []
        if moved:
            raise PlanMoved(sorted(moved), self.applied)
        self._again = True
        self.applied += done
        return [step for step in steps if step.path not in done]

    def _compare(self, steps: Sequence[Step]) -> tuple[list[str], list[str]]:
        """Return the paths that have moved, and those that are as planned."""
        made = {step.path for step in self._saved.steps
                if isinstance(step, Add)}
        above = sorted({paths.split(step.path)[0] for step in steps
                        if isinstance(step, Add)} - made)
        below = Counter(paths.split(step.path)[0] for step in steps
                        if isinstance(step, Remove))
        asked = [step.path for step in steps] + above
        found = [answered(path, answer) for path, answer in zip(
            asked, self._bulk.data(asked), strict=True)]
        moved: list[str] = []
        done: list[str] = []
        for step, have in zip(steps, found, strict=False):
            if not self._fits(step, have, below):
                (done if _is_done(step, have) else moved).append(step.path)
        moved += [path for path, have in zip(
            above, found[len(steps):], strict=True) if have is None]
        return moved, done

    def _fits(
        self, step: Step, have: Any, below: Mapping[str, int]
    ) -> bool:
        if isinstance(step, Add) or have is None:
            return isinstance(step, Add) and have is None
        assert isinstance(step, Change | Remove)
        stat = have[1]
        return (stat.version == step.version
                and stat.mzxid == self._saved.seen[step.path].mzxid
                and (isinstance(step, Change)
                     or stat.numChildren == below.get(step.path, 0)))


def _is_done(step: Step, have: Any) -> bool:
    if isinstance(step, Remove) or have is None:
        return isinstance(step, Remove) and have is None
    assert isinstance(step, Add | Change)
    version = 0 if isinstance(step, Add) else step.version + 1
    return bool(have[0] == step.data and have[1].version == version)


def plan_steps(
    bulk: Bulk,
    tree: Node,
    path: str,
    trim: bool | None,
    services: Sequence[str],
    look: bool = False,
) -> list[Step]:
    """Return what an import would do now, as `make_plan` has it.

    :param look: as for `Import`
    """
    gone: list[str] = []
    if services:
        chosen = Node()
        chosen.children = {name: node for name, node in tree.children.items()
                           if name in services}
        others = sorted(set(services) - set(tree.children))
        _check_names(bulk, others, path, tree)
        gone = others if trim else []
        tree = chosen
    steps = Import(bulk, tree, path, trim, None, look=look).plan()
    for name in gone:
        with contextlib.suppress(NoNodeError):
            steps += Deletion(bulk, paths.join(path, name), False).plan()
    return steps


def _check_names(
    bulk: Bulk, names: Sequence[str], path: str, tree: Node
) -> None:
    """Refuse names that are neither in a text nor in the live tree.

    :param names: those that are not in the text
    :raises NoService: for the first of them
    """
    there = answered(path, bulk.children([path])[0]) if names else []
    for name in names:
        if there is not None and name not in there:
            similar = difflib.get_close_matches(
                name, {*there, *tree.children})
            raise NoService(name, path, similar)


def make_plan(
    bulk: Bulk,
    tree: Node,
    path: str,
    trim: bool | None,
    services: Sequence[str],
    wrote: Callable[[], object],
) -> Plan:
    """Return what an import would do now.

    :param path: a real path
    :param trim: as for an import
    :param services: names of top nodes; no others are looked at.  Of these,
        one that the tree does not have is deleted if `trim` is true.
    :param wrote: called when the plan was applied
    :raises NoNodeError: when there is no node at `path`
    :raises NoService: when the tree and `path` both lack one of `services`
    :raises Error: as an import does
    :raises TreeChanged: when others kept changing the same nodes
    """
    moved = path
    for _ in range(commit.ROUNDS):
        steps = plan_steps(bulk, tree, path, trim, services)
        seen, moved = _look(bulk, steps)
        if not moved:
            return Plan(bulk, SavedPlan(
                _hosts(bulk), bulk.client.chroot, path, bool(trim), steps,
                seen), wrote)
    raise TreeChanged(moved, commit.ROUNDS, [])


def load_plan(
    bulk: Bulk, text: str, wrote: Callable[[], object]
) -> Plan:
    """Return the plan that a text holds.

    :raises PlanSyntaxError: when it holds none
    :raises PlanNotForHere: when it is for another ensemble or root
    """
    saved = _saved.load(text)
    check_place(bulk, saved)
    return Plan(bulk, saved, wrote)


def _look(
    bulk: Bulk, steps: Iterable[Step]
) -> tuple[dict[str, Seen], str]:
    """Return what there is where steps write, and the first that moved."""
    touched = [step for step in steps if isinstance(step, Change | Remove)]
    seen: dict[str, Seen] = {}
    answers = bulk.data([step.path for step in touched])
    for step, answer in zip(touched, answers, strict=True):
        have = answered(step.path, answer)
        if have is None or have[1].version != step.version or (
                isinstance(step, Remove) and have[1].czxid != step.czxid):
            return {}, step.path
        old: dict[str, Any] | None
        try:
            old = decode(have[0], step.path)
        except DataError:
            old = None
        seen[step.path] = Seen(have[1].mzxid, old)
    return seen, ''


def _hosts(bulk: Bulk) -> list[str]:
    return sorted(f'{host}:{port}' for host, port in bulk.client.hosts)


def check_place(bulk: Bulk, saved: SavedPlan) -> None:
    """Refuse a plan that is for another ensemble or chroot.

    :raises PlanNotForHere: when it is
    """
    hosts, chroot = _hosts(bulk), bulk.client.chroot
    if not set(hosts) & set(saved.hosts):
        raise PlanNotForHere(
            f'it is for the servers {", ".join(saved.hosts)}, not for '
            f'{", ".join(hosts)}')
    if chroot != saved.chroot:
        raise PlanNotForHere(
            f'it is for the root {saved.chroot or "/"}, not for '
            f'{chroot or "/"}')
