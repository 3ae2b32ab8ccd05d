"""The name that zc.async had before ``async`` became a keyword.

Gives the module objects of `zc.async_` under their old names, for pickles,
ZCML, ``importlib`` and ``python -m``.  Runs in whatever thread imports them.
Holds no code of its own.
"""
from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import CodeType
from types import ModuleType
from typing import Any


__all__ = []

OLD = 'zc.async.'
NEW = 'zc.async_.'


class _Loader(importlib.abc.InspectLoader):

    def __init__(self, real: ModuleSpec) -> None:
        self._real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return importlib.import_module(self._real.name)

    def exec_module(self, module: ModuleType) -> None:
        # It was executed under its new name.  The import system has just
        # written the spec of the old one into it.
        module.__spec__ = self._real

    def get_code(self, fullname: str) -> CodeType | None:
        """Return what ``python -m`` runs."""
        loader: Any = self._real.loader
        code: CodeType | None = loader.get_code(self._real.name)
        return code

    def get_source(self, fullname: str) -> str | None:
        """Return the text of the module."""
        loader: Any = self._real.loader
        source: str | None = loader.get_source(self._real.name)
        return source


class _Finder(importlib.abc.MetaPathFinder):

    def find_spec(self, fullname: str, path: Sequence[str] | None,
                  target: ModuleType | None = None) -> ModuleSpec | None:
        if not fullname.startswith(OLD):
            return None
        real = importlib.util.find_spec(NEW + fullname[len(OLD):])
        if real is None:
            return None
        return importlib.util.spec_from_loader(
            fullname, _Loader(real), origin=real.origin,
            is_package=real.submodule_search_locations is not None)


sys.meta_path.insert(0, _Finder())
# From here on, this name means the package itself.
sys.modules[__name__] = importlib.import_module(NEW.rstrip('.'))
