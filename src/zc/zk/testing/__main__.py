"""The embedded ZooKeeper server on a developer's desk.

A program: ``python -m zc.zk.testing --help``.  Its main thread only waits
for a signal.
"""
from __future__ import annotations

import argparse
import functools
import pathlib
import queue
import signal
import sys
from collections.abc import Sequence

from kazoo.exceptions import KazooException

from .._commands import quantities
from .._commands.options import Telling
from ..client import ZooKeeper
from ..errors import Error
from ._server import Server


#: ZooKeeper's own port and unit of time, as clients expect them.
PORT = 2181
TICK_TIME = 2.0

NAME = 'python -m zc.zk.testing'

NOTICE = ('A ZooKeeper server for tests and development, not for '
          'production: all data are in memory, and lost at the end.')


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; return the exit status."""
    return serve(parser(NAME).parse_args(arguments), NAME)


def serve(options: argparse.Namespace, name: str) -> int:
    """Serve until SIGINT or SIGTERM; return the exit status.

    :param options: what `parser` gave
    :param name: what the program is called
    """
    failed = functools.partial(_failed, name)
    if (options.min_session_timeout or 2 * options.tick_time) > (
            options.max_session_timeout or 20 * options.tick_time):
        return failed(2, 'the shortest session timeout is longer than the '
                          'longest')
    # Not an event: its `wait` holds a lock that `set`, in a signal handler in
    # the same thread, would wait for.
    signals: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: signals.put(number))
    server = Server(
        options.host, options.port, tick_time=options.tick_time,
        min_session_timeout=options.min_session_timeout,
        max_session_timeout=options.max_session_timeout)
    print(NOTICE, flush=True)
    try:
        server.start()
    except (OSError, OverflowError) as error:
        return failed(2, f'cannot listen at {server.connection_string}: '
                          f'{getattr(error, "strerror", None) or error}')
    try:
        if options.tree is not None:
            try:
                _import(server, options.tree)
            except (OSError, UnicodeError) as error:
                reason = getattr(error, 'strerror', None) or error
                return failed(1, f'{options.tree}: {reason}')
            except (Error, KazooException) as error:
                return failed(1, f'{options.tree}: {error}')
        print(server.connection_string, flush=True)
        signals.get()
    finally:
        server.stop()
    return 0


def parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of the program's options."""
    parser = Telling(
        prog=name,
        description='Run a ZooKeeper server in memory, for tests and '
                    'development. It prints its address when it serves, '
                    'and ends with SIGINT (Ctrl-C) or SIGTERM.',
        epilog='Times are in seconds. In production, use Apache ZooKeeper.')
    parser.add_argument(
        '--host', default='127.0.0.1',
        help='the address to listen at (default: %(default)s)')
    parser.add_argument(
        '--port', type=quantities.port, default=PORT,
        help='the port; 0: one that is free (default: %(default)s)')
    parser.add_argument(
        '--tree', metavar='FILE',
        help='a tree to begin with, as zookeeper_import reads it; '
             '-: the standard input')
    parser.add_argument(
        '--tick-time', metavar='TIME', type=_time, default=TICK_TIME,
        help="ZooKeeper's unit of time (default: %(default)s)")
    parser.add_argument(
        '--min-session-timeout', metavar='TIME', type=_time,
        help='the shortest session timeout (default: two ticks)')
    parser.add_argument(
        '--max-session-timeout', metavar='TIME', type=_time,
        help='the longest (default: twenty ticks)')
    return parser


def _time(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 10 ** 6:
        raise argparse.ArgumentTypeError(
            f'{text!r} is not a positive number of seconds')
    return seconds


def _import(server: Server, name: str) -> None:
    if name == '-':
        text = sys.stdin.read()
    else:
        text = pathlib.Path(name).read_text(encoding='utf-8')
    with ZooKeeper(server.connection_string) as zk:
        zk.import_tree(text)


def _failed(name: str, status: int, text: str) -> int:
    print(f'{name}: {text}', file=sys.stderr)
    return status


if __name__ == '__main__':
    sys.exit(main())
