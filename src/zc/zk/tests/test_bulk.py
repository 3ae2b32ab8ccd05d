import unittest
from unittest import mock

from kazoo.client import KazooClient
from kazoo.exceptions import BadVersionError
from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError
from kazoo.exceptions import OperationTimeoutError
from kazoo.exceptions import RolledBackError
from kazoo.exceptions import RuntimeInconsistency
from kazoo.exceptions import SessionExpiredError
from kazoo.exceptions import UnimplementedError
from kazoo.handlers.threading import SequentialThreadingHandler
from kazoo.protocol.states import Callback
from kazoo.protocol.states import EventType
from kazoo.protocol.states import ZnodeStat
from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import READ_ACL_UNSAFE
from kazoo.security import make_digest_acl

import zc.zk.testing
from zc.zk import _bulk
from zc.zk._bulk import CHILDREN
from zc.zk._bulk import DATA
from zc.zk._bulk import Bulk
from zc.zk._bulk import Check
from zc.zk._bulk import Create
from zc.zk._bulk import Delete
from zc.zk._bulk import SetData
from zc.zk._bulk import TransactionFailed
from zc.zk.errors import TooLarge
from zc.zk.tests.base import ZooKeeperCase


SYNC = 9
HIDDEN = [make_digest_acl('someone', 'else', all=True)]


class Case(ZooKeeperCase):

    tree = '/a\n  x = 1\n  /b\n  /c\n'

    def setUp(self):
        super().setUp()
        self.client = self.zk().client
        self.bulk = Bulk(self.client)
        self.requests = []
        call = self.client._call

        def counting(request, result):
            self.requests.append(request)
            return call(request, result)

        self.client._call = counting

    def types(self):
        """Return the types of the requests since the last call.

        Those of the test support, which waits for effects, do not count.
        """
        found = [request.type for request in self.requests
                 if request.type != SYNC]
        del self.requests[:]
        return found

    def make(self, *paths, data=b''):
        """Create nodes; their data are their paths, or `data`."""
        for batch in self.bulk.batches(
                Create(path, data or path.encode(), OPEN_ACL_UNSAFE)
                for path in paths):
            self.bulk.commit(batch)
        del self.requests[:]

    def outside(self):
        """Return a plain kazoo client, without a chroot of its own."""
        client = KazooClient(
            zc.zk.testing.testing_with_real_zookeeper()
            or self.ZooKeeper.connection_string)
        self.addCleanup(client.close)
        self.addCleanup(client.stop)
        client.start()
        return client


