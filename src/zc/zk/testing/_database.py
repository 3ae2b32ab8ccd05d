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

from . import _acls
from . import _jute
from . import _multi
from ._connection import PING_XID
from ._connection import Event
from ._connection import Reply
from ._connection import Request
from ._errors import RequestFailed
from ._jute import Code
from ._jute import ConnectRequest
from ._jute import ConnectResponse
from ._jute import EventType
from ._jute import OpCode
from ._sessions import Session
from ._sessions import Sessions
from ._watchtable import Mode
from ._watchtable import Watches
from ._znodes import Author
from ._znodes import Change
from ._znodes import Transaction
from ._znodes import Tree


#: Requests that are written down and so have a zxid, even if they fail.
WRITES = frozenset({
    OpCode.CREATE, OpCode.CREATE2, OpCode.CREATE_CONTAINER,
    OpCode.CREATE_TTL, OpCode.DELETE, OpCode.SET_DATA, OpCode.SET_ACL,
    OpCode.CHECK, OpCode.MULTI, OpCode.RECONFIG, OpCode.DELETE_CONTAINER,
    OpCode.CLOSE_SESSION})

#: How much one multiRead may gather: bytes of data, names of children.  One
#: request of the largest size could ask for many gigabytes.
MAX_REPLY = 32 << 20

