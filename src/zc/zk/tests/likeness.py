"""The embedded server beside a real one: the same requests, the same answers.

`Likeness` is a hypothesis state machine.  Three clients each talk to both
servers; after each step the results, errors, metadata and events of both are
compared.  Where the servers may differ, both are brought to a common form:

- times are left out, and session ids are numbered;
- a zxid becomes the number of the step that made it;
- children, ephemeral nodes and ACLs, which have no order, are sorted; and so
  are the events when a session ends, since its nodes go in any order.

Deliberate differences, which are not asked for: containers and nodes with a
time to live (refused here), the success of a `check` by itself (a real
server never answers it), null paths of watches, quotas.
"""
from __future__ import annotations

import bisect
import functools
import secrets
from collections.abc import Callable
from typing import Any
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from hypothesis.stateful import initialize
from hypothesis.stateful import rule

from ..testing.protocol import jute
from ..testing.protocol import multi
from ..testing.protocol import records
from ..testing.protocol.codes import Code
from ..testing.protocol.codes import OpCode
from ..testing.protocol.records import ACL
from ..testing.protocol.records import Stat
from ..testing.state import acls as _acls
from ..testing.state.database import WRITES
from .rawclient import Closed
from .rawclient import RawClient


CLIENTS = 3

_OPEN = [ACL(31, 'world', 'anyone')]
_USER = ACL(31, 'digest', _acls.digest(b'user:secret').id)
#: Who connects from here.
_LOCAL = ACL(31, 'ip', '127.0.0.1')

#: What is below the node where a test takes place.
INSIDE = ('/a', '/b', '/a/x', '/a/y', '/a/x/k', '/a/x/k/z', '/b/x')
#: Which of them there are at the start.
MADE = ('/a', '/b', '/a/x', '/a/x/k')
#: What is no path, or one that may not be a node's.
BAD = ('/a/', '/a//x', '/a/./x', '/a/..', '/.', '/a/.x', '/a/..x', '/a/x\0',
       '/a/\x01', '/a/\x9f', '/a/\xa0', '/a/\ue000', '/a/\ufff0', '/a/é',
       '/nowhere/x')
#: What is told as it is, without that node before it.
RAW = ('', '/', 'a', 'a/b', '//', '/zookeeper', '/zookeeper/config')

#: Watches and what they see must meet: some paths come more often.
inside = st.sampled_from(INSIDE + INSIDE[:1] * 3 + INSIDE[2:3] * 3)
paths = st.one_of(*[inside] * 8, st.sampled_from(BAD))
clients = st.integers(0, CLIENTS - 1)
data = st.sampled_from((b'', b'x', b'two', None))
versions = st.sampled_from((-1, -1, -1, 0, 0, 1, 2, -2))
flags = st.sampled_from((0, 0, 0, 0, 1, 1, 2, 3, 5, 6, 7, -1))
strict_acls = st.sampled_from((
    [_USER], [_USER, ACL(1, 'world', 'anyone')],
    [ACL(1, 'world', 'anyone')], [ACL(30, 'world', 'anyone')],
    [ACL(16, 'world', 'anyone')], [ACL(21, 'world', 'anyone'), _USER]))
acls = st.one_of(*[st.just(_OPEN)] * 5, strict_acls, st.sampled_from((
    None, [], [_USER], [_USER, ACL(1, 'world', 'anyone')], [_LOCAL],
    [ACL(1, 'world', 'anyone')], [ACL(4, 'world', 'anyone'), _USER],
    [ACL(8, 'world', 'anyone'), _LOCAL], [ACL(16, 'world', 'anyone')],
    [ACL(0, 'world', 'anyone')], [ACL(31, 'auth', '')], _OPEN * 2,
    [ACL(31, 'world', 'me')], [ACL(31, 'ip', '10.0.0.0/8')],
    [ACL(31, 'ip', '127.0.0.0/8'), ACL(2, 'world', 'anyone')],
    [ACL(31, 'ip', '127.0.0.1/33')], [ACL(31, 'ip', '1.2.3')],
    [ACL(31, 'digest', 'user')], [ACL(31, 'digest', 'a:b:c')],
    [ACL(31, 'digest', ':x:')], [ACL(31, 'sasl', 'user')],
    [ACL(31, None, 'x')], [ACL(31, 'digest', None)],
)))

