"""What the scripts share: options, connection, errors, output.

Runs in a script's main thread.  It must not know what a script is for.
"""
from __future__ import annotations

import argparse
import contextlib
import errno
import functools
import json
import logging
import os
import re
import stat
import sys
import tempfile
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import kazoo.exceptions

from . import _paths
from ._connect import CONNECTION_STRING_VARIABLE
from ._connect import DEFAULT_CONNECTION_STRING
from ._model import Node
from ._printable import printable
from ._treetext import parse_tree
from .client import ZooKeeper
from .errors import Error
from .errors import TreeSyntaxError


#: How many paths of a list are shown to someone at a terminal.
SHOWN = 20
#: The environment variable that holds SCHEME:CREDENTIAL to authenticate.
AUTH_VARIABLE = 'ZC_ZK_AUTH'

_HOST_PORT = re.compile(r'[^/\s]+:\d+(?:,[^/\s]+)*(?:/\S*)?').fullmatch

#: What kazoo's exceptions mean to someone who does not know kazoo.
_MEANINGS = {
    kazoo.exceptions.NoNodeError: 'there is no node {}',
    kazoo.exceptions.NoAuthError: 'no permission at {}',
    kazoo.exceptions.NodeExistsError: 'there is a node {} already',
    kazoo.exceptions.InvalidACLError: 'not an ACL that the server takes: {}',
    kazoo.exceptions.AuthFailedError: 'the server refuses the credentials {}',
    kazoo.exceptions.ConnectionLoss: 'the connection was lost {}',
    kazoo.exceptions.ConnectionClosedError: 'the connection was closed {}',
    kazoo.exceptions.SessionExpiredError: 'the session expired {}',
    kazoo.exceptions.OperationTimeoutError: 'the server does not answer: {}',
}


class Failure(Exception):
    """A script cannot go on; its text says why."""


def command(
    name: str, trouble: int = 1
) -> Callable[[Callable[[list[str]], int]], Callable[..., None]]:
    """Make a script's function from one that returns an exit status.

    The function takes a list of arguments, by default those of the
    process.  It returns None when all went well; else it raises SystemExit
    with the status, after one line on the standard error.

    :param name: the script's name
    :param trouble: the exit status when it cannot go on
    """
    def decorate(run: Callable[[list[str]], int]) -> Callable[..., None]:

        @functools.wraps(run)
        def script(args: Sequence[str] | None = None) -> None:
            if args is None:
                args = sys.argv[1:]
                # Nothing but our own line goes to the standard error.
                logging.basicConfig(handlers=[logging.NullHandler()])
                for name_ in ('stdout', 'stderr'):
                    if getattr(sys, name_) is None:     # closed by a shell
                        setattr(sys, name_, open(os.devnull, 'w'))
                    _set_encoding(getattr(sys, name_))
            try:
                status = run(list(args))
                sys.stdout.flush()
            except BrokenPipeError:
                # The reader has gone, as `head` does.  Python would
                # complain once more when it flushes at its end.
                with contextlib.suppress(Exception):
                    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
                sys.exit(trouble)
            except KeyboardInterrupt as e:
                print(f'{name}: {str(e) or "interrupted"}', file=sys.stderr)
                sys.exit(130)
            except Exception as e:
                print(f'{name}: {printable(_meaning(e))}', file=sys.stderr)
                sys.exit(trouble)
            if status:
                sys.exit(status)

        return script

    return decorate


def _set_encoding(stream: Any) -> None:
    with contextlib.suppress(AttributeError):
        stream.reconfigure(errors='backslashreplace')
        if not stream.isatty():
            # What is read elsewhere is UTF-8, whatever terminals here show.
            stream.reconfigure(encoding='utf-8')


def _meaning(error: Exception) -> str:
    for class_, text in _MEANINGS.items():
        if isinstance(error, class_):
            return text.format(error).strip(' :')
    if isinstance(error, OSError) and error.filename:
        return f'{error.filename}: {error.strerror}'
    if isinstance(error, (Failure, Error, OSError)):
        return str(error)
    return f'{type(error).__name__} {error}'.strip()


