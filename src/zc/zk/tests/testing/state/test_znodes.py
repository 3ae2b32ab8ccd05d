"""Tests of _znodes: nodes and transactions, with zxids the tests choose."""
from __future__ import annotations

import unittest

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ....testing.protocol.codes import Code
from ....testing.protocol.codes import EventType
from ....testing.protocol.codes import RequestFailed
from ....testing.protocol.records import ACL
from ....testing.protocol.records import Stat
from ....testing.state import acls
from ....testing.state import znodes
from ....testing.state.znodes import Author
from ....testing.state.znodes import Transaction
from ....testing.state.znodes import Tree


ME = Author(7, [acls.Id('ip', '127.0.0.1')])
PATHS = ('/a', '/b', '/a/x', '/a/y', '/a/x/k')


def snapshot(tree):
    """Return all that a tree holds, as something to compare."""
    return ({path: (node.data, node.acl, node.stat(), set(node.children))
             for path, node in tree.nodes.items()},
            {owner: set(paths) for owner, paths in tree.ephemerals.items()})


class TreeCase(unittest.TestCase):

    def setUp(self):
        self.tree = Tree()
        self.zxid = 0

    def begin(self, author=ME):
        self.zxid += 1
        return Transaction(self.tree, author, self.zxid, 1000 * self.zxid)

    def create(self, path, data=b'', acl=acls.OPEN, flags=0):
        return self.begin().create(path, data, acl, flags)

    def assert_fails(self, code, method, *args):
        before = snapshot(self.tree)
        with self.assertRaises(RequestFailed) as raised:
            getattr(self.begin(), method)(*args)
        self.assertEqual(code, raised.exception.code)
        self.assertEqual(before, snapshot(self.tree))


class TreeTest(TreeCase):

    def test_new(self):
        """A new tree has the nodes that a real one has."""
        self.assertEqual(
            {'', *znodes.SPECIAL}, set(self.tree.nodes))
        self.assertEqual(3, self.tree.descendants('/'))
        self.assertEqual(2, self.tree.descendants('/zookeeper'))
        self.assertEqual(
            Stat(0, 0, 0, 0, 0, -2, 0, 0, 0, 2, 0),
            self.tree.find('/zookeeper').stat())
        config = self.tree.find('/zookeeper/config')
        self.assertEqual((acls.READ_ONLY, -1), (config.acl, config.aversion))

    def test_find(self):
        """What is not there is NO_NODE; no path at all is no request."""
        for path, code in (('/a', Code.NO_NODE),
                           (None, Code.MARSHALLING_ERROR)):
            with self.assertRaises(RequestFailed) as raised:
                self.tree.find(path)
            self.assertEqual(code, raised.exception.code)

    def test_readable(self):
        """Who may not read is told so."""
        self.create('/a', acl=[ACL(acls.WRITE, 'world', 'anyone')])
        with self.assertRaises(RequestFailed) as raised:
            self.tree.readable('/a', ME.ids)
        self.assertEqual(Code.NO_AUTH, raised.exception.code)
        self.tree.readable('/a', ME.ids, acls.WRITE | acls.ADMIN)


