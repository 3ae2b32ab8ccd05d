"""What a ZooKeeper server knows, and how it answers each request.

Pure, run by the server's thread: neither sockets nor clock.  `now`, an
argument, is in seconds since 1970; it never goes back.  Watches and the
names of a client belong to its connection, of which a session has one at
most.
"""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

from ..protocol import jute
from ..protocol import multi
from ..protocol import records
from ..protocol.codes import Code
from ..protocol.codes import OpCode
from ..protocol.codes import RequestFailed
from ..protocol.connection import PING_XID
from ..protocol.connection import ClientRequest
from ..protocol.connection import Reply
from ..protocol.connection import WatchEvent
from ..protocol.records import ConnectRequest
from ..protocol.records import ConnectResponse
from . import acls
from .reads import Reads
from .sessions import Session
from .sessions import Sessions
from .watchtable import Watches
from .znodes import Author
from .znodes import Transaction
from .znodes import Tree
from .znodes import TreeChange


#: Requests that are written down and so have a zxid, even if they fail.
WRITES = frozenset({
    OpCode.CREATE, OpCode.CREATE2, OpCode.CREATE_CONTAINER,
    OpCode.CREATE_TTL, OpCode.DELETE, OpCode.SET_DATA, OpCode.SET_ACL,
    OpCode.CHECK, OpCode.MULTI, OpCode.RECONFIG, OpCode.DELETE_CONTAINER})


class Database:
    """The nodes, sessions and watches of one server.

    :param shortest: the shortest session timeout, in seconds
    :param longest: the longest
    :param secret: what makes passwords of sessions hard to guess
    :param now: the time
    """

    def __init__(
        self, shortest: float, longest: float, secret: bytes, now: float
    ) -> None:
        self.tree = Tree()
        self.sessions = Sessions(shortest, longest, secret, now)
        self.watches = Watches()
        self.zxid = 0
        self._now = now
        self._events: list[tuple[int, WatchEvent]] = []
        self._reads = Reads(self.tree, self.watches, self._tell)

    # Sessions

    def connect(
        self, request: ConnectRequest, address: str, now: float
    ) -> ConnectResponse | None:
        """Begin a session, or go on with one.

        :param address: the client's IP address
        :returns: the answer (session id 0: there is no such session), or
            None: the client has seen a later state than this server's and
            is not answered
        """
        self._now = now
        if request.last_zxid_seen > self.zxid:
            return None
        id = request.session_id
        if not id:
            self.zxid += 1
            session = self.sessions.add()
        else:
            found = self.sessions.get(id)
            if found is None or request.password != self.sessions.password(id):
                return ConnectResponse(0, 0, 0, bytes(16))
            session = found
            self.disconnect(id)
        session.connect(
            self.sessions.negotiated(request.timeout), address, now)
        return ConnectResponse(
            0, round(session.timeout * 1000), session.id,
            self.sessions.password(session.id))

    def disconnect(self, session_id: int) -> None:
        """Note that a session has no connection any more."""
        self.watches.remove_session(session_id)
        session = self.sessions.get(session_id)
        if session is not None:
            session.connected = False
            session.ids = []

    def end(self, session_id: int, now: float, linger: bool = False) -> None:
        """End a session, by its client's wish or not.

        :param linger: keep its ephemeral nodes until it is ended again
        """
        self._now = now
        self.zxid += 1
        if not linger:
            transaction = self._transaction(Author(session_id, ()))
            transaction.delete_owned()
            # Its own client is told, too, while it still is there.
            self._tell_all(transaction.changes)
        self.sessions.remove(session_id)
        self.watches.remove_session(session_id)

    def expire(self, now: float) -> list[int]:
        """End the sessions that were silent too long; return their ids."""
        ended = [session.id for session in self.sessions.expired(now)]
        for id in ended:
            self.end(id, now)
        return ended

    def take_events(self) -> list[tuple[int, WatchEvent]]:
        """Return the events since the last call, with their session ids."""
        events, self._events = self._events, []
        return events

    # Writing without a client

    def create(self, path: str, data: bytes = b'') -> None:
        """Create a node that is open to all."""
        self._write(lambda transaction: transaction.create(
            path, data, acls.OPEN, 0))

    def set(self, path: str, data: bytes, version: int = -1) -> None:
        """Replace a node's data."""
        self._write(lambda transaction: transaction.set_data(
            path, data, version))

    def delete(self, path: str, version: int = -1) -> None:
        """Delete a node."""
        self._write(lambda transaction: transaction.delete(path, version))

    def _write(self, write: Callable[[Transaction], object]) -> None:
        self.zxid += 1
        transaction = self._transaction(Author(0, (acls.SUPER,)))
        write(transaction)
        self._tell_all(transaction.changes)

    # Requests

    def handle(
        self, session: Session, request: ClientRequest, now: float
    ) -> Reply:
        """Do what a client asks; events are there before the reply is.

        :param session: a live session, connected
        :returns: the answer, to be sent after the events that
            `take_events` has for the same session
        """
        self._now = now
        session.touch(now)
        xid, type, _ = request
        if type == OpCode.AUTH:
            return self._auth(session, request)
        if type in WRITES:
            self.zxid += 1
        error, body = Code.OK, None
        try:
            body = self._answer(session, request)
        except RequestFailed as failed:
            error, body = failed.code, failed.body
        except jute.JuteError:
            error = Code.MARSHALLING_ERROR
        except _Unknown:
            return Reply(xid, -1, Code.UNIMPLEMENTED, close=True)
        if type == OpCode.PING:
            xid = PING_XID
        return Reply(
            xid, self.zxid, error, body, type == OpCode.CLOSE_SESSION)

    def refuse(
        self, session: Session, request: ClientRequest, error: int, now: float
    ) -> Reply:
        """Answer a request with an error, as where it is not known.

        :param error: a `Code`; a client that asks for what is not known is
            disconnected
        """
        self._now = now
        session.touch(now)
        if error == Code.UNIMPLEMENTED:
            return Reply(request.xid, -1, error, close=True)
        return Reply(request.xid, self.zxid, error)

    def _answer(self, session: Session, request: ClientRequest) -> Any:
        type, payload = request.type, request.payload
        record: Any = None
        if type in records.REQUESTS:
            record, _ = jute.parse(records.REQUESTS[type], payload)
        if type == OpCode.MULTI:
            return self._transact(session, multi.parse_ops(payload))
        if type == OpCode.MULTI_READ:
            return self._reads.answer_many(session, multi.parse_ops(payload))
        if type == OpCode.CLOSE_SESSION:
            # Its own events come before the reply, too.
            self.end(session.id, self._now)
            return None
        if type == OpCode.RECONFIG:
            raise RequestFailed(Code.RECONFIG_DISABLED)
        if type == OpCode.DELETE_CONTAINER:
            raise RequestFailed(Code.UNIMPLEMENTED)
        if type in WRITES:
            transaction = self._transaction(Author(session.id, session.ids))
            body = _apply(transaction, type, record, self.tree)
            self._tell_all(transaction.changes)
            return body.record
        if type not in self._reads:
            raise _Unknown
        return self._reads.answer(session, type, record)

    def _transaction(self, author: Author) -> Transaction:
        return Transaction(
            self.tree, author, self.zxid, int(self._now * 1000))

    def _tell(self, session_id: int, event: WatchEvent) -> None:
        self._events.append((session_id, event))

    def _tell_all(self, changes: Iterable[TreeChange]) -> None:
        for path, type, acl, parent_acl in changes:
            for id, event in self.watches.changed(path, type):
                session = self.sessions.get(id)
                # As ZooKeeper since version 3.8.4 (CVE-2024-23944): a watch
                # tells nothing of a node that its client may not read.
                if session is not None and acls.allows(
                        acl if event.path == path else parent_acl,
                        acls.READ, session.ids):
                    self._events.append((id, event))

    def _auth(self, session: Session, request: ClientRequest) -> Reply:
        # Not a JuteError's business: the connection ends then.
        packet, _ = jute.parse(records.AuthPacket, request.payload)
        if packet.scheme == 'digest' and packet.auth is not None:
            id = acls.digest(packet.auth)
        elif packet.scheme == 'ip':
            id = session.ids[0]
        else:
            return Reply(request.xid, 0, Code.AUTH_FAILED, close=True)
        if id not in session.ids:
            session.ids.append(id)
        return Reply(request.xid, 0)

    def _transact(self, session: Session, ops: list[multi.Op]) -> bytes:
        if any(op.type in multi.READS for op in ops):
            raise RequestFailed(Code.MARSHALLING_ERROR)
        if any(op.record.path is None for op in ops):
            raise RequestFailed(
                Code.MARSHALLING_ERROR, multi.format_results(()))
        transaction = self._transaction(Author(session.id, session.ids))
        results: list[multi.Result] = []
        try:
            for op in ops:
                results.append(_apply(
                    transaction, _type_in_multi(op), op.record, self.tree))
        except RequestFailed as failed:
            transaction.roll_back()
            if failed.code == Code.MARSHALLING_ERROR:
                raise
            at = len(results)
            results = [multi.error(
                Code.OK if index < at else
                failed.code if index == at else
                Code.RUNTIME_INCONSISTENCY) for index in range(len(ops))]
        self._tell_all(transaction.changes)
        return multi.format_results(results)


