"""Transactions."""
import unittest
from unittest import mock

from kazoo.exceptions import BadVersionError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError
from kazoo.exceptions import RolledBackError
from kazoo.exceptions import RuntimeInconsistency
from kazoo.protocol.states import ZnodeStat
from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import READ_ACL_UNSAFE
from kazoo.security import make_digest_acl

from zc.zk._session import requests
from zc.zk._session import transactions
from zc.zk._session import wire
from zc.zk._session.requests import Bulk
from zc.zk._session.transactions import TransactionFailed
from zc.zk._session.wire import CheckVersion
from zc.zk._session.wire import Create
from zc.zk._session.wire import Delete
from zc.zk._session.wire import SetData
from zc.zk.errors import TooLarge
from zc.zk.tests.bulkcase import Case


class Writes(Case):

    def test_results(self):
        """A transaction has a result for each operation."""
        version = self.client.get('/a')[1].version
        self.types()
        found = self.bulk.commit([
            Create('/n', b'1', OPEN_ACL_UNSAFE),
            Create('/n/m', b'2', READ_ACL_UNSAFE, True),
            SetData('/a', b'3', version),
            CheckVersion('/a/b', 0),
            Delete('/a/b', 0),
        ])
        self.assertEqual([wire.MULTI], self.types())
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
                (CheckVersion('/a', 99), BadVersionError),
                (CheckVersion('/no', -1), NoNodeError)):
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
            pending = transactions.PendingCommit(
                self.bulk,
                [CheckVersion('/a', 0), CheckVersion('/b', 0)], result)
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
        self.assertLessEqual(len(wire._packed_acls), 100)

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
        self.assertEqual(requests.JUTE_MAXBUFFER, caught.exception.limit)
        self.assertEqual([], self.types())

    def test_largest(self):
        """What is just below the limit is taken, and comes back."""
        data = b'x' * (requests.JUTE_MAXBUFFER - 100 - 60 - len('/n')
                       - len(self.client.chroot))
        op = Create('/n', data, OPEN_ACL_UNSAFE)
        self.bulk.check_size(op)
        [batch] = self.bulk.batches([op])
        self.bulk.commit(batch)
        self.assertEqual(data, self.bulk.data(['/n'] * 4)[3][0])

    def test_check_size(self):
        """An operation over the limit is refused, with its sizes."""
        data = b'x' * requests.JUTE_MAXBUFFER
        for op in (Create('/n', data, OPEN_ACL_UNSAFE),
                   SetData('/n', data, -1)):
            for check in (self.bulk.check_size,
                          lambda op: list(self.bulk.batches([op]))):
                with self.assertRaises(TooLarge) as caught:
                    check(op)
                self.assertEqual(
                    'data of /n: 1048575 bytes do not fit in a request of '
                    '1048575 bytes (jute.maxbuffer)', str(caught.exception))
        long = '/' + 'n' * requests.JUTE_MAXBUFFER
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
        size = self.bulk.batch_bytes + 1000
        ops = [Delete('/a', -1), SetData('/a', b'x' * size, -1),
               Delete('/a', -1)]
        self.assertEqual([1, 1, 1], self.sizes(ops))

    def test_size(self):
        """The size that is counted is the size that is sent."""
        for op in (Create('/n\u6f22', b'123', READ_ACL_UNSAFE),
                   Create('/n', b'', OPEN_ACL_UNSAFE, True),
                   SetData('/n', b'123', 7), Delete('/n\xe9', 7),
                   CheckVersion('/n', -1)):
            self.assertEqual(
                len(wire._pack_op('/\xe9', op)),
                wire.op_size(op) + self.bulk.chroot_size(), op)
