"""The command ``zczk``: its first word says which command is meant.

Runs in the main thread.
"""
from __future__ import annotations

from .program import main


__all__ = ['main']
