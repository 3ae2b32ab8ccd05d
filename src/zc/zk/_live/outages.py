"""Outages of a connection, and whether what was missed has been made up for.

They are numbered.  kazoo's thread tells of them, the watch thread makes up for
them, and any thread may ask.  It must not know what is missed, nor how it
comes.
"""
from __future__ import annotations

import contextlib
from collections.abc import Iterator


class Outages:
    """The outages of one connection.

    kazoo's thread calls `begin` and `end`, the watch thread the rest.

    :param connected: whether there is a connection at first
    :ivar connected: whether there is one
    :ivar caught_up: the outage after which all events that were missed have
        come
    """

    def __init__(self, connected: bool) -> None:
        self.connected = connected
        # The last zxid seen before the connection went, until all watches
        # are there again.
        self._rearm_from: int | None = None if connected else 0
        self._last = 0 if connected else 1
        self.caught_up = 0
        self._fresh = 0     # the one after which all has been read

    def begin(self, zxid: int) -> bool:
        """Note that there is no connection; tell whether there was one.

        :param zxid: the last one that was seen
        """
        if not self.connected:
            return False
        self.connected = False
        self._last += 1
        if self._rearm_from is None:
            self._rearm_from = zxid
        return True

    def end(self) -> None:
        """Note that there is a connection."""
        self.connected = True

    @property
    def over(self) -> bool:
        """Whether there is a connection, and nothing missed before it."""
        return self.connected and self._fresh == self._last

    @property
    def watches_are_gone(self) -> bool:
        """Whether watches are to be left in the server again."""
        return self._rearm_from is not None

    @contextlib.contextmanager
    def rearming(self) -> Iterator[tuple[int, int] | None]:
        """Leave the watches in the server again, in a ``with`` statement.

        They are still gone when that raises an error.

        :returns: what `begin` was given, and the number of the outage; None
            when no watches are gone
        """
        zxid = self._rearm_from
        if zxid is None:
            yield None
            return
        # Not afterwards: another outage may begin meanwhile.
        self._rearm_from = None
        try:
            yield zxid, self._last
        except BaseException:
            self._rearm_from = zxid
            raise

    def refreshed(self) -> bool:
        """Note that all that has come is read; tell whether that is news."""
        news = self._fresh != self.caught_up
        self._fresh = self.caught_up
        return news
