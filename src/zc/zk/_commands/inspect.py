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

from .._printable import printable
from .._session.requests import Bulk
from .._transfer import importer
from .._transfer.snapshot import read_data
from .._transfer.snapshot import read_tree
from .._tree import diff as _diff
from .._tree import plan as _plan
from .._tree import steps as _steps
from .._tree.faults import link_faults
from .._tree.graph import graph_lines
from .._tree.model import Node
from .._tree.parser import parse_tree
from .._tree.steps import Step
from ..errors import TreeSyntaxError
from . import command as _command
from . import streams
from .command import Parser
from .command import command
from .command import connected
from .streams import Failure


@command('zookeeper_validate', failed=2)
def validate(args: list[str]) -> int:
    """Look for faults in files that describe trees."""
    parser = Parser('zookeeper_validate', '[FILE ...]', '''\
Look for faults in files that describe trees: syntax errors, and links that are
broken, circular or hidden by a node or property of the same name.  FILE is the
standard input by default, or if it is -.  Links that lead out of the file are
checked only with --connection.
''', '''\
examples:
  zookeeper_validate tree.txt
  zookeeper_validate --connection localhost:2181 --path /fooservice tree.txt
        as it would be after an import there

exit status: 0 no faults, 1 faults, 2 failed or wrong usage
''')
    parser.add_argument('--connection', metavar='CONNECTION',
                        help='check links as if the file were imported '
                        'into the live tree there')
    parser.add_argument('--path', default='/', metavar='PATH',
                        help='where the file would be imported; / by default')
    parser.add_argument('--json', action='store_true',
                        help='print a JSON object for each fault')
    _command.add_connection_options(parser, (
        'CONNECTION is HOST:PORT, or several of them with commas in between. '
        ' A path may\nfollow, which is then the root.  Without --connection, '
        'no server is asked.\n'))
    options = parser.parse_intermixed_args(args)
    path = _command.checked_path(options.path)
    live: dict[str, bytes] | None = None
    unreadable: list[str] = []
    if options.connection is not None:
        with connected(options, options.connection or None) as zk:
            path = zk.resolve(path)
            live, unreadable = read_data(Bulk(zk.client), '/')
        streams.tell('links to these nodes are not checked, since the nodes '
                      'may not be read:', unreadable)
    faults = False
    for file in options.arguments or ['-']:
        for fault in _faults(file, path, live, unreadable):
            faults = True
            if options.json:
                streams.print_json([{
                    'file': fault.source, 'line': fault.line,
                    'column': fault.column, 'message': fault.message}])
            else:
                streams.show(f'{fault.source}:{fault.line}:{fault.column}: '
                       f'{fault.message}')
    return 1 if faults else 0


def _faults(
    file: str,
    path: str,
    live: Mapping[str, bytes] | None,
    unreadable: Sequence[str],
) -> list[TreeSyntaxError]:
    text = streams.read_text(file)[0]
    source = streams.source_name(file)
    faults: list[TreeSyntaxError] = []
    places: dict[tuple[int, str | None], tuple[int, int]] = {}

    def locate(node: Node, name: str | None, line: int, column: int) -> None:
        places[id(node), name] = line, column

    tree: Node = parse_tree(text, source=source, report=faults.append,
                      notice=streams.tell_notice, locate=locate)
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


