"""The command that follows links step by step.

Runs in a script's main thread.
"""
from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence

from kazoo.exceptions import NoNodeError

from .._commands import output
from .._commands.call import Call
from .._commands.command import command
from .._commands.options import checked_path
from .._session.requests import Bulk
from .._tree import links
from ..client import ZooKeeper
from ..errors import Error


@command('zczk resolve', failed=2)
def resolve(call: Call) -> int:
    """Print where a path leads, link by link."""
    parser = call.parser('PATH', '''\
Print where PATH leads: the path itself, and then the path after each link that
is followed.  The last line is the path of a real node, or says what is
missing.
''', '''\
examples:
  {0} /fooservice/database/providers

exit status: 0 there is a node, 1 there is none or links lead in a circle,
2 failed or wrong usage
''')
    parser.add_argument('--json', action='store_true',
                        help='print one JSON object')
    options = call.parse(parser)
    if len(options.arguments) != 1:
        parser.error('one PATH is needed')
    path = checked_path(options.arguments[0])
    steps: list[str] = []
    fault = ''
    with call.connected(options) as zk:
        try:
            for step in followed(zk, path):
                steps.append(step)
                if not options.json:
                    output.show(step if len(steps) == 1 else f'-> {step}')
        except NoNodeError as e:
            fault = f'there is no node {e}'
        except Error as e:
            fault = str(e)
    if options.json:
        output.print_json([{
            'path': path, 'steps': steps, 'fault': fault or None,
            'real_path': None if fault else steps[-1]}])
    elif fault:
        output.show(fault)
    return 1 if fault else 0


def followed(zk: ZooKeeper, path: str) -> Iterator[str]:
    """Yield a path, and the path after each link that is followed.

    :raises NoNodeError: when it leads to no node
    :raises LinkLoop: when links lead in a circle
    """
    bulk = Bulk(zk.client)

    def lookup(paths: Sequence[str]) -> list[links.Found]:
        return [_found(answer) for answer in bulk.data(paths)]

    reading = links.reading(lookup)
    here = path
    seen: set[str] = set()
    while True:
        yield here
        if reading([here])[0] is not None:
            return
        seen.add(here)
        step = reading.step(here)
        if step is None or step in seen or len(seen) > links.MAX_HOPS:
            # Says what is wrong, unless it has changed meanwhile.
            links.resolve(reading, path)
            raise NoNodeError(path)
        here = step


def _found(answer: object) -> links.Found:
    if isinstance(answer, NoNodeError):
        return None
    if isinstance(answer, Exception):
        return answer
    assert isinstance(answer, tuple)
    return answer[0] or b''
