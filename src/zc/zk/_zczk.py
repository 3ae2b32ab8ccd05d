"""The command ``zczk``: its first word says which command is meant.

Runs in the main thread.  A command's module is imported when it is called
for.  It must not know what a command does.
"""
from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from collections.abc import Sequence
from typing import NamedTuple
from typing import cast


class Command(NamedTuple):
    """A command: the module and the name of its function, and a line."""

    module: str
    function: str
    says: str


COMMANDS = {
    'run': Command('zc.zk._run.command', 'main',
                   'start any server, and register it while it runs'),
}


def usage() -> str:
    """Return the text of ``zczk --help``."""
    return '\n'.join([
        'usage: zczk COMMAND [options] ...',
        '',
        'Service registration, discovery and configuration with ZooKeeper.',
        '',
        'commands:',
        *(f'  {name:10}{command.says}' for name, command in COMMANDS.items()),
        '',
        'zczk COMMAND --help says more about a command.  zczk --version',
        'prints the version of zc.zk.',
        '',
        'exit status: that of the command; 2 wrong usage',
    ])


def main(args: Sequence[str] | None = None) -> None:
    """Do what the command line says.

    :param args: the words after ``zczk``; by default those of the process
    :raises SystemExit: with the command's status, or 2 for wrong usage
    """
    words = list(sys.argv[1:] if args is None else args)
    word = words.pop(0) if words else ''
    if word in ('-h', '--help'):
        print(usage())
    elif word == '--version':
        import zc.zk
        print(zc.zk.__version__)
    elif word in COMMANDS:
        command = COMMANDS[word]
        run = cast(
            Callable[[Sequence[str]], None],
            getattr(importlib.import_module(command.module),
                    command.function))
        run(words)
    else:
        said = f'there is no command {word!a}' if word else 'give a command'
        print(f'zczk: {said}: {", ".join(COMMANDS)} (see zczk --help)',
              file=sys.stderr)
        sys.exit(2)
