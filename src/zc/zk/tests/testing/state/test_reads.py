"""Tests of _reads: what is answered without changing a node."""
from __future__ import annotations

import unittest.mock

from ....testing.protocol import multi
from ....testing.protocol import records
from ....testing.protocol.codes import Code
from ....testing.protocol.codes import OpCode
from ....testing.protocol.connection import WatchEvent
from ....testing.protocol.records import ACL
from ....testing.state import acls
from ....testing.state import reads
from .test_database import CHILDREN
from .test_database import CREATED
from .test_database import DATA
from .test_database import DELETED
from .test_database import DatabaseCase


class ReadTest(DatabaseCase):

    def setUp(self):
        super().setUp()
        for path in ('/a', '/a/b', '/a/c'):
            self.create(path)

    def read(self, type, *values):
        reply = self.ask(type, records.REQUESTS[type](*values))
        self.assertEqual(Code.OK, reply.error)
        return reply.body

    def test_exists(self):
        """Metadata are for everyone."""
        self.create('/shut', acl=[ACL(16, 'world', 'anyone')])
        self.assertEqual(
            self.database.tree.find('/shut').stat(),
            self.read(OpCode.EXISTS, '/shut', False).stat)

    def test_exists_null_character(self):
        """A path with a null character is no path."""
        self.assertEqual(Code.BAD_ARGUMENTS, self.watch('/\0').error)

    def test_get_data(self):
        """Data come with metadata."""
        self.database.set('/a', b'data')
        self.assertEqual(
            (b'data', self.database.tree.find('/a').stat()),
            self.read(OpCode.GET_DATA, '/a', True))
        self.assertEqual(1, len(self.database.watches.data))

    def test_get_children(self):
        """Children come without or with metadata."""
        self.assertEqual(
            (['b', 'c'],), self.read(OpCode.GET_CHILDREN, '/a', False))
        self.assertEqual(
            (['b', 'c'], self.database.tree.find('/a').stat()),
            self.read(OpCode.GET_CHILDREN2, '/a', True))
        self.assertEqual(1, len(self.database.watches.children))

    def test_get_acl(self):
        """Who may not change an ACL does not see its digests."""
        acl = [ACL(31, 'digest', 'a:b'), ACL(1, 'world', 'anyone')]
        self.create('/shut', acl=acl)
        self.assertEqual(
            [ACL(31, 'digest', 'a:x'), ACL(1, 'world', 'anyone')],
            self.read(OpCode.GET_ACL, '/shut').acl)
        self.assertEqual(
            list(acls.OPEN), self.read(OpCode.GET_ACL, '/a').acl)

    def test_sync(self):
        """A sync returns its path, be there a node or not."""
        self.assertEqual(('/no',), self.read(OpCode.SYNC, '/no'))

    def test_get_ephemerals(self):
        """A session's ephemeral nodes can be asked, below a prefix."""
        self.create('/e', flags=1)
        self.create('/a/e', flags=1)
        for prefix, paths in (
                (None, ['/e', '/a/e']), ('/', ['/e', '/a/e']),
                ('/a', ['/a/e']), ('/no', [])):
            self.assertEqual(
                (paths,), self.read(OpCode.GET_EPHEMERALS, prefix))

    def test_count(self):
        """The number of all nodes below a path can be asked."""
        self.assertEqual(
            (2,), self.read(OpCode.GET_ALL_CHILDREN_NUMBER, '/a'))
        self.assertEqual(
            (6,), self.read(OpCode.GET_ALL_CHILDREN_NUMBER, '/'))

    def test_who_am_i(self):
        """A client may ask who it is."""
        self.ask(OpCode.AUTH, records.AuthPacket(0, 'digest', b'a:b'))
        self.assertEqual(
            ([('ip', '127.0.0.1'), ('digest', 'a')],),
            self.ask(OpCode.WHO_AM_I).body)


