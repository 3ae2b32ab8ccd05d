"""The modules of the three distributions, for tests of the code's structure.

Reads files only; imports none of them.
"""
from __future__ import annotations

import ast
import pathlib
from collections.abc import Iterator
from typing import NamedTuple


# The checkout; the other distributions are beside src in it.
ROOT = pathlib.Path(__file__).parents[4]
ALL_TREES = [ROOT / 'src', ROOT / 'zkzopeserver' / 'src',
             ROOT / 'zcasync' / 'src']
TREES = [tree for tree in ALL_TREES if tree.is_dir()]


class Module(NamedTuple):
    """A module of ours.

    :ivar name: its dotted name; a package stands for its ``__init__``
    :ivar path: its file
    """

    name: str
    path: pathlib.Path

    @property
    def package(self) -> str:
        """The package that ``from . import`` means in this module."""
        if self.path.stem == '__init__':
            return self.name
        return self.name.rpartition('.')[0]

    def tree(self) -> ast.Module:
        """Parse the file."""
        return ast.parse(
            self.path.read_text(encoding='utf-8'), str(self.path))


def modules(tests: bool = False) -> list[Module]:
    """Return the modules, or those of the test packages as well."""
    found = []
    for tree in TREES:
        for path in sorted(tree.rglob('*.py')):
            parts = list(path.relative_to(tree).with_suffix('').parts)
            if parts[-1] == '__init__':
                del parts[-1]
            if tests or 'tests' not in parts:
                found.append(Module('.'.join(parts), path))
    return found


def imported(module: Module, known: set[str]) -> Iterator[tuple[int, str]]:
    """Yield the line and the dotted name of everything a module imports.

    :param known: the names of our modules: ``from . import x`` is the
        module ``x`` if it is one of them, and the package itself if not
    """
    for node in ast.walk(module.tree()):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ''
            if node.level:
                parts = module.package.split('.')
                parts = parts[:len(parts) - node.level + 1]
                base = '.'.join([*parts, base] if base else parts)
            for alias in node.names:
                name = f'{base}.{alias.name}'
                yield node.lineno, name if name in known else base
