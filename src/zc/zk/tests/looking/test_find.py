"""Tests of find: paths of certain nodes."""
from __future__ import annotations

import json

from zc.zk.tests.zczk.zczkcase import ZczkCase


class Find(ZczkCase):

    def setUp(self):
        super().setUp()
        self.make("/a : demo\n  x = 1\n  l -> /b\n  /b1\n/b : other\n"
                  "  /b2\n    x = 'y'\n")
        self.other = self.zk()
        self.other.register('/a', '1.2.3.4:80')

    def test_all(self):
        """Without a condition, all nodes are found, also through links."""
        self.assertEqual(['/', '/a', '/a/1.2.3.4:80', '/a/b1', '/b', '/b/b2'],
                         self.lines('find'))
        self.assertEqual(['/b', '/b/b2'], self.lines('find', '/a/l'))

    def test_conditions(self):
        """All conditions must hold."""
        self.assertEqual(['/a/b1', '/b', '/b/b2'],
                         self.lines('find', '--name', 'b*'))
        self.assertEqual(['/b/b2'], self.lines(
            'find', '--name', 'b*', '--property', 'x'))
        self.assertEqual(['/a'], self.lines('find', '--property', 'x=1'))
        self.assertEqual(['/a'], self.lines('find', '--type', 'de*'))
        self.assertEqual(['/a/1.2.3.4:80'], self.lines('find', '--ephemeral'))
        self.assertEqual(['/a/1.2.3.4:80'], self.lines(
            'find', '--owner', hex(self.other.client.client_id[0])))
        self.assertEqual(['/a'], self.lines(
            'find', '/a', '--older', '0', '--type', 'demo'))

    def test_nothing(self):
        """Nothing found is 1, without a word."""
        self.assertEqual(
            (1, '', ''), self.zczk('find', '/a', '--older', '9w'))
        self.assertEqual((1, '', ''), self.zczk('find', '--owner', '0x1'))

    def test_json(self):
        """A JSON object for each node."""
        found = json.loads(self.lines('find', '--json', '--name', 'b2')[0])
        self.assertEqual(('/b/b2', {'x': 'y'}, False), (
            found['path'], found['properties'], found['ephemeral']))

    def test_usage(self):
        """A bad condition is named."""
        for words, said in [(['--older', 'x'], 'seconds is needed'),
                            (['--owner', 'x'], 'session is needed')]:
            status, out, error = self.zczk('find', *words)
            self.assertEqual((2, ''), (status, out))
            self.assertIn(said, error)

    def test_unreadable(self):
        """A node that may not be read is named; the others are found."""
        self.forbid('/a')
        status, out, error = self.zczk('find')
        self.assertEqual((0, '/\n/b\n/b/b2\n'), (status, out))
        self.assertEqual(
            'these nodes may not be read:\n  /a\n', error)
