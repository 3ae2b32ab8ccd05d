"""The command that prints what comes, goes and changes.

Runs in a script's main thread; a follower's thread hands happenings over,
and waits while too many are not printed yet.
"""
from __future__ import annotations

import queue
import select
import sys
from typing import Any

from .._commands import output
from .._commands import quantities
from .._commands.call import Call
from .._commands.command import command
from .._commands.options import take_path
from .._commands.streams import is_piped
from .._following import CAME
from .._following import CHANGED
from .._following import BranchFollower
from .._following import Happening
from .._following import NodeState
from .._printable import printable
from .items import shown
from .items import when


#: How many lists of happenings may wait to be printed.
WAITING = 4
#: How often to look whether anyone still reads, in seconds.
LOOK_SECONDS = 0.5
#: How much of a value is printed, in characters; JSON has all of it.
MOST_SHOWN = 200


@command('zczk watch', failed=2)
def watch(call: Call) -> int:
    """Print what comes, goes and changes, until stopped."""
    parser = call.parser('[PATH]', '''\
Print a line for each node that comes, goes or is written to, at PATH and
below it, until stopped by Ctrl-C.  PATH is / by default and may lead through
links.  After the connection was lost, what was missed is found by comparing.
Of a node that changes often, changes between two looks may be left out.
''', '''\
examples:
  {0} /fooservice
  {0} --json | jq --unbuffered .path
  {0} /fooservice/providers --count 1
        until one server comes, goes or changes

exit status: 0 so many were printed, 2 failed or wrong usage, 130 stopped
''')
    parser.add_argument('-n', '--count', metavar='N',
                        type=quantities.number('lines', 1),
                        help='end after N lines')
    parser.add_argument('--json', action='store_true',
                        help='print a JSON object for each')
    options = call.parse(parser)
    path = take_path(parser, options.arguments)
    left = options.count
    happened: queue.Queue[list[Happening] | bool] = queue.Queue(WAITING)
    with call.connected(options) as zk:
        real = zk.resolve(path)
        zk.get(real)        # says so if it may not be read
        follower = BranchFollower(
            zk, real, lambda each: _put(happened, each, follower),
            told=lambda current: _put(happened, current, follower))
        with follower:
            known = False
            while left is None or left > 0:
                try:
                    found = happened.get(timeout=LOOK_SECONDS)
                except queue.Empty:
                    _check_reader()
                    continue
                if isinstance(found, bool):
                    _tell(call.name, real, found, known, follower)
                    known = True
                    continue
                if left is not None:
                    found = found[:left]
                    left -= len(found)
                for each in found:
                    if options.json:
                        output.print_json([_as_json(each)])
                    else:
                        output.show(_as_line(each))
                sys.stdout.flush()
    return 0


def _put(
    happened: queue.Queue[list[Happening] | bool],
    found: list[Happening] | bool,
    follower: BranchFollower,
) -> None:
    while not follower.closed:
        try:
            happened.put(found, timeout=LOOK_SECONDS)
            return
        except queue.Full:
            pass


def _tell(
    name: str,
    path: str,
    current: bool,
    known: bool,
    follower: BranchFollower,
) -> None:
    if not current:
        text = ('no connection; what is missed is shown when there is one '
                'again')
    elif known:
        text = 'connected again'
    else:
        text = f'following {path}, {follower.count()} nodes'
    output.complain(f'{name}: {printable(text)}')


def _check_reader() -> None:
    """Raise the error that writing to a pipe would, if nobody reads it."""
    if is_piped(sys.stdout):
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        if any(flags & (select.POLLERR | select.POLLHUP)
               for _, flags in poll.poll(0)):
            raise BrokenPipeError


def _as_json(each: Happening) -> dict[str, Any]:
    node = each.new or each.old
    assert node is not None
    found: dict[str, Any] = {
        'id': each.id, 'time': each.time, 'what': each.what,
        'path': each.path, 'ephemeral': node.ephemeral}
    if each.new is not None:
        found['properties'] = each.new.properties()
    if each.old is not None:
        found['before'] = each.old.properties()
    return found


def _as_line(each: Happening) -> str:
    line = f'{when(each.time)} {each.what:7} {each.path}'
    if each.what == CAME:
        details = [f'{name} = {_cut(value)}'
                   for name, value in _properties(each.new).items()]
    elif each.what == CHANGED:
        details = _changes(_properties(each.old), _properties(each.new)) or [
            'nothing is different']
    else:
        details = []
    return f'{line}: {", ".join(details)}' if details else line


def _changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    found = [
        f'{name} = {_cut(value)}' + (
            f' (was {_cut(old[name])})' if name in old else '')
        for name, value in new.items()
        if name not in old or _cut(old[name]) != _cut(value)
        or old[name] != value]
    return found + [f'no {name} (was {_cut(value)})'
                    for name, value in old.items() if name not in new]


def _properties(node: NodeState | None) -> dict[str, Any]:
    found = None if node is None else node.properties()
    return {'data that are not text': ''} if found is None else found


def _cut(value: Any) -> str:
    text = shown(value)
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + '...'
