"""One client connection, without its socket: bytes to messages and back.

Pure, run by the server's thread.  Must not know sessions, znodes or the
clock.  It holds at most one request and one received piece of bytes.
"""
from __future__ import annotations

from typing import Any
from typing import NamedTuple

from . import jute
from .codes import EventType
from .jute import integer
from .records import ConnectRequest
from .records import ConnectResponse
from .records import ReplyHeader
from .records import RequestHeader
from .records import WatcherEvent


#: The largest request in bytes: ZooKeeper's default of jute.maxbuffer.
MAX_REQUEST = 1_048_575
#: The largest handshake, of which 49 bytes are needed: until then anyone may
#: be there, many times.
MAX_HANDSHAKE = 1_024

NOTIFICATION_XID = -1
PING_XID = -2
_SYNC_CONNECTED = 3

#: Four-letter words that ZooKeeper knows.
WORDS = frozenset((
    b'conf', b'cons', b'crst', b'dirs', b'dump', b'envi', b'gtmk', b'hash',
    b'isro', b'lead', b'lsnp', b'mntr', b'orst', b'ruok', b'srst', b'srvr',
    b'stat', b'stmk', b'wchc', b'wchp', b'wchs',
))


class ProtocolError(Exception):
    """The peer does not speak the protocol: there is nothing to answer."""


class Word(NamedTuple):
    """A four-letter word, asked instead of connecting."""

    word: str


class Handshake(NamedTuple):
    """The first message of a client.

    `read_only` is None when the client, an old one, does not say whether it
    would do with a server that cannot write; the answer leaves it out too.
    """

    request: ConnectRequest
    read_only: bool | None


class ClientRequest(NamedTuple):
    """A message of a client; `payload` is what follows its header."""

    xid: int
    type: int
    payload: bytes


class WatchEvent(NamedTuple):
    """What a watch saw, for its client."""

    type: EventType
    path: str


class Reply(NamedTuple):
    """An answer to a request; `body` is its record, its bytes, or None."""

    xid: int
    zxid: int
    error: int = 0
    body: Any = None
    #: Whether the connection ends after it.
    close: bool = False


class ServerConnection:
    """What one peer has sent so far."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._connected = False

    def receive(self, data: bytes) -> None:
        """Take bytes from the peer."""
        self._received += data

    @property
    def pending(self) -> int:
        """How many bytes wait to be taken by `next_message`."""
        return len(self._received)

    def next_message(self) -> Word | Handshake | ClientRequest | None:
        """Return the next message, or None while it is not complete.

        :raises ProtocolError: there will be none
        """
        received = self._received
        if len(received) < 4:
            return None
        if not self._connected and bytes(received[:4]) in WORDS:
            word = received[:4].decode('ascii')
            received.clear()
            return Word(word)
        length, _ = integer.parse(received, 0)      # type: ignore[arg-type]
        limit = MAX_REQUEST if self._connected else MAX_HANDSHAKE
        if not 0 <= length <= limit:
            raise ProtocolError(f'a request of {length} bytes')
        end = 4 + length
        if len(received) < end:
            return None
        frame = bytes(received[4:end])
        del received[:end]
        try:
            if self._connected:
                header, offset = jute.parse(RequestHeader, frame)
                return ClientRequest(header.xid, header.type, frame[offset:])
            request, offset = jute.parse(ConnectRequest, frame)
        except jute.JuteError as error:
            raise ProtocolError(str(error)) from error
        self._connected = True
        read_only = None
        if offset < len(frame):
            read_only = frame[offset] != 0
        return Handshake(request, read_only)


def format_connected(response: ConnectResponse, old: bool) -> bytes:
    """Return the answer to a `Handshake`.

    :param old: whether its `read_only` was None
    """
    return _framed(jute.format(response) + (b'' if old else b'\0'))


def format_reply(reply: Reply) -> bytes:
    """Return the bytes of a reply."""
    body = reply.body
    if body is None:
        body = b''
    elif not isinstance(body, bytes):
        body = jute.format(body)
    return _framed(
        jute.format(ReplyHeader(reply.xid, reply.zxid, reply.error)) + body)


def format_event(event: WatchEvent) -> bytes:
    """Return the bytes of an event."""
    return _framed(
        jute.format(ReplyHeader(NOTIFICATION_XID, -1, 0))
        + jute.format(WatcherEvent(event.type, _SYNC_CONNECTED, event.path)))


def _framed(message: bytes) -> bytes:
    return integer.format(len(message)) + message
