"""Computing trackers from what is in memory, and telling what changed.

The engine's lock is held around every call here.  It must not know threads,
nor why something is to be computed.
"""
from __future__ import annotations

import logging
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

from kazoo.exceptions import NoNodeError

from .._printable import printable
from .cache import NodeCache
from .frames import forget_frames
from .tracker import Tracker
from .view import Key
from .view import Missing


logger = logging.getLogger(__name__)


class Computation:
    """Computes trackers.

    :param cache: the nodes in memory
    :param wake: called after changes of trackers
    """

    def __init__(self, cache: NodeCache, wake: Callable[[], None]) -> None:
        self._cache = cache
        self._wake = wake

    def run(
        self, trackers: Iterable[Tracker], first: bool = False
    ) -> None:
        """Compute `trackers`, reading the nodes they turn out to need.

        :param first: whether nobody knows them yet
        :raises KazooException: when the connection failed
        """
        waiting = list(trackers)
        while waiting:
            waiting, missing = self._pass(waiting, first)
            self._cache.fetch(missing)

    def _pass(
        self, trackers: Iterable[Tracker], first: bool
    ) -> tuple[list[Tracker], list[Key]]:
        """Compute trackers; return those that need more, and what."""
        missing: dict[Key, None] = {}
        again = []
        news = False
        try:
            for tracker in trackers:
                view = self._cache.view()
                changed = True
                try:
                    snapshot, error = tracker.compute(view), None
                    changed = snapshot != tracker.snapshot
                except Missing as e:
                    missing.update(dict.fromkeys(e.keys))
                    again.append(tracker)
                    continue
                except Exception as e:
                    snapshot, error = None, e
                self._cache.use(tracker, tracker.used, view.used)
                # As a tuple: a set takes four times the memory.
                tracker.used = tuple(view.used)
                if self._publish(tracker, snapshot, error, changed, first):
                    news = True
                    tracker.changed()
        finally:
            if news:
                self._wake()
        return again, list(missing)

    def forget(self, tracker: Tracker) -> None:
        """Have a tracker use no nodes any more."""
        self._cache.use(tracker, tracker.used, ())
        tracker.used = ()

    def _publish(
        self,
        tracker: Tracker,
        snapshot: Any,
        error: Exception | None,
        changed: bool,
        first: bool,
    ) -> bool:
        """Give a tracker its value, or the error that it gave.

        :returns: whether somebody is to be told
        """
        if error is not None or tracker.error is not None:
            changed = _differ(error, tracker.error)
        if error is not None and not first:
            forget_frames(error)
        # The snapshot first: who sees no error sees no older one.
        if error is None:
            tracker.snapshot = snapshot
        tracker.error = error
        if (error is not None and changed and not first
                and not isinstance(error, NoNodeError)):
            logger.warning('cannot follow a change: %s', printable(error))
        if first or not changed:
            return False
        tracker.version += 1
        return True

    def announce(self, tracker: Tracker) -> None:
        """Have a tracker count as changed."""
        tracker.version += 1
        tracker.changed()
        self._wake()


def _differ(a: Exception | None, b: Exception | None) -> bool:
    return type(a) is not type(b) or (
        a is not None and b is not None and a.args != b.args)
