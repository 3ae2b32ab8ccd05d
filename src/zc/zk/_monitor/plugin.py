"""Show the state of a running process: its servers, sessions and threads.

A plugin for servers of one-line commands.  Commands run in the thread of the
connection that gave them.

The server speaks the protocol of zc.monitor, which cannot be imported on
Python 3.7 and later: a client sends a line, and gets text until the
connection closes.
"""
from __future__ import annotations

import inspect
import json
import sys
import threading
import traceback
import weakref
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import Protocol

import zope.event

from .._printable import printable
from .._session.servers import servers_of
from .._tree.addresses import parse_addr
from .server import CLOSE_SECONDS
from .server import Address
from .server import CommandServer
from .server import MonitorConnection


try:
    from zope.interface import Interface
except ImportError:             # only with the extra [monitor]
    Interface = object


#: Where `start` listens unless it is told otherwise.
DEFAULT_ADDRESS = ('127.0.0.1', 0)


class IMonitorPlugin(Interface):
    """A command: a callable that takes a connection and words.

    It writes its answer to the connection, which has a method ``write``.
    The first line of its documentation is its summary.  Utilities that
    provide this interface are commands, by their names.
    """


class Writer(Protocol):
    """Where a command writes its answer."""

    def write(self, text: str, /) -> object:
        """Send text."""


#: The commands by name; `register` adds one.
commands: dict[str, Callable[..., Any]] = {}

# What is shown of each server, and the event that told of it.
_servers: list[tuple[dict[str, Any], Any]] = []
_observed: weakref.WeakSet[Any] = weakref.WeakSet()
# The paths of servers that are checked, and what tells why they are down.
_checks: list[tuple[str, Callable[[], str]]] = []
_running: dict[Address, CommandServer] = {}
_lock = threading.Lock()


def notify(event: Any) -> None:
    """Remember a server for as long as it is registered.

    :param event: a `zc.zk.RegisteringServer`
    """
    found = {'path': event.path, **event.properties, 'address': event.name}
    found['path'] = event.path
    with _lock:
        # The same server may be told of by another ZooKeeper object, whose
        # registration may fail; so only what is known no better is replaced.
        _servers[:] = [
            (shown, earlier) for shown, earlier in _servers
            if _active(earlier) and not (
                _key(shown) == _key(found)
                and getattr(earlier, '_registrations', None) is None)]
        _servers.append((found, event))


def _active(event: Any) -> bool:
    # Events of programs' own may know nothing of it.
    return bool(getattr(event, 'active', True))


def _key(shown: dict[str, Any]) -> tuple[str, str]:
    return shown['path'], shown['address']


def observe(zk: Any) -> None:
    """Show a `zc.zk.ZooKeeper` object in the command ``connection``.

    It is forgotten when nothing else holds it any more.
    """
    _observed.add(zk)


def observe_check(path: str, reason: Callable[[], str]) -> None:
    """Show in the command ``health`` whether a server passes its checks.

    :param path: the path that it is registered at
    :param reason: called for each command; returns why the server is down,
        and an empty string if it is up
    """
    with _lock:
        _checks.append((path, reason))


def forget_check(path: str, reason: Callable[[], str]) -> None:
    """Undo `observe_check`; what is not shown is no error."""
    with _lock:
        if (path, reason) in _checks:
            _checks.remove((path, reason))


def register(function: Callable[..., Any], name: str | None = None) -> None:
    """Add a command.

    :param function: called with the connection and the words that follow
        the name
    :param name: the command's name; the function's when not given
    """
    commands[name or function.__name__] = function


def start(address: object = DEFAULT_ADDRESS) -> Address:
    """Start a monitor server.

    :param address: a (host, port) pair, ``'HOST:PORT'``, a port alone on
        127.0.0.1, or the path of a Unix-domain socket; port 0 for any free
        one, an empty host for all interfaces
    :returns: the address that was bound
    :raises OSError: when the address cannot be used
    :raises AddressError: when it is not an address
    """
    server = CommandServer(_address(address), _handle)
    with _lock:
        _running[server.address] = server
        if _on_event not in zope.event.subscribers:
            zope.event.subscribers.append(_on_event)
    return server.address


def stop(address: Address, timeout: float = CLOSE_SECONDS) -> None:
    """Stop the monitor server at `address`, as `start` returned it.

    :param timeout: how long to wait for commands at work, in seconds
    """
    with _lock:
        server = _running.pop(address, None)
    if server is not None:
        server.close(timeout)


def _on_event(event: Any) -> None:
    # Loaded by now, if there is such an event at all.
    module = sys.modules.get('zc.zk')
    kind = getattr(module, 'RegisteringServer', None)
    if kind is not None and isinstance(event, kind):
        notify(event)


def _address(address: object) -> Address:
    if isinstance(address, int):
        return DEFAULT_ADDRESS[0], address
    if isinstance(address, tuple):
        host, port = address
        return host, port
    text = str(address).strip()
    if text.isascii() and text.isdigit():
        text = f'{DEFAULT_ADDRESS[0]}:{text}'
    return text if '/' in text else parse_addr(text)


