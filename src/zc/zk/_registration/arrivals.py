"""First registrations: each makes its pass in its caller's thread.

So the caller gets the error.  It must not know how a registration is kept
afterwards.
"""
from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

from kazoo.exceptions import KazooException
from kazoo.exceptions import OperationTimeoutError

from .._session.requests import Bulk
from .._tree.paths import named
from .reconciler import FIRST_DELAY
from .reconciler import Reconciler
from .registration import Registration
from .states import State


#: What a first registration waits beyond the session timeout, in seconds:
#: servers look for dead sessions only so often.
GRACE = 2.0


class Arrivals:
    """Makes the nodes of new registrations.

    :param bulk: sets watches
    :param reconciler: makes nodes
    :param turn: is held while a pass is under way
    :param session_timeout: tells how long a dead session's nodes may stay,
        in seconds
    """

    def __init__(
        self,
        bulk: Bulk,
        reconciler: Reconciler,
        turn: threading.Lock,
        session_timeout: Callable[[], float],
    ) -> None:
        self._bulk = bulk
        self._reconciler = reconciler
        self._turn = turn
        self._session_timeout = session_timeout
        # Notified when one should look again; not held over requests, since
        # `give_up` and kazoo's threads take it.
        self._again = threading.Condition()
        self._wakes = 0
        self._given_up = False

    def make(self, new: Sequence[Registration]) -> None:
        """Create the nodes, all or none.

        After an error, some may be there all the same: a reply that got
        lost.

        :raises KazooException: when they cannot be made in time
        """
        deadline = time.monotonic() + self._session_timeout() + GRACE
        while True:
            for each in new:
                each._become(State.PENDING, None)
            with self._my_turn(deadline):
                # The last look too has time for a reply.
                self._reconciler.attempt(
                    new, max(deadline, time.monotonic() + GRACE))
            if all(each.state == State.REGISTERED for each in new):
                break
            self._await_change(new, deadline)
        for each in new:
            each._announce()

    def give_up(self) -> None:
        """Have all that are under way end with what they know."""
        self._given_up = True
        self._wake()

    @contextlib.contextmanager
    def _my_turn(self, deadline: float) -> Iterator[None]:
        """Hold the right to a pass.

        :raises OperationTimeoutError: when another pass goes on for longer
        """
        left = max(0.0, deadline - time.monotonic())
        if not self._turn.acquire(timeout=left):
            raise OperationTimeoutError(
                'other registrations still wait for ZooKeeper')
        try:
            yield
        finally:
            self._turn.release()

    def _await_change(
        self, new: Sequence[Registration], deadline: float
    ) -> None:
        """Wait until it is worth trying again, or raise the error."""
        blocked = next((each for each in new if each.error), new[0])
        error = blocked.error
        assert error is not None
        if (self._given_up or blocked.state == State.FAILED
                or time.monotonic() >= deadline):
            if error.args:
                raise error
            raise named(error, blocked.path)

        with self._again:
            seen = self._wakes
        pause = FIRST_DELAY
        if blocked.state == State.WAITING:
            try:
                if self._bulk.until(deadline).wait(
                        self._bulk.client.exists_async(
                            blocked.path, self._wake)) is None:
                    return
                pause = deadline - time.monotonic()
            except KazooException:
                pass        # no watch: then try again after the pause
        with self._again:
            self._again.wait_for(
                lambda: self._given_up or self._wakes != seen,
                max(pause, 0.0))

    def _wake(self, event: Any = None) -> None:
        with self._again:
            self._wakes += 1
            self._again.notify_all()
