"""Tests of _walk: live trees one node after the other."""
from __future__ import annotations

import json
import unittest
from unittest import mock

from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError
from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_digest_acl

from zc.zk import _walk
from zc.zk._bulk import Bulk
from zc.zk._treetext import parse_tree
from zc.zk.errors import DataError
from zc.zk.errors import ValueNotStorable
from zc.zk.tests import trees
from zc.zk.tests.base import ZooKeeperCase


TREE = '''\
/top : t
  x = 1
  y = 'é'
  p => /q r
  a -> /b
  /a
    /b
  /c
    /providers
'''
ALL = ['/top', '/top/a', '/top/a/b', '/top/c', '/top/c/providers']
SERVER = '/top/c/providers/1.2.3.4:80'


class CountingBulk(Bulk):
    """Counts what is read."""

    reads = 0

    def read_async(self, wanted):
        self.reads += len(wanted)
        return super().read_async(wanted)


class WalkCase(ZooKeeperCase):

    tree = TREE

    def setUp(self):
        super().setUp()
        self.me = self.zk()
        self.bulk = CountingBulk(self.me.client)

    def walk(self, path='/top', ephemeral=True, children=False):
        return _walk.walk(self.bulk, path, ephemeral, children)

    def export(self, path='/top', ephemeral=False, name=None):
        return ''.join(line + '\n' for line in _walk.export_lines(
            self.bulk, path, ephemeral, name))

    def json(self, path='/top', ephemeral=False):
        return [json.loads(line) for line in _walk.export_json(
            self.bulk, path, ephemeral)]

    def hide(self, path):
        """Make a node that may not be read."""
        self.me.client.set_acls(
            path, [make_digest_acl('u', 'p', all=True)])
        self.addCleanup(self.me.client.set_acls, path, OPEN_ACL_UNSAFE)
        self.addCleanup(self.me.client.add_auth, 'digest', 'u:p')


class WalkTests(WalkCase):

    def test_order(self):
        """Nodes come before the nodes below them, by name."""
        self.assertEqual(list(self.walk()), ALL)
        self.assertEqual(list(self.walk('/top/a/b')), ['/top/a/b'])

    def test_root(self):
        """A walk over all begins with the root and shows /zookeeper."""
        self.assertEqual(list(self.walk('/')), [
            '/', *ALL, '/zookeeper', '/zookeeper/quota'])

    def test_missing(self):
        """A walk over nothing gives nothing."""
        self.assertEqual(list(self.walk('/none')), [])

    def test_ephemeral(self):
        """Ephemeral nodes are left out on request, at every depth."""
        self.me.register('/top/c/providers', '1.2.3.4:80')
        self.me.register('/top', '1.2.3.4:80')
        self.assertEqual(list(self.walk()), [
            '/top', '/top/1.2.3.4:80', *ALL[1:], SERVER])
        self.assertEqual(list(self.walk(ephemeral=False)), ALL)
        self.assertEqual(list(self.walk(SERVER, ephemeral=False)), [])
        self.assertEqual(list(self.walk(SERVER)), [SERVER])

    def test_children(self):
        """Each node comes with a list that the caller may change."""
        for ephemeral in (True, False):
            walk = self.walk(children=True, ephemeral=ephemeral)
            path, children = next(walk)
            self.assertEqual((path, children), ('/top', ['a', 'c']))
            del children[0]
            children.append('b')
            self.assertEqual(list(walk), [
                ('/top/c', ['providers']), ('/top/c/providers', [])])

    def test_children_changed_later(self):
        """A list may be changed while the walk is deeper down."""
        lists = []
        seen = []
        for path, children in self.walk(children=True):
            seen.append(path)
            lists.append(children)
            if path == '/top/a/b':
                lists[0].remove('c')
        self.assertEqual(seen, ALL[:3])

    def test_children_print_as_the_path(self):
        """What comes with children prints as the path."""
        self.assertEqual(
            list(map(str, self.walk(children=True))), ALL)

    def test_what_the_caller_changes_shows(self):
        """Nodes made and deleted on the way show below where it is."""
        for ephemeral in (True, False):
            with self.subTest(ephemeral=ephemeral):
                seen = []
                for path in self.walk(ephemeral=ephemeral):
                    seen.append(path)
                    if path == '/top/a':
                        self.me.create('/top/a/aa', '{}')
                        self.me.delete_recursive('/top/c/providers')
                        self.me.create('/top/c/new', '{}')
                        self.me.create('/top/z', '{}')
                    elif path == '/top/a/b':
                        self.me.delete_recursive('/top/c/new')
                # What belongs to nodes passed already does not show.
                self.assertEqual(
                    seen, ['/top', '/top/a', '/top/a/b', '/top/c'])
                self.me.delete_recursive('/top')
                self.me.import_tree(TREE)

    def test_new_children_of_nodes_to_come(self):
        """Children made below a node to come show."""
        seen = []
        for path in self.walk():
            seen.append(path)
            if path == '/top/a/b':
                self.me.create('/top/c/new', '{}')
        self.assertEqual(seen, [*ALL[:4], '/top/c/new', '/top/c/providers'])

    def test_deleted_whole(self):
        """A branch that the caller deletes is not walked."""
        seen = []
        for path in self.walk():
            seen.append(path)
            if path == '/top':
                self.me.delete_recursive('/top/a')
        self.assertEqual(seen, ['/top', '/top/c', '/top/c/providers'])

    def test_not_readable(self):
        """A node that may not be read is named when the walk gets there."""
        self.hide('/top/c')
        for ephemeral in (True, False):
            seen = []
            with self.assertRaises(NoAuthError) as caught:
                for path in self.walk(ephemeral=ephemeral):
                    seen.append(path)
            self.assertEqual(str(caught.exception), '/top/c')
            self.assertEqual(seen, ALL[:3])


