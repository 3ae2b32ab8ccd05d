"""The command-line scripts.

Each function takes a list of arguments (by default those of the process),
runs in the caller's thread and returns None when all went well; else it
prints one line on the standard error and raises SystemExit.  It must not
know how trees are read or written.
"""
from __future__ import annotations

import argparse
import re
import sys

import kazoo.security

from . import _command
from . import _diff
from . import _plan
from . import _transfer
from ._bulk import Bulk
from ._command import Failure
from ._command import Parser
from ._command import command
from ._command import connected
from ._expressions import evaluate
from ._inspect import diff
from ._inspect import graph
from ._inspect import validate
from ._live_tree import read_data
from ._progress import Progress
from ._validate import link_faults
from .errors import TreeSyntaxError


__all__ = ['diff', 'export', 'graph', 'import_', 'set_property', 'validate']


#: NAME=EXPRESSION, where the name of a property link ends in an arrow.
_ASSIGNMENT = re.compile(r'([^=]* =>|[^=]*)=(.*)', re.DOTALL).fullmatch


@command('zookeeper_export')
def export(args: list[str]) -> int:
    """Print a tree, or write it to a file."""
    parser = Parser('zookeeper_export', '[CONNECTION] [PATH]', '''\
Print a tree of ZooKeeper nodes as text that zookeeper_import reads.
''', '''\
examples:
  zookeeper_export zookeeper.example.com:2181
        the whole tree
  zookeeper_export -e zookeeper.example.com:2181 /fooservice
        one service, with the servers that are registered now
  zookeeper_export -o backup.txt localhost:2181
        into a file, which is replaced when all has been read
  zookeeper_export --json localhost:2181 | jq .path
        a JSON object for each node, for other programs

exit status: 0 done, 1 failed, 2 wrong usage
''')
    parser.add_argument('-e', '--ephemeral', action='store_true',
                        help='include ephemeral nodes, as of servers')
    parser.add_argument('-o', '--output', metavar='FILE',
                        help='write to FILE, whole or not at all')
    parser.add_argument('-n', '--name',
                        help='call the top node NAME, not by its own name')
    parser.add_argument('--json', action='store_true',
                        help='print a JSON object for each node')
    _command.add_connection_options(parser)
    options = parser.parse_intermixed_args(args)
    if options.json and options.name is not None:
        parser.error('--json gives whole paths: it takes no --name')
    connection, path = _command.connection_and_path(parser, options.arguments)
    with connected(options, connection) as zk, \
            Progress(sys.stderr, 'nodes read') as progress:
        bulk = Bulk(zk.client)
        if options.json:
            lines = _transfer.export_json(bulk, path, options.ephemeral)
        else:
            lines = _transfer.export_lines(
                bulk, path, options.ephemeral, options.name)
        _command.write_lines(options.output, progress.count(lines))
    return 0


@command('zookeeper_import')
def import_(args: list[str]) -> int:
    """Make the nodes that a file describes."""
    parser = Parser(
        'zookeeper_import', '[CONNECTION] [FILE [PATH]]', '''\
Make ZooKeeper nodes as a tree in a FILE (by default, or as -, the standard
input) describes them, below the node PATH (by default /).  What is equal
already is not written; what others change meanwhile is not overwritten.
''', '''\
examples:
  zookeeper_import -d localhost:2181 tree.txt
        see what an import would do
  zookeeper_import localhost:2181 tree.txt
        do it
  zookeeper_import -t localhost:2181 tree.txt /fooservice
        also delete what the file does not have below /fooservice, except
        for its top-level nodes and for ephemeral ones
  zookeeper_export one:2181 /a | zookeeper_import two:2181
        copy a tree

exit status: 0 done, 1 failed, 2 wrong usage
''')
    parser.add_argument('-d', '--dry-run', action='store_true',
                        help='only print what would be done')
    trim = parser.add_mutually_exclusive_group()
    trim.add_argument('-t', '--trim', action='store_true', default=None,
                      help='delete nodes that the tree does not have; asks '
                      'first on a terminal')
    trim.add_argument('-T', '--no-trim', action='store_false', dest='trim',
                      help='leave them without a word')
    parser.add_argument('-y', '--yes', action='store_true',
                        help='do not ask')
    parser.add_argument(
        '-p', '--permission', type=_permission, metavar='PERMISSION',
        help='what anyone may do with the imported nodes: letters of cdrwa '
        '(create, delete, read, write, admin) or their bits as an integer, '
        'as in rcdwa or 31; by default, new nodes are open to all and '
        'existing ones stay as they are')
    parser.add_argument('--json', action='store_true',
                        help='with -d: print a JSON object for each step')
    _command.add_connection_options(parser)
    options = parser.parse_intermixed_args(args)
    if options.json and not options.dry_run:
        parser.error('--json needs --dry-run')
    connection, file, path = _command.connection_file_path(
        parser, options.arguments)
    tree = _command.read_tree(file)
    acl = None
    if options.permission is not None:
        acl = [kazoo.security.ACL(
            options.permission, kazoo.security.ANYONE_ID_UNSAFE)]
    with connected(options, connection) as zk, \
            Progress(sys.stderr, 'nodes written') as progress:
        bulk = Bulk(zk.client)
        work = _transfer.Import(
            bulk, tree, path, options.trim, acl, progress)
        if options.dry_run:
            steps = work.plan()
            if options.json:
                _command.print_json(map(_diff.as_json, steps))
            else:
                for line in _plan.lines(steps):
                    _command.show(line)
            return 0
        if options.trim and not _trim_wanted(bulk, work, options.yes):
            raise Failure('nothing was done')
        try:
            steps = work.apply()
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f'interrupted after {_nodes(len(work.applied))} or more; '
                'the same import completes it') from None
        progress.close()
        for line in _plan.notes(steps):
            _command.show(line)
    return 0


