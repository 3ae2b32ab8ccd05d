"""The script that draws services and their links.

Runs in a script's main thread.  It must not know how trees are read.
"""
from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

from .._session.requests import Bulk
from .._transfer.snapshot import read_tree
from .._tree.graph import graph_lines
from . import files
from . import output
from .call import Call
from .command import command
from .options import take_path
from .streams import Failure


@command('zookeeper_graph')
def graph(call: Call) -> int:
    """Draw the services of a tree and their links."""
    parser = call.parser('[PATH]', '''\
Draw the services of a tree and how they use each other, as text for Graphviz
or as a picture.  A service is a node with a child "providers".  It uses the
services to whose "providers" it, or a node below it, has a link.  PATH is / by
default and may lead through links.
''', '''\
examples:
  {name} --file tree.txt -o system.svg
        draw a file that describes a tree, as a picture (needs Graphviz)
  {0} -o system.svg
        draw the live tree, with the numbers of live providers
  {0} /fooservice
        print the Graphviz text for one branch

exit status: 0 done{failure}
''')
    parser.add_argument('-o', '--output', metavar='FILE',
                        help='write to FILE; the end of its name gives the '
                        'format: .dot, .svg, .png, .pdf ...')
    parser.add_argument('-f', '--file', metavar='FILE',
                        help='draw the tree that FILE describes (- is the '
                        'standard input); no server is asked')
    options = call.parse(parser)
    rest = options.arguments
    counts: dict[str, int] | None = None
    unknown: list[str] = []
    if options.file is not None:
        if rest or not call.offline(options):
            parser.error('--file takes no CONNECTION and no PATH')
        tree = files.read_tree(options.file)
    else:
        path = take_path(parser, rest)
        with call.connected(options) as zk:
            tree, counts, unknown, unreadable = read_tree(
                Bulk(zk.client), zk.resolve(path))
        output.tell('these nodes may not be read:', unreadable)
    lines = graph_lines(tree, counts, unknown)
    kind = os.path.splitext(options.output or '')[1][1:]
    if kind in ('', 'dot', 'gv'):
        output.write_lines(options.output, lines)
    else:
        _render(lines, kind, options.output)
    return 0


def _render(lines: Iterator[str], kind: str, output: str) -> None:
    dot = shutil.which('dot')
    if dot is None:
        raise Failure('dot is missing: install Graphviz, or write to a file '
                      'that ends in .dot')
    done = subprocess.run(
        [dot, f'-T{kind}', '-o', output], capture_output=True, check=False,
        input='\n'.join(lines), encoding='utf-8')
    if done.returncode:
        reason: Any = done.stderr.strip() or done.returncode
        raise Failure(f'dot: {reason}')
