"""Tests of ln: symbolic links."""
from __future__ import annotations

from zc.zk.tests.zczk.zczkcase import ZczkCase


class Links(ZczkCase):

    def setUp(self):
        super().setUp()
        self.make('/a\n  x = 1\n  there -> /c\n  /b\n/c\n')

    def test_link(self):
        """A link is made, also through a link, with the target's name."""
        self.assertEqual([], self.lines('ln', '/a/b', '/c/l'))
        self.assertEqual('/a/b', self.zk().resolve('/c/l'))
        self.assertEqual([], self.lines('ln', '/a/b', '/a/there/'))
        self.assertEqual('/a/b', self.zk().get_properties('/c')['b ->'])

    def test_nowhere(self):
        """A link to no node is made, and named."""
        status, out, error = self.zczk('ln', '/nix', '/c/l')
        self.assertEqual((0, ''), (status, out))
        self.assertIn('the link leads to no node', error)
        self.assertEqual('/nix', self.zk().get_properties('/c')['l ->'])

    def test_replaced(self):
        """Another link is only replaced by force, a node never."""
        self.assertEqual(
            (2, '', 'zczk ln: there is a link /a/there -> /c already; '
             '--force replaces it\n'), self.zczk('ln', '/a/b', '/a/there'))
        self.assertEqual([], self.lines('ln', '-f', '/a/b', '/a/there'))
        self.assertEqual('/a/b', self.zk().resolve('/a/there'))
        self.assertEqual(
            (2, '', 'zczk ln: there is a node /a/b already\n'),
            self.zczk('ln', '-f', '/c', '/a/b'))

    def test_usage(self):
        """Two arguments are needed."""
        self.assertIn('a TARGET and a PATH', self.zczk('ln', '/a')[2])