def _utilities() -> dict[str, Callable[..., Any]]:
    """Return the commands that are utilities, where those exist."""
    component = sys.modules.get('zope.component')
    if component is None or Interface is object:
        return {}
    return dict(component.getUtilitiesFor(IMonitorPlugin))


def _handle(connection: MonitorConnection, line: str) -> None:
    if not line and connection.interactive:
        line = getattr(connection, 'last', '')
    words = line.split()
    if not words:
        return
    connection.last = line                  # type: ignore[attr-defined]
    known = {**_utilities(), **commands}
    command = known.get(words[0])
    if command is None:
        connection.write(f'There is no command {words[0]!r}.  Try "help".\n')
    elif not _takes(command, connection, words[1:]):
        connection.write(
            f'{words[0]} takes {_wanted(command)}, not {len(words) - 1}.  '
            f'Try "help {words[0]}".\n')
    else:
        command(connection, *words[1:])


def _takes(
    command: Callable[..., Any],
    connection: MonitorConnection,
    words: Sequence[str],
) -> bool:
    """Tell whether a command can be called with these words."""
    try:
        signature = inspect.signature(command)
    except (TypeError, ValueError):
        return True             # not known, for some written in C
    try:
        signature.bind(connection, *words)
    except TypeError:
        return False
    return True


def _wanted(command: Callable[..., Any]) -> str:
    """Return how many words a command takes, and what they stand for."""
    parameters = list(inspect.signature(command).parameters.values())[1:]
    names = []
    least = most = 0
    for each in parameters:
        name = each.name.upper()
        if each.kind is each.VAR_POSITIONAL:
            names.append(f'[{name} ...]')
            most = sys.maxsize
        elif each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD):
            optional = each.default is not each.empty
            names.append(f'[{name}]' if optional else name)
            least += not optional
            most += 1
    if not names:
        return 'no words'
    count = (f'at least {least}' if most >= sys.maxsize else
             f'{least}' if least == most else f'{least} to {most}')
    plural = '' if count in ('1', 'at least 1') else 's'
    return f'{count} word{plural} ({" ".join(names)})'


# The commands

def help(connection: Writer, name: str | None = None) -> None:
    """Say which commands there are

    With the name of a command, its whole documentation.
    """
    known = {**_utilities(), **commands}
    if name is None:
        lines = ['Commands:']
        for each, command in sorted(known.items()):
            summary = (command.__doc__ or '').strip().partition('\n')[0]
            lines.append(f'  {each} -- {summary}')
        connection.write('\n'.join(lines) + '\n')
    elif name not in known:
        connection.write(f'There is no command {name!r}.  Try "help".\n')
    else:
        text = '\n'.join(
            line.strip() for line in (known[name].__doc__ or '').split('\n'))
        connection.write(f'{name}: {text.strip()}\n')


def interactive(connection: Any) -> None:
    """Keep the connection open after each command

    Until "quit".  An empty line gives the last command again.
    """
    connection.interactive = True
    connection.write('Interactive; "quit" ends it.\n')


def quit(connection: Any) -> None:
    """Close the connection"""
    connection.write('Goodbye.\n')
    connection.closing = True


def servers(connection: Writer, path: str | None = None) -> None:
    """Show the servers that this process has registered

    As JSON; with the path that they are registered at, their addresses
    alone, on one line.
    """
    with _lock:
        _servers[:] = [each for each in _servers if _active(each[1])]
        found = list({_key(shown): shown for shown, _ in _servers}.values())
    if path is None:
        connection.write(json.dumps(found) + '\n')
    else:
        connection.write(' '.join(
            each['address'] for each in found if each['path'] == path) + '\n')


def health(connection: Writer) -> None:
    """Show whether the servers of this process pass their checks

    As JSON; servers without checks are not in it.
    """
    with _lock:
        found = list(_checks)
    reasons = [(path, reason()) for path, reason in found]
    connection.write(json.dumps([
        {'path': path, 'healthy': not reason, 'reason': reason}
        for path, reason in reasons]) + '\n')


def connection(connection: Writer) -> None:
    """Show the state of ZooKeeper sessions, registrations and watches"""
    for zk in sorted(_observed, key=id):
        client = zk.client
        session = (client.client_id or (0,))[0]
        hosts = servers_of(client)
        lines = [f'session 0x{session:x} at {hosts}{client.chroot}: '
                 f'{client.state}']
        for path, registration in sorted(zk.registrations.items()):
            error = f' ({registration.error!r})' if registration.error else ''
            lines.append(f'  registration {path}: {registration.state}{error}')
        lines.append(f'  watched nodes: {zk.statistics().watches}')
        # Links may have led to these paths, and others write links.
        connection.write(
            ''.join(f'{printable(line)}\n' for line in lines))
    if not _observed:
        connection.write('no ZooKeeper sessions are observed\n')


def threads(connection: Writer) -> None:
    """Show where each thread is"""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sorted(sys._current_frames().items()):
        connection.write(f'Thread {names.get(ident, ident)}:\n')
        connection.write(''.join(traceback.format_stack(frame)))


for _command in (help, interactive, quit, servers, health, connection,
                 threads):
    register(_command)
