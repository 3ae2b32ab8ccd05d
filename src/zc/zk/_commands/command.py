"""What the scripts share: options, arguments, connection, errors.

Runs in a script's main thread.  It must not know what a script is for.
"""
from __future__ import annotations

import argparse
import atexit
import contextlib
import functools
import importlib.metadata
import logging
import os
import sys
import threading
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import NoReturn

import kazoo.exceptions

from .._printable import printable
from .._session.connect import CONNECT_TIMEOUT
from .._session.connect import CONNECTION_STRING_VARIABLE
from .._session.connect import DEFAULT_CONNECTION_STRING
from .._session.connect import SESSION_TIMEOUT
from .._session.handler import SHORTEST_PATIENCE
from .._session.handler import PollHandler
from .._tree import paths
from ..client import ZooKeeper
from ..errors import Error
from . import interrupts
from . import streams
from .streams import Failure


#: The environment variable that holds SCHEME:CREDENTIAL to authenticate.
AUTH_VARIABLE = 'ZC_ZK_AUTH'

#: The scheme that is none of ZooKeeper's: it authenticates the connection.
SASL = 'sasl'

#: What kazoo's exceptions mean to someone who does not know kazoo.
_MEANINGS = {
    kazoo.exceptions.NoNodeError: 'there is no node {}',
    kazoo.exceptions.NoAuthError: 'no permission at {}',
    kazoo.exceptions.NodeExistsError: 'there is a node {} already',
    kazoo.exceptions.InvalidACLError: 'the server refuses the ACL of {}',
    kazoo.exceptions.AuthFailedError: 'the server refuses the credentials {}',
    kazoo.exceptions.ConnectionLoss: 'the connection was lost {}',
    kazoo.exceptions.ConnectionClosedError: 'the connection was closed {}',
    kazoo.exceptions.SessionExpiredError: 'the session expired {}',
    kazoo.exceptions.OperationTimeoutError: 'the server does not answer: {}',
}


def command(
    name: str, failed: int = 1
) -> Callable[[Callable[[list[str]], int]], Callable[..., None]]:
    """Make a script's function from one that returns an exit status.

    The function takes a list of arguments, by default those of the
    process.  It returns None when all went well; else it raises SystemExit
    with the status, after one line on the standard error.

    :param name: the script's name
    :param failed: the exit status when it cannot go on
    """
    def decorate(run: Callable[[list[str]], int]) -> Callable[..., None]:

        @functools.wraps(run)
        def script(args: Sequence[str] | None = None) -> None:
            if args is None:
                args = sys.argv[1:]
                # Nothing but our own line goes to the standard error.
                logging.basicConfig(handlers=[logging.NullHandler()])
                streams.prepare()
                interrupts.install()
                atexit.register(interrupts.ignore)
            status = _run(run, list(args), name, failed)
            try:
                sys.stdout.flush()
            except BrokenPipeError:
                streams.abandon_output()
                status = status or failed
            except OSError as e:
                streams.abandon_output()
                if not status:
                    _complain(name, e)
                    status = failed
            if status:
                sys.exit(status)

        return script

    return decorate


def _run(
    run: Callable[[list[str]], int], args: list[str], name: str, failed: int
) -> int:
    try:
        return run(args)
    except BrokenPipeError:
        # The reader has gone, as `head` does.
        streams.abandon_output()
        return failed
    except KeyboardInterrupt as e:
        streams.complain(f'{name}: {str(e) or "interrupted"}')
        return 130
    except Exception as e:
        _complain(name, e)
        return failed


def _complain(name: str, error: Exception) -> None:
    streams.complain(f'{name}: {printable(_meaning(error))}')


def _meaning(error: Exception) -> str:
    for class_, text in _MEANINGS.items():
        if isinstance(error, class_):
            return text.format(error).strip(' :')
    if isinstance(error, OSError) and error.strerror:
        if error.filename:
            return f'{error.filename}: {error.strerror}'
        return error.strerror
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
        self.add_argument('--version', action=_Version, nargs=0,
                          help='print the version and exit')

    def error(self, message: str) -> NoReturn:
        """Print a usage error, whatever the arguments hold, and exit."""
        super().error(printable(message))


class _Version(argparse.Action):
    """Prints the version, which is looked up only then."""

    def __call__(
        self, parser: argparse.ArgumentParser, *args: Any, **keywords: Any
    ) -> None:
        version = importlib.metadata.version('zc.zk')
        print(f'{parser.prog} (zc.zk) {version}')
        parser.exit()


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        seconds = float(text)
        if 0 < seconds < threading.TIMEOUT_MAX:
            return seconds
    raise argparse.ArgumentTypeError(
        f'a positive number of seconds is needed, not {text!r}')


