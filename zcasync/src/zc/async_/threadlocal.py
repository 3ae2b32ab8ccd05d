"""What a running job can ask and say: `local`."""
from __future__ import annotations

from ._perform.local import Local
from ._perform.local import local


__all__ = ['Local', 'local']
