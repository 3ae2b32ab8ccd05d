"""The command that looks for faults.

Runs in a script's main thread.
"""
from __future__ import annotations

import argparse
import ssl
import sys
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

from kazoo.hosts import collect_hosts

from .._commands import connection
from .._commands import output
from .._commands import quantities
from .._commands.call import Call
from .._commands.command import command
from .._commands.options import take_path
from .._commands.progress import Progress
from .._printable import printable
from .._session import connect
from .._session import servers
from ..errors import AddressError
from ..errors import FailedConnect
from . import monitors
from .examination import TIMEOUT
from .examination import WATCH
from .examination import Report
from .examination import examine
from .examination import examine_servers
from .rules.finding import Finding
from .rules.finding import Level


#: For how long servers are watched, or waited for, at most.
MOST_SECONDS = 86_400
#: How levels are coloured on terminals.
_COLOURS = {Level.ERROR: '31', Level.WARNING: '33'}


@command('zczk doctor', failed=2)
def doctor(call: Call) -> int:
    """Print a line for each fault that is found."""
    parser = _parser(call)
    options = call.parse(parser)
    path = take_path(parser, options.arguments)
    secure = _secure(options)
    string = connect.connection_string_from(options.connection)
    try:
        with connection.connected(options, string, chroot=False) as zk, \
                _Shown() as report:
            found = examine(
                zk, path, probe=not options.no_probe,
                write=not options.no_write, watch=options.watch,
                timeout=options.answer_timeout, monitors=options.monitor,
                secure=secure, report=report)
    except FailedConnect as e:
        servers.check(string)
        found = examine_servers(
            collect_hosts(string)[0], timeout=options.answer_timeout,
            secure=secure)
        if all(each.level != Level.ERROR for each in found):
            raise       # it is not they, but our credentials, for example
        found.append(Finding(
            Level.ERROR, servers.shown(string), f'cannot connect: {e.reason}',
            'mend what is said above; nothing else could be looked at',
            'no-session'))
    _show(call, options, found)
    return 1 if found else 0


def _parser(call: Call) -> argparse.ArgumentParser:
    parser = call.parser('[PATH]', f'''\
Look for faults: why does a client not see a server?  What is registered at the
node PATH and below it is compared with what is true.  PATH is / by default and
may lead through links.  Each fault is a line: how bad it is, where it is, what
it is, and what to do.

Registered servers are connected to; nothing is sent to them.  Monitors that
their nodes name are asked for registrations that wait or fail.  Clocks are
compared by a transaction that creates a node and deletes it again.  How often
servers come and go is watched for {WATCH:g} seconds.
''', '''\
examples:
  {0}
        is all well?
  {0} /fooservice/providers --monitor /run/foo/monitor.sock
        why is the server of this monitor not there?

exit status: 0 no fault, 1 faults found, 2 failed or wrong usage
''')
    parser.add_argument(
        '--monitor', metavar='ADDRESS', action='append', default=[],
        type=_monitor, help='ask the monitor at HOST:PORT, or at the path of '
        'a Unix-domain socket, too; may be given several times')
    parser.add_argument(
        '--watch', metavar='SECONDS', default=WATCH,
        type=quantities.seconds(most=MOST_SECONDS),
        help='watch so long for servers that come and go; 0: not at all; '
        f'{WATCH:g} by default')
    parser.add_argument(
        '--answer-timeout', metavar='SECONDS', default=TIMEOUT,
        type=quantities.seconds(most=MOST_SECONDS),
        help=f'wait so long for each answer; {TIMEOUT:g} by default')
    parser.add_argument(
        '--no-probe', action='store_true',
        help='do not connect to registered servers, nor to their monitors')
    parser.add_argument(
        '--no-write', action='store_true', help='do not compare clocks')
    parser.add_argument('--json', action='store_true',
                        help='print a JSON object for each fault')
    return parser


class _Shown(Report):
    """Shows on a terminal how far the examination has come."""

    def __init__(self) -> None:
        self._bars: list[Progress] = []

    def reading(self, items: Iterable[Any]) -> Iterable[Any]:
        return self._bar('nodes read').count(items)

    def probing(self, done: int, total: int) -> None:
        if done == 1:
            self._bar('servers tried')
        self._bars[-1](done, total)

    def _bar(self, what: str) -> Progress:
        self.__exit__()
        self._bars.append(Progress(sys.stderr, what))
        return self._bars[-1]

    def __enter__(self) -> _Shown:
        return self

    def __exit__(self, *_: Any) -> None:
        for bar in self._bars:
            bar.close()


def _show(
    call: Call, options: argparse.Namespace, found: Sequence[Finding]
) -> None:
    if options.json:
        output.print_json(each._asdict() for each in found)
        return
    colour = call.colour(options)
    for each in found:
        level = str(each.level)
        if colour:
            level = f'\33[{_COLOURS[each.level]}m{level}\33[0m'
        print(level, printable(
            f'{each.path}: {each.fault}; {each.remedy}'))
    if not found and sys.stdout.isatty():
        print('no faults found')


def _secure(options: argparse.Namespace) -> ssl.SSLContext | None:
    """Return how to speak TLS with the servers of ZooKeeper, or None."""
    if not (options.tls_ca or options.tls_cert or options.tls_any_host):
        return None
    connection.check_files(options)
    context = ssl.create_default_context(cafile=options.tls_ca)
    context.check_hostname = not options.tls_any_host
    if options.tls_cert:
        context.load_cert_chain(options.tls_cert, options.tls_key)
    return context


def _monitor(text: str) -> str:
    try:
        monitors.place_of(text)
    except AddressError as e:
        raise argparse.ArgumentTypeError(str(e)) from None
    return text
