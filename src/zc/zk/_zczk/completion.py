"""Completion of words in a shell, by argcomplete.

Runs in the main thread, in a process that the shell starts for each
completion.  Without argcomplete there is none.
"""
from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Collection
from collections.abc import Sequence
from typing import Any

from .._commands.call import Call
from .._commands.command import command
from .._commands.streams import Failure
from .._tree import paths
from .subcommand import PROGRAM
from .subcommand import Subcommand
from .subcommand import add_global_options
from .table import COMMANDS
from .table import load


SHELLS = {
    'bash': 'eval "$(zczk completion bash)"',
    'zsh': 'autoload -U compinit && compinit; eval "$(zczk completion zsh)"',
    'fish': 'zczk completion fish | source',
}
#: The variables by which argcomplete's lines for shells call a program.
ASKED = '_ARGCOMPLETE'
LINE = 'COMP_LINE'
#: How long completion of paths waits for a server, in seconds.
PATIENCE = 1.0


@command(f'{PROGRAM} completion')
def completion(call: Call) -> int:
    """Print the lines that make a shell complete words."""
    parser = call.parser('SHELL', '''\
Print the lines that make a SHELL, which is bash, zsh or fish, complete
commands, options and paths of nodes.  This needs zc.zk[cli].
''', 'put into the file that the shell reads when it starts:\n' + ''.join(
        f'  {shell}:  {line}\n' for shell, line in SHELLS.items()))
    words = call.parse(parser).arguments
    if len(words) != 1 or words[0] not in SHELLS:
        parser.error(f'a SHELL is needed: {", ".join(SHELLS)}')
    print(_argcomplete().shellcode([PROGRAM], shell=words[0]))
    return 0


def answer() -> None:
    """Answer a shell that asks for completions, and end the process."""
    if ASKED in os.environ:
        try:
            complete = _argcomplete().autocomplete
        except Failure as e:
            sys.exit(f'{PROGRAM}: {e}')
        complete(_everything(os.environ.get(LINE, '')))


def _argcomplete() -> Any:
    try:
        return importlib.import_module('argcomplete')
    except ImportError:
        raise Failure('completion needs argcomplete: pip install '
                      "'zc.zk[cli]'") from None


def _everything(line: str) -> argparse.ArgumentParser:
    """Return a parser of commands; only that of the line has options."""
    parser = argparse.ArgumentParser(PROGRAM, allow_abbrev=False)
    add_global_options(parser)
    before = {action.dest for action in parser._actions}
    words = parser.add_subparsers()
    typed = line.split()
    for name, entry in COMMANDS.items():
        parents = [_parser_of(name, before)] if name in typed else []
        words.add_parser(name, help=entry.says, parents=parents,
                         add_help=not parents, conflict_handler='resolve')
    return parser


class _Described(Exception):
    """Carries the parser of a command that was not run."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        super().__init__()
        self.parser = parser


class _Description(Subcommand):
    """A call that is over when the command's options are known."""

    def parse(
        self,
        parser: argparse.ArgumentParser,
        words: Sequence[str] | None = None,
    ) -> argparse.Namespace:
        raise _Described(parser)


def _parser_of(
    name: str, before: Collection[str]
) -> argparse.ArgumentParser:
    try:
        load(name).run(_Description((), (), name))
    except _Described as e:
        for action in e.parser._actions:
            # What stands before the command counts, if it is not said again.
            if action.dest in before:
                action.default = argparse.SUPPRESS
            if action.dest == 'arguments' or action.metavar == 'PATH':
                action.completer = _nodes       # type: ignore[attr-defined]
        return e.parser
    raise AssertionError(f'{name} does not parse its options')


def _nodes(
    prefix: str, parsed_args: argparse.Namespace, **_: Any
) -> list[str]:
    """Return the paths of nodes that begin so."""
    if not prefix.startswith('/'):
        return []
    from .._commands.connection import connected
    options = argparse.Namespace(**vars(parsed_args))
    options.timeout = PATIENCE
    above = prefix[:prefix.rindex('/')] or '/'
    # `zczk run` has another name for it.
    given = getattr(options, 'zookeeper', None) or options.connection
    with connected(options, given) as zk:
        return [paths.join(above, name)
                for name in zk.get_children(zk.resolve(above))]