def _permission(text: str) -> int:
    bits = 0
    if text.isdigit():
        bits = int(text)
    elif text and not set(text) - set('rwcda'):
        bits = sum(1 << 'rwcda'.index(letter) for letter in set(text))
    if not 1 <= bits <= kazoo.security.Permissions.ALL:
        raise argparse.ArgumentTypeError(
            'letters of cdrwa or an integer from 1 to 31 are needed')
    return bits


def _trim_wanted(bulk: Bulk, work: _transfer.Import, yes: bool) -> bool:
    """Tell what trimming would do, and ask if there is someone to ask."""
    steps = work.plan()
    gone = _plan.removed(steps)
    if not gone:
        return True
    _command.tell(f'trim deletes {_nodes(len(gone))}:', list(gone))
    _command.tell('these stay, since servers are live there:', [
        step.path for step in steps if isinstance(step, _plan.Stay)
        and step.reason == _plan.EPHEMERAL])
    live, unreadable = read_data(bulk, '/')
    after = {path: data for path, data in live.items() if path not in gone}
    after.update((want.path, want.data) for want in work.wanted)
    before = set(link_faults(live, live, unreadable=unreadable))
    _command.tell('these links would break:', [
        f'{fault.path} {fault.name} ({fault.message})'
        for fault in link_faults(after, after, unreadable=unreadable)
        if fault not in before])
    if yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    sys.stderr.write(f'Delete {_nodes(len(gone))}? [y/N] ')
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ('y', 'yes')


def _nodes(count: int) -> str:
    return '1 node' if count == 1 else f'{count} nodes'


@command('zookeeper_set_property')
def set_property(args: list[str]) -> int:
    """Change some properties of a node."""
    parser = Parser(
        'zookeeper_set_property', '[CONNECTION] PATH NAME=EXPRESSION ...',
        '''\
Set properties of a node and leave its others as they are.  An EXPRESSION is
a Python literal: a number, a string in quotes, True, False, None, a list or
a dictionary; numbers may be joined by + - * / // %, strings by +.
''', '''\
examples:
  zookeeper_set_property localhost:2181 /fooservice threads=4 debug=True
  zookeeper_set_property localhost:2181 /fooservice "comment='ok so far'"
  zookeeper_set_property localhost:2181 /fooservice "threads =>='/other size'"
        a property link

exit status: 0 done, 1 failed, 2 wrong usage
''')
    _command.add_connection_options(parser)
    options = parser.parse_intermixed_args(args)
    rest = options.arguments
    connection = None
    if rest and not rest[0].startswith('/'):
        connection = rest.pop(0)
    if len(rest) < 2 or not rest[0].startswith('/'):
        parser.error('a PATH and at least one NAME=EXPRESSION are needed')
    path = _command.checked_path(rest.pop(0))
    values = {}
    for argument in rest:
        assignment = _ASSIGNMENT(argument)
        name, expression = assignment.groups() if assignment else ('', '')
        name = name.strip()
        if not name:
            parser.error(f'NAME=EXPRESSION is needed, not {argument!r}')
        try:
            values[name] = evaluate(expression.strip())
        except TreeSyntaxError as e:
            raise Failure(f'{argument}: {e.message}') from e
    with connected(options, connection) as zk:
        zk.properties(path, watch=False).update(values)
    return 0
