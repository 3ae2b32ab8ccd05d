"""The command-line scripts.

Each function takes a list of arguments (by default those of the process),
runs in the caller's thread and returns None when all went well; else it
prints one line on the standard error and raises SystemExit.
"""
from __future__ import annotations

from ._commands.delete import delete
from ._commands.diff import diff
from ._commands.drain import drain
from ._commands.export import export
from ._commands.graph import graph
from ._commands.import_ import import_
from ._commands.set_property import set_property
from ._commands.validate import validate


__all__ = ['delete', 'diff', 'drain', 'export', 'graph', 'import_',
           'set_property', 'validate']