class ReadAheadTests(WalkCase):

    def setUp(self):
        super().setUp()
        self.me.import_tree(trees.big_text(500))

    def test_nothing_is_read_twice(self):
        """Without changes each node is read once."""
        tree = parse_tree(trees.big_text(500))
        expected = [path for path, _ in tree.walk()][1:]
        self.assertEqual(list(self.walk('/node-000000')), expected)
        self.assertEqual(self.bulk.reads, 500)
        self.bulk.reads = 0
        self.assertEqual(
            list(self.walk('/node-000000', ephemeral=False)), expected)
        # Data of all; children of many, lest those of few are asked apart.
        self.assertLessEqual(self.bulk.reads, 1000)
        self.bulk.reads = 0
        with mock.patch.object(_walk, 'BOTH_NODES', 0):
            self.assertEqual(
                list(self.walk('/node-000000', ephemeral=False)), expected)
        # Children of the 25 that have some
        self.assertEqual(self.bulk.reads, 525)

    def test_little_is_read_ahead_for_one_who_writes(self):
        """Writing at each node does not read all of it at each node."""
        count = 0
        for _ in self.walk('/node-000000'):
            self.me.set('/top', '{}')
            count += 1
        self.assertEqual(count, 500)
        self.assertLess(self.bulk.reads, 500 * 10)

    def test_small_steps(self):
        """Reading ahead in small steps gives the same."""
        expected = trees.big_text(500)
        for most in (1, 2, 7, 100):
            with mock.patch.object(_walk, 'AHEAD_NODES', most):
                self.assertEqual(self.export('/node-000000'), expected)
        with mock.patch.object(_walk, 'AHEAD_BYTES', 1000):
            self.assertEqual(self.export('/node-000000'), expected)

    def test_memory(self):
        """What is read ahead is bounded, not the whole tree."""
        with mock.patch.object(_walk, 'AHEAD_NODES', 20):
            reader = _walk.Reader(self.bulk, '/', fresh=False, data=True)
            most = max(len(reader._ahead) for _ in reader)
        self.assertLess(most, 150)

    def test_lists_taken_apart(self):
        """What is read ahead in vain is forgotten some time."""
        with mock.patch.object(_walk, 'AHEAD_NODES', 8), \
                mock.patch.object(_walk, 'MOST_NODES', 10):
            reader = _walk.Reader(
                self.bulk, '/node-000000', fresh=True, data=False)
            most = 0
            seen = []
            for path, _, _, names in reader:
                seen.append(path)
                most = max(most, len(reader._ahead))
                del names[1:-1]
        self.assertLess(most, 60)
        self.assertLess(len(seen), 20)

    def test_deep_and_wide(self):
        """What is to come is kept, however much it is: all is read once."""
        text = ''.join(
            f'/chain-{number:02}\n' + ''.join(
                '  ' * depth + f'/{depth}\n' for depth in range(1, 12))
            for number in range(20))
        self.me.create('/chains', '')
        self.me.import_tree(text, '/chains')
        with mock.patch.object(_walk, 'AHEAD_NODES', 20), \
                mock.patch.object(_walk, 'MOST_NODES', 40):
            found = list(self.walk('/chains'))
        self.assertEqual(241, len(set(found)))
        self.assertEqual(241, len(found))
        self.assertEqual(241, self.bulk.reads)

    def test_data_read_in_vain(self):
        """What the caller takes off is not kept for long."""
        with mock.patch.object(_walk, 'AHEAD_NODES', 8), \
                mock.patch.object(_walk, 'MOST_BYTES', 100):
            most = 0
            reader = _walk.Reader(
                self.bulk, '/node-000000', fresh=True, data=True)
            for _, _, _, names in reader:
                most = max(most, len(reader._ahead))
                del names[1:]
        self.assertLess(most, 40)

    def test_one_at_a_time(self):
        """Nothing is read twice where little is read ahead."""
        text = '/a\n  /b\n  /c\n  /d\n'
        self.me.create('/few', '')
        self.me.import_tree(text, '/few')
        with mock.patch.object(_walk, 'FIRST_NODES', 1):
            reader = _walk.Reader(self.bulk, '/few', fresh=True, data=False)
            found = []
            for path, _, _, names in reader:
                found.append(path)
                names.reverse()
                reader._most = 2
        self.assertEqual(
            ['/few', '/few/a', '/few/a/d', '/few/a/c', '/few/a/b'], found)
        self.assertEqual(5, self.bulk.reads)

    def test_the_reading_ahead_is_forgotten_too(self):
        """What was asked for before the caller wrote is not shown."""
        with mock.patch.object(_walk, 'AHEAD_NODES', 4):
            seen = []
            for path in self.walk('/node-000000'):
                seen.append(path)
                # At each node, delete the one that comes next.
                names = self.me.get_children(path)
                if names:
                    self.me.delete_recursive(f'{path}/{min(names)}')
        self.assertEqual(len(seen), len(set(seen)))
        for path in seen:
            self.assertTrue(self.me.exists(path))

    def test_while_another_writes(self):
        """Nodes that go and come between reads are no error."""
        other = self.zk()
        with mock.patch.object(_walk, 'AHEAD_NODES', 4), \
                mock.patch.object(_walk, 'FIRST_NODES', 4):
            seen = set()
            for line in _walk.export_lines(
                    self.bulk, '/node-000000', False, None):
                if line.startswith('  /node-000001\n'):
                    other.delete_recursive('/node-000000/node-000020')
                seen.add(line.split('\n')[0].strip())
        self.assertFalse('/node-000020' in seen)
        self.assertTrue('/node-000019' in seen)


