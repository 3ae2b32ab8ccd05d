"""Tests of _reader: the nodes of a tree in order, read ahead."""
from __future__ import annotations

import unittest
from unittest import mock

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from zc.zk._session.wire import CHILDREN
from zc.zk._transfer import reader as _reader
from zc.zk._transfer.export import export_lines
from zc.zk._tree.parser import parse_tree
from zc.zk.tests import trees
from zc.zk.tests.walkcase import WalkCase


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
        with mock.patch.object(_reader, 'BOTH_NODES', 0):
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
        """Reading ahead in small steps gives the same, and each node once.
        """
        expected = trees.big_text(500)
        for most in (1, 2, 7, 100):
            for under_way in (1, 2, 5):
                with self.subTest(most=most, under_way=under_way), \
                        mock.patch.object(_reader, 'AHEAD_NODES', most), \
                        mock.patch.object(_reader, 'FIRST_NODES', 1), \
                        mock.patch.object(_reader, 'UNDER_WAY', under_way):
                    self.assertEqual(self.export('/node-000000'), expected)
                    self.bulk.reads = 0
                    self.assertEqual(
                        len(list(self.walk('/node-000000'))), 500)
                    self.assertEqual(self.bulk.reads, 500)
        with mock.patch.object(_reader, 'AHEAD_BYTES', 1000):
            self.assertEqual(self.export('/node-000000'), expected)

    def test_memory(self):
        """What is read ahead is bounded, not the whole tree."""
        for ahead, first in [(20, _reader.FIRST_NODES), (10, 10)]:
            with self.subTest(ahead=ahead), \
                    mock.patch.object(_reader, 'AHEAD_NODES', ahead), \
                    mock.patch.object(_reader, 'FIRST_NODES', first):
                reader = _reader.Reader(
                    self.bulk, '/', fresh=False, data=True)
                most = max(len(reader._ahead) for _ in reader)
                self.assertLess(most, 150)

    def test_lists_taken_apart(self):
        """What is read ahead in vain is forgotten some time."""
        with mock.patch.object(_reader, 'AHEAD_NODES', 8), \
                mock.patch.object(_reader, 'MOST_NODES', 10):
            reader = _reader.Reader(
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
        with mock.patch.object(_reader, 'AHEAD_NODES', 20), \
                mock.patch.object(_reader, 'MOST_NODES', 40):
            found = list(self.walk('/chains'))
        self.assertEqual(241, len(set(found)))
        self.assertEqual(241, len(found))
        self.assertEqual(241, self.bulk.reads)

    def test_data_read_in_vain(self):
        """What the caller takes off is not kept for long."""
        with mock.patch.object(_reader, 'AHEAD_NODES', 8), \
                mock.patch.object(_reader, 'MOST_BYTES', 100):
            most = 0
            reader = _reader.Reader(
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
        with mock.patch.object(_reader, 'FIRST_NODES', 1):
            reader = _reader.Reader(self.bulk, '/few', fresh=True, data=False)
            found = []
            for path, _, _, names in reader:
                found.append(path)
                names.reverse()
                reader._most = 2
        self.assertEqual(
            ['/few', '/few/a', '/few/a/d', '/few/a/c', '/few/a/b'], found)
        self.assertEqual(5, self.bulk.reads)

    def walk_changing(self, change):
        """Return the paths of a walk that changes each list of names."""
        found = []
        for path, names in self.walk('/node-000000', children=True):
            found.append(path)
            change(names)
        return found

    def test_lists_put_in_another_order(self):
        """A caller who sorts lists anew has little read in vain."""
        expected = set(self.walk('/node-000000'))
        for most in (1, 7, 100):
            with self.subTest(most=most), \
                    mock.patch.object(_reader, 'AHEAD_NODES', most), \
                    mock.patch.object(_reader, 'FIRST_NODES', 1):
                self.bulk.reads = 0
                found = self.walk_changing(list.reverse)
                self.assertEqual(set(found), expected)
                self.assertEqual(len(found), 500)
                self.assertLess(self.bulk.reads, 1000)

    def test_names_added(self):
        """A caller may add names; those of no node are left out."""
        with mock.patch.object(_reader, 'AHEAD_NODES', 10), \
                mock.patch.object(_reader, 'FIRST_NODES', 1):
            found = self.walk_changing(lambda names: names.insert(0, 'none'))
        self.assertEqual(len(found), 500)
        self.assertLess(self.bulk.reads, 2500)

    def test_the_reading_ahead_is_forgotten_too(self):
        """What was asked for before the caller wrote is not shown."""
        with mock.patch.object(_reader, 'AHEAD_NODES', 4), \
                mock.patch.object(_reader, 'FIRST_NODES', 1):
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
        with mock.patch.object(_reader, 'AHEAD_NODES', 4), \
                mock.patch.object(_reader, 'FIRST_NODES', 4), \
                mock.patch.object(_reader, 'UNDER_WAY', 1):
            seen = set()
            for line in export_lines(
                    self.bulk, '/node-000000', False, None):
                if line.startswith('  /node-000001\n'):
                    other.delete_recursive('/node-000000/node-000020')
                seen.add(line.split('\n')[0].strip())
        self.assertFalse('/node-000020' in seen)
        self.assertTrue('/node-000019' in seen)


class FakeBulk:
    """Answers from a dictionary of names by path, and counts."""

    def __init__(self, tree):
        self.client = mock.Mock(last_zxid=1)
        self.reads = 0
        self._tree = tree

    def read_async(self, wanted):
        self.reads += len(wanted)
        answers = [
            sorted(self._tree[path]) if kind == CHILDREN else (
                b'{}', mock.Mock(numChildren=len(self._tree[path])))
            for kind, path in wanted]
        return mock.Mock(zxid=1, get=lambda: answers)

    def children(self, paths):
        return self.read_async([(CHILDREN, path) for path in paths]).get()


def _tree(parents):
    """Return names by path: node n is a child of node `parents[n]`."""
    paths = ['/top']
    tree = {'/top': []}
    for number, parent in enumerate(parents):
        above = paths[parent % len(paths)]
        name = f'n{number:04}'
        tree[above].append(name)
        paths.append(f'{above}/{name}')
        tree[paths[-1]] = []
    return tree


def _change(names, how):
    """Do to a list of names what a caller might."""
    if how == 'reverse':
        names.reverse()
    elif how == 'halve':
        del names[::2]
    elif how == 'end':
        del names[1:]


class OrderTests(unittest.TestCase):
    """Trees of any shape, read ahead in any steps."""

    def test_no_further_ahead_than_needed(self):
        """What lies far ahead does not come before what is needed."""
        parents = [(number - 1) // 5 for number in range(1, 4000)]
        bulk = FakeBulk(_tree(parents))
        with mock.patch.multiple(
                _reader, AHEAD_NODES=10, FIRST_NODES=10, UNDER_WAY=4):
            reader = _reader.Reader(bulk, '/top', fresh=False, data=False)
            most = max(len(reader._ahead) for _ in reader)
        # Chunks of 10, 4 under way at each of 5 levels
        self.assertLess(most, 200)

    @given(
        st.lists(st.integers(0, 10**9), max_size=120),
        st.dictionaries(st.integers(0, 120),
                        st.sampled_from(['reverse', 'halve', 'end']),
                        max_size=4),
        st.integers(1, 20), st.integers(1, 10), st.integers(1, 5),
        st.booleans())
    @settings(max_examples=300, deadline=None)
    def test_order(self, parents, changes, ahead, first, under_way, data):
        """Each node comes in its place, and is read once if no list was
        changed.
        """
        tree = _tree(parents)
        expected = []
        todo = ['/top']
        while todo:
            path = todo.pop()
            names = sorted(tree[path])
            _change(names, changes.get(len(expected)))
            expected.append(path)
            todo += [f'{path}/{name}' for name in reversed(names)]
        bulk = FakeBulk(tree)
        found = []
        with mock.patch.multiple(
                _reader, AHEAD_NODES=ahead, FIRST_NODES=first,
                UNDER_WAY=under_way, BOTH_NODES=0, MOST_NODES=3 * ahead):
            reader = _reader.Reader(bulk, '/top', fresh=False, data=data)
            for path, _, _, names in reader:
                _change(names, changes.get(len(found)))
                found.append(path)
                self.assertLessEqual(len(reader._pending), under_way)
        self.assertEqual(found, expected)
        reads = len(tree)
        if data:
            reads += sum(1 for names in tree.values() if names)
        if changes:
            self.assertLessEqual(bulk.reads, 2 * reads)
        else:
            self.assertEqual(bulk.reads, reads)


class MovedTests(unittest.TestCase):
    """What the zxid of the last reply tells about what was read ahead."""

    def setUp(self):
        self.client = mock.Mock(last_zxid=5)
        self.reader = _reader.Reader(
            mock.Mock(client=self.client), '/', fresh=True, data=False)
        self.reader._zxid = 5
        self.chunk = mock.Mock()
        self.chunk.read.zxid = 0
        self.reader._pending.append(self.chunk)

    def test_nothing_came(self):
        """While no reply comes, what was read ahead is good."""
        self.assertFalse(self.reader._moved())

    def test_our_own_reply(self):
        """A reply to our own request is no sign of the caller's writes."""
        self.chunk.read.zxid = self.client.last_zxid = 7
        self.assertFalse(self.reader._moved())
        self.assertFalse(self.reader._moved())
        self.client.last_zxid = 8
        self.assertTrue(self.reader._moved())

    def test_another_reply(self):
        """A reply to another request with a newer zxid is."""
        self.client.last_zxid = 6
        self.assertTrue(self.reader._moved())
        self.reader._pending.clear()
        self.assertTrue(self.reader._moved())