_CHILDREN_WATCHES, _DATA_WATCHES, _ANY_WATCHES = 1, 2, 3


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
        self._events: list[tuple[int, Event]] = []
        self._handlers: dict[int, Callable[[Session, Any], Any]] = {
            OpCode.PING: lambda session, request: None,
            OpCode.EXISTS: self._exists,
            OpCode.GET_DATA: self._get_data,
            OpCode.GET_ACL: self._get_acl,
            OpCode.GET_CHILDREN: self._get_children,
            OpCode.GET_CHILDREN2: self._get_children2,
            OpCode.SYNC: lambda session, request:
                _jute.PathResponse(request.path),
            OpCode.SET_WATCHES: self._set_watches,
            OpCode.SET_WATCHES2: self._set_watches,
            OpCode.ADD_WATCH: self._add_watch,
            OpCode.CHECK_WATCHES: self._check_watches,
            OpCode.REMOVE_WATCHES: self._remove_watches,
            OpCode.GET_EPHEMERALS: self._get_ephemerals,
            OpCode.GET_ALL_CHILDREN_NUMBER: self._get_all_children_number,
            OpCode.WHO_AM_I: self._who_am_i,
        }

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
        self.sessions.remove(session_id)
        self.zxid += 1
        if not linger:
            transaction = self._transaction(Author(session_id, ()))
            transaction.delete_owned()
            self._tell(transaction.changes)
        self.watches.remove_session(session_id)

    def expire(self, now: float) -> list[int]:
        """End the sessions that were silent too long; return their ids."""
        ended = [session.id for session in self.sessions.expired(now)]
        for id in ended:
            self.end(id, now)
        return ended

    def take_events(self) -> list[tuple[int, Event]]:
        """Return the events since the last call, with their session ids."""
        events, self._events = self._events, []
        return events

    # Writing without a client

    def create(self, path: str, data: bytes = b'') -> None:
        """Create a node that is open to all."""
        self._write(lambda transaction: transaction.create(
            path, data, _acls.OPEN, 0))

    def set(self, path: str, data: bytes, version: int = -1) -> None:
        """Replace a node's data."""
        self._write(lambda transaction: transaction.set_data(
            path, data, version))

    def delete(self, path: str, version: int = -1) -> None:
        """Delete a node."""
        self._write(lambda transaction: transaction.delete(path, version))

    def _write(self, write: Callable[[Transaction], object]) -> None:
        self.zxid += 1
        transaction = self._transaction(Author(0, (_acls.SUPER,)))
        write(transaction)
        self._tell(transaction.changes)

    # Requests

    def handle(self, session: Session, request: Request, now: float) -> Reply:
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
            error = failed.code
        except _jute.JuteError:
            error = Code.MARSHALLING_ERROR
        except _Unknown:
            return Reply(xid, -1, Code.UNIMPLEMENTED, close=True)
        if type == OpCode.PING:
            xid = PING_XID
        return Reply(
            xid, self.zxid, error, body, type == OpCode.CLOSE_SESSION)

    def _answer(self, session: Session, request: Request) -> Any:
        type, payload = request.type, request.payload
        record: Any = None
        if type in _jute.REQUESTS:
            record, _ = _jute.parse(_jute.REQUESTS[type], payload)
        if type == OpCode.MULTI:
            return self._transact(session, _multi.parse_ops(payload))
        if type == OpCode.MULTI_READ:
            return self._read_many(session, _multi.parse_ops(payload))
        if type == OpCode.CLOSE_SESSION:
            # Its own events come before the reply, too.
            self.zxid -= 1
            self.end(session.id, self._now)
            return None
        if type == OpCode.RECONFIG:
            raise RequestFailed(Code.RECONFIG_DISABLED)
        if type == OpCode.DELETE_CONTAINER:
            raise RequestFailed(Code.UNIMPLEMENTED)
        if type in WRITES:
            transaction = self._transaction(Author(session.id, session.ids))
            body = _apply(transaction, type, record, self.tree)
            self._tell(transaction.changes)
            return body.record
        handler = self._handlers.get(type)
        if handler is None:
            raise _Unknown
        return handler(session, record)

    def _transaction(self, author: Author) -> Transaction:
        return Transaction(
            self.tree, author, self.zxid, int(self._now * 1000))

    def _tell(self, changes: Iterable[Change]) -> None:
        for path, type in changes:
            self._events.extend(self.watches.changed(path, type))

    def _auth(self, session: Session, request: Request) -> Reply:
        # Not a JuteError's business: the connection ends then.
        packet, _ = _jute.parse(_jute.AuthPacket, request.payload)
        if packet.scheme == 'digest':
            id = _acls.digest(packet.auth or b'')
        elif packet.scheme == 'ip':
            id = session.ids[0]
        else:
            return Reply(request.xid, 0, Code.AUTH_FAILED, close=True)
        if id not in session.ids:
            session.ids.append(id)
        return Reply(request.xid, 0)

    def _transact(self, session: Session, ops: list[_multi.Op]) -> bytes:
        if any(op.type in _multi.READS or op.record.path is None
               for op in ops):
            raise RequestFailed(Code.MARSHALLING_ERROR)
        transaction = self._transaction(Author(session.id, session.ids))
        results: list[_multi.Result] = []
        try:
            for op in ops:
                # ZooKeeper makes a create of each create2 here.
                type = OpCode.CREATE if op.type == OpCode.CREATE2 else op.type
                results.append(
                    _apply(transaction, type, op.record, self.tree))
        except RequestFailed as failed:
            transaction.roll_back()
            at = len(results)
            results = [_multi.error(
                Code.OK if index < at else
                failed.code if index == at else
                Code.RUNTIME_INCONSISTENCY) for index in range(len(ops))]
        self._tell(transaction.changes)
        return _multi.format_results(results)

    def _read_many(self, session: Session, ops: list[_multi.Op]) -> bytes:
        if any(op.type not in _multi.READS or op.record.path is None
               for op in ops):
            raise RequestFailed(Code.MARSHALLING_ERROR)
        results: list[_multi.Result] = []
        size = 0
        for op in ops:
            # It sets no watches, whatever the operation says.
            record = op.record._replace(watch=False)
            try:
                found = self._handlers[op.type](session, record)
                results.append(_multi.Result(op.type, found))
                size += len(found[0] or ())
                if size > MAX_REPLY:
                    raise _jute.JuteError('too much for one reply')
            except RequestFailed as failed:
                results.append(_multi.error(failed.code))
        return _multi.format_results(results)

    # Reads

    def _exists(self, session: Session, request: Any) -> Any:
        path = request.path
        if path is not None and '\0' in path:
            raise RequestFailed(Code.BAD_ARGUMENTS)
        if request.watch and path is not None:
            self.watches.data.add(path, session.id)
        return _jute.StatResponse(self.tree.find(path).stat())

    def _get_data(self, session: Session, request: Any) -> Any:
        node = self.tree.readable(request.path, session.ids)
        if request.watch:
            self.watches.data.add(request.path, session.id)
        return _jute.GetDataResponse(node.data, node.stat())

    def _get_children(self, session: Session, request: Any) -> Any:
        node = self.tree.readable(request.path, session.ids)
        if request.watch:
            self.watches.children.add(request.path, session.id)
        return _jute.NamesResponse(list(node.children))

    def _get_children2(self, session: Session, request: Any) -> Any:
        names = self._get_children(session, request).names
        return _jute.GetChildren2Response(
            names, self.tree.nodes[request.path].stat())

    def _get_acl(self, session: Session, request: Any) -> Any:
        node = self.tree.readable(
            request.path, session.ids, _acls.READ | _acls.ADMIN)
        acl = list(node.acl)
        try:
            _acls.check(acl, _acls.ADMIN, session.ids)
        except RequestFailed:
            acl = _acls.masked(acl)
        return _jute.GetACLResponse(acl, node.stat())

    def _get_ephemerals(self, session: Session, request: Any) -> Any:
        prefix = request.path or ''
        if prefix.strip() in ('', '/'):
            prefix = ''
        return _jute.NamesResponse([
            path for path in self.tree.owned(session.id)
            if path.startswith(prefix)])

    def _get_all_children_number(self, session: Session, request: Any) -> Any:
        self.tree.readable(request.path, session.ids)
        return _jute.NumberResponse(self.tree.descendants(request.path))

    def _who_am_i(self, session: Session, request: None) -> Any:
        return _jute.WhoAmIResponse([
            _jute.ClientInfo(id.scheme, id.id.split(':')[0])
            for id in session.ids])

    # Watches

    def _set_watches(self, session: Session, request: Any) -> None:
        if any(paths is None or None in paths for paths in request[1:]):
            raise RequestFailed(Code.MARSHALLING_ERROR)
        nodes, since, id = self.tree.nodes, request.relative_zxid, session.id

        def tell(type: EventType, path: str) -> None:
            self._events.append((id, Event(type, path)))

        for path in request.data:
            node = nodes.get(path)
            if node is None:
                tell(EventType.DELETED, path)
            elif node.mzxid > since:
                tell(EventType.DATA_CHANGED, path)
            else:
                self.watches.data.add(path, id)
        for path in request.exist:
            if path in nodes:
                tell(EventType.CREATED, path)
            else:
                self.watches.data.add(path, id)
        for path in request.child:
            node = nodes.get(path)
            if node is None:
                tell(EventType.DELETED, path)
            elif node.pzxid > since:
                tell(EventType.CHILDREN_CHANGED, path)
            else:
                self.watches.children.add(path, id)
        for path in getattr(request, 'persistent', ()):
            self.watches.add_both(path, id, Mode.PERSISTENT)
        for path in getattr(request, 'recursive', ()):
            self.watches.add_both(path, id, Mode.RECURSIVE)

    def _add_watch(self, session: Session, request: Any) -> Any:
        modes = {0: Mode.PERSISTENT, 1: Mode.RECURSIVE}
        if request.type not in modes or request.path is None:
            raise RequestFailed(Code.MARSHALLING_ERROR)
        self.watches.add_both(request.path, session.id, modes[request.type])
        return _jute.NumberResponse(0)

    def _tables(self, type: int) -> list[Any]:
        if not _CHILDREN_WATCHES <= type <= _ANY_WATCHES:
            raise RequestFailed(Code.MARSHALLING_ERROR)
        return [table for bit, table in (
            (_CHILDREN_WATCHES, self.watches.children),
            (_DATA_WATCHES, self.watches.data)) if type & bit]

    def _check_watches(self, session: Session, request: Any) -> None:
        if not any(table.has(request.path, session.id)
                   for table in self._tables(request.type)):
            raise RequestFailed(Code.NO_WATCHER)

    def _remove_watches(self, session: Session, request: Any) -> None:
        removed = [table.remove(request.path, session.id)
                   for table in self._tables(request.type)]
        if not any(removed):
            raise RequestFailed(Code.NO_WATCHER)


class _Unknown(Exception):
    """There is no such request."""


def _apply(
    transaction: Transaction, type: int, record: Any, tree: Tree
) -> _multi.Result:
    """Do one operation that writes; return its result."""
    body: Any = None
    if type in (OpCode.CREATE_CONTAINER, OpCode.CREATE_TTL):
        raise RequestFailed(Code.UNIMPLEMENTED)
    if type in (OpCode.CREATE, OpCode.CREATE2):
        path = transaction.create(
            record.path, record.data, record.acl, record.flags)
        body = _jute.PathResponse(path)
        if type == OpCode.CREATE2:
            body = _jute.Create2Response(path, tree.nodes[path].stat())
    elif type == OpCode.DELETE:
        transaction.delete(record.path, record.version)
    elif type == OpCode.SET_DATA:
        body = _jute.StatResponse(transaction.set_data(
            record.path, record.data, record.version))
    elif type == OpCode.SET_ACL:
        body = _jute.StatResponse(transaction.set_acl(
            record.path, record.acl, record.version))
    else:
        transaction.check(record.path, record.version)
    return _multi.Result(type, body)
