"""Tests of resolve: links, step by step."""
from __future__ import annotations

import json

from zc.zk.tests.zczk.zczkcase import ZczkCase


class Resolve(ZczkCase):

    def setUp(self):
        super().setUp()
        self.make('/a\n  b -> ../c/d\n  x -> /a/y\n  y -> /a/x\n'
                  '  z -> /nix\n/c\n  d -> /e\n/e\n  /f\n')

    def test_steps(self):
        """Each link gives a line; the last is a real node."""
        self.assertEqual(['/a/b/f', '-> /c/d/f', '-> /e/f'],
                         self.lines('resolve', '/a/b/f'))
        self.assertEqual(['/e'], self.lines('resolve', '/e'))

    def test_steps_to_a_fault(self):
        """The steps are shown as far as they lead."""
        self.assertEqual(['/a/z', '-> /nix'],
                         self.lines('resolve', '/a/z', status=1)[:-1])
        self.assertEqual(['/a/x', '-> /a/y'],
                         self.lines('resolve', '/a/x', status=1)[:-1])

    def test_broken(self):
        """What is missing is said, and what leads in a circle."""
        self.assertEqual(
            ['there is no node /a/z (links lead to /nix, which does not '
             'exist)'], self.lines('resolve', '/a/z', status=1)[-1:])
        self.assertIn('circular', self.lines('resolve', '/a/x', status=1)[-1])

    def test_json(self):
        """JSON holds the steps and the end."""
        self.assertEqual(
            {'path': '/a/b', 'steps': ['/a/b', '/c/d', '/e'],
             'fault': None, 'real_path': '/e'},
            json.loads(self.lines('--json', 'resolve', '/a/b')[0]))
        found = json.loads(self.lines('--json', 'resolve', '/q', status=1)[0])
        self.assertEqual((None, 'there is no node /q'),
                         (found['real_path'], found['fault']))

    def test_usage(self):
        """One path is needed."""
        self.assertEqual(2, self.zczk('resolve')[0])
