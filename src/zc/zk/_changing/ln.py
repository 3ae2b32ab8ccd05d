"""The command that makes links.

Runs in a script's main thread.
"""
from __future__ import annotations

from kazoo.exceptions import NoNodeError

from .._commands import output
from .._commands.call import Call
from .._commands.command import command
from .._commands.streams import Failure
from .._tree import paths
from .._tree.model import LINK


@command('zczk ln', failed=2)
def ln(call: Call) -> int:
    """Make a symbolic link."""
    parser = call.parser('TARGET PATH', '''\
Make a symbolic link at PATH that leads to the path TARGET, which may be
relative to the node that holds the link.  After "/" at the end of PATH, the
name of TARGET is added.  A link that leads to no node is made and named.
''', '''\
examples:
  {0} /databases/main /fooservice/database
  {0} -f /databases/other /fooservice/database
        in the place of another link

exit status: 0 done, 2 failed or wrong usage
''')
    parser.add_argument('-f', '--force', action='store_true',
                        help='replace a link of the same path')
    options = call.parse(parser)
    if len(options.arguments) != 2:
        parser.error('a TARGET and a PATH are needed')
    target, source = options.arguments
    if source.endswith('/'):
        source += target.rstrip('/').rpartition('/')[2]
    above, name = paths.split(paths.normal(source))
    with call.connected(options) as zk:
        above = zk.resolve(above)
        source = paths.join(above, name)
        if name in zk.get_children(above):
            raise Failure(f'there is a node {source} already')
        old = zk.get_properties(above).get(name + LINK)
        if old is not None and not options.force:
            raise Failure(f'there is a link {source} -> {old} already; '
                          '--force replaces it')
        zk.ln(target, source)
        try:
            zk.resolve(source)
        except NoNodeError as e:
            output.complain(f'{call.name}: the link leads to no node: {e}')
    return 0
