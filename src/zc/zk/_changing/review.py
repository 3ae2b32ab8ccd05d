"""A plan as it is shown before it is saved, and before it is applied.

Runs in a script's main thread.
"""
from __future__ import annotations

from .._commands import output
from .._printable import printable
from .._transfer.planned import Plan
from .._tree import diff
from .._tree import notes
from .._tree import steps as _steps
from .._tree.values import encode


def review(plan: Plan, colour: bool) -> None:
    """Print what a plan changes, as a comparison of trees.

    What stays although it is not as wanted is named on the standard error.
    """
    steps = [step for step in plan.steps
             if not isinstance(step, _steps.Stay)]
    old = {path: encode(properties) for path, properties in plan.old.items()
           if properties is not None}
    for line in diff.text(diff.differences(steps, plan.path, old),
                          printable(plan.path), 'planned', colour):
        print(line)
    output.tell('these stay as they are:', list(notes.lines(
        step for step in plan.steps if isinstance(step, _steps.Stay))))
    if not steps:
        output.complain('nothing is to be done')