class _Unknown(Exception):
    """There is no such request."""


def _type_in_multi(op: multi.Op) -> int:
    """Return what a transaction makes of an operation."""
    if op.type not in (OpCode.CREATE, OpCode.CREATE2):
        return op.type
    if op.record.flags in (5, 6):
        # It goes by the flags, and finds no record of createTTL.
        raise RequestFailed(Code.MARSHALLING_ERROR)
    return OpCode.CREATE


def _apply(
    transaction: Transaction, type: int, record: Any, tree: Tree
) -> multi.Result:
    """Do one operation that writes; return its result."""
    body: Any = None
    if type in (OpCode.CREATE_CONTAINER, OpCode.CREATE_TTL):
        raise RequestFailed(Code.UNIMPLEMENTED)
    if type in (OpCode.CREATE, OpCode.CREATE2):
        path = transaction.create(
            record.path, record.data, record.acl, record.flags)
        body = records.PathResponse(path)
        if type == OpCode.CREATE2:
            body = records.Create2Response(path, tree.nodes[path].stat())
    elif type == OpCode.DELETE:
        transaction.delete(record.path, record.version)
    elif type == OpCode.SET_DATA:
        body = records.StatResponse(transaction.set_data(
            record.path, record.data, record.version))
    elif type == OpCode.SET_ACL:
        body = records.StatResponse(transaction.set_acl(
            record.path, record.acl, record.version))
    else:
        transaction.check(record.path, record.version)
    return multi.Result(type, body)
