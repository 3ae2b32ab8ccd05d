"""Times as integers, for keys of trees.

The only module beneath `job`, `queue` and `agent` that asks for the date and
time.  Any thread may ask it.
"""
from __future__ import annotations

import datetime
import random
import threading
import time


__all__ = ['from_micros', 'key_for', 'micros', 'micros_of', 'now', 'utc']

UTC = datetime.timezone.utc
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)
#: Bits below the microseconds that tell keys of the same microsecond apart.
KEY_BITS = 11
#: Microseconds beyond which no key can say a time: from 1827 to 2112.
_LIMIT = 1 << 63 - KEY_BITS

_last = 0
_lock = threading.Lock()


def now() -> datetime.datetime:
    """Return the time, in UTC."""
    return datetime.datetime.now(UTC)


def micros() -> int:
    """Return microseconds since 1970, more than at the last call."""
    global _last
    with _lock:
        _last = max(_last + 1, time.time_ns() // 1000)
        return _last


def micros_of(when: datetime.datetime) -> int:
    """Return the microseconds since 1970 of a time."""
    return (when - _EPOCH) // _MICROSECOND


def from_micros(value: int) -> datetime.datetime:
    """Return the time of `micros_of`."""
    return _EPOCH + value * _MICROSECOND


def key_for(value: int) -> int:
    """Return a key for a number of microseconds; two calls seldom agree.

    What is too early or too late for a key gets the first or the last one.
    """
    value = min(max(value, -_LIMIT), _LIMIT - 1)
    return value << KEY_BITS | random.getrandbits(KEY_BITS)


def utc(when: datetime.datetime) -> datetime.datetime:
    """Return a time in UTC; one without a zone is taken to be in UTC."""
    if when.tzinfo is None:
        return when.replace(tzinfo=UTC)
    return when.astimezone(UTC)
