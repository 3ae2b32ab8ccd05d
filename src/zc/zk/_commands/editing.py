"""The scripts that change what is there: set_property and delete.

Run in a script's main thread.
"""
from __future__ import annotations

import re
import sys
from typing import Any

from .._session.requests import Bulk
from .._transfer.deletion import Deletion
from .._tree import notes as _notes
from .._tree.expressions import evaluate
from .._tree.steps import Step
from ..errors import TreeSyntaxError
from . import command as _command
from . import streams
from .command import Parser
from .command import command
from .command import connected
from .progress import Progress
from .question import agreed
from .question import fail_if_moved
from .question import show_deletions
from .streams import Failure


#: NAME=EXPRESSION, where the name of a property link ends in an arrow.
_ASSIGNMENT = re.compile(r'([^=]* =>|[^=]*)=(.*)', re.DOTALL).fullmatch


@command('zookeeper_set_property')
def set_property(args: list[str]) -> int:
    """Change some properties of a node."""
    parser = Parser(
        'zookeeper_set_property', 'CONNECTION PATH [NAME=EXPRESSION ...]',
        '''\
Set or remove properties of a node and leave its other properties as they are.
An EXPRESSION is a Python literal: a number, a string in quotes, True, False,
None, a list or a dictionary.  Numbers may be joined by + - * / // %, strings
by +.  PATH may lead through links.
''', '''\
examples:
  zookeeper_set_property localhost:2181 /fooservice threads=4 debug=True
  zookeeper_set_property localhost:2181 /fooservice "comment='ok so far'"
  zookeeper_set_property localhost:2181 /fooservice "threads =>='/other size'"
        a property link
  zookeeper_set_property localhost:2181 /fooservice --delete debug
        remove a property
  zookeeper_set_property '' /fooservice threads=4
        use the connection that the environment gives

exit status: 0 done, 1 failed, 2 wrong usage
''')
    parser.add_argument(
        '-D', '--delete', metavar='NAME', action='append', default=[],
        help='remove the property NAME; may be given several times')
    _command.add_connection_options(parser)
    options = parser.parse_intermixed_args(args)
    rest = options.arguments
    connection = _command.take_connection(parser, rest)
    if not rest or not rest[0].startswith('/') or (
            len(rest) < 2 and not options.delete):
        parser.error('a CONNECTION, a PATH and at least one NAME=EXPRESSION '
                     'or --delete are needed')
    path = _command.checked_path(rest.pop(0))
    values = _values(parser, rest)
    for name in options.delete:
        if name in values:
            parser.error(f'{name!r} is set and deleted')
    with connected(options, connection) as zk:
        path = zk.resolve(path)
        try:
            zk._change(path, values, options.delete)
        except KeyError as e:
            raise Failure(f'{path} has no property {e.args[0]}') from e
    return 0


def _values(parser: Parser, assignments: list[str]) -> dict[str, Any]:
    values = {}
    for argument in assignments:
        assignment = _ASSIGNMENT(argument)
        name, expression = assignment.groups() if assignment else ('', '')
        name = name.strip()
        if not name:
            parser.error(f'NAME=EXPRESSION is needed, not {argument!r}')
        try:
            values[name] = evaluate(expression.strip())
        except TreeSyntaxError as e:
            raise Failure(f'{argument}: {e.message}') from e
    return values


@command('zookeeper_delete')
def delete(args: list[str]) -> int:
    """Delete a node and all below it."""
    parser = Parser('zookeeper_delete', 'CONNECTION PATH', '''\
Delete the node PATH and all nodes below it, after a question on the terminal.
Ephemeral nodes, as live servers have, and the nodes above them stay.  If PATH
leads through links, the node at their end is deleted.  To delete a link, use
zookeeper_set_property --delete.
''', '''\
examples:
  zookeeper_delete -d localhost:2181 /fooservice
        show what would be deleted
  zookeeper_delete localhost:2181 /fooservice
        delete it
  zookeeper_delete '' /fooservice
        use the connection that the environment gives

exit status: 0 all is deleted, 1 something stays or failed, 2 wrong usage
''')
    parser.add_argument('-d', '--dry-run', action='store_true',
                        help='only print what would be done')
    parser.add_argument('-f', '--force', action='store_true',
                        help='delete ephemeral nodes too')
    parser.add_argument(
        '-y', '--yes', action='store_true',
        help='do not ask; needed to delete without a terminal')
    _command.add_connection_options(parser)
    options = parser.parse_intermixed_args(args)
    rest = options.arguments
    connection = _command.take_connection(parser, rest)
    if len(rest) != 1:
        parser.error('a CONNECTION and one PATH are needed')
    path = _command.take_path(parser, rest)
    with connected(options, connection) as zk, \
            Progress(sys.stderr, 'nodes deleted') as progress:
        bulk = Bulk(zk.client)
        path = zk.resolve(path)

        def work() -> Deletion:
            return Deletion(bulk, path, options.force, exactly=True,
                            progress=progress)

        def show(steps: list[Step]) -> None:
            show_deletions(bulk, steps, 'this deletes')

        if options.dry_run:
            steps = work().plan()
            for line in _notes.lines(steps):
                streams.show(line)
        else:
            planned = agreed(work, show, options.yes)
            try:
                steps = planned.apply()
            except KeyboardInterrupt:
                raise KeyboardInterrupt(
                    'interrupted after '
                    f'{_notes.nodes(len(planned.applied))} or more') from None
            progress.close()
            for line in _notes.notes(steps):
                streams.show(line)
            fail_if_moved(steps)
        return 1 if any(_notes.notes(steps)) else 0