class ExportTests(WalkCase):

    def test_export(self):
        """An export is the text of a node and of all below it."""
        self.assertEqual(self.export(), TREE)
        self.assertEqual(self.export('/top/a'), '/a\n  /b\n')

    def test_root(self):
        """The root itself and /zookeeper are left out."""
        self.assertEqual(self.export('/'), TREE)

    def test_name(self):
        """The top node may get another name, and the root one at all."""
        self.assertEqual(self.export('/top/a', name='n m'),
                         "/'n m'\n  /b\n")
        self.assertEqual(
            self.export('/', name='all'),
            '/all\n' + ''.join(
                f'  {line}\n' for line in TREE.splitlines()))

    def test_ephemeral(self):
        """Ephemeral nodes show only on request."""
        self.me.register('/top/c/providers', '1.2.3.4:80')
        self.assertEqual(self.export(), TREE)
        self.assertEqual(
            self.export('/top/c/providers', ephemeral=True),
            '/providers\n  /1.2.3.4:80\n    pid = '
            f'{self.me.get_properties(SERVER)["pid"]}\n')
        self.assertEqual(self.export(SERVER), '')

    def test_missing(self):
        """A node that is not there cannot be exported."""
        for function in (self.export, self.json):
            with self.assertRaises(NoNodeError) as caught:
                function('/none')
            self.assertEqual(str(caught.exception), '/none')

    def test_odd_data(self):
        """Data that are no JSON object are a string; empty data nothing."""
        for data, text in [
                (b'', ''), (b'  ', ''), (b'{}', ''),
                (b'xxx', "  string_value = 'xxx'\n"),
                (b'{xxx}', "  string_value = '{xxx}'\n"),
                (b'[1]', "  string_value = '[1]'\n"),
                (b'\x1b[2J', "  string_value = '\\x1b[2J'\n"),
                (b'{"a ->":"/b","c =>":"/d e"}',
                 '  c => /d e\n  a -> /b\n')]:
            with self.subTest(data):
                self.me.set('/top/a/b', data)
                self.assertEqual(self.export('/top/a/b'), '/b\n' + text)

    def test_binary(self):
        """Data that are not UTF-8 are an error with the path."""
        self.me.set('/top/a/b', b'\xff')
        for function in (self.export, self.json):
            with self.assertRaises(DataError) as caught:
                function()
            self.assertEqual(caught.exception.path, '/top/a/b')

    def test_no_text(self):
        """Data that text cannot express are an error with the path."""
        self.me.set('/top/a/b', b'{"x": NaN}')
        with self.assertRaises((ValueNotStorable, DataError)) as caught:
            self.export()
        self.assertEqual(caught.exception.path, '/top/a/b')

    def test_not_readable(self):
        """A node that may not be read is named."""
        self.hide('/top/c')
        with self.assertRaises(NoAuthError) as caught:
            self.export()
        self.assertEqual(str(caught.exception), '/top/c')

    def test_streams(self):
        """The first lines come before the last nodes are read."""
        self.me.import_tree(trees.big_text(100))
        with mock.patch.object(_walk, 'AHEAD_NODES', 10), \
                mock.patch.object(_walk, 'FIRST_NODES', 4):
            lines = _walk.export_lines(self.bulk, '/', False, None)
            next(lines)
            # Data and names of the top, of 4 nodes and of the next 10
            self.assertLess(self.bulk.reads, 31)

    def test_json(self):
        """As JSON, each node is an object on a line of its own."""
        self.me.register('/top/c/providers', '1.2.3.4:80', x=1)
        found = self.json()
        self.assertEqual([each['path'] for each in found], ALL)
        self.assertEqual(found[0], {
            'path': '/top', 'ephemeral': False, 'properties': {
                'type': 't', 'x': 1, 'y': 'é', 'p =>': '/q r',
                'a ->': '/b'}})
        found = self.json('/', True)
        self.assertEqual([each['path'] for each in found],
                         ['/', *ALL, SERVER])
        self.assertTrue(found[-1]['ephemeral'])
        self.assertEqual(found[-1]['properties']['x'], 1)


class MovedTests(unittest.TestCase):
    """What the zxid of the last reply tells about what was read ahead."""

    def setUp(self):
        self.client = mock.Mock(last_zxid=5)
        self.reader = _walk.Reader(
            mock.Mock(client=self.client), '/', fresh=True, data=False)
        self.reader._zxid = 5
        self.reader._pending = [], mock.Mock(zxid=0)

    def test_nothing_came(self):
        """While no reply comes, what was read ahead is good."""
        self.assertFalse(self.reader._moved())

    def test_our_own_reply(self):
        """A reply to our own request is no sign of the caller's writes."""
        self.reader._pending[1].zxid = self.client.last_zxid = 7
        self.assertFalse(self.reader._moved())
        self.assertFalse(self.reader._moved())
        self.client.last_zxid = 8
        self.assertTrue(self.reader._moved())

    def test_another_reply(self):
        """A reply to another request with a newer zxid is."""
        self.client.last_zxid = 6
        self.assertTrue(self.reader._moved())
        self.reader._pending = None
        self.assertTrue(self.reader._moved())
