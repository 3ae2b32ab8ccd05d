"""The engine on waitress."""
from __future__ import annotations

from .engine import engine_class
from .engine import traced


__all__ = ['engine_class', 'traced']