@command('zookeeper_diff', failed=2)
def diff(args: list[str]) -> int:
    """Show how a live tree differs from what a file describes."""
    parser = Parser('zookeeper_diff', '[CONNECTION [FILE [PATH]]]', '''\
Show how the live tree below the node PATH differs from the tree in FILE: what
an import with --trim would change.  FILE is the standard input by default, or
if it is -; PATH is / by default and may lead through links.  Ephemeral nodes,
and nodes directly below PATH that the file does not have, are no difference.
''', '''\
examples:
  zookeeper_diff localhost:2181 tree.txt
  zookeeper_diff localhost:2181 tree.txt > /dev/null
  [ $? -eq 1 ] && echo drifted

exit status: 0 equal, 1 different, 2 failed or wrong usage
''')
    parser.add_argument('-T', '--no-trim', action='store_true',
                        help='ignore nodes that the file does not have')
    parser.add_argument('--json', action='store_true',
                        help='print a JSON object for each difference')
    _command.add_connection_options(parser)
    options = parser.parse_intermixed_args(args)
    rest = options.arguments
    connection = _command.take_connection(parser, rest)
    file = rest.pop(0) if rest else '-'
    path = _command.take_path(parser, rest)
    tree = streams.read_tree(file)
    with connected(options, connection) as zk:
        bulk = Bulk(zk.client)
        path = zk.resolve(path)
        plan = importer.Import(
            bulk, tree, path, not options.no_trim, None, look=True).plan()
        unlike = _staying(plan, _steps.UNREADABLE)
        steps = [step for step in plan
                 if not isinstance(step, _steps.Stay) or step.path in unlike]
        gone = list(_steps.removed(steps))
        old = {where: answer[0] for where, answer in zip(
            gone, bulk.data(gone), strict=True) if type(answer) is tuple}
        where = zk.client.hosts
    streams.tell('these nodes differ, and their data are not text:', unlike)
    streams.tell('these nodes are not compared, since text cannot describe '
                  'their data:', _staying(plan, _steps.NO_TEXT))
    if options.json:
        streams.print_json(map(_diff.as_json, steps))
        return 1 if steps else 0
    host = ','.join(f'{name}:{port}' for name, port in where)
    colour = sys.stdout.isatty() and not os.environ.get('NO_COLOR')
    lines = _diff.text(
        _diff.differences(steps, path, old), printable(host + path),
        printable(streams.source_name(file)), colour)
    for line in lines:
        print(line)
    return 1 if steps else 0


def _staying(steps: Sequence[Step], reason: str) -> list[str]:
    return [step.path for step in steps
            if isinstance(step, _steps.Stay) and step.reason == reason]


@command('zookeeper_graph')
def graph(args: list[str]) -> int:
    """Draw the services of a tree and their links."""
    parser = Parser('zookeeper_graph', '[CONNECTION [PATH]]', '''\
Draw the services of a tree and how they use each other, as text for Graphviz
or as a picture.  A service is a node with a child "providers".  It uses the
services to whose "providers" it, or a node below it, has a link.  PATH is / by
default and may lead through links.
''', '''\
examples:
  zookeeper_graph --file tree.txt -o system.svg
        draw a file that describes a tree, as a picture (needs Graphviz)
  zookeeper_graph localhost:2181 -o system.svg
        draw the live tree, with the numbers of live providers
  zookeeper_graph localhost:2181 /fooservice
        print the Graphviz text for one branch

exit status: 0 done, 1 failed, 2 wrong usage
''')
    parser.add_argument('-o', '--output', metavar='FILE',
                        help='write to FILE; the end of its name gives the '
                        'format: .dot, .svg, .png, .pdf ...')
    parser.add_argument('-f', '--file', metavar='FILE',
                        help='draw the tree that FILE describes (- is the '
                        'standard input); no server is asked')
    _command.add_connection_options(parser)
    options = parser.parse_intermixed_args(args)
    rest = options.arguments
    counts: dict[str, int] | None = None
    unknown: list[str] = []
    if options.file is not None:
        if rest:
            parser.error('--file takes no CONNECTION and no PATH')
        tree = streams.read_tree(options.file)
    else:
        connection = _command.take_connection(parser, rest)
        path = _command.take_path(parser, rest)
        with connected(options, connection) as zk:
            tree, counts, unknown = read_tree(
                Bulk(zk.client), zk.resolve(path))
    lines = graph_lines(tree, counts, unknown)
    kind = os.path.splitext(options.output or '')[1][1:]
    if kind in ('', 'dot', 'gv'):
        streams.write_lines(options.output, lines)
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
