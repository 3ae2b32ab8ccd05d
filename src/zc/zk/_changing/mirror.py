"""The command that makes one ensemble's tree like another's.

Runs in a script's main thread.  It must not know how plans are made.
"""
from __future__ import annotations

import contextlib

from kazoo.exceptions import NoNodeError

from .._commands import connection
from .._commands import output
from .._commands.call import Call
from .._commands.command import command
from .._commands.options import take_path
from .._commands.streams import Failure
from .._looking.items import Branch
from .._session.requests import Bulk
from .._transfer.planned import Plan
from .._transfer.planned import make_plan
from .._transfer.present import answered
from .._transfer.reader import RESERVED
from .._tree import notes
from .._tree import paths
from .._tree.model import Node
from .._tree.plan import is_text
from .._tree.steps import Add
from .._tree.steps import Stay
from ..client import ZooKeeper
from .applying import apply_plan
from .review import review


#: The permissions of a node that is open to all.
ALL = ('world', 'anyone', 31)


@command('zczk mirror', failed=2)
def mirror(call: Call) -> int:
    """Make the nodes of another ensemble like those of this one."""
    parser = call.parser('[PATH]', '''\
Show what would make the node PATH of another ensemble, and all nodes below it,
like those here, and do that with --apply.  Nodes that are not here are deleted
there.  Ephemeral nodes, as live servers have, are left out here and left alone
there; links are copied as they are.  PATH is / by default: then it is all
nodes below that.  Nothing is done if a node there changes meanwhile.
''', '''\
examples:
  {0} /fooservice --to other.example.com:2181
        look at it, and then:
  {0} /fooservice --to other.example.com:2181 --apply
  {0} --to other.example.com:2181 -o plan.json
        for a review; then zczk -z other.example.com:2181 apply plan.json

exit status: 0 nothing is different, or done; 1 something is different, or has
changed meanwhile, and nothing was done; 2 failed or wrong usage
''')
    parser.add_argument('--to', metavar='CONNECTION', help='HOST:PORT of the '
                        'servers of the other ensemble, as for -z; the '
                        'options for authentication and TLS are for both')
    parser.add_argument('--apply', action='store_true',
                        help='do what is shown')
    parser.add_argument('-o', '--output', metavar='PLAN',
                        help='write a plan for "zczk apply" to this file, '
                        'whole or not at all')
    parser.add_argument('--open', action='store_true',
                        help='copy nodes whose permissions are restricted '
                        'here, too: the copies are open to all')
    parser.add_argument('--json', action='store_true',
                        help='print the plan itself')
    options = call.parse(parser)
    path = take_path(parser, options.arguments)
    if not options.to:
        parser.error('--to is needed')
    with call.connected(options) as here, \
            connection.connected(options, options.to) as there:
        _check_two(here, there)
        plan = _plan(here, there, path)
        if not options.open:
            _check_permissions(here, plan)
        if options.output is not None:
            output.write_lines(
                options.output, plan.to_json().removesuffix('\n').split('\n'))
        if options.json:
            print(plan.to_json(), end='')
        else:
            review(plan, call.colour(options))
        if all(isinstance(step, Stay) for step in plan.steps):
            return 0
        if not options.apply:
            return 0 if options.output is not None else 1
        return apply_plan(call.name, plan)


def _check_two(here: ZooKeeper, there: ZooKeeper) -> None:
    """Refuse to mirror a tree into itself.

    :raises Failure: when both are the same, as far as names tell
    """
    if (set(here.client.hosts) & set(there.client.hosts)
            and here.client.chroot == there.client.chroot):
        raise Failure('both are the same tree')


def _plan(here: ZooKeeper, there: ZooKeeper, path: str) -> Plan:
    """Return what makes the nodes there like those here."""
    tree = Node()
    above, name = paths.split(path)     # '/' and nothing for the root
    servers = _read(here, path, tree, name)
    output.tell('left out, since they are ephemeral, as live servers are:',
                servers)
    names = [name]
    if path == '/':
        names = sorted({*tree.children, *there.get_children('/')}
                       - {RESERVED})
    try:
        return make_plan(
            Bulk(there.client), tree, above, True, names, there.settle)
    except NoNodeError as e:
        raise Failure(f'there is no node {e} in the other ensemble; make '
                      'it first') from e


def _read(zk: ZooKeeper, path: str, tree: Node, name: str) -> list[str]:
    """Read nodes into a tree; return the ephemeral nodes that are not.

    :param name: of the node in `tree` that `path` is; empty: `tree` itself
    :raises Failure: when a node has no text, or may not be read
    """
    nodes: dict[str, Node] = {}
    servers: list[str] = []
    branch = Branch(zk, path)
    for item in branch:
        if item.ephemeral:
            servers.append(item.path)
            continue
        if item.path == path and not name:
            nodes[path] = tree
            continue
        properties = item.properties()
        if properties is None or not is_text(item.data, item.path):
            raise Failure(f'{item.path} holds data that are not text, which '
                          'cannot be mirrored')
        node = nodes[item.path] = Node(item.name, properties)
        above = tree if item.path == path else nodes[
            paths.split(item.path)[0]]
        above.children[item.name] = node
    if branch.unreadable:
        raise Failure(f'{branch.unreadable[0]} may not be read')
    return servers


def _check_permissions(here: ZooKeeper, plan: Plan) -> None:
    """Refuse to open to all what is not open here.

    :raises Failure: when a node that would be made has restricted
        permissions here
    """
    made = [step.path for step in plan.steps if isinstance(step, Add)]
    closed = []
    for path, answer in zip(
            made, Bulk(here.client).acls(made), strict=True):
        with contextlib.suppress(NoNodeError):
            found = answered(path, answer)
            if found is not None and not any(
                    (each.id.scheme, each.id.id, each.perms) == ALL
                    for each in found[0]):
                closed.append(path)
    if closed:
        output.tell('their permissions are restricted:', closed)
        raise Failure(
            f'{notes.nodes(len(closed))} would be open to all in the other '
            'ensemble; --open copies them all the same')