class CreateTest(TreeCase):

    def test_stat(self):
        """A new node has the zxid and the time of its making, thrice."""
        self.create('/a', b'data')
        self.assertEqual(
            Stat(1, 1, 1000, 1000, 0, 0, 0, 0, 4, 0, 1),
            self.tree.find('/a').stat())

    def test_parent(self):
        """A parent counts the changes of its children."""
        self.create('/a')
        self.create('/a/b')
        self.create('/a/c')
        self.begin().delete('/a/b', -1)
        stat = self.tree.find('/a').stat()
        self.assertEqual((3, 4, 1), (
            stat.cversion, stat.pzxid, stat.num_children))
        self.assertEqual((1, 0), (stat.mzxid, stat.version))

    def test_null(self):
        """Data may be null, which is not the same as nothing."""
        self.create('/a', None)
        node = self.tree.find('/a')
        self.assertEqual((None, 0), (node.data, node.stat().data_length))

    def test_ephemeral(self):
        """An ephemeral node has its session as owner, and no children."""
        self.create('/a', flags=1)
        self.assertEqual(7, self.tree.find('/a').stat().ephemeral_owner)
        self.assertEqual(['/a'], self.tree.owned(7))
        self.assertEqual([], self.tree.owned(8))
        self.assert_fails(
            Code.NO_CHILDREN_FOR_EPHEMERALS,
            'create', '/a/b', b'', acls.OPEN, 0)

    def test_sequential(self):
        """A sequential node's name ends with the count of its siblings."""
        self.create('/a')
        self.assertEqual('/a/0000000000', self.create('/a/', flags=2))
        self.assertEqual('/a/b0000000001', self.create('/a/b', flags=3))
        self.begin().delete('/a/b0000000001', -1)
        self.assertEqual('/a/b0000000002', self.create('/a/b', flags=2))

    def test_failures(self):
        """Of several errors the first that ZooKeeper looks for wins."""
        self.create('/a')
        self.create('/shut', acl=acls.READ_ONLY)
        everyone = acls.OPEN
        for code, args in (
                (Code.BAD_ARGUMENTS, ('/x', b'', everyone, 7)),
                (Code.BAD_ARGUMENTS, ('/x', b'', everyone, -1)),
                (Code.UNIMPLEMENTED, ('x', b'', everyone, 4)),
                (Code.UNIMPLEMENTED, ('/x', b'', everyone, 5)),
                (Code.MARSHALLING_ERROR, (None, b'', everyone, 0)),
                (Code.BAD_ARGUMENTS, ('x', b'', None, 0)),
                (Code.BAD_ARGUMENTS, ('/x\0', b'', None, 0)),
                (Code.INVALID_ACL, ('/no/x', b'', None, 0)),
                (Code.NO_NODE, ('/no/x\1', b'', everyone, 0)),
                (Code.NO_AUTH, ('/shut/x\1', b'', everyone, 0)),
                (Code.BAD_ARGUMENTS, ('/a/', b'', everyone, 0)),
                (Code.NODE_EXISTS, ('/a', b'', everyone, 0)),
                (Code.NODE_EXISTS, ('/', b'', everyone, 0))):
            with self.subTest(args):
                self.assert_fails(code, 'create', *args)

    def test_change(self):
        """A change tells who may read the node and its parent."""
        self.create('/a', acl=acls.READ_ONLY + (
            ACL(4, 'world', 'anyone'),))
        transaction = self.begin()
        transaction.create('/a/b', b'', acls.OPEN, 0)
        self.assertEqual([znodes.TreeChange(
            '/a/b', EventType.CREATED, acls.OPEN, self.tree.find('/a').acl)],
            transaction.changes)


class PathTest(unittest.TestCase):

    def test_valid(self):
        """These are paths of nodes."""
        for path in ('/', '/a', '/a/b', '/.a', '/a.', '/...', '/a/..b',
                     '/\xa0', '/ä', '/\u4e00', '/\uf900', '/ '):
            self.assertEqual(path, znodes.validate(path))

    def test_invalid(self):
        """These are none."""
        for path in (None, '', 'a', '//', '/a/', '/a//b', '/.', '/..', '/a/.',
                     '/a/../b', '/./a', '/\0', '/\x1f', '/\x7f', '/\x9f',
                     '/\ue000', '/\uf8ff', '/\ufff0', '/\n',
                     '/\N{GRINNING FACE}', '/a\n/', '/.\n/..'):
            with self.subTest(path), self.assertRaises(RequestFailed):
                znodes.validate(path)