class Reads(Case):

    def test_one_request(self):
        """Many reads of data are one request, results in their order."""
        paths = [f'/n{number}' for number in range(50)]
        self.make(*paths)
        found = self.bulk.data(paths[::-1])
        self.assertEqual([_bulk._MULTI_READ], self.types())
        self.assertEqual([path.encode() for path in paths[::-1]],
                         [data for data, stat in found])
        self.assertEqual(self.client.get('/n49')[1], found[0][1])
        self.assertIsInstance(found[0][1], ZnodeStat)

    def test_few(self):
        """Few reads go as kazoo's own requests, which have the same results.
        """
        few = self.bulk.data(['/a', '/a/b', '/no'])
        self.assertEqual([4, 4, 4], self.types())
        many = self.bulk.data(['/a', '/a/b', '/no', '/'])
        self.assertEqual(few[:2], many[:2])
        self.assertIsInstance(few[2], NoNodeError)
        self.assertIsInstance(many[2], NoNodeError)

    def test_none(self):
        """Nothing asked for, nothing sent."""
        self.assertEqual([], self.bulk.data([]))
        self.assertEqual([], self.bulk.children([]))
        self.assertEqual([], self.bulk.acls([]))
        self.assertEqual([], self.types())

    def test_children(self):
        """Children come as lists of names."""
        for wanted in (['/a', '/a/b', '/no'], ['/a', '/a/b', '/no', '/']):
            found = self.bulk.children(wanted)
            self.assertEqual(['b', 'c'], sorted(found[0]))
            self.assertEqual([], found[1])
            self.assertIsInstance(found[2], NoNodeError)
        self.assertEqual(['a', 'zookeeper'], sorted(found[3]))

    def test_mixed(self):
        """Data and children can be asked for in one request."""
        found = self.bulk.read([
            (DATA, '/a'), (CHILDREN, '/a'), (DATA, '/a/b'), (CHILDREN, '/no'),
            (DATA, '/no')])
        self.assertEqual(b'{"x":1}', found[0][0])
        self.assertEqual(['b', 'c'], sorted(found[1]))
        self.assertEqual(b'{}', found[2][0])
        self.assertIsInstance(found[3], NoNodeError)
        self.assertIsInstance(found[4], NoNodeError)
        self.assertEqual([_bulk._MULTI_READ], self.types())

    def test_errors(self):
        """Each read has its own error; the others do not suffer."""
        self.client.create('/hidden', b'secret', HIDDEN)
        # The end of the test could not look below it.
        self.addCleanup(self.client.delete, '/hidden')
        paths = ['/a', '/hidden', '/no', '/a/b']
        for wanted in paths, paths[:3]:
            for kind in DATA, CHILDREN:
                found = self.bulk.read([(kind, path) for path in wanted])
                self.assertNotIsInstance(found[0], Exception)
                self.assertIsInstance(found[1], NoAuthError)
                self.assertIsInstance(found[2], NoNodeError)
        self.assertNotIsInstance(found[-1], tuple)

    def test_null(self):
        """Data that another client left null are empty."""
        self.client.create('/null', None)
        self.assertEqual(b'', self.bulk.data(['/null'])[0][0])
        self.assertEqual(b'', self.bulk.data(['/null'] * 9)[0][0])

    def test_names(self):
        """Names and data need not be ASCII."""
        self.make('/\xe9', '/\xe9/\u6f22', data=b'\xff\0')
        for extra in [], ['/'] * 4:
            wanted = [(CHILDREN, '/\xe9'), (DATA, '/\xe9/\u6f22')]
            found = self.bulk.read(wanted + [(DATA, each) for each in extra])
            self.assertEqual(['\u6f22'], found[0])
            self.assertEqual(b'\xff\0', found[1][0])

    def test_batches_by_count(self):
        """A request holds at most so many reads; a few are under way."""
        paths = [f'/n{number}' for number in range(45)]
        self.make(*paths)
        with mock.patch.object(_bulk, 'BATCH_READS', 10):
            found = self.bulk.data(paths)
        self.assertEqual([_bulk._MULTI_READ] * 5, self.types())
        self.assertEqual([path.encode() for path in paths],
                         [data for data, stat in found])

    def test_batches_by_bytes(self):
        """A request stays below the limit of bytes, chroot included."""
        paths = [f'/{number:0>200}' for number in range(30)]
        self.make(*paths)
        with mock.patch.object(_bulk, 'BATCH_BYTES', 5_000):
            found = self.bulk.data(paths)
        for request in self.requests:
            self.assertLess(len(request._payload), 5_000)
        self.assertGreater(len(self.types()), 5)
        self.assertEqual([path.encode() for path in paths],
                         [data for data, stat in found])

    def test_one_long_path(self):
        """A path over the limit of a batch goes alone."""
        paths = [f'/{number:0>200}' for number in range(4)]
        self.make(*paths)
        with mock.patch.object(_bulk, 'BATCH_BYTES', 100):
            found = self.bulk.data(paths)
        self.assertEqual([_bulk._MULTI_READ] * 4, self.types())
        self.assertEqual([path.encode() for path in paths],
                         [data for data, stat in found])

    def test_large_replies(self):
        """Replies of large data make the next requests smaller."""
        paths = [f'/n{number}' for number in range(40)]
        self.make(*paths, data=b'x' * 1000)
        with mock.patch.object(_bulk, 'BATCH_BYTES', 10_000):
            self.bulk.data(paths)
            del self.requests[:]
            found = self.bulk.data(paths)
        self.assertGreaterEqual(len(self.types()), 4)
        self.assertEqual(40, len(found))

    def test_large(self):
        """Reads of more than one reply can hold are all answered."""
        paths = [f'/n{number}' for number in range(6)]
        data = b'x' * 900_000
        self.make(*paths, data=data)
        self.assertEqual([data] * 12, [
            each[0] for each in self.bulk.data(paths * 2)])

    def test_acls(self):
        """ACLs come in order, with an error where there is one."""
        self.client.create('/read', b'', READ_ACL_UNSAFE)
        found = self.bulk.acls(['/read', '/no', '/a'])
        self.assertEqual(READ_ACL_UNSAFE, found[0][0])
        self.assertIsInstance(found[0][1], ZnodeStat)
        self.assertIsInstance(found[1], NoNodeError)
        self.assertEqual(OPEN_ACL_UNSAFE, found[2][0])

    def test_old_server(self):
        """With a server that does not know multi-reads, others are used.

        A server that gets a request it does not know says so, and then
        drops the connection.
        """
        paths = ['/a', '/a/b', '/no', '/a/c']
        expected = self.bulk.data(paths)
        with mock.patch.object(_bulk, '_MULTI_READ', 99):
            found = self.bulk.data(paths)
        self.assertEqual(expected[:2], found[:2])
        self.assertIsInstance(found[2], NoNodeError)
        self.assertEqual(expected[3], found[3])
        del self.requests[:]
        self.bulk.data(paths)
        self.assertEqual([4] * 4, self.types())

    def test_last_zxid(self):
        """The last zxid grows with each write."""
        before = self.bulk.last_zxid
        self.client.set('/a', b'')
        self.assertGreater(self.bulk.last_zxid, before)

    def test_current_zxid(self):
        """A client that had no reply yet asks for one."""
        client = self.outside()
        bulk = Bulk(client)
        if not client.last_zxid:
            self.assertEqual(0, bulk.last_zxid)
        zxid = bulk.current_zxid()
        self.assertGreater(zxid, 0)
        self.assertEqual(zxid, bulk.current_zxid())
        self.assertEqual(zxid, bulk.last_zxid)

    def test_chroot(self):
        """Paths are those below the chroot."""
        outside = self.outside()
        root = self.zookeeper_root
        self.assertEqual(root, self.client.chroot)
        inside = self.bulk.data(['/', '/a', '/a/b', '/a/c'])
        found = Bulk(outside).data(
            [root, root + '/a', root + '/a/b', root + '/a/c'])
        self.assertEqual(found, inside)


