"""The command that looks for a pattern in properties.

Runs in a script's main thread.
"""
from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

from .._commands import output
from .._commands.call import Call
from .._commands.command import command
from .._commands.options import take_path
from .._commands.progress import Progress
from .items import Branch
from .items import Item
from .items import shown


@command('zczk grep', failed=2)
def grep(call: Call) -> int:
    """Print the properties that a pattern is found in."""
    parser = call.parser('PATTERN [PATH]', '''\
Look for a regular expression, as Python has them, in names and values of the
properties of the node PATH and of all nodes below it, and print path, name and
value of each property where it is found.  Data that are no JSON object are the
value of string_value.  PATH is / by default and may lead through links.
''', '''\
examples:
  {0} 'db[0-9]+\\.example'
  {0} -i -l oracle /fooservice
        only print paths, whatever the case of letters
  {0} -F 10.0.0.7
        where is this text?

exit status: 0 found, 1 nothing found, 2 failed or wrong usage
''')
    parser.add_argument('-F', '--fixed-strings', action='store_true',
                        help='PATTERN is just text')
    parser.add_argument('-i', '--ignore-case', action='store_true',
                        help='ignore the case of letters')
    parser.add_argument('-l', '--paths', action='store_true',
                        help='only print the paths of nodes')
    parser.add_argument('--json', action='store_true',
                        help='print a JSON object for each property')
    options = call.parse(parser)
    rest = options.arguments
    if not rest:
        parser.error('a PATTERN is needed')
    text = rest.pop(0)
    try:
        pattern = re.compile(
            re.escape(text) if options.fixed_strings else text,
            re.IGNORECASE if options.ignore_case else 0)
    except (re.error, OverflowError, RecursionError) as e:
        parser.error(f'{text!r} is no regular expression: {e}')
    path = take_path(parser, rest)
    found = False
    with call.connected(options) as zk, \
            Progress(sys.stderr, 'nodes read') as progress:
        branch = Branch(zk, zk.resolve(path))
        for item in progress.count(branch):
            matches = list(_matches(pattern, item))
            found = found or bool(matches)
            if options.json:
                output.print_json(
                    {'path': item.path, 'name': name, 'value': value}
                    for name, value in matches)
            elif options.paths:
                if matches:
                    output.show(item.path)
            else:
                for name, value in matches:
                    output.show(f'{item.path} {name} = {shown(value)}')
    branch.tell()
    return 0 if found else 1


def _matches(
    pattern: re.Pattern[str], item: Item
) -> Iterator[tuple[str, Any]]:
    properties = item.properties()
    for name in sorted(properties or {}):
        value = (properties or {})[name]
        if pattern.search(name) or pattern.search(shown(value)):
            yield name, value
