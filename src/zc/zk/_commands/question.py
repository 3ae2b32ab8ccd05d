"""A plan that deletes nodes: shown, asked for, and applied as it was shown.

Runs in a script's main thread.  It must not know what the plan is for.
"""
from __future__ import annotations

import sys
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Protocol
from typing import TypeVar

from .._session.requests import Bulk
from .._transfer.snapshot import read_data
from .._tree import notes as _notes
from .._tree import plan as _plan
from .._tree import steps as _steps
from .._tree.faults import link_faults
from .._tree.steps import Step
from . import output
from .streams import Failure


class Work(Protocol):
    """What can be planned; what its first plan does not delete stays."""

    def plan(self) -> list[Step]: ...


W = TypeVar('W', bound=Work)


def agreed(
    make: Callable[[], W], show: Callable[[list[Step]], None], yes: bool
) -> W:
    """Return work with a plan that someone has seen and agreed to.

    The tree may change while someone reads.  Then the question comes again,
    with the new plan.

    :param make: makes the work, without a plan
    :param show: shows the steps of a plan that deletes nodes
    :param yes: whether to do without the question
    :raises Failure: when the answer is no, or nobody can be asked
    """
    work = make()
    steps = work.plan()
    while True:
        gone = len(_steps.removed(steps))
        if not gone:
            return work
        show(steps)
        if yes:
            return work
        if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
            raise Failure('there is no terminal to ask whether to delete '
                          f'{_notes.nodes(gone)}: add --yes')
        sys.stderr.write(f'Delete {_notes.nodes(gone)}? [y/N] ')
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ('y', 'yes'):
            raise Failure('nothing was done')
        work = make()
        now = work.plan()
        if now == steps:
            return work
        output.complain('The tree has changed meanwhile.')
        steps = now


def show_deletions(
    bulk: Bulk,
    steps: Sequence[Step],
    heading: str,
    wanted: Iterable[_plan.Wanted] = (),
) -> None:
    """Say what a plan deletes, what stays, and which links would break.

    :param heading: what comes before the list of nodes that go
    :param wanted: the nodes that the plan makes
    """
    gone = _steps.removed(steps)
    output.tell(f'{heading} {_notes.nodes(len(gone))}:', list(gone))
    for reason, why in (
            (_steps.EPHEMERAL,
             'since they are ephemeral, as live servers are'),
            (_steps.NO_TEXT, 'since text cannot describe their data')):
        output.tell(f'these stay, {why}:', [
            step.path for step in steps
            if isinstance(step, _steps.Stay) and step.reason == reason])
    live, unreadable = read_data(bulk, '/')
    after = {path: data for path, data in live.items() if path not in gone}
    after.update((want.path, want.data) for want in wanted)
    before = set(link_faults(live, live, unreadable=unreadable))
    output.tell('these links would break:', [
        f'{fault.path} {fault.name} ({fault.message})'
        for fault in link_faults(after, after, unreadable=unreadable)
        if fault not in before])


def fail_if_moved(steps: Iterable[Step]) -> None:
    """Raise an error if a node stays because it changed after the plan.

    :raises Failure: when one does
    """
    for step in steps:
        if isinstance(step, _steps.Stay) and step.reason == _steps.GREW:
            raise Failure(f'{step.path} was not deleted: another client '
                          'changed it, or created it or a node below it, '
                          'after the plan was made')
