"""Registrations that were asked for before there was a connection.

Their links could not be followed then; that is made up for here, in the
reconciler thread.  It must not know how nodes are made.
"""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence

from kazoo.exceptions import KazooException

from .._session.requests import is_connection_error
from .._tree import paths
from ..errors import Error
from .registration import Registration


Resolve = Callable[[str], str]


class Early:
    """The registrations whose links were not followed yet.

    :param move: called with a registration and the real path of its node
    """

    def __init__(self, move: Callable[[Registration, str], None]) -> None:
        self._move = move
        self._waiting: dict[Registration, Resolve] = {}

    def __contains__(self, registration: object) -> bool:
        return registration in self._waiting

    def add(
        self, registrations: Iterable[Registration], resolve: Resolve
    ) -> None:
        """Take note of some.

        :param resolve: returns the real path of a node
        """
        for each in registrations:
            self._waiting[each] = resolve

    def discard(self, registration: Registration) -> None:
        """Forget one that has ended."""
        self._waiting.pop(registration, None)

    def settle(
        self, registrations: Sequence[Registration]
    ) -> list[Registration]:
        """Follow the links of those that wait for it.

        :returns: those whose paths are the real ones now; the others have
            the error
        :raises KazooException: when the connection failed
        """
        return [each for each in registrations
                if each not in self._waiting or self._settle(each)]

    def _settle(self, registration: Registration) -> bool:
        resolve = self._waiting.get(registration)
        if resolve is None:
            return False        # it has just ended
        above, name = paths.split(registration.path)
        try:
            self._move(registration, paths.join(resolve(above), name))
        except (KazooException, Error) as e:
            if is_connection_error(e):
                raise
            registration._fail(e)
            return False
        self.discard(registration)
        return True
