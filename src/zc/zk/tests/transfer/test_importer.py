"""Imports into live trees: what is written, and what is refused."""
from __future__ import annotations

from hypothesis import given
from kazoo.exceptions import NoNodeError

from zc.zk._transfer import importer
from zc.zk._tree.model import Node
from zc.zk._tree.parser import parse_tree
from zc.zk._tree.writer import tree_lines
from zc.zk.errors import DataError
from zc.zk.errors import ImportFailed
from zc.zk.errors import TooLarge
from zc.zk.errors import ValueNotStorable
from zc.zk.tests import trees
from zc.zk.tests.transfercase import TransferCase


class ImportTests(TransferCase):

    def test_parents_first_deletes_last(self):
        """One transaction creates, changes and deletes, in this order."""
        self.load('/a\n  /b\n  /x\n    /y\n/c\n  v = 1')
        self.load('/a\n  /n\n    /m\n/c\n  v = 2', trim=True)
        self.assertEqual(self.operations(), [
            [('Create', '/top/a'), ('Create', '/top/a/b'),
             ('Create', '/top/a/x'), ('Create', '/top/a/x/y'),
             ('Create', '/top/c')],
            [('Create', '/top/a/n'), ('Create', '/top/a/n/m'),
             ('SetData', '/top/c'), ('Delete', '/top/a/b'),
             ('Delete', '/top/a/x/y'), ('Delete', '/top/a/x')]])
        self.check('''\
            /top
              /a
                /n
                  /m
              /c
                v = 2
        ''')

    def test_what_is_equal_is_not_written(self):
        """An import of what is there sends no transaction."""
        text = trees.big_text(50)
        self.load(text)
        before = self.other.get('/top/node-000000/node-000001')[1]
        self.bulk.commits.clear()
        self.assertEqual(self.load(text), [])
        self.assertEqual(self.bulk.commits, [])
        self.assertEqual(
            self.other.get('/top/node-000000/node-000001')[1], before)

    def test_one_change_writes_one_node(self):
        """Of a big tree with one changed property, one node is written."""
        text = trees.big_text(3000)
        self.load(text)
        self.bulk.commits.clear()
        self.load(text.replace("'10.0.0.77:80'", "'10.0.0.1:80'"))
        self.assertEqual(
            [[op.path for op in ops] for ops in self.bulk.commits],
            [['/top/node-000000/node-000003/node-000077']])

    def test_several_transactions(self):
        """A tree of many nodes goes in several transactions."""
        text = trees.big_text(3000)
        self.load(text)
        self.assertEqual(len(self.bulk.commits), 3)
        self.assertEqual(self.text('/top/node-000000'), text)
        self.bulk.commits.clear()
        self.assertEqual(self.load('/node-000000', trim=True), [])
        self.check('/top\n  /node-000000\n')
        self.assertEqual(len(self.bulk.commits), 4)

    def test_dry_run(self):
        """A dry run prints and writes nothing."""
        self.load('/a\n  v = 1\n  /b')
        self.bulk.commits.clear()
        self.assertEqual(
            self.load('/a\n  v = 2\n/c\n  /d', dry_run=True),
            ['/top/a v change from 1 to 2',
             'extra path not trimmed: /top/a/b', 'add /top/c'])
        self.assertEqual(
            self.load('/a\n  v = 2\n/c\n  /d', dry_run=True, trim=True),
            ['/top/a v change from 1 to 2', 'would delete /top/a/b.',
             'add /top/c'])
        self.assertEqual(self.bulk.commits, [])

    def test_extra_paths(self):
        """Extra paths are named, left or deleted, as trim says."""
        self.load('/a\n  /b\n    /c')
        self.assertEqual(self.load('/a'),
                         ['extra path not trimmed: /top/a/b'])
        self.assertEqual(self.load('/a', trim=False), [])
        self.assertEqual(self.load('/a', trim=True), [])
        self.check('/top\n  /a\n')
        self.assertEqual(self.load('/z', trim=True), [])
        self.check('/top\n  /a\n  /z\n')

    def test_missing_path(self):
        """The node below which to import must be there."""
        for dry_run in (False, True):
            with self.assertRaises(NoNodeError) as caught:
                self.load('/a', path='/none', dry_run=dry_run)
            self.assertEqual(str(caught.exception), '/none')

    def test_root(self):
        """A tree may go to the root."""
        self.load('/a\n  /b', path='/')
        self.assertEqual(self.text('/a'), '/a\n  /b\n')

    def test_empty(self):
        """An empty tree does nothing."""
        self.assertEqual(self.load('', trim=True), [])
        self.assertEqual(self.bulk.commits, [])

    def test_ephemeral_nodes_stay(self):
        """Servers are neither trimmed nor overwritten, and it is said."""
        self.load('/a\n  /providers')
        self.other.register('/top/a/providers', '1.2.3.4:80')
        before = self.text(ephemeral=True)
        self.assertEqual(self.load('/a\n  /providers', trim=True), [])
        self.assertEqual(self.load('/a', trim=True), [
            "Not deleting /top/a/providers/1.2.3.4:80 because it's "
            'ephemeral.',
            '/top/a/providers not deleted due to ephemeral descendent.'])
        self.assertEqual(
            self.load('/a\n  /providers\n    /1.2.3.4:80\n      x = 1'), [
                "Not changing /top/a/providers/1.2.3.4:80 because it's "
                'ephemeral.'])
        with self.assertRaises(ImportFailed):
            self.load('/a\n  /providers\n    /1.2.3.4:80\n      /x')
        self.assertEqual(self.text(ephemeral=True), before)

    def test_binary_data(self):
        """Data that are not UTF-8 stop an import that would replace them.
        """
        self.load('/a\n  /b')
        self.other.set('/top/a/b', b'\xff\xfe')
        for dry_run in (False, True):
            with self.assertRaises(DataError) as caught:
                self.load('/a\n  x = 1\n  /b\n/c', dry_run=dry_run)
            self.assertEqual(caught.exception.path, '/top/a/b')
        self.assertEqual(self.other.get('/top/a/b')[0], b'\xff\xfe')
        self.assertIsNone(self.other.exists('/top/c'))
        # It is no matter where nothing is said of the node.
        self.load('/a', trim=False)

    def test_too_large(self):
        """Nothing is written when one node is too large for any request."""
        with self.assertRaises(TooLarge) as caught:
            self.load(f"/a\n/b\n  x = '{'x' * 1_100_000}'")
        self.assertEqual(caught.exception.path, '/top/b')
        self.check('/top\n')

    def test_not_storable(self):
        """Nothing is written when JSON cannot hold a value."""
        tree = Node(a=Node(), b=Node('', {'x': {1}}))
        with self.assertRaises(ValueNotStorable) as caught:
            importer.import_tree(
                self.bulk, tree, '/top', None, None, False, print)
        self.assertEqual(caught.exception.path, '/top/b')
        self.check('/top\n')

    def test_many_bytes(self):
        """Nodes that are too large together go one after the other."""
        text = ''.join(
            f"  /n{number}\n    x = '{'x' * 400_000}'\n"
            for number in range(5))
        self.load('/a\n' + text)
        self.assertEqual(len(self.bulk.commits), 3)
        self.assertEqual(self.text('/top/a'), '/a\n' + text)

    def test_deep(self):
        """A tree may be deep."""
        tree = node = Node()
        for _ in range(150):
            child = Node('x')
            node.children['x'] = child
            node = child
        importer.import_tree(
            self.bulk, tree, '/top', None, None, False, print)
        text = ''.join(f'{line}\n' for line in tree_lines(tree))
        self.assertEqual(self.text('/top/x'), text)
        self.remove('/top/x')
        self.check('/top\n')

    @trees.few
    @given(trees.trees)
    def test_round_trip(self, tree):
        """Import then export gives the same text; again, nothing."""
        for _, node in tree.walk():
            for key in node.properties:
                if key.endswith(' =>'):
                    node.properties[key] = '../x y'     # others are refused
        lines = list(tree_lines(tree))
        self.me.delete_recursive('/top')
        self.me.create('/top', '{}')
        importer.import_tree(
            self.bulk, tree, '/top', True, None, False, print)
        got = list(importer.export_lines(self.bulk, '/top', True, None))
        got = '\n'.join(got[1:]).split('\n') if got[1:] else []
        self.assertEqual([line[2:] for line in got], lines)
        again = importer.Import(
            self.bulk, parse_tree('\n'.join(lines)), '/top', True, None)
        self.assertEqual(again.plan(), [])
