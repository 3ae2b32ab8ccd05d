"""The reconciler thread: passes over what is in doubt, until it is not.

It makes one when it is told to look, and after an error with a growing
delay, without end.  It must not know where a registration comes from, nor
why it is to be looked at.
"""
from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import NamedTuple

from kazoo.exceptions import KazooException

from .._worker.backoff import Backoff
from .._worker.mailbox import Mailbox
from .departures import Departures
from .early import Early
from .followers import Followers
from .reconciler import FIRST_DELAY
from .reconciler import LONGEST_DELAY
from .reconciler import Reconciler
from .registration import Registration
from .states import State


logger = logging.getLogger(__name__)

#: How long `close` waits for the thread, in seconds.
CLOSE_SECONDS = 1.0


class Doubt(NamedTuple):
    """Something needs a look.

    :ivar registrations: which are in doubt
    :ivar departures: whether nodes that are to go are, too
    """

    registrations: Sequence[Registration]
    departures: bool


class Rounds:
    """Makes passes in a thread of its own.

    :param name: goes into the name of the thread
    :param reconciler: makes a pass
    :param turn: is held while a pass is under way
    :param early: knows registrations whose links were not followed yet
    :param followers: tell when a node changes that is well now
    :param departures: deletes what is to go
    """

    def __init__(
        self,
        name: str,
        reconciler: Reconciler,
        turn: threading.Lock,
        early: Early,
        followers: Followers,
        departures: Departures,
    ) -> None:
        self._reconciler = reconciler
        self._turn = turn
        self._early = early
        self._followers = followers
        self._departures = departures
        self.mailbox: Mailbox[Doubt] = Mailbox(
            f'zc.zk registrations {name}', self._handle, self._rest)
        # Only for the thread.
        self._doubtful: dict[Registration, Backoff] = {}

    def look(
        self,
        registrations: Iterable[Registration] = (),
        departures: bool = False,
    ) -> None:
        """Have the thread look at once.  Never blocks.

        :param departures: whether to look after departures as well
        """
        self.mailbox.put(Doubt(list(registrations), departures))

    def start(self) -> None:
        """Start the thread, unless it was started or closed."""
        self.mailbox.start()

    def when_settled(self, function: Callable[[], None]) -> None:
        """Call `function` when all that was to be looked at so far was."""
        self.mailbox.when_settled(function)

    def close(self) -> None:
        """Have the thread end after what it is at."""
        self.mailbox.close()

    def join(self) -> None:
        """Wait until the thread has ended, but not for long."""
        self.mailbox.join(CLOSE_SECONDS)

    # The thread

    def _handle(self, messages: list[Doubt]) -> None:
        for message in messages:
            for each in message.registrations:
                self._doubtful.setdefault(
                    each, Backoff(FIRST_DELAY, LONGEST_DELAY)).hurry()
            if message.departures:
                self._departures.hurry()
        if self._rest() is not None:
            self._one_pass()

    def _rest(self) -> float | None:
        if not self._reconciler.connected():
            return None
        due = [each.due for each in self._doubtful.values()]
        leaving = self._departures.due()
        if leaving is not None:
            due.append(leaving)
        return min(due, default=None)

    def _one_pass(self) -> None:
        now = time.monotonic()
        self._doubtful = {
            each: backoff for each, backoff in self._doubtful.items()
            if each.state != State.CLOSED}
        ready = [each for each, backoff in self._doubtful.items()
                 if backoff.due <= now]
        looked = False
        try:
            known = self._early.settle(ready)
            self._followers.follow(ready)
            with self._turn:
                self._departures.run(now)
                # One that was removed meanwhile must not be made again.
                self._reconciler.run([each for each in known
                                      if each.state != State.CLOSED])
            looked = True
        except Exception as e:
            if not isinstance(e, KazooException):
                logger.exception('registration failed')
            for each in ready:
                if not each._settled:
                    each._fail(e)
        for each in ready:
            if looked and each._settled and each in self._followers:
                del self._doubtful[each]
            elif looked and each.state == State.WAITING:
                # Its going will be told; look now and then all the same.
                self._doubtful[each].rest(now)
            else:
                self._doubtful[each].failed(now)
