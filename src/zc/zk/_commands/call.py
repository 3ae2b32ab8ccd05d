"""How a command was called: as a script, or by a program with subcommands.

Runs in a script's main thread.  It must not know what a command is for.
"""
from __future__ import annotations

import abc
import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .options import OPTIONAL_ABOUT
from .options import Parser
from .options import add_connection_options
from .options import take_connection


if TYPE_CHECKING:
    from ..client import ZooKeeper


class Call(abc.ABC):
    """One call of a command: gives it its options and its connection.

    :param args: the words after the command's name
    :param given: options for all commands, which stood before it
    :ivar name: what the command is called, for usage lines and errors
    :ivar example: what a line begins with that calls the command
    """

    name: str
    example: str
    #: The exit status when the command cannot go on; None: the command's.
    failed: int | None = None
    #: How a command's list of exit statuses ends.
    failure = ', 1 failed, 2 wrong usage'
    or_failure = ' or failed, 2 wrong usage'

    def __init__(
        self, args: Sequence[str], given: Sequence[str] = ()
    ) -> None:
        self.args = list(args)
        self.given = list(given)

    @abc.abstractmethod
    def parser(
        self, arguments: str, description: str, examples: str
    ) -> Parser:
        """Return a parser, to which the command adds its own options.

        :param arguments: the command's own arguments, for the usage line
        :param examples: in it, ``{0}`` stands for `example`, ``{name}`` for
            `name`, ``{live}`` for the option that names an optional
            connection, and ``{failure}`` and ``{or failure}`` for the rest
            of a list of exit statuses up to 0, or 1
        """

    @abc.abstractmethod
    def parse(
        self,
        parser: argparse.ArgumentParser,
        words: Sequence[str] | None = None,
    ) -> argparse.Namespace:
        """Parse words, and leave the command's own in `arguments`.

        :param words: by default `args`
        """

    def connected(
        self, options: argparse.Namespace
    ) -> contextlib.AbstractContextManager[ZooKeeper]:
        """Give a ZooKeeper, connected as the options say, and close it."""
        # Most calls that only help need no connection, nor kazoo.
        from .connection import connected

        return connected(options, options.connection or None)

    def colour(self, options: argparse.Namespace) -> bool:
        """Tell whether to colour what is printed."""
        return sys.stdout.isatty() and not os.environ.get(
            'NO_COLOR') and not getattr(options, 'no_color', False)

    def offline(self, options: argparse.Namespace) -> bool:
        """Tell whether no connection was named."""
        return options.connection is None

    def _text(self, examples: str, live: str = '') -> str:
        for name, text in (
                ('{0}', self.example), ('{name}', self.name), ('{live}', live),
                ('{failure}', self.failure),
                ('{or failure}', self.or_failure)):
            examples = examples.replace(name, text)
        return examples

    def needed(self, *things: str) -> str:
        """Return what to say when arguments are missing."""
        *others, last = things
        if not others:
            return f'{last} is needed'
        return f'{", ".join(others)} and {last} are needed'


class Script(Call):
    """A script's call: its first argument says where the servers are.

    :param name: the script's name
    :param optional: whether an option says it instead, if anything does
    """

    def __init__(
        self, args: Sequence[str], name: str, optional: bool = False
    ) -> None:
        super().__init__(args)
        self.name = name
        self.optional = optional
        self.example = name if optional else f'{name} localhost:2181'

    def parser(
        self, arguments: str, description: str, examples: str
    ) -> Parser:
        if not self.optional:
            arguments = (f'[CONNECTION {arguments}]'
                         if arguments.startswith('[')
                         else f'CONNECTION {arguments}')
        parser = Parser(self.name, arguments, description, self._text(
            examples, '--connection localhost:2181 '))
        if self.optional:
            parser.add_argument(
                '--connection', metavar='CONNECTION',
                help='use the live tree there, too')
            add_connection_options(parser, OPTIONAL_ABOUT)
        else:
            add_connection_options(parser)
        return parser

    def needed(self, *things: str) -> str:
        return super().needed(
            *([] if self.optional else ['a CONNECTION']), *things)

    def parse(
        self,
        parser: argparse.ArgumentParser,
        words: Sequence[str] | None = None,
    ) -> argparse.Namespace:
        options = parser.parse_intermixed_args(
            self.args if words is None else words)
        if not self.optional:
            options.connection = take_connection(parser, options.arguments)
        return options