creates = st.builds(
    multi.Op, st.sampled_from((OpCode.CREATE, OpCode.CREATE2)),
    st.builds(records.CreateRequest, paths, data, acls, flags))
deletes = st.builds(
    multi.Op, st.just(OpCode.DELETE),
    st.builds(records.VersionRequest, paths, versions))
sets = st.builds(
    multi.Op, st.just(OpCode.SET_DATA),
    st.builds(records.SetDataRequest, paths, data, versions))
checks = st.builds(
    multi.Op, st.just(OpCode.CHECK),
    st.builds(records.VersionRequest, paths, versions))
# One in four is quiet: transactions that succeed are the interesting ones.
plain = st.builds(
    multi.Op, st.just(OpCode.CREATE), st.builds(
        records.CreateRequest, inside, data, st.just(_OPEN),
        st.sampled_from((0, 0, 1, 2))))
writes = st.lists(st.one_of(
    plain, plain, creates, deletes, sets, checks), max_size=4)
reads = st.lists(st.builds(
    multi.Op, st.sampled_from((OpCode.GET_DATA, OpCode.GET_CHILDREN)),
    st.builds(records.WatchedRequest, paths, st.booleans())), max_size=4)
few_paths = st.lists(inside, max_size=3)

#: Requests of which some answers are of interest, but not often.
_SPECIAL = (
    (OpCode.WHO_AM_I, b''),
    (OpCode.CREATE, records.CreateRequest(
        '/a/\N{GRINNING FACE}', b'', _OPEN, 0)),
    (OpCode.CREATE, records.CreateRequest('/', b'', _OPEN, 0)),
    (OpCode.CREATE, records.CreateRequest('', b'', _OPEN, 0)),
    (OpCode.CREATE, records.CreateRequest('a', b'', _OPEN, 0)),
    (OpCode.CREATE, records.CreateRequest('a/b', b'', _OPEN, 0)),
    (OpCode.CREATE, records.CreateRequest('//', b'', _OPEN, 0)),
    (OpCode.CREATE, records.CreateRequest(None, b'', _OPEN, 0)),
    (OpCode.DELETE, records.VersionRequest('/', -1)),
    (OpCode.DELETE, records.VersionRequest('', -1)),
    (OpCode.DELETE, records.VersionRequest('//', -1)),
    (OpCode.DELETE, records.VersionRequest('a', -1)),
    (OpCode.DELETE, records.VersionRequest(None, -1)),
    (OpCode.DELETE, records.VersionRequest('/zookeeper', -1)),
    (OpCode.SET_DATA, records.SetDataRequest('', b'', -1)),
    (OpCode.SET_DATA, records.SetDataRequest('a', b'', -1)),
    (OpCode.SET_DATA, records.SetDataRequest(None, b'', -1)),
    (OpCode.SET_DATA, records.SetDataRequest('/zookeeper/config', b'', -1)),
    (OpCode.SET_ACL, records.SetACLRequest('', _OPEN, -1)),
    (OpCode.SET_ACL, records.SetACLRequest('/zookeeper/config', _OPEN, -1)),
    (OpCode.GET_ACL, records.PathRequest('/zookeeper/config')),
    (OpCode.GET_ACL, records.PathRequest(None)),
    (OpCode.SYNC, records.PathRequest(None)),
    (OpCode.GET_ALL_CHILDREN_NUMBER, records.PathRequest(None)),
    (OpCode.EXISTS, records.WatchedRequest('a', False)),
    (OpCode.EXISTS, records.WatchedRequest(None, True)),
    (OpCode.GET_DATA, records.WatchedRequest('//', True)),
    (OpCode.GET_DATA, records.WatchedRequest(None, True)),
    (OpCode.GET_CHILDREN, records.WatchedRequest('/zookeeper', False)),
    # No operation has these numbers.
    *((type, b'') for type in (0, 10, 99, -2)),
)
#: No record is as short, so nothing of these is done.
rubbish = st.tuples(st.sampled_from((
    OpCode.CREATE, OpCode.DELETE, OpCode.EXISTS, OpCode.GET_DATA,
    OpCode.SET_DATA, OpCode.GET_ACL, OpCode.SET_ACL, OpCode.MULTI,
    OpCode.MULTI_READ, OpCode.SET_WATCHES, OpCode.ADD_WATCH,
)), st.binary(max_size=9).map(lambda rest: b'\0\0\0\x7f' + rest))
mixed = st.tuples(
    st.sampled_from((OpCode.MULTI, OpCode.MULTI_READ)),
    st.builds(lambda some, others: [*some[:1], *others], reads, writes))