class Writes(Case):

    def test_results(self):
        """A transaction has a result for each operation."""
        version = self.client.get('/a')[1].version
        self.types()
        found = self.bulk.commit([
            Create('/n', b'1', OPEN_ACL_UNSAFE),
            Create('/n/m', b'2', READ_ACL_UNSAFE, True),
            SetData('/a', b'3', version),
            Check('/a/b', 0),
            Delete('/a/b', 0),
        ])
        self.assertEqual([_bulk._MULTI], self.types())
        self.assertEqual(['/n', '/n/m', True, True], found[:2] + found[3:])
        self.assertIsInstance(found[2], ZnodeStat)
        self.assertEqual(b'3', self.client.get('/a')[0])
        self.assertEqual(version + 1, found[2].version)
        self.assertEqual(self.client.exists('/a').mzxid, found[2].mzxid)
        self.assertEqual(b'1', self.client.get('/n')[0])
        self.assertEqual(0, self.client.exists('/n').ephemeralOwner)
        self.assertEqual(self.client.client_id[0],
                         self.client.exists('/n/m').ephemeralOwner)
        self.assertEqual(READ_ACL_UNSAFE, self.client.get_acls('/n/m')[0])
        self.assertIsNone(self.client.exists('/a/b'))

    def test_nothing(self):
        """A transaction of nothing has no results."""
        self.assertEqual([], self.bulk.commit([]))

    def test_rolled_back(self):
        """One bad operation undoes all, and is named by its place."""
        for op, error in (
                (Create('/a', b'', OPEN_ACL_UNSAFE), NodeExistsError),
                (Create('/no/m', b'', OPEN_ACL_UNSAFE), NoNodeError),
                (SetData('/a', b'', 99), BadVersionError),
                (Delete('/a/b', 99), BadVersionError),
                (Check('/a', 99), BadVersionError),
                (Check('/no', -1), NoNodeError)):
            with self.subTest(op=op):
                with self.assertRaises(TransactionFailed) as caught:
                    self.bulk.commit([
                        Create('/n', b'', OPEN_ACL_UNSAFE), op,
                        Delete('/a/c', -1)])
                failure = caught.exception
                self.assertEqual(1, failure.index)
                self.assertEqual(op, failure.op)
                self.assertIs(error, type(failure.error))
                self.assertEqual(
                    f'{error.__name__} at {op.path}', str(failure))
                self.assertIsNone(self.client.exists('/n'))
                self.assertIsNotNone(self.client.exists('/a/c'))

    def test_first_fails(self):
        """The first operation can be the bad one."""
        with self.assertRaises(TransactionFailed) as caught:
            self.bulk.commit([Delete('/no', -1), Delete('/a/c', -1)])
        self.assertEqual(0, caught.exception.index)
        self.assertIsInstance(caught.exception.error, NoNodeError)

    def test_no_blame(self):
        """Where the server blames no operation, the first has the error."""
        for errors in ([RolledBackError(), RuntimeInconsistency()],
                       [RuntimeInconsistency(), RuntimeInconsistency()]):
            result = mock.Mock()
            result.get.return_value = errors
            pending = _bulk.PendingCommit(
                self.bulk, [Check('/a', 0), Check('/b', 0)], result)
            with self.assertRaises(TransactionFailed) as caught:
                pending.get()
            self.assertEqual(0, caught.exception.index)
            self.assertIs(errors[0], caught.exception.error)

    def test_in_flight(self):
        """Transactions under way are applied in their order."""
        pending = [
            self.bulk.commit_async([Create('/n', b'', OPEN_ACL_UNSAFE)]),
            self.bulk.commit_async([SetData('/n', b'1', 0)]),
            self.bulk.commit_async([SetData('/n', b'no', 0)]),
            self.bulk.commit_async([SetData('/n', b'2', 1)]),
        ]
        self.assertEqual(['/n'], pending[0].get())
        pending[1].get()
        with self.assertRaises(TransactionFailed):
            pending[2].get()
        pending[3].get()
        self.assertEqual(b'2', self.client.get('/n')[0])

    def test_names(self):
        """Names, data and ACLs need not be ASCII."""
        acl = [*OPEN_ACL_UNSAFE, make_digest_acl('\xe9', 'x', all=True)]
        self.bulk.commit([Create('/\xe9', b'\xff\0', acl)])
        self.assertEqual(acl, self.bulk.acls(['/\xe9'])[0][0])
        self.assertEqual(['a', 'zookeeper', '\xe9'],
                         sorted(self.client.get_children('/')))

    def test_acls(self):
        """However many ACLs there are, each is packed rightly."""
        acls = [
            [*OPEN_ACL_UNSAFE, make_digest_acl(f'u{number}', 'x', read=True)]
            for number in range(120)]
        self.bulk.commit([Create(f'/n{number}', b'', acl)
                          for number, acl in enumerate(acls)])
        found = self.bulk.acls([f'/n{number}' for number in range(120)])
        self.assertEqual(acls, [acl for acl, _ in found])
        self.assertLessEqual(len(_bulk._packed_acls), 100)

    def test_chroot(self):
        """Paths of writes are those below the chroot, the root's too."""
        self.bulk.commit([SetData('/', b'root', -1),
                          Create('/n', b'', OPEN_ACL_UNSAFE)])
        outside = self.outside()
        root = self.zookeeper_root
        self.assertEqual(b'root', outside.get(root)[0])
        self.assertIsNotNone(outside.exists(root + '/n'))
        found = Bulk(outside).commit(
            [Create(root + '/m', b'', OPEN_ACL_UNSAFE)])
        self.assertEqual([root + '/m'], found)

    def test_too_large(self):
        """A transaction over the limit is not sent; it names the largest."""
        with self.assertRaises(TooLarge) as caught:
            self.bulk.commit([
                Delete('/a', -1),
                SetData('/a', b'x' * 500_000, -1),
                SetData('/a/b', b'x' * 600_000, -1)])
        self.assertEqual('/a/b', caught.exception.path)
        self.assertEqual(_bulk.JUTE_MAXBUFFER, caught.exception.limit)
        self.assertEqual([], self.types())

    def test_largest(self):
        """What is just below the limit is taken, and comes back."""
        data = b'x' * (_bulk.JUTE_MAXBUFFER - 100 - 60 - len('/n')
                       - len(self.client.chroot))
        op = Create('/n', data, OPEN_ACL_UNSAFE)
        self.bulk.check_size(op)
        [batch] = self.bulk.batches([op])
        self.bulk.commit(batch)
        self.assertEqual(data, self.bulk.data(['/n'] * 4)[3][0])

    def test_check_size(self):
        """An operation over the limit is refused, with its sizes."""
        data = b'x' * _bulk.JUTE_MAXBUFFER
        for op in (Create('/n', data, OPEN_ACL_UNSAFE),
                   SetData('/n', data, -1)):
            for check in (self.bulk.check_size,
                          lambda op: list(self.bulk.batches([op]))):
                with self.assertRaises(TooLarge) as caught:
                    check(op)
                self.assertEqual(
                    'data of /n: 1048575 bytes do not fit in a request of '
                    '1048575 bytes (jute.maxbuffer)', str(caught.exception))
        long = '/' + 'n' * _bulk.JUTE_MAXBUFFER
        with self.assertRaises(TooLarge) as caught:
            self.bulk.check_size(Delete(long, -1))
        self.assertEqual(0, caught.exception.size)


