"""The command-line scripts.

Each function takes a list of arguments (by default those of the process),
runs in the caller's thread and returns None when all went well; else it
prints one line on the standard error and raises SystemExit.
"""
from __future__ import annotations

from ._editing import delete
from ._editing import set_property
from ._exporting import export
from ._importing import import_
from ._inspect import diff
from ._inspect import graph
from ._inspect import validate


__all__ = ['delete', 'diff', 'export', 'graph', 'import_', 'set_property',
           'validate']
