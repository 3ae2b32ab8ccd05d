"""Tests of _walk: live trees one node after the other."""
from __future__ import annotations

from unittest import mock

from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError

from zc.zk._transfer import reader
from zc.zk._transfer.export import export_lines
from zc.zk.errors import DataError
from zc.zk.errors import ValueNotStorable
from zc.zk.tests import trees
from zc.zk.tests.walkcase import TREE
from zc.zk.tests.walkcase import WalkCase


ALL = ['/top', '/top/a', '/top/a/b', '/top/c', '/top/c/providers']
SERVER = '/top/c/providers/1.2.3.4:80'


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
                (b'', ''), (b'  ', "  string_value = '  '\n"), (b'{}', ''),
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
        with self.assertRaises(DataError) as caught:
            self.export()
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
        with mock.patch.object(reader, 'AHEAD_NODES', 10), \
                mock.patch.object(reader, 'FIRST_NODES', 4), \
                mock.patch.object(reader, 'UNDER_WAY', 1):
            lines = export_lines(self.bulk, '/', False, None)
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