class Batches(unittest.TestCase):

    def setUp(self):
        self.bulk = Bulk(mock.Mock(chroot='/\xe9'))

    def sizes(self, ops):
        return [len(batch) for batch in self.bulk.batches(ops)]

    def test_none(self):
        """No operations make no transaction."""
        self.assertEqual([], self.sizes([]))

    def test_count(self):
        """A transaction holds at most so many operations, in their order."""
        ops = [Delete(f'/{number}', -1) for number in range(2_500)]
        self.assertEqual([1000, 1000, 500], self.sizes(ops))
        self.assertEqual(
            ops, [op for batch in self.bulk.batches(iter(ops))
                  for op in batch])

    def test_bytes(self):
        """A transaction holds at most so many bytes."""
        ops = [SetData('/a', b'x' * 300_000, -1)] * 7
        self.assertEqual([3, 3, 1], self.sizes(ops))
        ops = [Create('/a', b'x' * 600_000, OPEN_ACL_UNSAFE)] * 2
        self.assertEqual([1, 1], self.sizes(ops))

    def test_alone(self):
        """Between a batch's limit and the server's, one goes alone."""
        size = _bulk.BATCH_BYTES + 1000
        ops = [Delete('/a', -1), SetData('/a', b'x' * size, -1),
               Delete('/a', -1)]
        self.assertEqual([1, 1, 1], self.sizes(ops))

    def test_size(self):
        """The size that is counted is the size that is sent."""
        for op in (Create('/n\u6f22', b'123', READ_ACL_UNSAFE),
                   Create('/n', b'', OPEN_ACL_UNSAFE, True),
                   SetData('/n', b'123', 7), Delete('/n\xe9', 7),
                   Check('/n', -1)):
            self.assertEqual(
                len(_bulk._pack_op('/\xe9', op)),
                _bulk._op_size(op) + self.bulk._chroot_size(), op)


