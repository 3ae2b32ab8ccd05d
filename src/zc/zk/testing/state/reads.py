"""The requests that change no node: reads, and those about watches.

Pure, run by the server's thread.  Must not know how nodes change or how
sessions begin and end.
"""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

from ..protocol import multi
from ..protocol import records
from ..protocol.codes import Code
from ..protocol.codes import EventType
from ..protocol.codes import OpCode
from ..protocol.codes import RequestFailed
from ..protocol.connection import WatchEvent
from . import acls
from .sessions import Session
from .watchtable import Mode
from .watchtable import Watches
from .znodes import Tree


#: How much one multiRead may gather: bytes of data, names of children.  One
#: request of the largest size could ask for many gigabytes.
MAX_REPLY = 32 << 20

_CHILDREN_WATCHES, _DATA_WATCHES, _ANY_WATCHES = 1, 2, 3


class Reads:
    """What is answered from a tree and its watches.

    :param tell: takes a session's id and an event for it
    """

    def __init__(
        self,
        tree: Tree,
        watches: Watches,
        tell: Callable[[int, WatchEvent], None],
    ) -> None:
        self.tree = tree
        self.watches = watches
        self._tell = tell
        self._handlers: dict[int, Callable[[Session, Any], Any]] = {
            OpCode.PING: lambda session, request: None,
            OpCode.EXISTS: self._exists,
            OpCode.GET_DATA: self._get_data,
            OpCode.GET_ACL: self._get_acl,
            OpCode.GET_CHILDREN: self._get_children,
            OpCode.GET_CHILDREN2: self._get_children2,
            OpCode.SYNC: self._sync,
            OpCode.SET_WATCHES: self._set_watches,
            OpCode.SET_WATCHES2: self._set_watches,
            OpCode.ADD_WATCH: self._add_watch,
            OpCode.CHECK_WATCHES: self._check_watches,
            OpCode.REMOVE_WATCHES: self._remove_watches,
            OpCode.GET_EPHEMERALS: self._get_ephemerals,
            OpCode.GET_ALL_CHILDREN_NUMBER: self._get_all_children_number,
            OpCode.WHO_AM_I: self._who_am_i,
        }

    def __contains__(self, type: int) -> bool:
        return type in self._handlers

    def answer(self, session: Session, type: int, record: Any) -> Any:
        """Return the record, bytes or None that answer a request."""
        return self._handlers[type](session, record)

    def answer_many(
        self, session: Session, ops: Sequence[multi.Op]
    ) -> bytes:
        """Return the answer to a multiRead."""
        results: list[multi.Result] = []
        size = 0
        for type, record in ops:
            try:
                if type not in multi.READS:
                    raise RequestFailed(Code.MARSHALLING_ERROR)
                # It sets no watches, whatever the operation says.
                found = self._handlers[type](
                    session, record._replace(watch=False))
                results.append(multi.Result(type, found))
                size += len(found[0] or ())
                if size > MAX_REPLY:
                    raise RequestFailed(Code.MARSHALLING_ERROR)
            except RequestFailed as failed:
                if failed.code == Code.MARSHALLING_ERROR:
                    # Something is wrong with the request as a whole; what
                    # was read so far is sent all the same.
                    raise RequestFailed(
                        failed.code,
                        multi.format_results(results)) from None
                results.append(multi.error(failed.code))
        return multi.format_results(results)

    def _sync(self, session: Session, request: Any) -> Any:
        return records.PathResponse(request.path)

    def _exists(self, session: Session, request: Any) -> Any:
        path = request.path
        if path is not None and '\0' in path:
            raise RequestFailed(Code.BAD_ARGUMENTS)
        if request.watch and path is not None:
            self.watches.data.add(path, session.id)
        return records.StatResponse(self.tree.find(path).stat())

    def _get_data(self, session: Session, request: Any) -> Any:
        node = self.tree.readable(request.path, session.ids)
        if request.watch:
            self.watches.data.add(request.path, session.id)
        return records.GetDataResponse(node.data, node.stat())

    def _get_children(self, session: Session, request: Any) -> Any:
        node = self.tree.readable(request.path, session.ids)
        if request.watch:
            self.watches.children.add(request.path, session.id)
        return records.NamesResponse(list(node.children))

    def _get_children2(self, session: Session, request: Any) -> Any:
        names = self._get_children(session, request).names
        return records.GetChildren2Response(
            names, self.tree.nodes[request.path].stat())

    def _get_acl(self, session: Session, request: Any) -> Any:
        node = self.tree.readable(
            request.path, session.ids, acls.READ | acls.ADMIN)
        acl = list(node.acl)
        try:
            acls.check(acl, acls.ADMIN, session.ids)
        except RequestFailed:
            acl = acls.masked(acl)
        return records.GetACLResponse(acl, node.stat())

    def _get_ephemerals(self, session: Session, request: Any) -> Any:
        prefix = request.path or ''
        if prefix.strip() in ('', '/'):
            prefix = ''
        return records.NamesResponse([
            path for path in self.tree.owned(session.id)
            if path.startswith(prefix)])

    def _get_all_children_number(self, session: Session, request: Any) -> Any:
        self.tree.readable(request.path, session.ids)
        return records.NumberResponse(self.tree.descendants(request.path))

    def _who_am_i(self, session: Session, request: None) -> Any:
        return records.WhoAmIResponse([
            records.ClientInfo(id.scheme, id.id.split(':')[0])
            for id in session.ids])

    def _set_watches(self, session: Session, request: Any) -> None:
        if any(paths is None or None in paths for paths in request[1:]):
            raise RequestFailed(Code.MARSHALLING_ERROR)
        nodes, since, id = self.tree.nodes, request.relative_zxid, session.id

        def tell(type: EventType, path: str) -> None:
            self._tell(id, WatchEvent(type, path))

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
        return records.NumberResponse(0)

    def _tables(self, type: int) -> list[Any]:
        if not _CHILDREN_WATCHES <= type <= _ANY_WATCHES:
            raise RequestFailed(Code.MARSHALLING_ERROR)
        return [table for bit, table in (
            (_CHILDREN_WATCHES, self.watches.children),
            (_DATA_WATCHES, self.watches.data)) if type & bit]

    def _check_watches(self, session: Session, request: Any) -> None:
        # Up to version 3.8 anyone's watches count.
        if not any(table.has(request.path)
                   for table in self._tables(request.type)):
            raise RequestFailed(Code.NO_WATCHER)

    def _remove_watches(self, session: Session, request: Any) -> None:
        removed = [table.remove(request.path, session.id)
                   for table in self._tables(request.type)]
        if not any(removed):
            raise RequestFailed(Code.NO_WATCHER)
