"""The command that follows links step by step.

Runs in a script's main thread.
"""
from __future__ import annotations

from kazoo.exceptions import NoNodeError

from .._commands import output
from .._commands.call import Call
from .._commands.command import command
from .._commands.options import checked_path
from .._tree import links
from ..errors import Error


@command('zczk resolve', failed=2)
def resolve(call: Call) -> int:
    """Print where a path leads, link by link."""
    parser = call.parser('PATH', '''\
Print where PATH leads: the path itself, and then the path after each link that
is followed.  The last line is the path of a real node, or says what is
missing.
''', '''\
examples:
  {0} /fooservice/database/providers

exit status: 0 there is a node, 1 there is none or links lead in a circle,
2 failed or wrong usage
''')
    parser.add_argument('--json', action='store_true',
                        help='print one JSON object')
    options = call.parse(parser)
    if len(options.arguments) != 1:
        parser.error('one PATH is needed')
    path = checked_path(options.arguments[0])
    steps: list[str] = []
    fault = ''
    with call.connected(options) as zk:
        try:
            for step in links.followed(zk._nodes.lookup, path):
                steps.append(step)
                if not options.json:
                    output.show(step if len(steps) == 1 else f'-> {step}')
        except NoNodeError as e:
            fault = f'there is no node {e}'
        except Error as e:
            fault = str(e)
    if options.json:
        output.print_json([{
            'path': path, 'steps': steps, 'fault': fault or None,
            'real_path': None if fault else steps[-1]}])
    elif fault:
        output.show(fault)
    return 1 if fault else 0
