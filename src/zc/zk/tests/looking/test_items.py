"""Tests of items: nodes as commands see them."""
from __future__ import annotations

import unittest

from kazoo.exceptions import NoNodeError

from zc.zk._looking import items
from zc.zk.tests.zczk.zczkcase import ZczkCase


class BranchTests(ZczkCase):

    def test_order(self):
        """Each node comes before those below it, with its depth."""
        self.make('/a\n  /b\n    /c\n  /d\n')
        branch = items.Branch(self.zk(), '/')
        self.assertEqual(
            [('/', 0), ('/a', 1), ('/a/b', 2), ('/a/b/c', 3), ('/a/d', 2)],
            [(item.path, item.depth) for item in branch])

    def test_missing(self):
        """A missing node is an error."""
        with self.assertRaisesRegex(NoNodeError, '/nix'):
            list(items.Branch(self.zk(), '/nix'))

    def test_data(self):
        """Data that are not text are no properties."""
        zk = self.zk()
        zk.create('/a', b'\xff')
        zk.create('/b', b'text')
        found = {item.name: item for item in items.Branch(zk, '/')}
        self.assertIsNone(found['a'].properties())
        self.assertEqual({'string_value': 'text'}, found['b'].properties())
        self.assertEqual((1, 4), (found['a'].size, found['b'].size))


class Texts(unittest.TestCase):

    def test_shown(self):
        """A string is shown as it is, another value as JSON."""
        self.assertEqual(['a "b"', '[1, "x"]', 'true', '"é"'], [
            items.shown('a "b"'), items.shown([1, 'x']), items.shown(True),
            items.shown(['é'])[1:-1]])

    def test_when(self):
        """A time that no calendar has is shown as seconds."""
        self.assertRegex(items.when(0), r'^19(69|70)-\d\d-\d\d ')
        self.assertRegex(items.when(1e30), r'^\d+ s$')

    def test_session(self):
        """A session is hexadecimal, also one that Java takes for negative.
        """
        self.assertEqual('0x10', items.session(16))
        self.assertEqual('0xffffffffffffffff', items.session(-1))