class WriteTest(TreeCase):

    def setUp(self):
        super().setUp()
        self.create('/a', b'1')

    def test_set_data(self):
        """New data change version, mzxid and mtime."""
        stat = self.begin().set_data('/a', b'22', 0)
        self.assertEqual(Stat(1, 2, 1000, 2000, 1, 0, 0, 0, 2, 0, 1), stat)
        self.assertEqual(b'22', self.tree.find('/a').data)

    def test_set_acl(self):
        """A new ACL changes aversion only."""
        stat = self.begin().set_acl('/a', acls.READ_ONLY, 0)
        self.assertEqual(Stat(1, 1, 1000, 1000, 0, 0, 1, 0, 1, 0, 1), stat)
        self.assert_fails(Code.NO_AUTH, 'set_data', '/a', b'', -1)
        self.assert_fails(Code.NO_AUTH, 'set_acl', '/a', acls.OPEN, -1)

    def test_delete(self):
        """A deleted node is gone."""
        self.begin().delete('/a', 0)
        self.assertNotIn('/a', self.tree.nodes)

    def test_check(self):
        """A check changes nothing."""
        before = snapshot(self.tree)
        transaction = self.begin()
        transaction.check('/a', 0)
        transaction.check('/a', -1)
        self.assertEqual([], transaction.changes)
        self.assertEqual(before, snapshot(self.tree))

    def test_versions(self):
        """A wrong version is refused; only -1 is any."""
        for version in (1, -2):
            for method, args in (('delete', ()), ('set_data', (b'',)),
                                 ('set_acl', (acls.OPEN,)), ('check', ())):
                self.assert_fails(
                    Code.BAD_VERSION, method, '/a', *args, version)

    def test_special(self):
        """What is always there cannot be deleted."""
        for path in znodes.SPECIAL:
            self.assert_fails(Code.BAD_ARGUMENTS, 'delete', path, -1)

    def test_failures(self):
        """Of several errors the first that ZooKeeper looks for wins."""
        self.create('/a/b')
        self.begin().set_acl('/a', [ACL(16, 'world', 'anyone')], -1)
        for code, method, args in (
                (Code.MARSHALLING_ERROR, 'delete', (None, 0)),
                (Code.BAD_ARGUMENTS, 'delete', ('x', 0)),
                (Code.NO_NODE, 'delete', ('/no/x', 0)),
                (Code.NO_AUTH, 'delete', ('/a/no', 0)),
                (Code.NO_NODE, 'delete', ('/no', 0)),
                (Code.NOT_EMPTY, 'delete', ('/a', 0)),
                (Code.BAD_ARGUMENTS, 'set_data', (None, b'', 0)),
                (Code.NO_NODE, 'set_data', ('/no', b'', 0)),
                (Code.NO_AUTH, 'set_data', ('/a', b'', 9)),
                (Code.NO_AUTH, 'check', ('/a', 9)),
                (Code.INVALID_ACL, 'set_acl', ('/no', [], 0)),
                (Code.BAD_VERSION, 'set_acl', ('/a', acls.OPEN, 0))):
            with self.subTest((method, args)):
                self.assert_fails(code, method, *args)

    def test_delete_owned(self):
        """All ephemeral nodes of a session go at once."""
        self.create('/a/x', flags=1)
        self.create('/y', flags=1)
        transaction = self.begin(Author(7, ()))
        transaction.delete_owned()
        self.assertEqual(
            ['/a/x', '/y'], [change.path for change in transaction.changes])
        self.assertEqual({}, self.tree.ephemerals)
        self.assertEqual(4, self.tree.find('/a').stat().pzxid)


steps = st.lists(st.one_of(
    st.tuples(st.just('create'), st.sampled_from(PATHS), st.just(b'c'),
              st.just(acls.OPEN), st.integers(0, 3)),
    st.tuples(st.just('delete'), st.sampled_from(PATHS), st.just(-1)),
    st.tuples(st.just('set_data'), st.sampled_from(PATHS), st.just(b's'),
              st.just(-1))), max_size=12)


class RollBackTest(unittest.TestCase):

    @settings(deadline=None)
    @given(steps, steps)
    def test_roll_back(self, before, within):
        """A transaction that fails leaves everything as it was."""
        tree = Tree()
        do(Transaction(tree, ME, 1, 1), before)
        was = snapshot(tree)
        transaction = Transaction(tree, ME, 2, 2)
        do(transaction, within)
        transaction.roll_back()
        self.assertEqual(was, snapshot(tree))
        self.assertEqual([], transaction.changes)


def do(transaction, steps):
    for method, *args in steps:
        try:
            getattr(transaction, method)(*args)
        except RequestFailed:
            pass
