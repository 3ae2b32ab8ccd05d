"""The door of ``zczk``: from the words of a command line to a command.

Runs in the main thread.  It must not know what a command does.
"""
from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

from .._commands import output
from .._commands.command import perform
from .._commands.options import Parser
from . import completion
from .subcommand import PROGRAM
from .subcommand import Subcommand
from .subcommand import add_global_options
from .table import COMMANDS
from .table import GROUPS
from .table import load


DESCRIPTION = ('Service registration, discovery and configuration with '
               'ZooKeeper.')
WIDTH = max(map(len, COMMANDS)) + 2


def usage() -> str:
    """Return the text of ``zczk --help``."""
    lines = [f'usage: {PROGRAM} [options] COMMAND [options] ...', '',
             DESCRIPTION]
    for group, entries in GROUPS.items():
        lines += ['', f'{group}:']
        lines += [f'  {name:{WIDTH}}{entry.says}'
                  for name, entry in entries.items()]
    return '\n'.join([
        *lines, '',
        'options that most commands have (before the command or after it):',
        '  -z CONNECTION, --timeout SECONDS, --wait, --auth SCHEME:FILE,',
        '  --tls-ca FILE and others, --json, --no-color, --version, --help',
        '', f'{PROGRAM} COMMAND --help says more about a command.'])


def main(args: Sequence[str] | None = None) -> None:
    """Do what the command line says.

    :param args: the words after ``zczk``; by default those of the process
    :raises SystemExit: with the command's status, or 2 for wrong usage
    """
    own = args is None
    words = list(sys.argv[1:] if args is None else args)
    completion.answer()
    front = _Front(words)
    perform(_Front.read, front, Subcommand.failed, own)
    rest = front.rest
    if not rest:
        _fail('give a command')
    word, *after = rest
    given = words[:len(words) - len(rest)]
    if word not in COMMANDS:
        _fail(f'there is no command {word!a}')
    load(word).answer(Subcommand(after, given, word), own)


def _fail(reason: str) -> NoReturn:
    output.complain(f'{PROGRAM}: {reason}: {", ".join(COMMANDS)} '
                    f'(see {PROGRAM} --help)')
    sys.exit(2)


class _Front:
    """What stands before the command's name, and from it on.

    :param words: of the command line
    :ivar rest: the command's name and all that follows
    """

    name = PROGRAM

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self.rest: list[str] = []

    def read(self) -> int:
        """Read the words; raise SystemExit for --help and the like."""
        self.rest = _FrontParser().parse_args(self._words).arguments
        return 0


class _FrontParser(Parser):
    """Takes what stands before the command's name."""

    def __init__(self) -> None:
        super().__init__(PROGRAM, 'COMMAND ...', DESCRIPTION, '', rest=True)
        add_global_options(self)
        self.add_argument('--json', action='store_true')

    def format_help(self) -> str:
        return usage() + '\n'
