"""Who tells when a registration needs a look: its node or parent changed.

Any thread may use it.  It must not know what a look is.
"""
from __future__ import annotations

import logging
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

from kazoo.exceptions import KazooException

from .._live.engine import Engine
from .._live.tracker import Tracker
from .._live.view import View
from .._tree import paths
from .registration import Registration
from .states import State


logger = logging.getLogger(__name__)


class Follower(Tracker):
    """Follows one registration's node.

    The parent counts only by its being there, so that a change of its own
    data wakes nobody.
    """

    __slots__ = ('_registration', '_tell')

    def __init__(
        self,
        registration: Registration,
        tell: Callable[[Registration], None],
    ) -> None:
        super().__init__(registration.path)
        self._registration = registration
        self._tell = tell

    def compute(self, view: View) -> Any:
        parent = paths.split(self.path)[0]
        there, here = view.lookup([parent, self.path])
        return there is not None, here, view.data(self.path)[1]

    def changed(self) -> None:
        self._tell(self._registration)


class Followers:
    """Follow the nodes of a client's registrations.

    :param engine: tells when a node changed
    :param tell: is called, in the engine's thread, with a registration that
        needs a look; must not wait for anything
    """

    def __init__(
        self, engine: Engine, tell: Callable[[Registration], None]
    ) -> None:
        self._engine = engine
        self._tell = tell
        self._followers: dict[Registration, Follower] = {}

    def __contains__(self, registration: object) -> bool:
        return registration in self._followers

    def found(self, registration: Registration) -> Any:
        """Return the data and the stat of its node, or None if unknown."""
        follower = self._followers.get(registration)
        if follower is None or follower.snapshot is None:
            return None
        return follower.snapshot[1:]

    def follow(self, registrations: Iterable[Registration]) -> None:
        """Follow those that are not followed yet, if that can be now."""
        new = {}
        for each in registrations:
            follower = Follower(each, self._tell)
            # Another thread may be at it.
            if self._followers.setdefault(each, follower) is follower:
                new[each] = follower
        if not new:
            return
        try:
            self._engine.track(new.values())
        except Exception as e:
            for each in new:
                self._followers.pop(each, None)
            if not isinstance(e, KazooException):
                raise
            logger.debug('watching registrations put off: %r', e)
        for each in new:
            if each.state == State.CLOSED:
                self.drop(each)         # it was removed meanwhile

    def drop(self, registration: Registration) -> None:
        """Follow it no more."""
        follower = self._followers.pop(registration, None)
        if follower is not None:
            self._engine.drop(follower)
