"""The command line of the launcher, and the values of its options.

Runs in the main thread.  Knows no process and no ZooKeeper.
"""
from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import Any

from .._checks import check
from .._checks import health
from .._commands import options as _options
from .._tree.addresses import parse_addr
from .._tree.parser import parse_tree
from ..errors import AddressError
from ..errors import TreeSyntaxError
from .life import Policy


NAME = 'zczk run'
DESCRIPTION = '''\
Run a server, and register the address where it listens for as long as it
works.

The launcher binds a socket, listens, and starts COMMAND with it.  When the
command is ready, the address is registered below --path: one node, however
many processes accept connections.  In COMMAND, {fd} stands for the number of
the socket's descriptor; {host} and {port} for the address; {unix} for the path
of a Unix-domain socket.  LISTEN_FDS and LISTEN_PID announce the socket as
systemd does.  If COMMAND does not hold {fd} and you do not give --listen-fds,
it must bind {port} by itself, and no socket is announced.
'''
EXAMPLES = '''\
signals:
  SIGTERM, SIGINT  unregister, drain, and stop the command; again: wait for
                   nothing, and kill it
  SIGHUP           start the command anew on the same socket, and stop the old
                   one when the new one is ready
  others           SIGUSR1, SIGUSR2, SIGQUIT and SIGWINCH go to the command

exit status: that of the command (128 + N after signal N), 0 if it was stopped,
2 if it could not be started or registered.

examples:
  zczk run --path /web/providers -- uvicorn app:app --fd {fd}
  zczk run --path /web/providers --check http:/health -- \\
      gunicorn app:app --workers 2 --bind fd://{fd}
  zczk run --path /web/providers -- python3 -m http.server {port}
'''


class RunParser(_options.Parser):
    """The parser of `NAME`."""

    def __init__(self) -> None:
        super().__init__(NAME, '-- COMMAND [ARGUMENT ...]', DESCRIPTION,
                         EXAMPLES)
        self.add_argument(
            '--path', metavar='PATH', required=True, type=_path,
            help='the node below which to register; required')
        self.add_argument(
            '--properties', metavar='TEXT', action='append', default=[],
            help='properties of the node, as in the text of a tree: '
            '"version = \'1.2\'"; one a line, or one an option')
        self.add_argument(
            '--advertise', metavar='ADDRESS', action='append', default=[],
            type=_advertised,
            help='register HOST:PORT, HOST or :PORT instead; what is left '
            'out is that of the socket; may be repeated')
        self.add_argument(
            '--monitor', metavar='ADDRESS',
            help='answer monitoring commands at HOST:PORT, a port, or the '
            'path of a Unix-domain socket; the node says where')
        self._add_socket()
        self._add_checks()
        self._add_life()
        _options.add_connection_options(self, '''\
--zookeeper, or else the environment variable ZC_ZK_CONNECTION_STRING, says
where the servers are.
''')
        self.add_argument(
            '--no-color', action='store_true',
            help='no effect, since nothing is printed in colours')
        self.add_argument(
            '-z', '--zookeeper', metavar='CONNECTION',
            help='HOST:PORT of the ZooKeeper servers, with commas in '
            'between, and perhaps a path')
        self.add_argument(
            '--session-timeout', metavar='SECONDS', type=_seconds(0.1),
            help='for how long the node stays after a crash; 10 by default')

    def _add_socket(self) -> None:
        group = self.add_argument_group(
            'socket', 'By default, a free port of all IPv4 addresses; or '
            'the socket that systemd\npasses.')
        group.add_argument(
            '--host', metavar='HOST',
            help='the name or address to bind')
        group.add_argument(
            '--port', metavar='PORT', type=_whole(0, 65535),
            help='the port to bind; 0 for a free one, which is the default')
        group.add_argument(
            '--unix', metavar='FILE',
            help='bind a Unix-domain socket instead')
        group.add_argument(
            '--listen-fds', action='store_true',
            help='pass the socket also to a COMMAND without {fd}, which finds '
            'it by LISTEN_FDS')

    def _add_checks(self) -> None:
        group = self.add_argument_group(
            'checks', 'The command is ready when the check passes.  By '
            'default, that is when it\naccepts a connection; then it is not '
            'checked afterwards.')
        group.add_argument(
            '--check', metavar='CHECK', type=_check,
            help='http:/PATH or https:/PATH (a status of 200 to 399), tcp '
            '(accepts), cmd:COMMAND (exit status 0), or notify (it sends '
            'READY=1, as in sd_notify(3); not checked afterwards)')
        for name, default, text in [
                ('--check-interval', health.INTERVAL,
                 'seconds between two checks'),
                ('--check-timeout', health.TIMEOUT,
                 'seconds that a check may take')]:
            group.add_argument(
                name, metavar='SECONDS', type=_seconds(0.01),
                default=default, help=f'{text}; %(default)g by default')
        for name, default, text in [
                ('--down-after', health.DOWN_AFTER,
                 'failures in a row that mean that it is down'),
                ('--up-after', health.UP_AFTER,
                 'successes in a row that mean that it is up again')]:
            group.add_argument(
                name, metavar='N', type=_whole(1, 1000000),
                default=default, help=f'{text}; %(default)s by default')
        group.add_argument(
            '--unregister-when-down', action='store_true',
            help='take the node away while it is down, instead of setting '
            'weight = 0 and healthy = false')
        group.add_argument(
            '--even-the-last', action='store_true',
            help='do so even if no other provider is healthy')

    def _add_life(self) -> None:
        group = self.add_argument_group('start and end')
        policy = Policy()
        for name, default, text in [
                ('--ready-timeout', policy.ready_timeout,
                 'seconds within which the command must be ready'),
                ('--drain', policy.drain,
                 'seconds to go on serving after the node has gone'),
                ('--stop-timeout', policy.stop_timeout,
                 'seconds from SIGTERM to SIGKILL')]:
            group.add_argument(
                name, metavar='SECONDS', type=_seconds(0),
                default=default, help=f'{text}; %(default)g by default')
        group.add_argument(
            '--restart', action='store_true',
            help='start the command again when it ends by itself')