class Watches(Case):

    def setUp(self):
        super().setUp()
        self.events = []
        self.other = self.zk()

    def watcher(self, event):
        self.events.append((event.type, event.path))

    def seen(self):
        """Return the events so far, sorted, and forget them."""
        # kazoo calls watchers one after the other, in one thread.
        self.client.sync('/')
        done = self.client.handler.event_object()
        self.client.handler.dispatch_callback(
            Callback('watch', done.set, ()))
        done.wait(20)
        found = sorted(self.events)
        del self.events[:]
        return found

    def test_later_changes(self):
        """What changes later fires once."""
        self.bulk.set_watches(
            self.bulk.current_zxid(), self.watcher, ['/a'], ['/no'], ['/a'])
        self.assertEqual([], self.seen())
        self.other.set('/a', b'1')
        self.assertEqual([(EventType.CHANGED, '/a')], self.seen())
        self.other.set('/a', b'2')
        self.other.set('/a/b', b'2')
        self.assertEqual([], self.seen())
        self.other.create('/a/d')
        self.other.create('/no')
        self.assertEqual([(EventType.CHILD, '/a'),
                          (EventType.CREATED, '/no')], self.seen())

    def test_earlier_changes(self):
        """What changed since the zxid fires at once; all else waits."""
        self.client.create('/gone')
        zxid = self.bulk.last_zxid
        self.other.set('/a/b', b'changed')
        self.other.create('/a/d')
        self.other.create('/came')
        self.other.delete('/gone')
        self.bulk.set_watches(
            zxid, self.watcher, ['/a', '/a/b', '/gone'], ['/no', '/came'],
            ['/a', '/a/b'])
        self.assertEqual([
            (EventType.CHANGED, '/a/b'), (EventType.CHILD, '/a'),
            (EventType.CREATED, '/came'), (EventType.DELETED, '/gone'),
        ], self.seen())
        self.other.set('/a', b'1')
        self.other.create('/a/b/e')
        self.other.create('/no')
        self.assertEqual([
            (EventType.CHANGED, '/a'), (EventType.CHILD, '/a/b'),
            (EventType.CREATED, '/no')], self.seen())

    def test_many(self):
        """Watches that fill several requests are all set, chroot included.
        """
        paths = [f'/n{number}' for number in range(30_000)]
        zxid = self.bulk.current_zxid()
        del self.requests[:]
        self.bulk.set_watches(zxid, self.watcher, [], paths, [])
        for request in self.requests:
            self.assertLess(len(request._payload), _bulk.JUTE_MAXBUFFER)
        self.assertGreater(len(self.types()), 1)
        for path in paths[0], paths[15_000], paths[-1]:
            self.other.create(path)
            self.assertEqual([(EventType.CREATED, path)], self.seen())

    def test_none(self):
        """No watches may be asked for."""
        self.bulk.set_watches(
            self.bulk.current_zxid(), self.watcher, [], [], [])
        self.assertEqual([], self.seen())

    def test_remove(self):
        """Watches that were taken away do not fire, nor wait anywhere."""
        self.bulk.set_watches(
            self.bulk.current_zxid(), self.watcher, ['/a'], ['/no'], ['/a'])
        self.bulk.remove_watches(
            self.watcher, [(DATA, '/a'), (DATA, '/no'), (CHILDREN, '/a')])
        self.assertFalse(self.client._data_watchers)
        self.assertFalse(self.client._child_watchers)
        self.other.set('/a', b'1')
        self.other.create('/a/d')
        self.other.create('/no')
        self.assertEqual([], self.seen())

    def test_remove_one_kind(self):
        """A node's other watch stays."""
        self.bulk.set_watches(
            self.bulk.current_zxid(), self.watcher, ['/a'], [], ['/a'])
        self.bulk.remove_watches(self.watcher, [(DATA, '/a')])
        self.other.set('/a', b'1')
        self.other.create('/a/d')
        self.assertEqual([(EventType.CHILD, '/a')], self.seen())

    def test_remove_shared(self):
        """A watch that another watcher shares stays in the server."""
        shared = []
        self.bulk.set_watches(
            self.bulk.current_zxid(), self.watcher, ['/a'], [], ['/a'])
        self.client.get('/a', watch=shared.append)
        self.client.get_children('/a', watch=shared.append)
        del self.requests[:]
        self.bulk.remove_watches(
            self.watcher, [(DATA, '/a'), (CHILDREN, '/a')])
        self.assertEqual([], self.types())
        self.other.set('/a', b'1')
        self.other.create('/a/d')
        self.assertEqual([], self.seen())
        self.assertEqual([EventType.CHANGED, EventType.CHILD],
                         sorted(event.type for event in shared))

    def test_remove_what_is_gone(self):
        """Taking away what is not there is well, and harms nobody."""
        self.bulk.remove_watches(
            self.watcher, [(DATA, '/a'), (CHILDREN, '/no')])
        self.assertIsNotNone(self.client.exists('/a'))

    def test_remove_disconnected(self):
        """So it is without a connection."""
        self.client.stop()
        self.bulk.remove_watches(self.watcher, [(DATA, '/a')])


