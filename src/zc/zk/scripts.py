"""The command-line scripts.

Each function takes a list of arguments (by default those of the process),
runs in the caller's thread and returns None when all went well; else it
prints one line on the standard error and raises SystemExit.
"""
from __future__ import annotations

from ._commands.editing import delete
from ._commands.editing import set_property
from ._commands.exporting import export
from ._commands.importing import import_
from ._commands.inspect import diff
from ._commands.inspect import graph
from ._commands.inspect import validate


__all__ = ['delete', 'diff', 'export', 'graph', 'import_', 'set_property',
           'validate']