odd_requests = st.one_of(st.sampled_from(_SPECIAL), rubbish, mixed)

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


class Likeness(RuleBasedStateMachine):
    """Random requests to both servers."""

    #: The addresses of the embedded and of the real server.
    addresses: ClassVar[list[tuple[str, int]]]
    #: Where on the real server: a path, or ''.
    chroot: ClassVar[str] = ''
    #: How many requests were compared, over all runs.
    compared: ClassVar[int] = 0

    @initialize()
    def start(self) -> None:
        name = f'/likeness-{secrets.token_hex(8)}'
        self.step_number = 0
        self.sides = [
            Side(address, root + name)
            for address, root in zip(
                self.addresses, ('', self.chroot), strict=True)]
        for side in self.sides:
            for index in range(CLIENTS):
                side.connect(index, 0)
            client = side.clients[0]
            assert client is not None
            reply = client.request(OpCode.CREATE, records.CreateRequest(
                side.root, b'', _OPEN, 0))
            assert not reply.error, reply
            side.made(reply.zxid, 0)
        for path in MADE:
            self.ask(0, OpCode.CREATE, records.CreateRequest(
                path, b'', _OPEN, 0))

    def teardown(self) -> None:
        for side in getattr(self, 'sides', ()):
            side.close()
            clean_up(side.address, side.root)

    def both(
        self, does: Callable[[Side, int], Any], sort_events: bool = False
    ) -> None:
        """Do something on both sides; compare what comes of it."""
        self.step_number += 1
        Likeness.compared += 1
        results = [does(side, self.step_number) for side in self.sides]
        assert results[0] == results[1], (
            f'embedded: {results[0]}\nreal:     {results[1]}')
        events = [side.events() for side in self.sides]
        if sort_events:
            events = [list(map(sorted, each)) for each in events]
        assert events[0] == events[1], (
            f'embedded: {events[0]}\nreal:     {events[1]}')

    def ask(
        self, client: int, type: int, record: Any, xid: int | None = None
    ) -> None:
        def does(side: Side, step: int) -> Any:
            sent = record
            if isinstance(record, tuple):
                sent = side.placed(record)
            elif isinstance(record, list):
                sent = multi.format_ops(
                    multi.Op(op.type, side.placed(op.record))
                    for op in record)
            return side.request(client, type, sent, step, xid)

        self.both(does)

    @rule(client=clients, op=st.one_of(plain, creates))
    def create(self, client, op):
        self.ask(client, op.type, op.record)

    @rule(client=clients, op=plain)
    def create_plainly(self, client, op):
        self.ask(client, op.type, op.record)

    @rule(client=clients, op=deletes)
    def delete(self, client, op):
        self.ask(client, op.type, op.record)

    @rule(client=clients, op=sets)
    def set_data(self, client, op):
        self.ask(client, op.type, op.record)

    @rule(client=clients, path=inside, type=st.sampled_from((
        OpCode.EXISTS, OpCode.GET_DATA, OpCode.GET_CHILDREN)))
    def watch(self, client, type, path):
        self.ask(client, type, records.WatchedRequest(path, True))

    @rule(client=clients, path=st.sampled_from(INSIDE[2:]))
    def watch_around(self, client, path):
        """One change of the node is two events, whose order counts."""
        self.ask(client, OpCode.EXISTS, records.WatchedRequest(path, True))
        for watched in (path, path.rpartition('/')[0]):
            self.ask(client, OpCode.GET_CHILDREN,
                     records.WatchedRequest(watched, True))

    @rule(client=clients, path=st.sampled_from(INSIDE[2:]),
          acl=strict_acls)
    def show_acl(self, client, path, acl):
        self.shut(0, path, acl)
        self.ask(client, OpCode.GET_ACL, records.PathRequest(path))

    @rule(client=clients, path=inside)
    def delete_plainly(self, client, path):
        self.ask(client, OpCode.DELETE, records.VersionRequest(path, -1))

    @rule(client=clients, path=inside, data=data)
    def set_data_plainly(self, client, path, data):
        self.ask(client, OpCode.SET_DATA,
                 records.SetDataRequest(path, data, -1))

    @rule(client=clients, path=inside, acl=strict_acls)
    def shut(self, client, path, acl):
        self.ask(client, OpCode.SET_ACL,
                 records.SetACLRequest(path, acl, -1))

    @rule(client=clients, path=paths, acl=acls, version=versions)
    def set_acl(self, client, path, acl, version):
        self.ask(client, OpCode.SET_ACL,
                 records.SetACLRequest(path, acl, version))

    @rule(client=clients, path=paths)
    def check_what_is_not(self, client, path):
        self.ask(client, OpCode.CHECK, records.VersionRequest(path, 99))

    @rule(client=clients, watch=st.booleans(), path=paths,
          type=st.sampled_from((OpCode.EXISTS, OpCode.GET_DATA,
                                OpCode.GET_CHILDREN, OpCode.GET_CHILDREN2)))
    def read(self, client, type, path, watch):
        self.ask(client, type, records.WatchedRequest(path, watch))

    @rule(client=clients, path=paths,
          type=st.sampled_from((
              OpCode.GET_ACL, OpCode.SYNC, OpCode.GET_ALL_CHILDREN_NUMBER)))
    def read_of_path(self, client, type, path):
        self.ask(client, type, records.PathRequest(path))

    @rule(client=clients, prefix=st.sampled_from(
        (None, '', '/', ' / ', '/a', '/a/x', 'a')))
    def get_ephemerals(self, client, prefix):
        self.ask(client, OpCode.GET_EPHEMERALS, records.PathRequest(prefix))

    @rule(client=clients, ops=writes)
    def transact(self, client, ops):
        self.ask(client, OpCode.MULTI, ops)

    @rule(client=clients, ops=reads)
    def read_many(self, client, ops):
        self.ask(client, OpCode.MULTI_READ, ops)

    @rule(client=clients, path=inside, mode=st.sampled_from((0, 1, 0, 1, 2)))
    def add_watch(self, client, path, mode):
        self.ask(client, OpCode.ADD_WATCH,
                 records.WatchTypeRequest(path, mode))

    @rule(client=clients, path=st.sampled_from(INSIDE[2:]),
          once=st.booleans(), mode=st.sampled_from((0, 1, 1)))
    def watch_below(self, client, path, once, mode):
        """A change is told once, however it is watched."""
        self.ask(client, OpCode.ADD_WATCH, records.WatchTypeRequest(
            path.rpartition('/')[0], mode))
        if once:
            for type in (OpCode.EXISTS, OpCode.GET_CHILDREN):
                self.ask(client, type, records.WatchedRequest(path, True))

    @rule(client=clients, path=inside, kind=st.integers(0, 4),
          type=st.sampled_from((OpCode.CHECK_WATCHES, OpCode.REMOVE_WATCHES)))
    def about_watches(self, client, type, path, kind):
        self.ask(client, type, records.WatchTypeRequest(path, kind))

    @rule(client=clients, since=st.integers(0, 99), xid=st.sampled_from(
        (-8, None)), data=few_paths, exist=few_paths, child=few_paths,
        persistent=few_paths, recursive=few_paths, old=st.booleans())
    def set_watches(self, client, since, xid, data, exist, child,
                    persistent, recursive, old):
        def does(side: Side, step: int) -> Any:
            zxid = side.zxids[since % len(side.zxids)]
            record: Any = records.SetWatches(zxid, data, exist, child)
            type = OpCode.SET_WATCHES
            if not old:
                record = records.SetWatches2(
                    zxid, data, exist, child, persistent, recursive)
                type = OpCode.SET_WATCHES2
            return side.request(client, type, side.placed(record), step, xid)

        self.both(does)

    @rule(client=clients, auth=st.sampled_from(
        (('digest', b'user:secret'), ('digest', b'user:secret'),
         ('digest', b'user'), ('ip', b''), ('bogus', b''), ('digest', None))))
    def add_auth(self, client, auth):
        self.ask(client, OpCode.AUTH, records.AuthPacket(0, *auth), -4)
        self.connect_closed()

    @rule(client=clients, request=odd_requests)
    def odd(self, client, request):
        type, record = request
        self.ask(client, type, record)
        self.connect_closed()

    @rule(client=clients)
    def close_session(self, client):
        self.both(lambda side, step: side.request(
            client, OpCode.CLOSE_SESSION, b'', step), sort_events=True)
        self.connect_closed()

    @rule(client=clients, abrupt=st.booleans())
    def reconnect(self, client, abrupt):
        """Its watches and names have gone; its ephemeral nodes have not."""
        def does(side: Side, step: int) -> Any:
            old = side.clients[client]
            assert old is not None
            if abrupt:
                old.hang_up()
            new = side.clients[client] = RawClient(side.address)
            response = new.connect(old.session_id, old.password)
            # The other connection of the session, if any, is closed.
            closed = abrupt or old.closed()
            old.close()
            return response.timeout, closed

        self.both(does)

    @rule(client=clients, strange=st.sampled_from(
        ('password', 'session', 'zxid', 'short', 'long')))
    def connect_strangely(self, client, strange):
        def does(side: Side, step: int) -> Any:
            own = side.clients[client]
            assert own is not None
            stranger = RawClient(side.address)
            try:
                if strange == 'password':
                    response = stranger.connect(own.session_id, b'guessed')
                elif strange == 'session':
                    response = stranger.connect(own.session_id ^ 1 << 40)
                elif strange == 'zxid':
                    response = stranger.connect(last_zxid=1 << 60)
                else:
                    response = stranger.connect(
                        timeout=1 if strange == 'short' else 10 ** 9,
                        read_only=b'')
                    side.made(
                        stranger.request(OpCode.PING, xid=-2).zxid, step)
                    stranger.request(OpCode.CLOSE_SESSION)
                assert stranger.closed()
            except Closed:
                return 'closed'
            finally:
                stranger.close()
            # A wrong password, too, ends the session's connection.
            return (response.protocol_version, response.timeout,
                    response.session_id == 0, len(response.password or b''),
                    strange == 'password' and own.closed())

        self.both(does)
        if strange == 'password':
            self.reconnect_to_session(client)

    def reconnect_to_session(self, client: int) -> None:
        def does(side: Side, step: int) -> Any:
            old = side.clients[client]
            assert old is not None
            old.close()     # the server has done so before
            new = side.clients[client] = RawClient(side.address)
            return new.connect(old.session_id, old.password).timeout

        self.both(does)

    def connect_closed(self) -> None:
        """Connect anew who has been disconnected; the session went on."""
        for index in range(CLIENTS):
            alive = [_alive(side.clients[index]) for side in self.sides]
            assert alive[0] == alive[1], alive
            if not alive[0]:
                self.both(functools.partial(_renew, index))


def _alive(client: RawClient | None) -> bool:
    return client is not None and not client.request(
        OpCode.PING, xid=-2).close


def _renew(index: int, side: Side, step: int) -> bool:
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
