"""The engine on waitress.

This only hands names on.
"""
from __future__ import annotations

from .engine import engine_class
from .engine import traced


__all__ = ['engine_class', 'traced']
