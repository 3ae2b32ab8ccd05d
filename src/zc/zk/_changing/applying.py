"""A plan applied by a command, with its progress and what stops it.

Runs in the main thread.  It must not know where the plan comes from.
"""
from __future__ import annotations

import sys

from .._commands import output
from .._commands.progress import Progress
from .._printable import printable
from .._transfer.planned import Plan
from .._tree import notes
from ..errors import PlanMoved


def apply_plan(name: str, plan: Plan) -> int:
    """Apply a plan, and return the command's exit status.

    :param name: what the command is called, for errors
    :returns: 0, or 1 when something has moved, which is told
    """
    # So that what is done was shown, also to a pipe.
    sys.stdout.flush()
    with Progress(sys.stderr, 'nodes written') as progress:
        try:
            plan.apply(progress)
        except PlanMoved as e:
            progress.close()
            output.complain(f'{name}: {printable(str(e))}')
            return 1
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                notes.interrupted(len(plan.applied))) from None
    return 0
