"""Rendezvous hashing: every client ranks servers in an order of its own.

A server that comes or goes changes nobody else's place in the order.  The
weighted form is that of Schindelhauer and Schomaker (2005): the score is
``-weight / ln(hash)``.  Pure; the same in every process and on every
machine.
"""
from __future__ import annotations

import hashlib
import heapq
import math
from collections.abc import Iterable


_BITS = 64
_MASK = (1 << _BITS) - 1


def fingerprint(text: str) -> int:
    """Return a number of 64 bits that stands for `text`."""
    digest = hashlib.blake2b(
        text.encode('utf-8', 'surrogatepass'), digest_size=8).digest()
    return int.from_bytes(digest, 'big')


def score(key: int, item: int, weight: float = 1.0) -> float:
    """Return how much the client with `key` likes `item`.

    :param key: the fingerprint of the client, or of a request's key
    :param item: the fingerprint of the server
    :param weight: above 0; twice the weight wins twice as often
    """
    return -weight / math.log(_mixed(key ^ item))


def best(
    key: int, items: Iterable[tuple[str, int, float]], count: int
) -> list[str]:
    """Return the names of the `count` items that `key` likes best.

    :param items: for each its name, its fingerprint and its weight
    """
    ranked = heapq.nlargest(
        count, ((score(key, item, weight), name)
                for name, item, weight in items))
    return [name for _, name in ranked]




def _mixed(number: int) -> float:
    # The finaliser of splitmix64 (Steele, Lea, Flood 2014): keys that
    # differ in one bit must not rank servers alike.
    number = (number + 0x9E3779B97F4A7C15) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    number ^= number >> 31
    # Between 0 and 1, neither of them: the logarithm is taken of it.
    return (number + 0.5) / (1 << _BITS)
