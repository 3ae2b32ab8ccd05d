"""Tests of mv: nodes get another path."""
from __future__ import annotations

from zc.zk.tests.zczk.zczkcase import ZczkCase


class Moves(ZczkCase):

    def setUp(self):
        super().setUp()
        self.make('/a\n  x = 1\n  b2 -> b\n  broken -> /nix\n  /b\n'
                  '/c\n  in -> /a/b\n/d\n  /e\n')

    def test_move(self):
        """Nodes are moved, also into a node; inner links go on."""
        self.assertEqual(['1 node moved to /c/e'],
                         self.lines('mv', '/d/e', '/c/'))
        self.assertEqual(['e'], self.zk().get_children('/c'))
        self.assertEqual([], self.zk().get_children('/d'))

    def test_broken(self):
        """Links from outside that would break are named."""
        status, out, error = self.zczk('mv', '/a', '/n')
        self.assertEqual((1, ''), (status, out))
        self.assertIn('these links would break:\n  /c in -> (', error)
        self.assertNotIn('broken', error)
        self.assertTrue(self.zk().exists('/a/b'))
        status, out, error = self.zczk('mv', '-f', '/a', '/n')
        self.assertEqual((0, '2 nodes moved to /n\n'), (status, out))
        self.assertIn('these links break:\n  /c in -> (', error)
        self.assertFalse(self.zk().exists('/a'))
        self.assertEqual('/n/b', self.zk().resolve('/n/b2'))

    def test_dry_run(self):
        """A dry run says the same and moves nothing."""
        self.assertEqual(['1 node would be moved to /c/e'],
                         self.lines('mv', '-d', '/d/e', '/c/'))
        self.assertTrue(self.zk().exists('/d/e'))

    def test_live(self):
        """Nodes with live servers stay."""
        self.zk().register('/d/e', '1.2.3.4:80')
        status, out, error = self.zczk('mv', '/d', '/n')
        self.assertEqual(
            (2, '', 'zczk mv: a live server is registered: '
             '/d/e/1.2.3.4:80\n'), (status, out, error))

    def test_refused(self):
        """The root stays where it is."""
        self.assertIn('the root', self.zczk('mv', '/', '/q')[2])
        self.assertEqual(2, self.zczk('mv', '/a')[0])
