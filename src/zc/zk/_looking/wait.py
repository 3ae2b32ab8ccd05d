"""The command that waits for nodes and properties.

Runs in a script's main thread.
"""
from __future__ import annotations

import threading
import time
from collections.abc import Callable

from kazoo.exceptions import NoNodeError

from .._commands import output
from .._commands import quantities
from .._commands.call import Call
from .._commands.command import command
from .._commands.options import take_path
from .._printable import printable
from .._session.defaults import CONNECT_TIMEOUT
from .._tree import paths
from .._tree.notes import nodes
from ..client import ZooKeeper
from . import filters


#: Returns what is not yet as wanted; nothing if it is.
Condition = Callable[[ZooKeeper, str], str]


@command('zczk wait', failed=2)
def wait(call: Call) -> int:
    """Wait until something is there, gone, or as wanted."""
    parser = call.parser('PATH', '''\
Wait until the node PATH is there, and all conditions hold.  PATH may lead
through links.  --timeout says how long; by default, it may take for ever.
''', '''\
examples:
  {0} /fooservice/providers --count 3 --timeout 60
        until three servers are registered
  {0} /fooservice/providers --gone 10.0.0.7:8080
  {0} /fooservice --property 'version="1.2"'

exit status: 0 it is so, 1 the time is over, 2 failed or wrong usage
''')
    parser.add_argument('--count', metavar='N',
                        type=quantities.number('nodes'),
                        help='at least N nodes are directly below PATH')
    parser.add_argument('--gone', metavar='NAME', action='append', default=[],
                        help='there is no node NAME below PATH; may be given '
                        'several times')
    parser.add_argument('--property', metavar='NAME=VALUE', action='append',
                        default=[], help='the property has this value, given '
                        'as text or as an expression; may be given several '
                        'times')
    parser.set_defaults(timeout=None)
    options = call.parse(parser)
    limit = options.timeout
    if limit is None:
        options.timeout = CONNECT_TIMEOUT
    if len(options.arguments) != 1:
        parser.error('one PATH is needed')
    path = take_path(parser, options.arguments)
    conditions: list[Condition] = [_gone(name) for name in options.gone]
    if options.count is not None:
        conditions.append(_count_is(options.count))
    for wanted in options.property:
        name, equal, text = wanted.partition('=')
        if not equal:
            parser.error(f'NAME=VALUE is needed, not {wanted!r}')
        conditions.append(_property_is(name.strip(), text))
    deadline = None if limit is None else time.monotonic() + limit
    with call.connected(options) as zk:
        lack = until(zk, path, conditions, deadline)
    if not lack:
        return 0
    output.complain(
        printable(f'{call.name}: not after {limit:g} seconds: {lack}'))
    return 1


def until(
    zk: ZooKeeper,
    path: str,
    conditions: list[Condition],
    deadline: float | None,
) -> str:
    """Wait until a node is there and conditions hold for it.

    :param deadline: by the monotonic clock, in seconds; None for never
    :returns: what was not so in time; empty if all was
    """
    changed = threading.Event()

    def wake(_: object = None) -> None:
        changed.set()

    while True:
        here = _nearest(zk, path)
        # What is followed tells of every change of the node, its links and
        # the names below it; then all is looked at anew.
        with zk.children(here) as children, \
                zk.properties(here) as properties:
            children(wake)
            properties(wake)
            while True:
                changed.clear()
                lack = _lack(zk, path, conditions)
                if not lack:
                    return ''
                if _nearest(zk, path) != here:
                    break
                left = None
                if deadline is not None:
                    left = deadline - time.monotonic()
                    if left <= 0:
                        return lack
                changed.wait(left)


def _nearest(zk: ZooKeeper, path: str) -> str:
    """Return `path`, or the nearest path above it where there is a node."""
    while path != '/':
        try:
            zk.resolve(path)
            return path
        except NoNodeError:
            path = paths.split(path)[0]
    return path


def _lack(zk: ZooKeeper, path: str, conditions: list[Condition]) -> str:
    try:
        path = zk.resolve(path)
        return next(filter(None, (
            lack(zk, path) for lack in conditions)), '')
    except NoNodeError as e:
        return f'there is no node {e}'


def _gone(name: str) -> Condition:
    def lack(zk: ZooKeeper, path: str) -> str:
        return (f'{paths.join(path, name)} is there'
                if name in zk.get_children(path) else '')
    return lack


def _count_is(count: int) -> Condition:
    def lack(zk: ZooKeeper, path: str) -> str:
        found = len(zk.get_children(path))
        return (f'{nodes(found)} directly below {path}, not {count}'
                if found < count else '')
    return lack


def _property_is(name: str, text: str) -> Condition:
    fits = filters.valued(text)

    def lack(zk: ZooKeeper, path: str) -> str:
        with zk.properties(path, watch=False) as properties:
            if name not in properties:
                return f'{path} has no property {name}'
            value = properties[name]
            return '' if fits(value) else f'{name} of {path} is {value!r}'
    return lack
