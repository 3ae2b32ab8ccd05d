"""Nodes that are wanted no more: deleted now, or as soon as that can be.

The session may outlive the connection's trouble, and a node with it.  Any
thread may use it, but for what is the reconciler thread's.  It must not know
how registrations are kept.
"""
from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from collections.abc import Sequence

from kazoo.exceptions import KazooException

from .._worker.backoff import Backoff
from .reconciler import FIRST_DELAY
from .reconciler import LONGEST_DELAY
from .reconciler import Reconciler
from .registration import Registration


logger = logging.getLogger(__name__)

#: How long a first registration that failed waits for its nodes to be
#: deleted, in seconds.
TAKE_BACK_SECONDS = 2.0


class Departures:
    """Deletes nodes of registrations that have ended.

    :param reconciler: deletes nodes
    :param holder: tells which registration has a path now, if any
    :param tell: has the reconciler thread call `run`
    """

    def __init__(
        self,
        reconciler: Reconciler,
        holder: Callable[[str], Registration | None],
        tell: Callable[[], None],
    ) -> None:
        self._reconciler = reconciler
        self._holder = holder
        self._tell = tell
        self._changed = threading.Condition()
        self._undeleted: set[Registration] = set()
        self._given_up = False
        self._backoff = Backoff(FIRST_DELAY, LONGEST_DELAY)

    def delete(
        self,
        registrations: Sequence[Registration],
        deadline: float = math.inf,
    ) -> bool:
        """Delete nodes, if that can be now; tell whether all are gone."""
        if self._reconciler.connected():
            try:
                self._reconciler.until(deadline).delete(registrations)
                return True
            except KazooException as e:
                logger.debug('deleting %s put off: %r', ', '.join(
                    [each.path for each in registrations]), e)
        return False

    def put_off(self, registrations: Sequence[Registration]) -> None:
        """Have nodes deleted as soon as that is possible."""
        with self._changed:
            self._undeleted.update(registrations)
        self._tell()

    def take_back(self, registrations: Sequence[Registration]) -> None:
        """End registrations that failed, and delete what is there of them.
        """
        for each in registrations:
            each._close()
        deadline = time.monotonic() + TAKE_BACK_SECONDS
        if not self.delete(registrations, deadline):
            # They may be there: a reply that got lost.
            self.put_off(registrations)

    def wait(self, timeout: float | None) -> bool:
        """Wait until all nodes are gone; tell whether they are.

        :param timeout: in seconds; None: until `give_up`
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._given_up or not self._undeleted, timeout)
            return not self._undeleted

    def give_up(self) -> None:
        """Have nobody wait any longer."""
        with self._changed:
            self._given_up = True
            self._changed.notify_all()

    # For the reconciler thread

    def hurry(self) -> None:
        """Try again at once: something has changed."""
        self._backoff.reset()

    def due(self) -> float | None:
        """Return when to try again, of ``time.monotonic()``, or None."""
        return self._backoff.due if self._undeleted else None

    def run(self, now: float) -> None:
        """Delete nodes, as far as that can be and is due."""
        if self._backoff.due > now:
            return
        with self._changed:
            leaving = list(self._undeleted)
        gone = {each for each in leaving
                if self._taken(each) or self.delete([each])}
        with self._changed:
            self._undeleted -= gone
            self._changed.notify_all()
        if len(gone) < len(leaving):
            self._backoff.failed(now)

    def _taken(self, registration: Registration) -> bool:
        """Tell whether the node is a later registration's by now."""
        return self._holder(registration.path) not in (None, registration)
