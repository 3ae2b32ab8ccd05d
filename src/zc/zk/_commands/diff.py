"""The script that compares a live tree with a file.

Runs in a script's main thread.  It must not know how trees are read.
"""
from __future__ import annotations

from collections.abc import Sequence

from .._printable import printable
from .._session.requests import Bulk
from .._transfer import planned
from .._tree import diff as _diff
from .._tree import steps as _steps
from .._tree.steps import Step
from . import files
from . import output
from .call import Call
from .command import command
from .options import take_path


@command('zookeeper_diff', failed=2)
def diff(call: Call) -> int:
    """Show how a live tree differs from what a file describes."""
    parser = call.parser('[FILE [PATH]]', '''\
Show how the live tree below the node PATH differs from the tree in FILE: what
an import with --trim would change.  FILE is the standard input by default, or
if it is -; PATH is / by default and may lead through links.  Ephemeral nodes
are no difference.  Nor are nodes directly below PATH that the file does not
have, unless --service names them.
''', '''\
examples:
  {0} tree.txt
  {0} tree.txt > /dev/null
  [ $? -eq 1 ] && echo drifted
  {0} tree.txt --service fooservice
        only one service, whether or not the file has it

exit status: 0 equal, 1 different, 2 failed or wrong usage
''')
    parser.add_argument('-T', '--no-trim', action='store_true',
                        help='ignore nodes that the file does not have')
    parser.add_argument('-s', '--service', metavar='NAME', action='append',
                        default=[], help='compare only this node directly '
                        'below PATH; may be given several times')
    parser.add_argument('--json', action='store_true',
                        help='print a JSON object for each difference')
    options = call.parse(parser)
    rest = options.arguments
    file = rest.pop(0) if rest else '-'
    path = take_path(parser, rest)
    tree = files.read_tree(file)
    with call.connected(options) as zk:
        bulk = Bulk(zk.client)
        path = zk.resolve(path)
        plan = planned.plan_steps(
            bulk, tree, path, not options.no_trim, options.service, look=True)
        unlike = _staying(plan, _steps.UNREADABLE)
        steps = [step for step in plan
                 if not isinstance(step, _steps.Stay) or step.path in unlike]
        gone = list(_steps.removed(steps))
        old = {where: answer[0] for where, answer in zip(
            gone, bulk.data(gone), strict=True) if type(answer) is tuple}
        where = zk.client.hosts
    output.tell('these nodes differ, and their data are not text:', unlike)
    output.tell('these nodes are not compared, since text cannot describe '
                  'their data:', _staying(plan, _steps.NO_TEXT))
    if options.json:
        output.print_json(map(_diff.as_json, steps))
        return 1 if steps else 0
    host = ','.join(f'{name}:{port}' for name, port in where)
    lines = _diff.text(
        _diff.differences(steps, path, old), printable(host + path),
        printable(files.source_name(file)), call.colour(options))
    for line in lines:
        print(line)
    return 1 if steps else 0


def _staying(steps: Sequence[Step], reason: str) -> list[str]:
    return [step.path for step in steps
            if isinstance(step, _steps.Stay) and step.reason == reason]
