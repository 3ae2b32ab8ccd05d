"""Tests of du: nodes and bytes by branch."""
from __future__ import annotations

import json
import unittest
from types import SimpleNamespace

from zc.zk._looking import du
from zc.zk._looking.items import Item
from zc.zk.tests.zczk.zczkcase import ZczkCase


def item(path, size, depth):
    return Item(path, b'', SimpleNamespace(dataLength=size), [], depth)


TREE = [item('/', 1, 0), item('/a', 2, 1), item('/a/b', 4, 2),
        item('/a/b/c', 8, 3), item('/d', 16, 1)]


class Sums(unittest.TestCase):

    def test_depth(self):
        """A branch is printed after what is below it, down to a depth."""
        self.assertEqual([('/', 5, 31)], list(du.sums(TREE, 0)))
        self.assertEqual([('/a', 3, 14), ('/d', 1, 16), ('/', 5, 31)],
                         list(du.sums(TREE, 1)))
        self.assertEqual(
            ['/a/b/c', '/a/b', '/a', '/d', '/'],
            [each.path for each in du.sums(TREE, 9)])
        self.assertEqual([], list(du.sums([], 1)))

    def test_whole(self):
        """Whatever the depth, the last sum is that of all."""
        for depth in range(4):
            self.assertEqual(('/', 5, 31), list(du.sums(TREE, depth))[-1])


class Du(ZczkCase):

    def test_branches(self):
        """Bytes, nodes and path, with tabs in between."""
        self.make('/a\n  x = 1\n  l -> /b\n/b\n  /c\n')
        self.assertEqual(['19\t1\t/a', '4\t2\t/b', '23\t4\t/'],
                         self.lines('du'))
        self.assertEqual(['4\t2\t/b'], self.lines('du', '-d0', '/a/l'))
        self.assertEqual(
            {'path': '/b', 'nodes': 2, 'bytes': 4},
            json.loads(self.lines('du', '-d', '0', '--json', '/b')[0]))

    def test_usage(self):
        """A depth is a number."""
        self.assertIn('number of levels', self.zczk('du', '-d', 'x')[2])
