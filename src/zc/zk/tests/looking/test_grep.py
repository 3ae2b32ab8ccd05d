"""Tests of grep: a pattern in properties."""
from __future__ import annotations

import json

from zc.zk.tests.zczk.zczkcase import ZczkCase


class Grep(ZczkCase):

    def setUp(self):
        super().setUp()
        self.make("/a\n  host = 'Db7.example'\n  l -> /b\n  n = 17\n/b\n"
                  "  list = [7, 'db']\n")

    def test_matches(self):
        """Names and values are searched; path, name and value are printed.
        """
        self.assertEqual(
            ['/a host = Db7.example', '/a n = 17', '/b list = [7, "db"]'],
            self.lines('grep', '7'))
        self.assertEqual(['/a host = Db7.example'],
                         self.lines('grep', '^ho'))
        self.assertEqual(['/a l -> = /b'], self.lines('grep', '/b'))

    def test_options(self):
        """Case, plain text, and paths alone."""
        self.assertEqual(['/a', '/b'], self.lines('grep', '-il', 'DB'))
        self.assertEqual(['/a host = Db7.example'],
                         self.lines('grep', '-F', '7.e'))
        self.assertEqual((1, '', ''), self.zczk('grep', '-F', 'd.*'))
        self.assertEqual(2, self.zczk('grep', '7', '/nix')[0])

    def test_json(self):
        """JSON holds the value itself."""
        self.assertEqual(
            {'path': '/a', 'name': 'n', 'value': 17},
            json.loads(self.lines('--json', 'grep', '^n$')[0]))

    def test_data(self):
        """Data that are no JSON object are searched as string_value."""
        self.zk().create('/t', b'plain \x1btext')
        self.zk().create('/u', b'\xff\xfetext')
        self.assertEqual(['/t string_value = plain \\x1btext'],
                         self.lines('grep', 'text'))

    def test_usage(self):
        """What is no pattern is named."""
        status, out, error = self.zczk('grep', '(')
        self.assertEqual((2, ''), (status, out))
        self.assertIn("'(' is no regular expression", error)
        self.assertIn('a PATTERN is needed', self.zczk('grep')[2])
