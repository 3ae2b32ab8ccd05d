"""Reads in bulk."""
from unittest import mock

from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError
from kazoo.protocol.states import ZnodeStat
from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import READ_ACL_UNSAFE
from kazoo.security import make_digest_acl

from zc.zk._session import reads
from zc.zk._session import wire
from zc.zk._session.requests import Bulk
from zc.zk._session.wire import CHILDREN
from zc.zk._session.wire import DATA
from zc.zk.tests.bulkcase import Case


HIDDEN = [make_digest_acl('someone', 'else', all=True)]


class Reads(Case):

    def test_one_request(self):
        """Many reads of data are one request, results in their order."""
        paths = [f'/n{number}' for number in range(50)]
        self.make(*paths)
        found = self.bulk.data(paths[::-1])
        self.assertEqual([wire.MULTI_READ], self.types())
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
        self.assertEqual([wire.MULTI_READ], self.types())

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
        with mock.patch.object(reads, 'BATCH_READS', 10):
            found = self.bulk.data(paths)
        self.assertEqual([wire.MULTI_READ] * 5, self.types())
        self.assertEqual([path.encode() for path in paths],
                         [data for data, stat in found])

    def test_batches_by_bytes(self):
        """A request stays below the limit of bytes, chroot included."""
        paths = [f'/{number:0>200}' for number in range(30)]
        self.make(*paths)
        with mock.patch.object(self.bulk, 'batch_bytes', 5_000):
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
        with mock.patch.object(self.bulk, 'batch_bytes', 100):
            found = self.bulk.data(paths)
        self.assertEqual([wire.MULTI_READ] * 4, self.types())
        self.assertEqual([path.encode() for path in paths],
                         [data for data, stat in found])

    def test_large_replies(self):
        """Replies of large data make the next requests smaller."""
        paths = [f'/n{number}' for number in range(40)]
        self.make(*paths, data=b'x' * 1000)
        with mock.patch.object(self.bulk, 'batch_bytes', 10_000):
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
        with mock.patch.object(reads, 'MULTI_READ', 99):
            found = self.bulk.data(paths)
        self.assertEqual(expected[:2], found[:2])
        self.assertIsInstance(found[2], NoNodeError)
        self.assertEqual(expected[3], found[3])
        del self.requests[:]
        self.bulk.data(paths)
        self.assertEqual([4] * 4, self.types())

    def test_old_server_with_many_reads(self):
        """Who had reads under way when another found out reads again."""
        paths = ['/a', '/a/b', '/no', '/a/c']
        with mock.patch.object(reads, 'MULTI_READ', 99):
            first, second = (
                self.bulk.read_async([(DATA, path) for path in paths])
                for _ in range(2))
            found = first.get()
            again = second.get()
        self.assertEqual(found[0], again[0])
        self.assertIsInstance(found[2], NoNodeError)
        self.assertFalse(self.bulk.knows_multi_read)

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
