"""Many sessions that follow one service, raw sockets in one process.

For `fleet`.  Each does what a client does after a change: with a persistent
recursive watch it reads the node that changed, with a child watch it lists
the service again.
"""
from __future__ import annotations

import selectors
import socket
import struct
import time
from types import TracebackType

from zc.zk.testing.protocol import jute
from zc.zk.testing.protocol import records
from zc.zk.testing.protocol.codes import OpCode


EVENT = -1
SECONDS = 120.0
#: In milliseconds: a session says nothing while it waits for the others.
SESSION_TIMEOUT = 600_000
_int = struct.Struct('!i')
_reply = struct.Struct('!iqi')


class Session:
    """One of them.

    :ivar heard: how many changes it has heard of, and read
    """

    def __init__(self, address: tuple[str, int], path: str, way: str) -> None:
        self.socket = socket.create_connection(address, 20.0)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._path = path
        self._lists = way != 'persistent watch'
        self._received = bytearray()
        self._xid = 0
        self.heard = 0
        self._send(jute.format(records.ConnectRequest(
            0, 0, SESSION_TIMEOUT, 0, bytes(16))) + b'\0')
        self._answer()
        if self._lists:
            self._list()
        else:
            self._ask(OpCode.ADD_WATCH, records.WatchTypeRequest(path, 1))
        self._answer()

    def take(self) -> int:
        """Read what is there; return how many bytes that were."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise SystemExit('ZooKeeper closed a connection')
        self._received += data
        while len(self._received) >= 4:
            end = 4 + _int.unpack_from(self._received)[0]
            if len(self._received) < end:
                break
            self._handle(self._received, end)
            del self._received[:end]
        return len(data)

    def _handle(self, frame: bytearray, end: int) -> None:
        xid = _reply.unpack_from(frame, 4)[0]
        if xid == EVENT:
            event, _ = jute.parse(records.WatcherEvent, bytes(frame[20:end]))
            if self._lists:
                self._list()
            else:
                self._ask(OpCode.GET_DATA,
                          records.WatchedRequest(event.path, False))
        else:
            self.heard += 1

    def _list(self) -> None:
        self._ask(OpCode.GET_CHILDREN,
                  records.WatchedRequest(self._path, True))

    def _ask(self, type_: int, record: object) -> None:
        self._xid += 1
        self._send(jute.format(records.RequestHeader(self._xid, type_))
                   + jute.format(record))

    def _send(self, message: bytes) -> None:
        self.socket.sendall(_int.pack(len(message)) + message)

    def _answer(self) -> None:
        left = _int.unpack(self._read(4))[0]
        self._read(left)

    def _read(self, size: int) -> bytes:
        data = b''
        while len(data) < size:
            data += self.socket.recv(size - len(data))
        return data


class Crowd:
    """All of them.

    :ivar received: bytes from ZooKeeper so far, after the beginning
    """

    def __init__(
        self, servers: str, count: int, path: str, way: str
    ) -> None:
        host, _, port = servers.rpartition(':')
        self.received = 0
        self._changes = 0
        self._selector = selectors.DefaultSelector()
        self._sessions = []
        for _ in range(count):
            session = Session((host, int(port)), path, way)
            self._sessions.append(session)
            self._selector.register(
                session.socket, selectors.EVENT_READ, session)

    def wait(self) -> float:
        """Wait until all have read the next change; return when."""
        self._changes += 1
        missing = sum(each.heard < self._changes for each in self._sessions)
        deadline = time.monotonic() + SECONDS
        while missing:
            if time.monotonic() > deadline:
                raise SystemExit('a session did not hear of a change')
            for key, _ in self._selector.select(1.0):
                session: Session = key.data
                before = session.heard
                self.received += session.take()
                missing -= before < self._changes <= session.heard
        return time.monotonic()

    def __enter__(self) -> Crowd:
        return self

    def __exit__(
        self,
        type_: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._selector.close()
        for session in self._sessions:
            session.socket.close()
