"""A command that is called as a word of ``zczk``.

Runs in the main thread.  It must not know which commands there are.
"""
from __future__ import annotations

import argparse
from collections.abc import Sequence

from .._commands.call import Call
from .._commands.options import Parser
from .._commands.options import add_connection_options
from .._session.defaults import CONNECTION_STRING_VARIABLE
from .._session.defaults import DEFAULT_CONNECTION_STRING


PROGRAM = 'zczk'
ABOUT = f'''\
These may stand before the command, too.  Without --zookeeper, the environment
variable {CONNECTION_STRING_VARIABLE} says where the servers are, or else they
are at {DEFAULT_CONNECTION_STRING}.
'''


class Subcommand(Call):
    """A call by ``zczk WORD``; options say where the servers are.

    :param word: which command it is
    """

    failed = 2
    failure = or_failure = ', 2 failed or wrong usage'

    def __init__(
        self, args: Sequence[str], given: Sequence[str], word: str
    ) -> None:
        super().__init__(args, given)
        self.name = self.example = f'{PROGRAM} {word}'

    def parser(
        self, arguments: str, description: str, examples: str
    ) -> Parser:
        parser = Parser(
            self.name, arguments, description,
            self._text(examples, '-z localhost:2181 '))
        add_global_options(parser)
        return parser

    def parse(
        self,
        parser: argparse.ArgumentParser,
        words: Sequence[str] | None = None,
    ) -> argparse.Namespace:
        return parser.parse_intermixed_args(
            [*self.given, *(self.args if words is None else words)])


def add_global_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be said to each command."""
    parser.add_argument(
        '--no-color', action='store_true', help='print without colours, as '
        'with the environment variable NO_COLOR')
    add_connection_options(parser, ABOUT)
    parser.add_argument(
        '-z', '--zookeeper', dest='connection', metavar='CONNECTION',
        help='HOST:PORT of the servers, several with commas in between; a '
        'path may follow, which is then the root')
