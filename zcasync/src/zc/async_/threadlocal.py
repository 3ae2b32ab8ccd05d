"""What a running job can ask and say: `local`.

A door: it only hands names on.
"""
from __future__ import annotations

from ._perform.local import Local
from ._perform.local import local


__all__ = ['Local', 'local']
