"""One of the two servers that are compared, as its clients see it."""
from __future__ import annotations

import bisect
from typing import Any

from zc.zk.tests.likerequests import CLIENTS
from zc.zk.tests.likerequests import RAW

from ..testing.protocol import jute
from ..testing.protocol import multi
from ..testing.protocol import records
from ..testing.protocol.codes import Code
from ..testing.protocol.codes import OpCode
from ..testing.protocol.records import ACL
from ..testing.protocol.records import Stat
from ..testing.state.database import WRITES
from .rawclient import RawClient


_ANSWERS: dict[int, type[Any]] = {
    OpCode.CREATE: records.PathResponse,
    OpCode.CREATE2: records.Create2Response,
    OpCode.EXISTS: records.StatResponse,
    OpCode.GET_DATA: records.GetDataResponse,
    OpCode.SET_DATA: records.StatResponse,
    OpCode.GET_ACL: records.GetACLResponse,
    OpCode.SET_ACL: records.StatResponse,
    OpCode.GET_CHILDREN: records.NamesResponse,
    OpCode.GET_CHILDREN2: records.GetChildren2Response,
    OpCode.SYNC: records.PathResponse,
    OpCode.GET_EPHEMERALS: records.NamesResponse,
    OpCode.GET_ALL_CHILDREN_NUMBER: records.NumberResponse,
    OpCode.ADD_WATCH: records.NumberResponse,
    OpCode.WHO_AM_I: records.WhoAmIResponse,
}


class Side:
    """One of the two servers, and the clients' connections to it.

    :param address: its host and port
    :param root: a node that is made for the test
    """

    def __init__(self, address: tuple[str, int], root: str) -> None:
        self.address = address
        self.root = root
        self.clients: list[RawClient | None] = [None] * CLIENTS
        self.sessions: list[int] = [0]
        self.zxids: list[int] = [0]
        self.steps: list[int] = [0]

    # Differences that do not count

    def common(self, value: Any) -> Any:
        """Return a value in a form that is the same for both servers."""
        if isinstance(value, Stat):
            return value._replace(
                czxid=self.step(value.czxid, exact=True),
                mzxid=self.step(value.mzxid, exact=True),
                pzxid=self.step(value.pzxid, exact=True), ctime=0, mtime=0,
                ephemeral_owner=self.sessions.index(value.ephemeral_owner))
        if isinstance(value, str):
            return value.removeprefix(self.root)
        if isinstance(value, list):
            return sorted(map(self.common, value))
        if isinstance(value, tuple) and not isinstance(value, ACL):
            return tuple(map(self.common, value))
        return value

    def step(self, zxid: int, exact: bool = False) -> int:
        """Return the number of the step that made a zxid.

        :param exact: whether it must be one; else it may be in between,
            made by somebody else's session
        """
        at = bisect.bisect_right(self.zxids, zxid) - 1
        if exact and self.zxids[at] != zxid:
            return -1
        return self.steps[at]

    def made(self, zxid: int, step: int) -> None:
        """Note that a step made a zxid."""
        if zxid > self.zxids[-1]:
            self.zxids.append(zxid)
            self.steps.append(step)

    def path(self, path: str | None) -> str | None:
        """Return a path on this server."""
        return path if path is None or path in RAW else self.root + path

    def placed(self, record: Any) -> Any:
        """Return a record with its path, or paths, on this server."""
        values: dict[str, Any] = {}
        for name, value in record._asdict().items():
            if name == 'path':
                values[name] = self.path(value)
            elif name in ('data', 'exist', 'child', 'persistent', 'recursive'
                          ) and isinstance(value, list):
                values[name] = [self.path(each) for each in value]
        return record._replace(**values)

    # Steps

    def connect(self, index: int, step: int) -> None:
        """Connect a client to a new session."""
        client = self.clients[index] = RawClient(self.address)
        client.connect()
        self.sessions.append(client.session_id)
        self.made(client.request(OpCode.PING, xid=-2).zxid, step)

    def request(
        self, index: int, type: int, record: Any, step: int,
        xid: int | None = None,
    ) -> Any:
        """Send a request; return its answer in the common form."""
        client = self.clients[index]
        assert client is not None
        reply = client.request(type, record, xid)
        if type in WRITES or type == OpCode.CLOSE_SESSION:
            self.made(reply.zxid, step)
        zxid = self.step(reply.zxid) if reply.zxid > 0 else reply.zxid
        return reply.error, zxid, reply.close, self.answer(type, reply)

    def answer(self, type: int, reply: Any) -> Any:
        if not reply.body:
            return reply.body
        if type in (OpCode.MULTI, OpCode.MULTI_READ):
            return [self.common(result)
                    for result in multi.parse_results(reply.body)]
        record, end = jute.parse(_ANSWERS[type], reply.body)
        assert end == len(reply.body), reply
        return self.common(record)

    def events(self) -> list[list[tuple[int, str]]]:
        """Return what each client was told since the last time."""
        return [
            [(event.type, self.common(event.path))
             for event in client.take_events()] if client else []
            for client in self.clients]

    def close(self) -> None:
        """End all sessions, and delete what is left."""
        for client in self.clients:
            if client is not None:
                client.request(OpCode.CLOSE_SESSION)
                client.close()


def is_alive(client: RawClient | None) -> bool:
    return client is not None and not client.request(
        OpCode.PING, xid=-2).close


def renew(index: int, side: Side, step: int) -> bool:
    """Connect to the same session, or if it has ended to a new one."""
    old = side.clients[index]
    assert old is not None
    old.close()
    new = side.clients[index] = RawClient(side.address)
    if new.connect(old.session_id, old.password).session_id:
        return True
    new.close()
    side.connect(index, step)
    return False


def clean_up(address: tuple[str, int], root: str) -> None:
    """Delete a node and all below it, whatever the ACLs of its leaves."""
    client = RawClient(address)
    client.connect()
    client.request(OpCode.AUTH, records.AuthPacket(
        0, 'digest', b'user:secret'), -4)
    _delete(client, root)
    client.request(OpCode.CLOSE_SESSION)
    client.close()


def _delete(client: RawClient, path: str) -> None:
    reply = client.request(
        OpCode.GET_CHILDREN, records.WatchedRequest(path, False))
    if reply.error == Code.OK:
        names, _ = jute.parse(records.NamesResponse, reply.body)
        for name in names.names:
            _delete(client, f'{path}/{name}')
    client.request(OpCode.DELETE, records.VersionRequest(path, -1))
