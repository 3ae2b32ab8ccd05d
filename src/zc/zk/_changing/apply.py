"""The command that applies a plan.

Runs in a script's main thread.  It must not know how plans are applied.
"""
from __future__ import annotations

from .._commands import files
from .._commands.call import Call
from .._commands.command import command
from .._commands.streams import Failure
from ..errors import PlanNotForHere
from ..errors import PlanSyntaxError
from .applying import apply_plan
from .review import review


@command('zczk apply', failed=2)
def apply(call: Call) -> int:
    """Do what a plan says."""
    parser = call.parser('PLAN', '''\
Do what the file PLAN says, which "zczk plan -o" wrote.  Nothing is done if a
node that it touches has changed since, or if it is for another ensemble or
root.  PLAN may be -, the standard input.
''', '''\
examples:
  {0} plan.json
  {0} -d plan.json
        only show it again

exit status: 0 done, 1 nodes have changed and nothing was done, 2 failed or
wrong usage
''')
    parser.add_argument('-d', '--dry-run', action='store_true',
                        help='only show what the plan does')
    options = call.parse(parser)
    if len(options.arguments) != 1:
        parser.error('one PLAN is needed')
    file = options.arguments[0]
    text = files.read_text(file)[0]
    with call.connected(options) as zk:
        try:
            plan = zk.load_plan(text)
        except (PlanNotForHere, PlanSyntaxError) as e:
            raise Failure(f'{files.source_name(file)}: {e}') from e
        review(plan, call.colour(options))
        if options.dry_run:
            return 0
        return apply_plan(call.name, plan)
