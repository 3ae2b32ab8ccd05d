"""Tests of _database: requests and their answers, without a socket.

How it answers in general is what test_likeness compares; here are the rules
that a real server is not needed for.
"""
from __future__ import annotations

import unittest

from ....testing.protocol import jute
from ....testing.protocol import multi
from ....testing.protocol import records
from ....testing.protocol.codes import Code
from ....testing.protocol.codes import EventType
from ....testing.protocol.codes import OpCode
from ....testing.protocol.codes import RequestFailed
from ....testing.protocol.connection import ClientRequest
from ....testing.protocol.connection import Reply
from ....testing.protocol.connection import WatchEvent
from ....testing.protocol.jute import JuteError
from ....testing.protocol.records import ACL
from ....testing.state import acls
from ....testing.state.database import Database


OPEN = list(acls.OPEN)
CREATED, DELETED, DATA, CHILDREN = EventType


class DatabaseCase(unittest.TestCase):

    def setUp(self):
        self.now = 1000.0
        self.database = Database(1.0, 10.0, b'secret', self.now)
        self.session = self.connect()

    def connect(self, **values):
        response = self.ask_to_connect(**values)
        return self.database.sessions.get(response.session_id)

    def ask_to_connect(self, last=0, timeout=2000, session=0, password=b''):
        return self.database.connect(records.ConnectRequest(
            0, last, timeout, session, password), '127.0.0.1', self.now)

    def ask(self, type, record=b'', session=None, xid=1):
        payload = record
        if isinstance(record, tuple):
            payload = jute.format(record)
        return self.database.handle(
            session or self.session, ClientRequest(xid, type, payload),
            self.now)

    def create(self, path, flags=0, acl=OPEN, session=None):
        reply = self.ask(OpCode.CREATE, records.CreateRequest(
            path, b'', acl, flags), session)
        self.assertEqual(Code.OK, reply.error)

    def watch(self, path, type=OpCode.EXISTS, session=None):
        return self.ask(type, records.WatchedRequest(path, True), session)

    def delete(self, path, session=None):
        return self.ask(
            OpCode.DELETE, records.VersionRequest(path, -1), session)

    def events(self):
        return self.database.take_events()


class SessionTest(DatabaseCase):

    def test_connect(self):
        """A new session has an id, a password and a negotiated timeout."""
        response = self.ask_to_connect(timeout=1)
        self.assertEqual((0, 1000), response[:2])
        self.assertEqual(
            self.database.sessions.password(response.session_id),
            response.password)

    def test_sessions_take_zxids(self):
        """To begin and to end a session is written down."""
        self.assertEqual(1, self.database.zxid)
        self.connect()
        self.assertEqual(2, self.database.zxid)
        self.assertEqual(3, self.ask(OpCode.CLOSE_SESSION).zxid)

    def test_reconnect(self):
        """Who knows the password goes on; watches and names are new."""
        id, password = self.session.id, self.database.sessions.password(
            self.session.id)
        self.watch('/a')
        self.ask(OpCode.AUTH, records.AuthPacket(0, 'digest', b'a:b'))
        self.assertEqual(2, len(self.session.ids))
        response = self.ask_to_connect(
            session=id, password=password, timeout=3000)
        self.assertEqual((0, 3000, id, password), response)
        self.assertEqual(0, len(self.database.watches))
        self.assertEqual(1, len(self.session.ids))

    def test_wrong_password(self):
        """Who does not, or asks for no session of ours, gets none."""
        refused = records.ConnectResponse(0, 0, 0, bytes(16))
        self.assertEqual(
            refused, self.ask_to_connect(session=self.session.id))
        self.assertEqual(refused, self.ask_to_connect(session=5))

    def test_from_the_future(self):
        """Who has seen later zxids must try another server."""
        self.assertIsNone(self.ask_to_connect(last=2))

    def test_disconnect(self):
        """A session without a connection watches nothing."""
        self.watch('/a')
        self.database.disconnect(self.session.id)
        self.assertEqual(
            (0, False, []), (len(self.database.watches),
                             self.session.connected, self.session.ids))
        self.database.disconnect(5)

    def test_expire(self):
        """A silent session ends, with its ephemeral nodes."""
        other = self.connect(timeout=5000)
        self.create('/e', flags=1)
        self.watch('/e', session=other)
        self.assertEqual([], self.database.expire(self.now + 1.9))
        self.assertEqual(
            [self.session.id], self.database.expire(self.now + 2))
        self.assertEqual(
            [(other.id, WatchEvent(DELETED, '/e'))], self.events())
        self.assertNotIn('/e', self.database.tree.nodes)

    def test_any_request_touches(self):
        """Any request keeps a session alive."""
        self.now += 1.5
        self.ask(OpCode.PING)
        self.assertEqual([], self.database.expire(self.now + 1.5))

    def test_linger(self):
        """Ephemeral nodes may be left until the session is ended again."""
        self.create('/e', flags=1)
        self.database.end(self.session.id, self.now, linger=True)
        self.assertIsNone(self.database.sessions.get(self.session.id))
        self.assertIn('/e', self.database.tree.nodes)
        self.database.end(self.session.id, self.now)
        self.assertNotIn('/e', self.database.tree.nodes)

    def test_close(self):
        """Who closes a session is told of its nodes before the reply."""
        self.create('/e', flags=1)
        self.watch('/e')
        reply = self.ask(OpCode.CLOSE_SESSION)
        self.assertTrue(reply.close)
        self.assertEqual(
            [(self.session.id, WatchEvent(DELETED, '/e'))], self.events())


