"""What goes together in one request.

Pure.  It must not know what is sent.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import TypeVar


T = TypeVar('T')


def batched(
    items: Iterable[T],
    size_of: Callable[[T], int],
    limit: int,
    most: float = math.inf,
) -> Iterator[list[T]]:
    """Split `items` into as few lists as the limits allow, in their order.

    :param size_of: returns the size of an item, in bytes
    :param limit: the size of a list, in bytes; an item that is larger goes
        alone
    :param most: how many items a list may hold
    """
    batch: list[T] = []
    size = 0
    for item in items:
        more = size_of(item)
        if batch and (len(batch) >= most or size + more > limit):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += more
    if batch:
        yield batch
