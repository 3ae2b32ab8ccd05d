"""In which order waiting jobs are taken.

Pure; the clock is an argument.  A queue keeps its jobs in streams: all jobs
of a stream have the same priority and the same quotas, and are either ready
or wait for a time.  This decides which stream is looked at next, from the
first key of each.
"""
from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from typing import NamedTuple


__all__ = ['Head', 'SLACK', 'in_order']

#: Microseconds: jobs that were put within this time of one another may
#: start in any order when there are several dispatchers, which then take
#: from different places and do not conflict.
SLACK = 1_000_000


class Head(NamedTuple):
    """The first job of a stream.

    :ivar priority: higher is taken earlier
    :ivar due: microseconds since 1970, from which on the job may start
    :ivar held: whether that time has to be waited for
    :ivar place: which stream it is
    """

    priority: int
    due: int
    held: bool
    place: int


def in_order(heads: Iterable[Head], now: int, turn: float = 0,
             slack: int = 0) -> Sequence[Head]:
    """Return the heads that are due, the one to be taken first at the front.

    :param now: microseconds since 1970
    :param turn: from 0 to 1, where this dispatcher begins among heads that
        may start in any order
    :param slack: microseconds that are not told apart
    """
    due = sorted(
        (head for head in heads if not head.held or head.due <= now),
        key=lambda head: (-head.priority, head.due, head.place))
    if slack and due:
        first = due[0]
        same = [head for head in due if head.priority == first.priority
                and head.due <= first.due + slack]
        same.sort(key=lambda head: head.place)
        begin = int(turn % 1 * len(same))
        due = same[begin:] + same[:begin] + due[len(same):]
    return due