class RequestTest(DatabaseCase):

    def test_failures_take_zxids(self):
        """A write that fails has a zxid, a read never."""
        self.assertEqual(
            Reply(1, 2, Code.NO_NODE), self.delete('/no'))
        self.assertEqual(Reply(1, 2, Code.NO_NODE), self.watch('/no'))

    def test_ping(self):
        """The answer to a ping has its own xid, whatever was asked."""
        self.assertEqual(Reply(-2, 1), self.ask(OpCode.PING, xid=5))

    def test_unknown(self):
        """Who asks what does not exist is told so, and disconnected."""
        for type in (0, 99, OpCode.CREATE_SESSION):
            self.assertEqual(
                Reply(1, -1, Code.UNIMPLEMENTED, close=True), self.ask(type))

    def test_refused(self):
        """Containers, nodes with a time to live, and reconfiguration."""
        for type, code, record in (
                (OpCode.CREATE_CONTAINER, Code.UNIMPLEMENTED,
                 records.CreateRequest('/c', b'', OPEN, 4)),
                (OpCode.CREATE_TTL, Code.UNIMPLEMENTED,
                 records.CreateTTLRequest('/t', b'', OPEN, 5, 100)),
                (OpCode.DELETE_CONTAINER, Code.UNIMPLEMENTED, b''),
                (OpCode.RECONFIG, Code.RECONFIG_DISABLED, b'')):
            reply = self.ask(type, record)
            self.assertEqual((code, False), (reply.error, reply.close))

    def test_check_alone(self):
        """A check by itself is answered, where a real server is silent."""
        self.assertEqual(Reply(1, 2), self.ask(
            OpCode.CHECK, records.VersionRequest('/', -1)))

    def test_rubbish(self):
        """What cannot be read is a marshalling error."""
        for type in (OpCode.CREATE, OpCode.GET_DATA, OpCode.MULTI,
                     OpCode.MULTI_READ, OpCode.SET_WATCHES):
            self.assertEqual(
                Code.MARSHALLING_ERROR, self.ask(type, b'x').error)

    def test_auth(self):
        """Names are added, once each."""
        for _ in range(2):
            for packet in (('digest', b'a:b'), ('ip', b'')):
                self.assertEqual(Reply(-4, 0), self.ask(
                    OpCode.AUTH, records.AuthPacket(0, *packet), xid=-4))
        self.assertEqual(
            ['ip', 'digest'], [id.scheme for id in self.session.ids])

    def test_auth_fails(self):
        """Who uses another scheme, or says nothing, is disconnected."""
        for packet in (('sasl', b''), ('digest', None), (None, b'')):
            self.assertEqual(
                Reply(-4, 0, Code.AUTH_FAILED, close=True), self.ask(
                    OpCode.AUTH, records.AuthPacket(0, *packet), xid=-4))

    def test_auth_rubbish(self):
        """An auth packet that cannot be read ends the connection."""
        with self.assertRaises(JuteError):
            self.ask(OpCode.AUTH, b'x')


