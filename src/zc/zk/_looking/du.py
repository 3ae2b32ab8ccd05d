"""The command that counts nodes and bytes by branch.

Runs in a script's main thread.
"""
from __future__ import annotations

import sys
from collections.abc import Iterable
from collections.abc import Iterator
from typing import NamedTuple

from .._commands import output
from .._commands import quantities
from .._commands.call import Call
from .._commands.command import command
from .._commands.options import take_path
from .._commands.progress import Progress
from .._printable import printable
from .items import Branch
from .items import Item


class Sum(NamedTuple):
    """A branch: how many nodes and bytes of data it has."""

    path: str
    nodes: int
    bytes: int


@command('zczk du', failed=2)
def du(call: Call) -> int:
    """Print how many nodes and bytes there are by branch."""
    parser = call.parser('[PATH]', '''\
Print the number of bytes of data and of nodes of each branch below the node
PATH, and at the end of all of it.  PATH is / by default and may lead through
links.
''', '''\
examples:
  {0} / | sort -n
        which branch is the largest?
  {0} -d 0 /fooservice
        only the sum

exit status: 0 done, 2 failed or wrong usage
''')
    parser.add_argument('-d', '--depth', metavar='N', default=1,
                        type=quantities.number('levels'),
                        help='show branches down to so many levels below '
                        'PATH; 1 by default')
    parser.add_argument('--json', action='store_true',
                        help='print a JSON object for each branch')
    options = call.parse(parser)
    path = take_path(parser, options.arguments)
    with call.connected(options) as zk, \
            Progress(sys.stderr, 'nodes read') as progress:
        branch = Branch(zk, zk.resolve(path))
        for each in sums(progress.count(branch), options.depth):
            if options.json:
                output.print_json([each._asdict()])
            else:
                print(each.bytes, each.nodes, printable(each.path), sep='\t')
    branch.tell()
    return 0


def sums(items: Iterable[Item], depth: int) -> Iterator[Sum]:
    """Yield the sum of each branch down to a depth, below before above.

    Memory grows with the depth of the tree only.

    :param items: nodes, each before those below it
    """
    open_: list[Sum] = []

    def close() -> Sum:
        last = open_.pop()
        if open_:
            above = open_[-1]
            open_[-1] = Sum(above.path, above.nodes + last.nodes,
                            above.bytes + last.bytes)
        return last

    for item in items:
        while len(open_) > item.depth:
            last = close()
            if len(open_) <= depth:
                yield last
        open_.append(Sum(item.path, 1, item.size))
    while open_:
        last = close()
        if len(open_) <= depth:
            yield last
