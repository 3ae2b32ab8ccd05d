"""The command that copies nodes.

Runs in a script's main thread.
"""
from __future__ import annotations

from .._commands import output
from .._commands.call import Call
from .._commands.command import command
from .._tree import notes
from . import copying


@command('zczk cp', failed=2)
def cp(call: Call) -> int:
    """Copy a node and all below it."""
    parser = call.parser('SOURCE PATH', '''\
Copy the node SOURCE and all nodes below it to PATH, where there must be no
node yet, or to a node of its name below PATH if that ends in "/".  Data and
permissions are copied as they are; ephemeral nodes, as live servers have, are
not.  Both may lead through links.
''', '''\
examples:
  {0} /fooservice /fooservice-new
  {0} /fooservice /archive/

exit status: 0 done, 2 failed or wrong usage
''')
    options = call.parse(parser)
    with copying.task(call, parser, options, 'nodes written') as task:
        copying.copy(task.zk, task.nodes, False, task.progress)
    output.tell('not copied, since they are ephemeral, as live servers are:',
                task.servers)
    output.show(f'{notes.nodes(len(task.nodes))} copied to {task.path}')
    return 0
