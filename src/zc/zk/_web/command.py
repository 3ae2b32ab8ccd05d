"""The command that serves the page.

Runs in the main thread, which has the event loop.
"""
from __future__ import annotations

import argparse
import contextlib
import importlib
import logging
import pathlib
import signal
import socket
from collections.abc import Iterator
from typing import Any

from .._commands import files
from .._commands import quantities
from .._commands.call import Call
from .._commands.command import command
from .._commands.streams import Failure
from .._tree.addresses import format_addr
from ..client import ZooKeeper
from . import guards


PORT = 8080
#: How long an open connection may hold up the end, in seconds.
GRACE = 3
#: After how long a reader that takes nothing loses its connection, in
#: milliseconds.  The system looks to it, where it can.
UNREAD = 30_000


@command('zczk web', failed=2, optional=True)
def web(call: Call) -> int:
    """Serve the page until a signal comes."""
    options = call.parse(_parser(call))
    if options.arguments:
        raise Failure('there are no arguments, only options')
    uvicorn = _uvicorn()
    keywords = _checked(options)
    _log(options.allow_changes)
    door = importlib.import_module('zc.zk.web')
    with _connected(call, options) as zk, _listening(
            options.host, options.port) as listener:
        page = door.application(zk, **keywords)
        try:
            _serve(uvicorn, page, listener)
        finally:
            page.close()
    return 0


def _parser(call: Call) -> argparse.ArgumentParser:
    parser = call.parser('', '''\
Serve a page of the live tree: its services, their links, its nodes, and what
happens to them, as it happens.  The address is printed when it serves; SIGINT
(Ctrl-C) or SIGTERM ends it.  This needs zc.zk[web].
''', '''\
examples:
  {0}
        look at http://127.0.0.1:8080/
  zczk web --tree tree.txt --port 0
        a look at what a text describes, on a server in memory
  {0} --host 0.0.0.0 --name zk.example.com --token-file /etc/zczk.token
        for others, who must know what the file holds

exit status: 0 ended by a signal, 2 failed or wrong usage
''')
    parser.add_argument(
        '--host', default='127.0.0.1',
        help='the address to listen at (default: %(default)s); others than '
        'loopback need --token-file or --trusted-proxy')
    parser.add_argument(
        '--port', type=quantities.port, default=PORT,
        help='the port; 0: one that is free (default: %(default)s)')
    parser.add_argument(
        '--tree', metavar='FILE',
        help='serve the tree that FILE describes, on a server in memory '
        '(- is the standard input)')
    parser.add_argument(
        '--allow-changes', action='store_true',
        help='let those who look change the tree, too')
    parser.add_argument(
        '--name', metavar='NAME', action='append', default=[],
        help='a host name under which the page is reached, beside localhost '
        'and numeric addresses; may be given several times')
    parser.add_argument(
        '--token-file', metavar='FILE',
        help='only those may look who know the text in FILE, which is '
        f'{guards.TOKEN_LENGTH} characters or more')
    parser.add_argument(
        '--trusted-proxy', metavar='ADDRESS', action='append', default=[],
        help='the address or network of a proxy that says who asks; others '
        'need the token; may be given several times')
    parser.add_argument(
        '--user-header', metavar='NAME', default=guards.USER_HEADER,
        help='in which the proxy says it (default: %(default)s)')
    return parser


def _checked(options: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of the application.

    :raises Failure: when they would let others in
    """
    token = None
    if options.token_file is not None:
        try:
            token = pathlib.Path(options.token_file).read_text(
                encoding='utf-8').strip()
        except UnicodeDecodeError:
            raise Failure(f'{options.token_file}: not UTF-8 text') from None
        if len(token) < guards.TOKEN_LENGTH:
            raise Failure(
                f'{options.token_file}: a token needs {guards.TOKEN_LENGTH} '
                'characters or more')
    try:
        guards.networks(options.trusted_proxy)
    except ValueError as e:
        raise Failure(f'--trusted-proxy: {e}') from None
    if (token is None and not options.trusted_proxy
            and not guards.is_loopback(options.host)):
        raise Failure(
            f'--host {options.host}: others could look; give --token-file '
            'or --trusted-proxy, or listen on a loopback address')
    return {'allow_changes': options.allow_changes, 'token': token,
            'trusted_proxy': options.trusted_proxy,
            'user_header': options.user_header, 'names': options.name}


def _log(changes: bool) -> None:
    """Say on the standard error what fails in here, and who changes what."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(
        '%(asctime)s %(message)s', '%Y-%m-%d %H:%M:%S'))
    # Uvicorn also says of each stream that it was ended.
    handler.addFilter(
        lambda record: record.name != 'uvicorn.error' or bool(
            record.exc_info))
    levels = {'uvicorn.error': logging.ERROR, 'zc.zk._web': logging.ERROR}
    if changes:
        levels['zc.zk.web'] = logging.INFO
    for name, level in levels.items():
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(level)


def _uvicorn() -> Any:
    for name in 'starlette', 'uvicorn':
        try:
            module = importlib.import_module(name)
        except ImportError:
            raise Failure(f'the page needs {name}: pip install '
                          "'zc.zk[web]'") from None
    return module


@contextlib.contextmanager
def _connected(
    call: Call, options: argparse.Namespace
) -> Iterator[ZooKeeper]:
    """Give a connection to the live tree, or to one of a text."""
    if options.tree is None:
        with call.connected(options) as zk:
            yield zk
        return
    if not call.offline(options):
        raise Failure('--tree takes no connection: it has a server of its '
                      'own')
    text = files.read_text(options.tree)[0]
    files.tree_from(text, options.tree)
    from ..testing import Server
    with Server() as server, ZooKeeper(server.connection_string) as zk:
        zk.import_tree(text)
        print(f'ZooKeeper, in memory: {server.connection_string}',
              flush=True)
        yield zk


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """Give a socket that listens.

    :raises Failure: when the address cannot be used
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as e:
        raise Failure(f'cannot listen at {host}: {e}') from None
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, 'TCP_USER_TIMEOUT'):
            listener.setsockopt(
                socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD)
        try:
            listener.bind(address)
            listener.listen(128)
        except (OSError, OverflowError) as e:
            raise Failure(f'cannot listen at {host}, port {port}: '
                          f'{getattr(e, "strerror", None) or e}') from None
        yield listener


def _serve(uvicorn: Any, page: Any, listener: socket.socket) -> None:
    """Say the address, and serve until SIGINT or SIGTERM."""
    class PageServer(uvicorn.Server):
        """Ends when we say so, without raising the signal once more."""

        def capture_signals(self) -> Any:
            return contextlib.nullcontext()

        async def shutdown(self, sockets: Any = None) -> None:
            page.hub.close_all()
            await super().shutdown(sockets)

    server = PageServer(uvicorn.Config(
        page, lifespan='off', log_config=None, access_log=False,
        server_header=False, proxy_headers=False, ws='none',
        # The other parser takes headers without end.
        http='h11',
        timeout_graceful_shutdown=GRACE))

    def end(number: int, frame: Any) -> None:
        server.force_exit = server.should_exit
        server.should_exit = True

    before = {number: signal.signal(number, end)
              for number in (signal.SIGINT, signal.SIGTERM)
              if signal.getsignal(number) is not signal.SIG_IGN}
    try:
        host, port = listener.getsockname()[:2]
        print(f'http://{format_addr((host, port))}/', flush=True)
        server.run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