def split(args: list[str]) -> tuple[list[str], list[str]]:
    """Return our own arguments, and the command after ``--``."""
    if '--' not in args:
        return args, []
    at = args.index('--')
    return args[:at], args[at + 1:]


def policy(options: argparse.Namespace, hand_over: bool) -> Policy:
    """Return what the options say about the server's life.

    :param hand_over: whether two children can share the socket
    """
    named = {field: getattr(options, field) for field in Policy._fields
             if field != 'hand_over'}
    return Policy(hand_over=hand_over, **named)


def properties(texts: list[str]) -> dict[str, Any]:
    """Return properties, written as in the text of a tree.

    :raises ValueError: when they are not
    """
    lines = [line.strip() for text in texts for line in text.splitlines()]
    if any(line.startswith('/') for line in lines):
        raise ValueError('only properties can stand here, no nodes')
    try:
        tree: Any = parse_tree(
            '/it\n' + ''.join(f'  {line}\n' for line in lines))
    except TreeSyntaxError as e:
        # Its own line, not that of the text around it.
        raise ValueError(f'{lines[e.line - 2]!r}: {e.message}') from None
    found = dict(tree.children['it'].properties)
    for name in ('pid', 'monitor'):
        if name in found:
            raise ValueError(f'the property {name} is set by the launcher')
    return found


# Types of options

def _path(text: str) -> str:
    if not text.startswith('/'):
        raise argparse.ArgumentTypeError(f"{text!r} must start with '/'")
    return text


def _check(text: str) -> check.Check:
    try:
        return check.parse(text)
    except ValueError as e:
        raise argparse.ArgumentTypeError(str(e)) from None


def _advertised(text: str) -> tuple[str, int | None]:
    host, colon, port = text.rpartition(':')
    if not colon or text.endswith(']'):
        host, port = text, ''
    try:
        found = parse_addr(f'{host}:{port or 1}')
    except AddressError as e:
        raise argparse.ArgumentTypeError(
            f'{text!r} is not an address: {e.reason}') from None
    if not text or (colon and port and not found[1]):
        raise argparse.ArgumentTypeError(f'{text!r} cannot be reached')
    return found[0], found[1] if port else None


def _seconds(least: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            found = math.nan
        # More than a year is a mistake, and too much for the system.
        if least <= found < 3e7:
            return found
        raise argparse.ArgumentTypeError(
            f'a number of seconds, at least {least:g}, is needed, '
            f'not {text!r}')

    return parse


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if text.isascii() and text.isdigit() and low <= int(
                text[:9]) <= high:
            return int(text)
        raise argparse.ArgumentTypeError(
            f'a whole number from {low} to {high} is needed, not {text!r}')

    return parse