def add_connection_options(
    parser: argparse.ArgumentParser, about: str = f'''\
CONNECTION is HOST:PORT, or several of them with commas in between.  A path may
follow, which is then the root.  If CONNECTION is empty ('') or there are no
arguments, the environment variable {CONNECTION_STRING_VARIABLE} says where the
servers are, or else they are at {DEFAULT_CONNECTION_STRING}.
'''
) -> None:
    """Add the options that say how to connect.

    :param about: what CONNECTION is, for the help
    """
    group = parser.add_argument_group('connection', about)
    patience = group.add_mutually_exclusive_group()
    patience.add_argument(
        '--timeout', metavar='SECONDS', type=_seconds,
        default=CONNECT_TIMEOUT,
        help='how long to try to connect; %(default)g by default')
    patience.add_argument(
        '--wait', action='store_true',
        help='try to connect for as long as it takes, also if no server '
        'is running yet')
    group.add_argument(
        '--auth', metavar='SCHEME:FILE', action='append', default=[],
        help='authenticate with the credential in FILE; for example, '
        'digest:/etc/zk.secret, where that file holds user:password; the '
        'scheme sasl is SASL with DIGEST-MD5, and needs zc.zk[sasl].  By '
        f'default, use the SCHEME:CREDENTIAL in ${AUTH_VARIABLE}, if it is '
        'set')
    group.add_argument(
        '--tls-ca', metavar='FILE',
        help='connect with TLS and trust the certificates in FILE (PEM)')
    group.add_argument(
        '--tls-cert', metavar='FILE',
        help='connect with TLS and present the certificate in FILE (PEM)')
    group.add_argument(
        '--tls-key', metavar='FILE',
        help="the certificate's key (PEM), if it is in another file")
    group.add_argument(
        '--tls-any-host', action='store_true',
        help='accept a server certificate that is for another host name')


@contextlib.contextmanager
def connected(
    options: argparse.Namespace, connection: str | None
) -> Iterator[ZooKeeper]:
    """Give a ZooKeeper, connected as the options say, and close it."""
    zk = ZooKeeper(
        connection, wait=options.wait, connect_timeout=options.timeout,
        handler=PollHandler(
            max(SHORTEST_PATIENCE, SESSION_TIMEOUT / 3),
            impatient=not options.wait),
        **connection_keywords(options))
    try:
        if zk.client.chroot and not zk.exists('/'):
            raise Failure(f'there is no node {zk.client.chroot}, as the '
                          'connection string says')
        yield zk
    finally:
        zk.close()


def connection_keywords(options: argparse.Namespace) -> dict[str, Any]:
    """Return the keywords of ZooKeeper for authentication and TLS."""
    keywords: dict[str, Any] = {}
    auth = [_credential(text) for text in options.auth]
    if not auth and os.environ.get(AUTH_VARIABLE):
        scheme, colon, credential = os.environ[AUTH_VARIABLE].partition(':')
        if not colon:
            raise Failure(f'${AUTH_VARIABLE} must be SCHEME:CREDENTIAL')
        auth = [(scheme, credential)]
    for pair in [pair for pair in auth if pair[0] == SASL]:
        auth.remove(pair)
        user, colon, password = pair[1].partition(':')
        if not colon or not user:
            raise Failure(f'the credential for {SASL} must be USER:PASSWORD')
        keywords['sasl_options'] = {
            'mechanism': 'DIGEST-MD5', 'username': user,
            'password': password}
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
    return keywords


def _credential(text: str) -> tuple[str, str]:
    scheme, colon, path = text.partition(':')
    if not colon or not path:
        raise Failure('--auth must be SCHEME:FILE')
    try:
        with open(path, encoding='utf-8') as file:
            return scheme, file.read().strip('\r\n')
    except UnicodeDecodeError:
        raise Failure(f'{path}: not UTF-8 text') from None
    except OSError as e:
        # It may be the password itself.
        directory = os.path.dirname(path)
        known = directory != '/' and os.path.isdir(directory)
        shown = path if known else f'--auth {scheme}:FILE'
        raise Failure(f'{shown}: {e.strerror}') from None


# Arguments

def take_connection(
    parser: argparse.ArgumentParser, arguments: list[str]
) -> str | None:
    """Take the first argument, which is always the connection string.

    :returns: None for an empty one, and if there are no arguments: then
        the environment says where the servers are
    """
    if not arguments:
        return None
    connection = arguments.pop(0)
    if connection.startswith('/') or connection == '-':
        parser.error(
            f'the first argument must be the CONNECTION, not {connection!r}; '
            f"'' stands for the one in ${CONNECTION_STRING_VARIABLE}")
    return connection or None


def take_path(
    parser: argparse.ArgumentParser, arguments: list[str]
) -> str:
    """Take the last argument, a path; by default ``/``."""
    path = arguments.pop(0) if arguments else '/'
    if arguments:
        parser.error(f'too many arguments: {" ".join(arguments)}')
    return checked_path(path)


def checked_path(path: str) -> str:
    """Return the path of a node that an argument means."""
    return paths.normal(path)
