"""The script that prints a tree.

Runs in a script's main thread.  It must not know how trees are read.
"""
from __future__ import annotations

import sys
from collections.abc import Iterable
from collections.abc import Iterator

from .._printable import printable
from .._session.requests import Bulk
from .._transfer import importer
from .._tree import ending
from .._tree import paths
from . import output
from . import streams
from .call import Call
from .command import command
from .options import take_path
from .progress import Progress


#: How many of the nodes that are left out are kept, to be named.
MOST_LEFT_OUT = 1_000


class LeftOut:
    """The nodes that an export leaves out; keeps only so many of them.

    :ivar count: how many there are
    """

    def __init__(self) -> None:
        self.count = 0
        self._items: list[str] = []

    def __call__(self, path: str, reason: str) -> None:
        self.count += 1
        if self.count <= MOST_LEFT_OUT:
            self._items.append(f'{path}: {reason}')

    def tell(self) -> None:
        """Name them on the standard error."""
        output.complain('\n'.join([
            'left out, since text cannot describe them:',
            *(f'  {printable(item)}' for item in self._items)]))
        if self.count > MOST_LEFT_OUT:
            output.complain(f'  and {self.count - MOST_LEFT_OUT} more')


@command('zookeeper_export')
def export(call: Call) -> int:
    """Print a tree, or write it to a file."""
    parser = call.parser('[PATH]', f'''\
Print the node PATH and all nodes below it, as text that zookeeper_import can
read.  PATH is / by default and may lead through links.  A node whose data are
not text is left out with all nodes below it: they are comments, their paths
are printed on the standard error, and the exit status is 1.  Text that goes
into a pipe ends with the line "{ending.WHOLE}".
''', '''\
examples:
  {0}
        the whole tree
  {0} -e /fooservice
        one service, with the servers that are registered now
  {0} -o backup.txt
        into a file, which is replaced when all has been read
  {0} --json | jq .path
        print a JSON object for each node, for other programs

exit status: 0 done, 1 nodes are left out{or failure}
''')
    parser.add_argument('-e', '--ephemeral', action='store_true',
                        help='include ephemeral nodes, as live servers have')
    parser.add_argument('-o', '--output', metavar='FILE',
                        help='write to FILE, the whole text or nothing')
    parser.add_argument('-n', '--name',
                        help='print NAME as the name of the top node')
    parser.add_argument('--json', action='store_true',
                        help='print a JSON object for each node')
    options = call.parse(parser)
    if options.json and options.name is not None:
        parser.error('--json prints whole paths and takes no --name')
    if options.name is not None:
        if not options.name:
            parser.error('--name must not be empty')
        paths.check_name(options.name)
    path = take_path(parser, options.arguments)
    target = options.output or '-'
    piped = streams.is_piped(sys.stdout if target == '-' else target)
    left_out = LeftOut()
    with call.connected(options) as zk, \
            Progress(sys.stderr, 'nodes read') as progress:
        bulk = Bulk(zk.client)
        real_path = zk.resolve(path)
        if options.json:
            output.write_lines(target, progress.count(
                importer.export_json(
                    bulk, real_path, options.ephemeral, left_out)))
        else:
            name = options.name
            if name is None and real_path != path:
                # As it was asked for, whatever the links lead to
                name = paths.split(path)[1]
            lines = progress.count(importer.export_lines(
                bulk, real_path, options.ephemeral, name, left_out))
            output.write_lines(
                target, _ended(lines, left_out, piped), ending.STOPPED)
    if left_out.count:
        left_out.tell()
        return 1
    return 0


def _ended(
    lines: Iterable[str], left_out: LeftOut, piped: bool
) -> Iterator[str]:
    yield from lines
    if left_out.count:
        yield ending.PARTIAL
    elif piped:
        yield ending.WHOLE
