"""The scripts that ask a monitor server for what a process registered.

Run in a script's main thread.  They must not know the servers' commands.
"""
from __future__ import annotations

import argparse
import json
import logging
import re
import socket
import sys
from collections.abc import Sequence
from typing import NoReturn

from .._checks.probe import connect
from .._printable import printable
from .._tree.addresses import parse_addr


logger = logging.getLogger('zc.zk.monitor')

#: Seconds that the scripts wait for an answer.
TIMEOUT = 10.0


def check(args: Sequence[str] | None = None) -> None:
    """Check that a server can be reached and is up; exit with 1 if not.

    :param args: a monitor's address and a path; the servers registered at
        that path are connected to
    """
    options = _parse('Check that a registered server accepts connections, and '
                     'passes its own checks.', args)
    asked = options.monitor
    try:
        addresses = _ask(options, f'servers {options.path}').split()
        if not addresses:
            raise ValueError(f'no server at {options.path}')
        for asked in addresses:
            _connect(asked, options.timeout).close()
        asked = options.path
        for reason in _reasons(_ask(options, 'health'), options.path):
            raise ValueError(f'the server is down: {reason}')
    except Exception as e:
        logger.debug('Failed check', exc_info=True)
        _fail(f'{asked}: {_reason(e)}')


def get_addr(args: Sequence[str] | None = None) -> None:
    """Print the address of a server.

    :param args: a monitor's address and the path at which the server is
        registered
    """
    options = _parse('Print the address of a registered server.', args)
    try:
        reply = _ask(options, f'servers {options.path}')
    except Exception as e:
        _fail(f'{options.monitor}: {_reason(e)}')
    if not reply.strip():
        _fail(f'{options.monitor}: no server at {options.path}')
    print(printable(reply.strip()))


def _reason(error: Exception) -> object:
    return getattr(error, 'strerror', None) or error


def _fail(message: str) -> NoReturn:
    # Parts of it may come from whoever listens at the monitor's address.
    print(printable(message), file=sys.stderr)
    sys.exit(1)


def _parse(what: str, args: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument('monitor', help='HOST:PORT or path of a monitor')
    parser.add_argument('path', help='the path the server is registered at')
    parser.add_argument(
        '-t', '--timeout', type=float, default=TIMEOUT, metavar='SECONDS',
        help='how long to wait for an answer (default: %(default)s)')
    return parser.parse_args(args)


def _ask(options: argparse.Namespace, command: str) -> str:
    with _connect(options.monitor, options.timeout) as sock:
        sock.sendall(f'{command}\n'.encode())
        with sock.makefile(encoding='utf-8', newline='\n') as stream:
            return stream.readline(65536)


def _reasons(answer: str, path: str) -> list[str]:
    """Return why servers at a path are down.

    :param answer: that of the command ``health``; other monitors have no
        such command, and answer something else
    """
    try:
        found = json.loads(answer)
    except ValueError:
        return []
    return [str(each.get('reason')) for each in found
            if isinstance(each, dict) and each.get('path') == path
            and each.get('healthy') is False
            ] if isinstance(found, list) else []


def _connect(address: str, timeout: float) -> socket.socket:
    if not re.search(r':\d+$', address):
        return connect(address, timeout)
    host, port = parse_addr(address)
    return connect((host or 'localhost', port), timeout)
