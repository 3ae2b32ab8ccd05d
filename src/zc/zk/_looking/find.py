"""The command that prints the paths of certain nodes.

Runs in a script's main thread.
"""
from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

from .._commands import output
from .._commands.call import Call
from .._commands.command import command
from .._commands.options import take_path
from .._commands.progress import Progress
from . import filters
from .filters import Filter
from .items import Branch


@command('zczk find', failed=2)
def find(call: Call) -> int:
    """Print the paths of the nodes that all conditions hold for."""
    parser = call.parser('[PATH]', '''\
Print the path of the node PATH and of each node below it, or of those that all
conditions hold for.  PATH is / by default and may lead through links.
''', '''\
examples:
  {0} / --name '10.0.0.7:*'
        where is a server of this host registered?
  {0} /fooservice --property version=1.2 --ephemeral
  {0} --older 30d --json

exit status: 0 found, 1 nothing found, 2 failed or wrong usage
''')
    group = parser.add_argument_group('conditions')
    group.add_argument('--name', metavar='PATTERN', type=filters.named,
                       help="the name matches: 'web*'")
    group.add_argument('--type', metavar='PATTERN', type=filters.typed,
                       help='the property "type" matches')
    group.add_argument('--property', metavar='NAME[=VALUE]', default=[],
                       action='append', type=filters.having,
                       help='it has the property, with this value; may be '
                       'given several times')
    group.add_argument('--ephemeral', action='store_const', const=(
        filters.ephemeral), help='it goes with a session')
    group.add_argument('--older', metavar='TIME', type=_checked(
        filters.duration), help='its data were written so long ago: 90, '
        '15m, 2h, 30d')
    group.add_argument('--owner', metavar='SESSION', type=_checked(
        filters.owner), help='it goes with this session: 0x1000a3b5c0001')
    parser.add_argument('--json', action='store_true',
                        help='print a JSON object for each node')
    options = call.parse(parser)
    conditions = _conditions(options)
    path = take_path(parser, options.arguments)
    found = False
    with call.connected(options) as zk, \
            Progress(sys.stderr, 'nodes read') as progress:
        branch = Branch(zk, zk.resolve(path))
        for item in progress.count(branch):
            if not all(holds(item) for holds in conditions):
                continue
            found = True
            if options.json:
                output.print_json([{
                    'path': item.path, 'ephemeral': item.ephemeral,
                    'bytes': item.size, 'modified': item.modified,
                    'properties': item.properties()}])
            else:
                output.show(item.path)
    branch.tell()
    return 0 if found else 1


def _conditions(options: argparse.Namespace) -> list[Filter]:
    conditions = [*options.property, options.name, options.type,
                  options.ephemeral]
    if options.older is not None:
        conditions.append(filters.older(options.older, time.time()))
    if options.owner is not None:
        conditions.append(filters.owned(options.owner))
    return [each for each in conditions if each is not None]


def _checked(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def check(text: str) -> Any:
        try:
            return read(text)
        except ValueError as e:
            raise argparse.ArgumentTypeError(str(e)) from None
    return check
