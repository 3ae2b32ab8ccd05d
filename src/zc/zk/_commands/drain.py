"""The script that takes requests away from servers, and gives them back.

Runs in a script's main thread.  It must not know how clients choose.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._discovery.overrides import OVERRIDES
from .._discovery.overrides import weighed
from .._discovery.provider import ProviderState
from .._tree import paths
from .._tree.addresses import format_name
from ..client import ZooKeeper
from ..errors import AddressError
from . import output
from .call import Call
from .command import command
from .options import checked_path
from .streams import Failure


@command('zookeeper_drain')
def drain(call: Call) -> int:
    """Have servers get no more requests, or get them again."""
    parser = call.parser('PATH NAME ...', f'''\
Drain servers: clients that choose with zk.providers send no more requests to
them.  PATH is the node below which the servers register; it may lead through
links.  A NAME is the name of a server's node, such as 10.0.0.7:8080.  The
property {OVERRIDES} of PATH is changed, and not the server's node, so a server
is still drained after its restart.
''', '''\
examples:
  {0} /fooservice/providers 10.0.0.7:8080
        send no more requests to this server
  {0} /fooservice/providers 10.0.0.7:8080 --undo
        send requests again

exit status: 0 done{failure}
''')
    parser.add_argument(
        '-u', '--undo', action='store_true',
        help="let the servers' own weights count again")
    options = call.parse(parser)
    rest = options.arguments
    if len(rest) < 2 or not rest[0].startswith('/'):
        parser.error(call.needed('a PATH', 'at least one NAME'))
    path = checked_path(rest.pop(0))
    for name in rest:
        try:
            format_name(name)
        except AddressError as e:
            parser.error(f'{name!r} cannot be a NAME: {e.reason}')
    with call.connected(options) as zk:
        path = zk.resolve(path)
        weigh(zk, path, rest, None if options.undo else 0)
        _tell(zk, path, rest, options.undo)
    return 0


def weigh(
    zk: ZooKeeper, path: str, names: Sequence[str], weight: float | None
) -> None:
    """Write the weights of servers into the overrides.

    :param weight: 0 drains them; None: their own count again
    :raises Failure: when nothing says otherwise already
    """
    def change(properties: dict[str, Any]) -> None:
        rules = properties.pop(OVERRIDES, [])
        if not isinstance(rules, list):
            raise Failure(
                f'the property {OVERRIDES} of {path} is no list; set it to '
                'a list with zookeeper_set_property, or delete it')
        for name in names:
            changed = weighed(rules, name, weight)
            if weight is None and changed == rules:
                raise Failure(f'nothing drains {name} at {path}')
            rules = changed
        if rules:
            properties[OVERRIDES] = rules

    zk._nodes.rewrite(path, change)


def _tell(
    zk: ZooKeeper, path: str, names: Sequence[str], undo: bool
) -> None:
    """Print what someone who drains a server may not expect."""
    with zk.providers(path) as providers:
        for name in names:
            provider = providers.get(name)
            if provider is None:
                output.show(f'{name} is not registered at present; this '
                            'counts when it is')
            elif undo and provider.state == ProviderState.DRAINING:
                output.show(f'{name} still gets no requests: its own weight '
                            'is 0, or another override says so')
        inside = paths.join(path, 'providers')
        if not undo and zk.exists(inside):
            output.show(f'servers may be registered at {inside}: if you '
                        'meant that, --undo this')
        if not undo and providers and all(
                each.state == ProviderState.DRAINING for each in providers):
            output.show(f'no server at {path} gets requests now')