# Options

class Parser(argparse.ArgumentParser):
    """A parser that shows its description and examples as written.

    Options may stand between the arguments, which it leaves in
    `arguments`.
    """

    def __init__(
        self, prog: str, arguments: str, description: str, examples: str
    ) -> None:
        super().__init__(
            prog=prog, usage=f'{prog} [options] {arguments}',
            description=description, epilog=examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False)
        self.add_argument('arguments', nargs='*', help=argparse.SUPPRESS)


def add_connection_options(
    parser: argparse.ArgumentParser, about: str = f'''\
CONNECTION is HOST:PORT, several with commas between them, and perhaps a path
at the end that is taken for the root; without it, the environment variable
{CONNECTION_STRING_VARIABLE} or else {DEFAULT_CONNECTION_STRING}.
'''
) -> None:
    """Add the options that say how to connect.

    :param about: what CONNECTION is, for the help
    """
    group = parser.add_argument_group('connection', about)
    group.add_argument(
        '--auth', metavar='SCHEME:FILE', action='append', default=[],
        help='authenticate with the credential in FILE, as in '
        'digest:/etc/zk.secret with user:password in that file; by default '
        f'with the SCHEME:CREDENTIAL in ${AUTH_VARIABLE}, if it is set')
    group.add_argument(
        '--tls-ca', metavar='FILE',
        help='connect with TLS, and trust these certificates (PEM)')
    group.add_argument(
        '--tls-cert', metavar='FILE',
        help='connect with TLS and show this certificate (PEM)')
    group.add_argument(
        '--tls-key', metavar='FILE',
        help="the certificate's key (PEM), if it is in a file of its own")
    group.add_argument(
        '--tls-any-host', action='store_true',
        help="do not ask that the server's certificate is for its host name")


def is_connection(argument: str) -> bool:
    """Tell whether an argument is a connection string by its form."""
    return _HOST_PORT(argument) is not None


@contextlib.contextmanager
def connected(
    options: argparse.Namespace, connection: str | None
) -> Iterator[ZooKeeper]:
    """Give a ZooKeeper, connected as the options say, and close it."""
    keywords: dict[str, Any] = {}
    auth = [_credential(text) for text in options.auth]
    if not auth and os.environ.get(AUTH_VARIABLE):
        scheme, colon, credential = os.environ[AUTH_VARIABLE].partition(':')
        if not colon:
            raise Failure(f'${AUTH_VARIABLE} must be SCHEME:CREDENTIAL')
        auth = [(scheme, credential)]
    if auth:
        keywords['auth_data'] = auth
    if options.tls_ca or options.tls_cert or options.tls_key:
        keywords['use_ssl'] = True
        keywords['check_hostname'] = not options.tls_any_host
        for option, keyword in [(options.tls_ca, 'ca'),
                                (options.tls_cert, 'certfile'),
                                (options.tls_key, 'keyfile')]:
            if option:
                # A file that is missing would only be noticed by kazoo's
                # thread, which tries for ever.
                with open(option, 'rb'):
                    keywords[keyword] = option
    zk = ZooKeeper(connection, **keywords)
    try:
        if zk.client.chroot and not zk.exists('/'):
            raise Failure(f'there is no node {zk.client.chroot}, as the '
                          'connection string says')
        yield zk
    finally:
        zk.close()


def _credential(text: str) -> tuple[str, str]:
    scheme, colon, path = text.partition(':')
    if not colon or not path:
        raise Failure('--auth must be SCHEME:FILE')
    try:
        with open(path, encoding='utf-8') as file:
            return scheme, file.read().strip('\r\n')
    except UnicodeDecodeError:
        raise Failure(f'{path}: not UTF-8 text') from None


# Arguments

