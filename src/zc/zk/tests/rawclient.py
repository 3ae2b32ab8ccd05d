"""A ZooKeeper client that says what it is told to, and shows all it gets.

For tests of servers: one request at a time over a blocking socket, with no
opinion on what makes sense.  Knows the embedded server's records only.
"""
from __future__ import annotations

import socket
import struct
from typing import Any

from ..testing.protocol import jute
from ..testing.protocol import records
from ..testing.protocol.codes import OpCode
from ..testing.protocol.connection import NOTIFICATION_XID
from ..testing.protocol.connection import Reply
from ..testing.protocol.connection import WatchEvent


#: Seconds to wait for bytes; a server that takes longer hangs.
TIMEOUT = 10.0
_CLOSED = Reply(0, 0, 0, None, True)


class Closed(Exception):
    """The server has closed the connection."""


class RawClient:
    """One connection.

    :param address: host and port of the server
    """

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        #: What watches saw, since `take_events`.
        self.events: list[WatchEvent] = []
        self.session_id = 0
        self.password: bytes | None = bytes(16)
        self.last_zxid = 0
        self._xid = 0

    def connect(
        self,
        session_id: int = 0,
        password: bytes | None = bytes(16),
        timeout: int = 10_000,
        last_zxid: int = 0,
        read_only: bytes = b'\0',
    ) -> records.ConnectResponse:
        """Shake hands; return the answer.

        :raises Closed: there is none
        """
        self.send(jute.format(records.ConnectRequest(
            0, last_zxid, timeout, session_id, password)) + read_only)
        response, offset = jute.parse(
            records.ConnectResponse, frame := self.receive())
        assert frame[offset:] == (b'\0' if read_only else b''), frame
        self.session_id = response.session_id
        self.password = response.password
        return response

    def request(
        self, type: int, record: Any = b'', xid: int | None = None
    ) -> Reply:
        """Send a request; return its reply, its body as bytes.

        Events that come before it are in `events` then.

        :param record: a record, or the bytes themselves
        :param xid: the reply's is the same; by default one that is counted
        """
        try:
            return self.reply_to(self.ask(type, record, xid))
        except Closed:
            return _CLOSED

    def ask(self, type: int, record: Any = b'', xid: int | None = None) -> int:
        """Send a request; return its xid."""
        if xid is None:
            self._xid += 1
            xid = self._xid
        body = record if isinstance(record, bytes) else jute.format(record)
        self.send(jute.format(records.RequestHeader(xid, type)) + body)
        return xid

    def reply_to(self, xid: int) -> Reply:
        """Return the next reply, which must be that to `xid`."""
        while True:
            reply = self.next_reply()
            if reply.xid != NOTIFICATION_XID:
                assert reply.xid == xid, (reply, xid)
                if reply.zxid > 0:
                    self.last_zxid = reply.zxid
                return reply

    def next_reply(self) -> Reply:
        """Return the next message; an event goes to `events`, too."""
        frame = self.receive()
        header, offset = jute.parse(records.ReplyHeader, frame)
        body = frame[offset:]
        if header.xid == NOTIFICATION_XID:
            event, end = jute.parse(records.WatcherEvent, body)
            assert (header.zxid, event.state, body[end:]) == (-1, 3, b'')
            self.events.append(WatchEvent(
                event.type, event.path))        # type: ignore[arg-type]
        return Reply(header.xid, header.zxid, header.error, body)

    def take_events(self) -> list[WatchEvent]:
        """Return the events so far, of a request made now too."""
        if self.socket.fileno() >= 0:
            self.request(OpCode.PING, xid=-2)
        events, self.events = self.events, []
        return events

    def send(self, message: bytes) -> None:
        """Send a frame."""
        try:
            self.socket.sendall(struct.pack('!i', len(message)) + message)
        except OSError as error:
            raise Closed from error

    def receive(self) -> bytes:
        """Return the next frame.

        :raises Closed: there will be none
        """
        length, = struct.unpack('!i', self._read(4))
        return self._read(length)

    def closed(self) -> bool:
        """Wait for the server to close; say whether it did that next."""
        try:
            return not self.socket.recv(1)
        except ConnectionError:
            return True

    def hang_up(self) -> None:
        """Close when the server has noticed it; the session goes on."""
        self.socket.shutdown(socket.SHUT_WR)
        while not self.closed():
            pass
        self.close()

    def close(self) -> None:
        """Close the socket; the session goes on."""
        self.socket.close()

    def _read(self, size: int) -> bytes:
        data = b''
        while len(data) < size:
            try:
                piece = self.socket.recv(size - len(data))
            except ConnectionError:
                piece = b''
            if not piece:
                raise Closed
            data += piece
        return data
