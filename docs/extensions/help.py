"""The directives ``help`` and ``commands``: what commands say of themselves.

``.. help:: zkserve`` shows the output of ``zkserve --help``; it runs while
the site is built.  ``.. commands::`` has a section for each command of
``zczk``.
"""
from __future__ import annotations

import os
import subprocess
import sys

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


def helps(words: list[str]) -> str:
    """Return what ``--help`` prints."""
    script = os.path.join(os.path.dirname(sys.executable), words[0])
    done = subprocess.run(
        [script, *words[1:], '--help'], capture_output=True, text=True,
        env={**os.environ, 'COLUMNS': '80', 'NO_COLOR': '1',
             # Python 3.14 colours what argparse prints.
             'PYTHON_COLORS': '0', 'TERM': 'dumb'})
    if done.returncode:
        raise RuntimeError(f'{" ".join(words)} --help: {done.stderr}')
    return done.stdout.rstrip()


def shown(words: list[str]) -> nodes.literal_block:
    text = helps(words)
    return nodes.literal_block(text, text, language='text')


class Help(SphinxDirective):
    """What one command says."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        # The page does not tell what the command's modules are.
        self.env.note_reread()
        return [shown(self.arguments[0].split())]


class Commands(SphinxDirective):
    """All commands of zczk, by group, each in a section of its own."""

    def run(self) -> list[nodes.Node]:
        from zc.zk._zczk.table import GROUPS

        found: list[nodes.Node] = []
        for group, commands in GROUPS.items():
            section = nodes.section(ids=[nodes.make_id(f'group-{group}')])
            section += nodes.title(text=group.capitalize())
            for name in commands:
                inner = nodes.section(ids=[f'zczk-{name}'])
                inner += nodes.title(text=f'zczk {name}')
                inner += shown(['zczk', name])
                section += inner
            found.append(section)
        return found


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive('help', Help)
    app.add_directive('commands', Commands)
    return {'parallel_read_safe': True}
