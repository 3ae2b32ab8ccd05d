"""The script that changes a node's properties.

Runs in a script's main thread.  It must not know how nodes
are written.
"""
from __future__ import annotations

import re
from typing import Any

from .._tree.expressions import evaluate
from ..errors import TreeSyntaxError
from .call import Call
from .command import command
from .options import Parser
from .options import checked_path
from .streams import Failure


#: NAME=EXPRESSION, where the name of a property link ends in an arrow.
_ASSIGNMENT = re.compile(r'([^=]* =>|[^=]*)=(.*)', re.DOTALL).fullmatch


@command('zookeeper_set_property')
def set_property(call: Call) -> int:
    """Change some properties of a node."""
    parser = call.parser('PATH [NAME=EXPRESSION ...]', '''\
Set or remove properties of a node and leave its other properties as they are.
An EXPRESSION is a Python literal: a number, a string in quotes, True, False,
None, a list or a dictionary.  Numbers may be joined by + - * / // %, strings
by +.  PATH may lead through links.
''', '''\
examples:
  {0} /fooservice threads=4 debug=True
  {0} /fooservice "comment='ok so far'"
  {0} /fooservice "threads =>='/other size'"
        a property link
  {0} /fooservice --delete debug
        remove a property

exit status: 0 done{failure}
''')
    parser.add_argument(
        '-D', '--delete', metavar='NAME', action='append', default=[],
        help='remove the property NAME; may be given several times')
    options = call.parse(parser)
    rest = options.arguments
    if not rest or not rest[0].startswith('/') or (
            len(rest) < 2 and not options.delete):
        parser.error(call.needed(
            'a PATH', 'at least one NAME=EXPRESSION or --delete'))
    path = checked_path(rest.pop(0))
    values = _values(parser, rest)
    for name in options.delete:
        if name in values:
            parser.error(f'{name!r} is set and deleted')
    with call.connected(options) as zk:
        path = zk.resolve(path)
        try:
            zk._nodes.change(path, values, options.delete)
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
