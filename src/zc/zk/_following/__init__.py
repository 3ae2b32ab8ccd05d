"""A whole branch of the live tree, followed: what comes, goes and changes.

`BranchFollower` follows a branch; it gives `Happening` after `Happening`.
This only hands names on.
"""
from __future__ import annotations

from .follower import BranchFollower
from .happenings import CAME
from .happenings import CHANGED
from .happenings import WENT
from .happenings import Happening
from .happenings import NodeState


__all__ = [
    'BranchFollower',
    'CAME',
    'CHANGED',
    'Happening',
    'NodeState',
    'WENT',
]