class Trouble(unittest.TestCase):

    def setUp(self):
        self.handler = SequentialThreadingHandler()
        self.client = mock.Mock(handler=self.handler, chroot='')
        self.bulk = Bulk(self.client, timeout=0.01)

    def result(self, value=None, error=None):
        result = self.handler.async_result()
        if error is not None:
            result.set_exception(error)
        else:
            result.set(value)
        return result

    def test_timeout(self):
        """No reply in time is an error that says how long it took."""
        with self.assertRaises(OperationTimeoutError) as caught:
            self.bulk.wait(self.handler.async_result())
        self.assertEqual('no reply within 0.01 seconds',
                         str(caught.exception))
        self.assertTrue(_bulk.is_connection_error(caught.exception))

    def test_value(self):
        """A reply's value or error is handed on."""
        self.assertEqual(1, self.bulk.wait(self.result(1)))
        with self.assertRaises(NoNodeError):
            self.bulk.wait(self.result(error=NoNodeError()))

    def test_connection(self):
        """An error of the connection is raised, not taken for a node's."""
        for error in (ConnectionLoss(), SessionExpiredError()):
            self.client.get_async.side_effect = [
                self.result((b'', None)), self.result(error=error)]
            with self.assertRaises(type(error)):
                self.bulk.data(['/a'])
                self.bulk.data(['/b'])

    def test_connection_in_multi_read(self):
        """So it is in a request for many."""
        def lose(request, result):
            result.set_exception(ConnectionLoss())

        self.client._call = lose
        with self.assertRaises(ConnectionLoss):
            self.bulk.data(['/a'] * 10)

    def test_old_server_drops(self):
        """Of a connection dropped again and again, the error is told."""
        def refuse(request, result):
            result.set_exception(UnimplementedError())

        self.client._call = refuse
        self.client.get_async.side_effect = lambda path: self.result(
            error=ConnectionLoss())
        with self.assertRaises(ConnectionLoss):
            self.bulk.data(['/a'] * 10)

    def test_is_connection_error(self):
        """Errors of the connection are told from those of nodes."""
        for name in ('AuthFailedError', 'ConnectionClosedError',
                     'ConnectionDropped', 'ConnectionLoss',
                     'OperationTimeoutError', 'SessionExpiredError',
                     'SessionMovedError'):
            import kazoo.exceptions
            error = getattr(kazoo.exceptions, name)()
            self.assertTrue(_bulk.is_connection_error(error), name)
        for error in (NoNodeError(), NoAuthError(), BadVersionError(),
                      ValueError()):
            self.assertFalse(_bulk.is_connection_error(error))

    def test_request(self):
        """What kazoo logs of a request has no data in it."""
        request = _bulk._Request(14, b'secret', _bulk._read_nothing)
        self.assertEqual('<request 14, 6 bytes>', repr(request))