class MultiReadTest(DatabaseCase):

    def read(self, *ops):
        reply = self.ask(OpCode.MULTI_READ, multi.format_ops(
            multi.Op(type, records.WatchedRequest(path, True))
            for type, path in ops))
        return reply.error, multi.parse_results(reply.body)

    def test_each(self):
        """Each operation has its own result; no watches are set."""
        self.create('/a')
        self.create('/shut', acl=[ACL(16, 'world', 'anyone')])
        code, results = self.read(
            (OpCode.GET_DATA, '/a'), (OpCode.GET_CHILDREN, '/'),
            (OpCode.GET_DATA, '/no'), (OpCode.GET_CHILDREN, '/shut'))
        self.assertEqual(Code.OK, code)
        self.assertEqual([
            (b'', self.database.tree.find('/a').stat()),
            (['zookeeper', 'a', 'shut'],),
            (Code.NO_NODE,), (Code.NO_AUTH,)],
            [result.record for result in results])
        self.assertEqual(0, len(self.database.watches))

    def test_wrong_as_a_whole(self):
        """A null path ends it; what was read so far is sent, as there."""
        code, results = self.read(
            (OpCode.GET_CHILDREN, '/'), (OpCode.GET_DATA, None))
        self.assertEqual((Code.MARSHALLING_ERROR, 1), (code, len(results)))

    def test_writes(self):
        """What writes is no operation of it."""
        reply = self.ask(OpCode.MULTI_READ, multi.format_ops([
            multi.Op(OpCode.DELETE, records.VersionRequest('/', 0))]))
        self.assertEqual(Code.MARSHALLING_ERROR, reply.error)

    def test_too_much(self):
        """What one reply gathers has a limit."""
        self.database.create('/big', bytes(1000))
        with unittest.mock.patch.object(reads, 'MAX_REPLY', 2500):
            code, results = self.read(*[(OpCode.GET_DATA, '/big')] * 9)
        self.assertEqual((Code.MARSHALLING_ERROR, 3), (code, len(results)))


class WatchTest(DatabaseCase):

    def set_watches(self, since, data=(), exist=(), child=(), **more):
        if more:
            return self.ask(OpCode.SET_WATCHES2, records.SetWatches2(
                since, list(data), list(exist), list(child),
                more.get('persistent'), more.get('recursive')))
        return self.ask(OpCode.SET_WATCHES, records.SetWatches(
            since, list(data), list(exist), list(child)), xid=-8)

    def told(self):
        return [event for _, event in self.events()]

    def test_what_has_changed(self):
        """What changed since is told before the reply."""
        self.create('/a')
        reply = self.set_watches(
            0, ['/', '/a', '/no'], ['/a'], ['/', '/no'])
        self.assertEqual((-8, Code.OK, None), (
            reply.xid, reply.error, reply.body))
        self.assertEqual([
            WatchEvent(DATA, '/a'), WatchEvent(DELETED, '/no'),
            WatchEvent(CREATED, '/a'), WatchEvent(CHILDREN, '/'),
            WatchEvent(DELETED, '/no')], self.told())
        # The root's data did not change: that watch is armed.
        self.assertEqual(1, len(self.database.watches))

    def test_what_has_not(self):
        """What did not change since is watched."""
        self.create('/a')
        self.set_watches(self.database.zxid, ['/a'], ['/no'], ['/'])
        self.assertEqual(([], 3), (self.told(), len(self.database.watches)))

    def test_persistent(self):
        """SetWatches2 has those of addWatch, too."""
        self.set_watches(0, persistent=['/a'], recursive=['/b'])
        self.create('/a')
        self.create('/b')
        self.create('/b/c')
        self.assertEqual(
            [WatchEvent(CREATED, path) for path in ('/a', '/b', '/b/c')],
            self.told())

    def test_null(self):
        """No list, or no path in one, is an error."""
        for reply in (
                self.set_watches(0, [None]),
                self.set_watches(0, persistent=None, recursive=[])):
            self.assertEqual(Code.MARSHALLING_ERROR, reply.error)

    def test_add_watch(self):
        """A watch may be persistent (0) or recursive, too (1)."""
        for mode, code in ((0, Code.OK), (1, Code.OK),
                           (2, Code.MARSHALLING_ERROR)):
            reply = self.ask(
                OpCode.ADD_WATCH, records.WatchTypeRequest('/a', mode))
            self.assertEqual(code, reply.error)
        self.assertEqual(Code.MARSHALLING_ERROR, self.ask(
            OpCode.ADD_WATCH, records.WatchTypeRequest(None, 0)).error)

    def test_check_and_remove(self):
        """Watches are checked and removed by kind: children 1, data 2."""
        self.watch('/a')
        for type in (OpCode.CHECK_WATCHES, OpCode.REMOVE_WATCHES):
            for kind, code in (
                    (1, Code.NO_WATCHER), (3, Code.OK),
                    (0, Code.MARSHALLING_ERROR), (4, Code.MARSHALLING_ERROR)):
                self.assertEqual(code, self.ask(
                    type, records.WatchTypeRequest('/a', kind)).error)
        self.assertEqual(Code.NO_WATCHER, self.ask(
            OpCode.CHECK_WATCHES, records.WatchTypeRequest('/a', 3)).error)
