"""The command that makes a plan, to be reviewed and applied later.

Runs in a script's main thread.  It must not know how plans are made.
"""
from __future__ import annotations

from .._commands import files
from .._commands import output
from .._commands.call import Call
from .._commands.command import command
from .._commands.options import take_path
from .._commands.streams import Failure
from .._session.requests import Bulk
from .._transfer.planned import make_plan
from .._tree import ending
from .review import review


@command('zczk plan', failed=2)
def plan(call: Call) -> int:
    """Show what an import would do, and save it."""
    parser = call.parser('[FILE [PATH]]', '''\
Show what an import of the tree in FILE below the node PATH would change, and
save it as a plan.  "zczk apply" does what the plan says, and nothing at all if
a node that it touches has changed meanwhile.  FILE is the standard input by
default, or if it is -; PATH is / by default and may lead through links.
''', '''\
examples:
  {0} system.txt --trim -o plan.json
        then look at it, and: zczk apply plan.json
  {0} system.txt --trim --service fooservice -o plan.json
        only for one service, which is deleted if the text does not have it

exit status: 0 done, 2 failed or wrong usage
''')
    parser.add_argument('-t', '--trim', action='store_true',
                        help='delete nodes that the tree does not have; those '
                        'directly below PATH stay, unless named by --service')
    parser.add_argument('-s', '--service', metavar='NAME', action='append',
                        default=[], help='plan only for this node directly '
                        'below PATH; may be given several times')
    parser.add_argument('-o', '--output', metavar='PLAN',
                        help='write the plan to this file, whole or not at '
                        'all')
    parser.add_argument('--json', action='store_true',
                        help='print the plan itself')
    options = call.parse(parser)
    rest = options.arguments
    file = rest.pop(0) if rest else '-'
    path = take_path(parser, rest)
    text, piped = files.read_text(file)
    tree = files.tree_from(text, file)
    doubt = ending.doubt(text, piped) if options.trim else ''
    if doubt:
        raise Failure(f'{files.source_name(file)}: {doubt}')
    with call.connected(options) as zk:
        made = make_plan(
            Bulk(zk.client), tree, zk.resolve(path), options.trim or None,
            options.service, zk.settle)
    if options.output is not None:
        output.write_lines(
            options.output, made.to_json().removesuffix('\n').split('\n'))
    if options.json:
        print(made.to_json(), end='')
    else:
        review(made, call.colour(options))
    return 0
