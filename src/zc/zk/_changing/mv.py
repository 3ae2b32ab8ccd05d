"""The command that moves nodes.

Runs in a script's main thread.
"""
from __future__ import annotations

from collections.abc import Sequence

from .._commands import output
from .._commands.call import Call
from .._commands.command import command
from .._commands.streams import Failure
from .._session.requests import Bulk
from .._transfer.snapshot import read_data
from .._tree import notes
from .._tree.faults import link_faults
from ..client import ZooKeeper
from . import copying
from .copying import Copied


@command('zczk mv', failed=2)
def mv(call: Call) -> int:
    """Move a node and all below it."""
    parser = call.parser('SOURCE PATH', '''\
Move the node SOURCE and all nodes below it to PATH, where there must be no
node yet, or to a node of its name below PATH if that ends in "/".  Links that
would break are named; --force moves it nevertheless.  Nodes with live servers
below them are not moved.  Both may lead through links.
''', '''\
examples:
  {0} -d /fooservice /bar/
        only say what would be done
  {0} /fooservice /barservice

exit status: 0 done, 1 links would break and nothing was done, 2 failed or
wrong usage
''')
    parser.add_argument('-d', '--dry-run', action='store_true',
                        help='only say what would be done')
    parser.add_argument('-f', '--force', action='store_true',
                        help='move it also if links would break')
    options = call.parse(parser)
    with copying.task(
            call, parser, options, 'nodes written or deleted') as task:
        if task.servers:
            raise Failure(f'a live server is registered: {task.servers[0]}')
        broken = _broken(task.zk, task.nodes)
        output.tell('these links would break:' if options.dry_run
                    or not options.force else 'these links break:', broken)
        if broken and not options.force:
            return 1
        if not options.dry_run:
            copying.copy(task.zk, task.nodes, True, task.progress)
    output.show(f'{notes.nodes(len(task.nodes))} '
                f'{"would be " if options.dry_run else ""}moved to '
                f'{task.path}')
    return 0


def _broken(zk: ZooKeeper, nodes: Sequence[Copied]) -> list[str]:
    """Return the links that lead somewhere now, and would not any more."""
    live, unreadable = read_data(Bulk(zk.client), '/')
    before = {(fault.path, fault.name) for fault in link_faults(
        live, live, unreadable=unreadable)}
    moved = {node.source: node.path for node in nodes}
    after = {moved.get(path, path): data for path, data in live.items()}
    # A link that was broken before it moved is none of this command's.
    before |= {(moved.get(path, path), name) for path, name in before}
    return [f'{fault.path} {fault.name} ({fault.message})'
            for fault in link_faults(after, after, unreadable=unreadable)
            if (fault.path, fault.name) not in before]
