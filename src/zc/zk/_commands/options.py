"""The options and arguments that the scripts share.

Runs in a script's main thread.  It must not know what a script is for, nor
how it connects.
"""
from __future__ import annotations

import argparse
import sys
from typing import Any
from typing import NoReturn

from .._printable import printable
from .._session.defaults import CONNECT_TIMEOUT
from .._session.defaults import CONNECTION_STRING_VARIABLE
from .._session.defaults import DEFAULT_CONNECTION_STRING
from .._tree import paths
from . import quantities


#: The environment variable that holds SCHEME:CREDENTIAL to authenticate.
AUTH_VARIABLE = 'ZC_ZK_AUTH'

#: What CONNECTION is, where it is the first argument, and where an option.
CONNECTION_ABOUT = f'''\
CONNECTION is HOST:PORT, or several of them with commas in between.  A path may
follow, which is then the root.  If CONNECTION is empty ('') or there are no
arguments, the environment variable {CONNECTION_STRING_VARIABLE} says where the
servers are, or else they are at {DEFAULT_CONNECTION_STRING}.
'''
OPTIONAL_ABOUT = '''\
CONNECTION is HOST:PORT, or several of them with commas in between.  A path may
follow, which is then the root.  Without --connection, no server is asked.
'''


class Telling(argparse.ArgumentParser):
    """A parser that fails if what it prints cannot be written.

    What it prints is safe, whatever the arguments hold.
    """

    def error(self, message: str) -> NoReturn:
        """Print a usage error and exit."""
        super().error(printable(message))

    def _print_message(self, message: str, file: Any = None) -> None:
        # argparse lets errors pass, and its end would be one of success.
        if message and file is not None and file is not sys.stderr:
            file.write(message)
            file.flush()
        else:
            super()._print_message(message, file)


class Parser(Telling):
    """A parser that shows its description and examples as written.

    Options may stand between the arguments, which it leaves in
    `arguments`.

    :param rest: whether the first argument ends the options instead
    """

    def __init__(
        self,
        prog: str,
        arguments: str,
        description: str,
        examples: str,
        rest: bool = False,
    ) -> None:
        super().__init__(
            prog=prog, usage=f'{prog} [options] {arguments}',
            description=description, epilog=examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False)
        self.add_argument(
            'arguments', nargs=argparse.REMAINDER if rest else '*',
            help=argparse.SUPPRESS)
        self.add_argument('--version', action=_Version, nargs=0,
                          help='print the version and exit')

class _Version(argparse.Action):
    """Prints the version, which is looked up only then."""

    def __call__(
        self, parser: argparse.ArgumentParser, *args: Any, **keywords: Any
    ) -> None:
        from importlib.metadata import version
        print(f'{parser.prog} (zc.zk) {version("zc.zk")}', flush=True)
        parser.exit()


def add_connection_options(
    parser: argparse.ArgumentParser, about: str = CONNECTION_ABOUT
) -> None:
    """Add the options that say how to connect.

    :param about: what CONNECTION is, for the help
    """
    group = parser.add_argument_group('connection', about)
    patience = group.add_mutually_exclusive_group()
    patience.add_argument(
        '--timeout', metavar='SECONDS', type=quantities.seconds(positive=True),
        default=CONNECT_TIMEOUT,
        help=f'how long to try to connect; {CONNECT_TIMEOUT:g} by default')
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
