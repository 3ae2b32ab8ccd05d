"""The door of the launcher: from the command line to the exit status.

Runs in the main thread.
"""
from __future__ import annotations

import argparse
import contextlib
import logging
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from .. import monitor
from .._checks import owners
from .._checks.check import HTTP
from .._checks.check import NOTIFY
from .._checks.check import TCP
from .._checks.check import Check
from .._commands.call import Call
from .._commands.command import command
from .._commands.connection import connection_keywords
from .._commands.streams import Failure
from .._printable import printable
from .._tree.addresses import format_addr
from ..client import ZooKeeper
from . import options as _options
from . import sockets
from .child import Program
from .life import FAILED
from .options import NAME
from .presence import Presence
from .presence import Wishes
from .sockets import Place
from .supervisor import Supervisor


# Seconds that one attempt to connect may take with --wait.
ATTEMPT = 5.0


class _Formatter(logging.Formatter):
    """One line for each record; names from others are made safe."""

    def format(self, record: logging.LogRecord) -> str:
        return f'{NAME}: {printable(record.getMessage())}'


@command(NAME, FAILED, optional=True)
def main(call: Call) -> int:
    """Run a server as the arguments say, and return the exit status."""
    own, words = _options.split(call.args)
    parser = _options.RunParser()
    options = call.parse(parser, own)
    if options.arguments or not words:
        parser.error("give '--' and then the command to run")
    try:
        properties = _options.properties(options.properties)
    except ValueError as e:
        parser.error(f'argument --properties: {e}')
    if shutil.which(words[0]) is None:
        raise Failure(f'there is no command {words[0]!r}')
    passed = options.listen_fds or any('{fd}' in word for word in words)
    _log()
    keywords = connection_keywords(options)
    with contextlib.ExitStack() as stack:
        sock, place = stack.enter_context(_socket(parser, options, passed))
        check = _check(parser, options, place, passed)
        properties.update(stack.enter_context(_monitored(options)))
        wishes = Wishes(
            options.path, place.names(options.advertise), properties,
            options.wait, options.even_the_last,
            options.unregister_when_down,
            # Where another address is advertised, nothing follows from the
            # socket; and a path may lead elsewhere on another machine.
            takeover=(sock is not None and not options.advertise
                      and place.unix is None))
        supervisor = Supervisor(
            Program(words, place, None if sock is None else sock.fileno(),
                    check,
                    options.check_interval if options.check else None,
                    options.check_timeout),
            _options.policy(options, passed),
            lambda told: Presence(
                lambda: _connect(options, keywords), wishes, told))
        if options.monitor is not None:
            monitor.observe_check(options.path, supervisor.reason)
            stack.callback(monitor.forget_check, options.path,
                           supervisor.reason)
        return supervisor.run()



def _log() -> None:
    """Have our own lines written to the standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter())
    logger = logging.getLogger('zc.zk.run')
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.INFO)


@contextlib.contextmanager
def _socket(
    parser: argparse.ArgumentParser,
    options: argparse.Namespace,
    passed: bool,
) -> Iterator[tuple[socket.socket | None, Place]]:
    """Give the socket to pass, or None, and where the server listens."""
    chosen = [name for name in ('host', 'port', 'unix')
              if getattr(options, name) is not None]
    count = sockets.inherited_count(os.environ, os.getpid())
    sock: socket.socket | None
    try:
        if count:
            if count > 1:
                raise Failure(f'{count} sockets are passed in LISTEN_FDS; '
                              'one is needed')
            if chosen:
                parser.error(f'argument --{chosen[0]}: a socket is passed '
                             'in LISTEN_FDS already')
            if not passed:
                parser.error('a socket is passed in LISTEN_FDS, but the '
                             'command does not hold {fd}; use {fd} or '
                             '--listen-fds')
            sock, place = sockets.inherit()
        elif options.unix is not None:
            if len(chosen) > 1:
                parser.error(f'argument --{chosen[0]}: not with --unix')
            if passed:
                sock, place = sockets.listen_unix(options.unix)
            else:
                sock = None
                place = Place('', 0, os.path.abspath(options.unix))
        elif passed:
            sock, place = sockets.listen(
                options.host or '', options.port or 0)
        else:
            sock, place = None, sockets.free(
                options.host or '', options.port or 0)
    except OSError as e:
        where = options.unix or f'{options.host or ""}:{options.port or 0}'
        raise Failure(
            f'cannot listen on {where}: {e.strerror or e}') from e
    try:
        yield sock, place
    finally:
        if sock is not None:
            sock.close()
            if options.unix is not None:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(place.unix or '')


def _check(
    parser: argparse.ArgumentParser,
    options: argparse.Namespace,
    place: Place,
    passed: bool,
) -> Check:
    """Return the check; complain of one that proves nothing."""
    check: Check = options.check or Check(TCP)
    if check.kind == TCP and passed and (
            place.unix is not None or not owners.available()):
        what = '' if options.check else '--check is needed: '
        parser.error(
            f'{what}a connection to a socket that is passed to the command '
            'proves nothing here, since the launcher listens on it; give '
            f'--check {HTTP}:/PATH, cmd:COMMAND or {NOTIFY}')
    return check


@contextlib.contextmanager
def _monitored(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Run a monitor server if one is wanted; give the node's property."""
    if options.monitor is None:
        yield {}
        return
    try:
        address = monitor.start(options.monitor)
    except OSError as e:
        raise Failure(f'--monitor: cannot listen on {options.monitor}: '
                      f'{e.strerror or e}') from e
    try:
        yield {'monitor': _shown(address)}
    finally:
        monitor.stop(address, 0.1)


def _shown(address: Any) -> str:
    if isinstance(address, str):
        return address
    host, port = address[:2]
    if sockets.is_blank(host):
        return f':{port}'       # at the server's address, whatever that is
    return format_addr((host, port))


def _connect(
    options: argparse.Namespace, keywords: Mapping[str, Any]
) -> ZooKeeper:
    quiet = logging.getLogger('kazoo.client.zczk')
    if not quiet.level:
        # Our own lines say the same, once for each change.
        quiet.setLevel(logging.ERROR)
    zk = ZooKeeper(
        options.zookeeper, options.session_timeout,
        connect_timeout=ATTEMPT if options.wait else options.timeout,
        logger=quiet, **keywords)
    if options.monitor is not None:
        monitor.observe(zk)
    return zk
