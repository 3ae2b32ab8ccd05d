"""Telling those who keep connections when providers come or go.

Runs in the thread, or the event loop, that calls callbacks.
"""
from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any
from typing import Protocol

from ..errors import CancelWatch


class PoolKeeper(Protocol):
    """Who keeps connections."""

    def _changed(self) -> None: ...


def follow(
    providers: Callable[[Callable[..., None]], Any], keeper: PoolKeeper
) -> None:
    """Have a keeper's ``_changed`` called for as long as it is used.

    :param providers: takes the callback
    """
    ref = weakref.ref(keeper)

    def changed(providers: Any = None) -> None:
        keeper = ref()
        if keeper is None:
            raise CancelWatch
        keeper._changed()

    providers(changed)
