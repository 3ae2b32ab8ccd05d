"""The sessions: who is there, and until when.

Pure, run by the server's thread; the clock is an argument (seconds).  Must
not know znodes, watches or sockets.
"""
from __future__ import annotations

import hashlib
from typing import NamedTuple

from .acls import Id


class SessionInfo(NamedTuple):
    """A session, as `Server.sessions` tells it."""

    id: int
    #: Seconds without a message after which it expires.
    timeout: float
    #: Whether there is a connection now.
    connected: bool
    #: The paths of its ephemeral nodes.
    ephemerals: tuple[str, ...]


class Session:
    """A session; `ids` and `connected` are those of its connection."""

    __slots__ = ('id', 'timeout', 'deadline', 'ids', 'connected')

    def __init__(self, id: int) -> None:
        self.id = id
        self.timeout = 0.0
        self.deadline = 0.0
        self.ids: list[Id] = []
        self.connected = False

    def connect(self, timeout: float, address: str, now: float) -> None:
        """Note that there is a connection now, from that IP address."""
        self.timeout = timeout
        self.ids = [Id('ip', address)]
        self.connected = True
        self.touch(now)

    def touch(self, now: float) -> None:
        """Note that the client was heard."""
        self.deadline = now + self.timeout


class Sessions:
    """All sessions by id.

    :param shortest: the shortest session timeout, in seconds
    :param longest: the longest
    :param secret: what makes passwords of sessions hard to guess
    :param now: the clock, of which ids are made
    """

    def __init__(
        self, shortest: float, longest: float, secret: bytes, now: float
    ) -> None:
        self._shortest = shortest
        self._longest = longest
        self._secret = secret
        self._by_id: dict[int, Session] = {}
        # As SessionTrackerImpl does for a server with the id 1.
        self._last_id = (1 << 56) + (int(now * 1000) << 16 & (1 << 56) - 1)
        self._next_check = 0.0

    def __len__(self) -> int:
        return len(self._by_id)

    def negotiated(self, milliseconds: int) -> float:
        """Return the timeout in seconds for what a client asked."""
        return min(max(milliseconds / 1000, self._shortest), self._longest)

    def add(self) -> Session:
        """Make a session."""
        self._last_id += 1
        session = Session(self._last_id)
        self._by_id[session.id] = session
        self._next_check = 0.0
        return session

    def get(self, id: int) -> Session | None:
        """Return the session of that id, if it lives."""
        return self._by_id.get(id)

    def remove(self, id: int) -> Session | None:
        """Forget a session; return it."""
        return self._by_id.pop(id, None)

    def all(self) -> list[Session]:
        """Return the sessions, oldest first."""
        return list(self._by_id.values())

    def password(self, id: int) -> bytes:
        """Return what a client must know to take up a session again."""
        return hashlib.sha256(self._secret + b'%d' % id).digest()[:16]

    def expired(self, now: float) -> list[Session]:
        """Return those whose time has passed."""
        if now < self._next_check:
            return []
        found = [each for each in self._by_id.values() if each.deadline <= now]
        if not found:
            # Deadlines only move away.
            self._next_check = min(
                (each.deadline for each in self._by_id.values()),
                default=now + self._shortest)
        return found

    def wait(self, now: float) -> float:
        """Return for how many seconds there is nothing to expire."""
        return max(0.0, self._next_check - now)