class MultiTest(DatabaseCase):

    def transact(self, *ops):
        reply = self.ask(OpCode.MULTI, multi.format_ops(ops))
        return reply.error, multi.parse_results(reply.body)

    @staticmethod
    def made(path, type=OpCode.CREATE, flags=0):
        return multi.Op(
            type, records.CreateRequest(path, b'', OPEN, flags))

    def test_success(self):
        """Results come in order; create2 is answered as create."""
        code, results = self.transact(
            self.made('/a'), self.made('/a/', OpCode.CREATE2, 2),
            multi.Op(OpCode.CHECK, records.VersionRequest('/a', 0)),
            multi.Op(OpCode.DELETE, records.VersionRequest(
                '/a/0000000000', 0)))
        self.assertEqual(Code.OK, code)
        self.assertEqual([
            (OpCode.CREATE, ('/a',)), (OpCode.CREATE, ('/a/0000000000',)),
            (OpCode.CHECK, None), (OpCode.DELETE, None)], results)

    def test_failure(self):
        """Before the failure all is well, after it nothing; none is done."""
        code, results = self.transact(
            self.made('/a'), self.made('/no/x'), self.made('/b'))
        self.assertEqual(Code.OK, code)
        self.assertEqual(
            [Code.OK, Code.NO_NODE, Code.RUNTIME_INCONSISTENCY],
            [result.record.number for result in results])
        self.assertNotIn('/a', self.database.tree.nodes)
        self.assertEqual(2, self.database.zxid)

    def test_events(self):
        """Events come in the order of the operations, if all is done."""
        self.watch('/b')
        self.watch('/a')
        self.transact(self.made('/a'), self.made('/b'), self.made('/b'))
        self.assertEqual([], self.events())
        self.transact(self.made('/a'), self.made('/b'))
        self.assertEqual([(self.session.id, WatchEvent(CREATED, path))
                          for path in ('/a', '/b')], self.events())

    def test_wrong_as_a_whole(self):
        """Null paths, reads and flags for createTTL fail it all."""
        read = multi.Op(
            OpCode.GET_DATA, records.WatchedRequest('/', False))
        for op in (read, self.made(None), self.made('/t', flags=5)):
            ops = [op] if op is read else [self.made('/a'), op]
            reply = self.ask(OpCode.MULTI, multi.format_ops(ops))
            self.assertEqual(Code.MARSHALLING_ERROR, reply.error)
            self.assertNotIn('/a', self.database.tree.nodes)

    def test_container(self):
        """A container in a transaction fails it."""
        _, results = self.transact(
            self.made('/c', OpCode.CREATE_CONTAINER, 4))
        self.assertEqual([multi.error(Code.UNIMPLEMENTED)], results)


class EventTest(DatabaseCase):

    def test_order(self):
        """A deletion is told to both kinds of watches, once."""
        self.create('/a')
        self.watch('/a')
        self.watch('/a', OpCode.GET_CHILDREN)
        self.watch('/', OpCode.GET_CHILDREN)
        self.delete('/a')
        self.assertEqual(
            [(self.session.id, WatchEvent(DELETED, '/a')),
             (self.session.id, WatchEvent(CHILDREN, '/'))], self.events())

    def test_no_permission(self):
        """Who may not read a node is not told, and its watch is gone."""
        other = self.connect()
        self.watch('/a', session=other)
        self.create('/a', acl=[ACL(31, 'auth', '')], session=self.user())
        self.assertEqual([], self.events())
        self.assertEqual(0, len(self.database.watches))

    def user(self):
        session = self.connect()
        self.ask(OpCode.AUTH, records.AuthPacket(0, 'digest', b'a:b'),
                 session)
        return session


class DirectTest(DatabaseCase):

    def test_writes(self):
        """The server writes what it likes, and watchers are told."""
        self.create('/shut', acl=[ACL(1, 'world', 'anyone')])
        self.watch('/shut')
        self.database.set('/shut', b'new')
        self.database.create('/shut/in', b'data')
        self.assertEqual(
            [(self.session.id, WatchEvent(DATA, '/shut'))], self.events())
        self.assertEqual(
            b'data', self.database.tree.find('/shut/in').data)
        self.database.delete('/shut/in')
        self.assertEqual(5, self.database.zxid)
        with self.assertRaises(RequestFailed) as raised:
            self.database.delete('/shut', version=0)
        self.assertEqual(Code.BAD_VERSION, raised.exception.code)
