"""One accepted socket: what was received, what is still to be sent.

Run by the server's thread, to which it belongs.  Must not know the database.
"""
from __future__ import annotations

import socket

from ..protocol.connection import ServerConnection


#: Bytes read at once.
PIECE = 256 << 10
#: While more than this is unsent, nothing more is asked of a client.
HIGH_WATER = 1 << 20
#: A client that leaves more than this unread is dropped: events cannot wait.
MAX_UNSENT = 64 << 20


class Peer:
    """A client's socket, non-blocking."""

    def __init__(
        self, sock: socket.socket, address: str, accepted: float
    ) -> None:
        self.socket = sock
        #: The IP address.
        self.address = address
        #: When it came; it must connect to a session soon.
        self.accepted = accepted
        self.connection = ServerConnection()
        #: 0 until there is one.
        self.session_id = 0
        #: Whether it is closed when all is sent.
        self.closing = False
        #: What the selector was told last.
        self.interest = 0
        self._unsent = bytearray()

    @property
    def unsent(self) -> int:
        """How many bytes wait to be sent."""
        return len(self._unsent)

    @property
    def stalled(self) -> bool:
        """Whether the client must read before it is asked more."""
        return len(self._unsent) > HIGH_WATER

    def receive(self) -> bool:
        """Read what there is; say whether the peer is still there."""
        try:
            data = self.socket.recv(PIECE)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.connection.receive(data)
        return bool(data)

    def queue(self, data: bytes) -> bool:
        """Take bytes to be sent; say whether it is not too much."""
        self._unsent += data
        return len(self._unsent) <= MAX_UNSENT

    def send(self) -> bool:
        """Send what can be sent; say whether the peer is still there."""
        try:
            sent = self.socket.send(self._unsent)
        except BlockingIOError:
            return True
        except OSError:
            return False
        del self._unsent[:sent]
        return True

    def close(self) -> None:
        """Close, in all processes that have the socket by a fork."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