def connection_and_path(
    parser: Parser, arguments: Sequence[str]
) -> tuple[str | None, str]:
    """Return what [CONNECTION] [PATH] stand for; a path starts with /."""
    rest = list(arguments)
    connection = None
    if rest and not rest[0].startswith('/'):
        connection = rest.pop(0)
    path = rest.pop(0) if rest else '/'
    if rest:
        parser.error(f'too many arguments: {" ".join(rest)}')
    return connection, checked_path(path)


def connection_file_path(
    parser: Parser, arguments: Sequence[str]
) -> tuple[str | None, str, str]:
    """Return what [CONNECTION] [FILE [PATH]] stand for."""
    rest = list(arguments)
    connection = None
    if len(rest) == 3 or rest and is_connection(rest[0]) or (
            len(rest) == 2 and not rest[1].startswith('/')):
        connection = rest.pop(0)
    file = rest.pop(0) if rest else '-'
    path = rest.pop(0) if rest else '/'
    if rest:
        parser.error(f'too many arguments: {" ".join(rest)}')
    return connection, file, checked_path(path)


def checked_path(path: str) -> str:
    return _paths.normal(path)


# Input and output

def read_text(name: str) -> str:
    """Return the text of a file, or of the standard input for ``-``.

    :raises Failure: when it is not UTF-8
    """
    try:
        if name == '-':
            if sys.stdin is None:
                raise Failure('the standard input is closed')
            stream = getattr(sys.stdin, 'buffer', None)
            text = (sys.stdin.read() if stream is None
                    else stream.read().decode('utf-8'))
        else:
            with open(name, encoding='utf-8') as file:
                text = file.read()
    except UnicodeDecodeError as e:
        raise Failure(f'{name}: not UTF-8 text (byte {e.start})') from e
    return text.removeprefix('\ufeff')


def write_lines(name: str | None, lines: Iterable[str]) -> None:
    """Write lines to a file, whole or not at all, or print them.

    :param name: the file; None or ``-`` for the standard output
    """
    if name is None or name == '-':
        for line in lines:
            sys.stdout.write(line + '\n')
        return
    try:
        mode = os.stat(name).st_mode
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        mode = stat.S_IFREG | 0o666 & ~umask
    if not stat.S_ISREG(mode):      # a pipe or a terminal
        with open(name, 'w', encoding='utf-8') as file:
            file.writelines(line + '\n' for line in lines)
        return
    # A link stays one: what it leads to is replaced.
    name = os.path.realpath(name)
    directory = os.path.dirname(name)
    if not os.path.isdir(directory):
        raise FileNotFoundError(
            errno.ENOENT, os.strerror(errno.ENOENT), name)
    descriptor, temporary = tempfile.mkstemp(
        dir=directory, prefix=os.path.basename(name) + '.')
    try:
        with open(descriptor, 'w', encoding='utf-8') as file:
            file.writelines(line + '\n' for line in lines)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, stat.S_IMODE(mode))
        os.replace(temporary, name)
    except BaseException:
        os.unlink(temporary)
        raise


def read_tree(name: str) -> Node:
    """Return the tree that a file, or the standard input, describes."""
    return parse_tree(
        read_text(name), source=source_name(name), notice=tell_notice)


def source_name(name: str) -> str:
    """Return the name of a file for errors."""
    return '<stdin>' if name == '-' else name


def show(line: str) -> None:
    """Print a line that may hold anything."""
    print(printable(line))


def tell(heading: str, items: Sequence[str]) -> None:
    """Print a list on the standard error, if there is anything in it."""
    if items:
        print(heading, file=sys.stderr)
        for item in items[:SHOWN]:
            print('  ' + printable(item), file=sys.stderr)
        if len(items) > SHOWN:
            print(f'  and {len(items) - SHOWN} more', file=sys.stderr)


def tell_notice(notice: TreeSyntaxError) -> None:
    """Print what is odd in a tree's text on the standard error."""
    print(printable(str(notice)), file=sys.stderr)


def print_json(items: Iterable[Any]) -> None:
    """Print each item as JSON on a line of its own."""
    for item in items:
        print(json.dumps(item))
