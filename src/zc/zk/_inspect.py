"""The scripts that only look: validate, diff and graph.

Run in a script's main thread.  They must not know how trees are read.
"""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from . import _command
from . import _diff
from . import _plan
from . import _transfer
from ._bulk import Bulk
from ._command import Failure
from ._command import Parser
from ._command import command
from ._command import connected
from ._command import is_connection
from ._live_tree import read_data
from ._live_tree import read_tree
from ._model import Node
from ._printable import printable
from ._treetext import parse_tree
from ._validate import link_faults
from .errors import TreeSyntaxError
from .graphvis import graph_lines


@command('zookeeper_validate', trouble=2)
def validate(args: list[str]) -> int:
    """Look for faults in files that describe trees."""
    parser = Parser('zookeeper_validate', '[FILE ...]', '''\
Look for faults in FILEs that describe trees (by default, or as -, the
standard input): in their syntax, and links that lead nowhere or in a circle
or are hidden by a node or property of the same name.  Links that lead out of
the file are only looked at with --connection.
''', '''\
examples:
  zookeeper_validate tree.txt
  zookeeper_validate --connection localhost:2181 --path /fooservice tree.txt
        as it would be after an import there

exit status: 0 no faults, 1 faults, 2 trouble
''')
    parser.add_argument('--connection', metavar='CONNECTION',
                        help='look at links as if the file were imported '
                        'over the live tree there')
    parser.add_argument('--path', default='/', metavar='PATH',
                        help='where the file would be imported; / by default')
    parser.add_argument('--json', action='store_true',
                        help='print a JSON object for each fault')
    _command.add_connection_options(parser, (
        'CONNECTION is HOST:PORT, several with commas between them, and '
        'perhaps a path\nat the end that is taken for the root.  Without '
        '--connection, ZooKeeper is not asked.\n'))
    options = parser.parse_intermixed_args(args)
    path = _command.checked_path(options.path)
    live: dict[str, bytes] | None = None
    unreadable: list[str] = []
    if options.connection is not None:
        with connected(options, options.connection) as zk:
            live, unreadable = read_data(Bulk(zk.client), '/')
        if path not in live:
            raise Failure(f'there is no node {path}')
        _command.tell('these nodes may not be read, so links that lead there '
                      'are not looked at:', unreadable)
    faults = False
    for file in options.arguments or ['-']:
        for fault in _faults(file, path, live, unreadable):
            faults = True
            if options.json:
                _command.print_json([{
                    'file': fault.source, 'line': fault.line,
                    'column': fault.column, 'message': fault.message}])
            else:
                _command.show(f'{fault.source}:{fault.line}:{fault.column}: '
                       f'{fault.message}')
    return 1 if faults else 0


def _faults(
    file: str,
    path: str,
    live: Mapping[str, bytes] | None,
    unreadable: Sequence[str],
) -> list[TreeSyntaxError]:
    text = _command.read_text(file)
    source = _command.source_name(file)
    faults: list[TreeSyntaxError] = []
    places: dict[tuple[int, str | None], tuple[int, int]] = {}

    def locate(node: Node, name: str | None, line: int, column: int) -> None:
        places[id(node), name] = line, column

    tree: Node = parse_tree(text, source=source, report=faults.append,
                      notice=_command.tell_notice, locate=locate)
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


@command('zookeeper_diff', trouble=2)
def diff(args: list[str]) -> int:
    """Show how a live tree differs from what a file describes."""
    parser = Parser('zookeeper_diff', '[CONNECTION] [FILE [PATH]]', '''\
Show how the live tree below PATH (by default /) differs from the tree in a
FILE (by default, or as -, the standard input): what an import with --trim
would change.  Ephemeral nodes and nodes at the top that the file does not
have are no difference.
''', '''\
examples:
  zookeeper_diff localhost:2181 tree.txt
  zookeeper_diff localhost:2181 tree.txt > /dev/null
  [ $? -eq 1 ] && echo drifted

exit status: 0 equal, 1 different, 2 trouble
''')
    parser.add_argument('-T', '--no-trim', action='store_true',
                        help='leave out nodes that the file does not have')
    parser.add_argument('--json', action='store_true',
                        help='print a JSON object for each difference')
    _command.add_connection_options(parser)
    options = parser.parse_intermixed_args(args)
    connection, file, path = _command.connection_file_path(
        parser, options.arguments)
    tree = _command.read_tree(file)
    with connected(options, connection) as zk:
        bulk = Bulk(zk.client)
        steps = [
            step for step in _transfer.Import(
                bulk, tree, path, not options.no_trim, None).plan()
            if not isinstance(step, _plan.Stay)]
        gone = list(_plan.removed(steps))
        old = {where: answer[0] for where, answer in zip(
            gone, bulk.data(gone), strict=True) if type(answer) is tuple}
        where = zk.client.hosts
    if options.json:
        _command.print_json(map(_diff.as_json, steps))
        return 1 if steps else 0
    host = ','.join(f'{name}:{port}' for name, port in where)
    colour = sys.stdout.isatty() and not os.environ.get('NO_COLOR')
    lines = _diff.text(
        _diff.differences(steps, path, old), printable(host + path),
        printable(_command.source_name(file)), colour)
    for line in lines:
        print(line)
    return 1 if steps else 0


@command('zookeeper_graph')
def graph(args: list[str]) -> int:
    """Draw the services of a tree and their links."""
    parser = Parser('zookeeper_graph', '[CONNECTION | FILE] [PATH]', '''\
Draw the services of a tree and how they use each other, as text for
Graphviz or as a picture.  A service is a node with a child "providers"; it
uses those whose providers it, or a node below it, links to.
''', '''\
examples:
  zookeeper_graph tree.txt -o system.svg
        from a file, as a picture (needs Graphviz)
  zookeeper_graph localhost:2181 -o system.svg
        from the live tree, with the numbers of live providers
  zookeeper_graph localhost:2181 /fooservice
        Graphviz text of one branch, on the standard output

exit status: 0 done, 1 failed, 2 wrong usage
''')
    parser.add_argument('-o', '--output', metavar='FILE',
                        help='write to FILE; what follows the last dot in '
                        'its name is the format: dot, svg, png, pdf ...')
    _command.add_connection_options(parser)
    options = parser.parse_intermixed_args(args)
    rest = options.arguments
    counts: dict[str, int] | None = None
    if rest and not is_connection(rest[0]) and (
            rest[0] == '-' or os.path.exists(rest[0])):
        if len(rest) > 1:
            parser.error('a PATH is for a live tree only')
        tree = _command.read_tree(rest[0])
    else:
        if rest and rest[0][0:1] != '/' and not is_connection(rest[0]):
            raise Failure(f'{rest[0]}: no such file, and not HOST:PORT')
        connection, path = _command.connection_and_path(parser, rest)
        with connected(options, connection) as zk:
            tree, counts = read_tree(Bulk(zk.client), path)
    lines = graph_lines(tree, counts)
    kind = os.path.splitext(options.output or '')[1][1:]
    if kind in ('', 'dot', 'gv'):
        _command.write_lines(options.output, lines)
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
