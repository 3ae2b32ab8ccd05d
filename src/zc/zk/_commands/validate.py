"""The script that finds faults in files.

Runs in a script's main thread.  It must not know how trees are read.
"""
from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence

from .._session.requests import Bulk
from .._transfer.snapshot import read_data
from .._tree import plan as _plan
from .._tree.faults import link_faults
from .._tree.model import Node
from .._tree.parser import parse_tree
from ..errors import TreeSyntaxError
from . import files
from . import output
from .call import Call
from .command import command
from .options import checked_path


@command('zookeeper_validate', failed=2, optional=True)
def validate(call: Call) -> int:
    """Look for faults in files that describe trees."""
    parser = call.parser('[FILE ...]', '''\
Look for faults in files that describe trees: syntax errors, and links that are
broken, circular or hidden by a node or property of the same name.  FILE is the
standard input by default, or if it is -.  Links that lead out of the file are
checked only with a connection.
''', '''\
examples:
  {name} tree.txt
  {0} {live}--path /fooservice tree.txt
        as it would be after an import there

exit status: 0 no faults, 1 faults, 2 failed or wrong usage
''')
    parser.add_argument('--path', default='/', metavar='PATH',
                        help='where the file would be imported; / by default')
    parser.add_argument('--json', action='store_true',
                        help='print a JSON object for each fault')
    options = call.parse(parser)
    path = checked_path(options.path)
    live: dict[str, bytes] | None = None
    unreadable: list[str] = []
    if not call.offline(options):
        with call.connected(options) as zk:
            path = zk.resolve(path)
            live, unreadable = read_data(Bulk(zk.client), '/')
        output.tell('links to these nodes are not checked, since the nodes '
                      'may not be read:', unreadable)
    faults = False
    for file in options.arguments or ['-']:
        for fault in _faults(file, path, live, unreadable):
            faults = True
            if options.json:
                output.print_json([{
                    'file': fault.source, 'line': fault.line,
                    'column': fault.column, 'message': fault.message}])
            else:
                output.show(f'{fault.source}:{fault.line}:{fault.column}: '
                       f'{fault.message}')
    return 1 if faults else 0


def _faults(
    file: str,
    path: str,
    live: Mapping[str, bytes] | None,
    unreadable: Sequence[str],
) -> list[TreeSyntaxError]:
    text = files.read_text(file)[0]
    source = files.source_name(file)
    faults: list[TreeSyntaxError] = []
    places: dict[tuple[int, str | None], tuple[int, int]] = {}

    def locate(node: Node, name: str | None, line: int, column: int) -> None:
        places[id(node), name] = line, column

    tree: Node = parse_tree(text, source=source, report=faults.append,
                      notice=output.tell_notice, locate=locate)
    wanted = _plan.flatten(tree, path)
    nodes = dict(live or {})
    nodes.update((want.path, want.data) for want in wanted)
    known = ['/'] if live is not None else [
        want.path for want in wanted if want.parent < 0]
    by_path = {want.path: want.node for want in wanted}
    for fault in link_faults(nodes, by_path, known, unreadable):
        node = by_path[fault.path]
        line, column = places.get((id(node), fault.name)) or places[
            id(node), None]
        faults.append(TreeSyntaxError(
            f'{fault.name} {fault.message}', line,
            column, '', source))
    return sorted(faults, key=lambda fault: (fault.line, fault.column))
