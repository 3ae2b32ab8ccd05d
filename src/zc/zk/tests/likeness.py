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

import functools
import secrets
from collections.abc import Callable
from typing import Any
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from hypothesis.stateful import initialize
from hypothesis.stateful import rule

from zc.zk.tests import likerequests as some
from zc.zk.tests.likesides import Side
from zc.zk.tests.likesides import clean_up
from zc.zk.tests.likesides import is_alive
from zc.zk.tests.likesides import renew

from ..testing.protocol import multi
from ..testing.protocol import records
from ..testing.protocol.codes import OpCode
from .rawclient import Closed
from .rawclient import RawClient


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
            for index in range(some.CLIENTS):
                side.connect(index, 0)
            client = side.clients[0]
            assert client is not None
            reply = client.request(OpCode.CREATE, records.CreateRequest(
                side.root, b'', some.OPEN, 0))
            assert not reply.error, reply
            side.made(reply.zxid, 0)
        for path in some.MADE:
            self.ask(0, OpCode.CREATE, records.CreateRequest(
                path, b'', some.OPEN, 0))

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

    @rule(client=some.clients, op=st.one_of(some.plain, some.creates))
    def create(self, client, op):
        self.ask(client, op.type, op.record)

    @rule(client=some.clients, op=some.plain)
    def create_plainly(self, client, op):
        self.ask(client, op.type, op.record)

    @rule(client=some.clients, op=some.deletes)
    def delete(self, client, op):
        self.ask(client, op.type, op.record)

    @rule(client=some.clients, op=some.sets)
    def set_data(self, client, op):
        self.ask(client, op.type, op.record)

    @rule(client=some.clients, path=some.inside, type=st.sampled_from((
        OpCode.EXISTS, OpCode.GET_DATA, OpCode.GET_CHILDREN)))
    def watch(self, client, type, path):
        self.ask(client, type, records.WatchedRequest(path, True))

    @rule(client=some.clients, path=st.sampled_from(some.INSIDE[2:]))
    def watch_around(self, client, path):
        """One change of the node is two events, whose order counts."""
        self.ask(client, OpCode.EXISTS, records.WatchedRequest(path, True))
        for watched in (path, path.rpartition('/')[0]):
            self.ask(client, OpCode.GET_CHILDREN,
                     records.WatchedRequest(watched, True))

    @rule(client=some.clients, path=st.sampled_from(some.INSIDE[2:]),
          acl=some.strict_acls)
    def show_acl(self, client, path, acl):
        self.shut(0, path, acl)
        self.ask(client, OpCode.GET_ACL, records.PathRequest(path))

    @rule(client=some.clients, path=some.inside)
    def delete_plainly(self, client, path):
        self.ask(client, OpCode.DELETE, records.VersionRequest(path, -1))

    @rule(client=some.clients, path=some.inside, data=some.data)
    def set_data_plainly(self, client, path, data):
        self.ask(client, OpCode.SET_DATA,
                 records.SetDataRequest(path, data, -1))

    @rule(client=some.clients, path=some.inside, acl=some.strict_acls)
    def shut(self, client, path, acl):
        self.ask(client, OpCode.SET_ACL,
                 records.SetACLRequest(path, acl, -1))

    @rule(client=some.clients, path=some.paths, acl=some.acls,
          version=some.versions)
    def set_acl(self, client, path, acl, version):
        self.ask(client, OpCode.SET_ACL,
                 records.SetACLRequest(path, acl, version))

    @rule(client=some.clients, path=some.paths)
    def check_what_is_not(self, client, path):
        self.ask(client, OpCode.CHECK, records.VersionRequest(path, 99))

    @rule(client=some.clients, watch=st.booleans(), path=some.paths,
          type=st.sampled_from((OpCode.EXISTS, OpCode.GET_DATA,
                                OpCode.GET_CHILDREN, OpCode.GET_CHILDREN2)))
    def read(self, client, type, path, watch):
        self.ask(client, type, records.WatchedRequest(path, watch))

    @rule(client=some.clients, path=some.paths,
          type=st.sampled_from((
              OpCode.GET_ACL, OpCode.SYNC, OpCode.GET_ALL_CHILDREN_NUMBER)))
    def read_of_path(self, client, type, path):
        self.ask(client, type, records.PathRequest(path))

    @rule(client=some.clients, prefix=st.sampled_from(
        (None, '', '/', ' / ', '/a', '/a/x', 'a')))
    def get_ephemerals(self, client, prefix):
        self.ask(client, OpCode.GET_EPHEMERALS, records.PathRequest(prefix))

    @rule(client=some.clients, ops=some.writes)
    def transact(self, client, ops):
        self.ask(client, OpCode.MULTI, ops)

    @rule(client=some.clients, ops=some.reads)
    def read_many(self, client, ops):
        self.ask(client, OpCode.MULTI_READ, ops)

    @rule(client=some.clients, path=some.inside,
          mode=st.sampled_from((0, 1, 0, 1, 2)))
    def add_watch(self, client, path, mode):
        self.ask(client, OpCode.ADD_WATCH,
                 records.WatchTypeRequest(path, mode))

    @rule(client=some.clients, path=st.sampled_from(some.INSIDE[2:]),
          once=st.booleans(), mode=st.sampled_from((0, 1, 1)))
    def watch_below(self, client, path, once, mode):
        """A change is told once, however it is watched."""
        self.ask(client, OpCode.ADD_WATCH, records.WatchTypeRequest(
            path.rpartition('/')[0], mode))
        if once:
            for type in (OpCode.EXISTS, OpCode.GET_CHILDREN):
                self.ask(client, type, records.WatchedRequest(path, True))

    @rule(client=some.clients, path=some.inside, kind=st.integers(0, 4),
          type=st.sampled_from((OpCode.CHECK_WATCHES, OpCode.REMOVE_WATCHES)))
    def about_watches(self, client, type, path, kind):
        self.ask(client, type, records.WatchTypeRequest(path, kind))

    @rule(client=some.clients, since=st.integers(0, 99), xid=st.sampled_from(
        (-8, None)), data=some.few_paths, exist=some.few_paths,
        child=some.few_paths, persistent=some.few_paths,
        recursive=some.few_paths, old=st.booleans())
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

    @rule(client=some.clients, auth=st.sampled_from(
        (('digest', b'user:secret'), ('digest', b'user:secret'),
         ('digest', b'user'), ('ip', b''), ('bogus', b''), ('digest', None))))
    def add_auth(self, client, auth):
        self.ask(client, OpCode.AUTH, records.AuthPacket(0, *auth), -4)
        self.connect_closed()

    @rule(client=some.clients, request=some.odd_requests)
    def odd(self, client, request):
        type, record = request
        self.ask(client, type, record)
        self.connect_closed()

    @rule(client=some.clients)
    def close_session(self, client):
        self.both(lambda side, step: side.request(
            client, OpCode.CLOSE_SESSION, b'', step), sort_events=True)
        self.connect_closed()

    @rule(client=some.clients, abrupt=st.booleans())
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

    @rule(client=some.clients, strange=st.sampled_from(
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
        for index in range(some.CLIENTS):
            alive = [is_alive(side.clients[index]) for side in self.sides]
            assert alive[0] == alive[1], alive
            if not alive[0]:
                self.both(functools.partial(renew, index))
