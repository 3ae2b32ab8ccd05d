"""Which commands there are, in the order and groups of the help.

Runs in the main thread.  A command's module is imported when it is called
for.
"""
from __future__ import annotations

import importlib
from typing import TYPE_CHECKING
from typing import NamedTuple
from typing import cast


if TYPE_CHECKING:
    from .._commands.command import Command


class Offer(NamedTuple):
    """A command: the module, the name of its function there, and a line."""

    module: str
    function: str
    says: str


def _commands(function: str, says: str, module: str = '') -> Offer:
    return Offer(f'zc.zk._commands.{module or function}', function, says)


def _change(function: str, says: str) -> Offer:
    return Offer(f'zc.zk._changing.{function}', function, says)


def _look(function: str, says: str) -> Offer:
    return Offer(f'zc.zk._looking.{function}', function, says)


GROUPS: dict[str, dict[str, Offer]] = {
    'servers': {
        'run': Offer('zc.zk._run.command', 'main',
                     'start any server, and register it while it runs'),
    },
    'trees as text': {
        'export': _commands('export', 'print a tree'),
        'import': _commands('import_', 'make what a text describes'),
        'diff': _commands('diff', 'compare the live tree with a text'),
        'validate': _commands('validate', 'look for faults in texts'),
        'graph': _commands('graph', 'draw services and their links'),
    },
    'files': {
        'render': Offer('zc.zk._rendering.command', 'render',
                        'write a file from the tree, and keep it fresh'),
    },
    'looking around': {
        'ls': _look('ls', 'list the nodes below a node'),
        'find': _look('find', 'print the paths of certain nodes'),
        'grep': _look('grep', 'look for a pattern in properties'),
        'du': _look('du', 'count nodes and bytes by branch'),
        'stat': _look('stat', 'tell all about nodes'),
        'resolve': _look('resolve', 'follow links step by step'),
        'watch': _look('watch', 'print what comes, goes and changes'),
        'wait': _look('wait', 'wait for nodes and properties'),
        'doctor': Offer('zc.zk._doctor.command', 'doctor',
                        'say why clients do not see servers'),
        'web': Offer('zc.zk._web.command', 'web',
                     'serve a page of the live tree'),
    },
    'changing': {
        'plan': _change('plan', 'save what an import would do'),
        'apply': _change('apply', 'do what was planned, or nothing'),
        'mirror': _change('mirror', 'make another ensemble like this one'),
        'cp': _change('cp', 'copy a node and all below it'),
        'mv': _change('mv', 'move a node and all below it'),
        'ln': _change('ln', 'make a symbolic link'),
        'set': _commands('set_property', 'change properties of a node'),
        'drain': _commands('drain', 'take requests away from a server'),
        'rm': _commands('delete', 'delete a node and all below it'),
    },
    'this program': {
        'server': Offer('zc.zk._zczk.server', 'server',
                        'run a ZooKeeper server in memory, for a desk'),
        'completion': Offer('zc.zk._zczk.completion', 'completion',
                            'print what makes a shell complete words'),
    },
}

COMMANDS: dict[str, Offer] = {
    name: entry for group in GROUPS.values() for name, entry in group.items()}


def load(word: str) -> Command:
    """Return a command, which is imported now."""
    entry = COMMANDS[word]
    return cast('Command', getattr(
        importlib.import_module(entry.module), entry.function))
