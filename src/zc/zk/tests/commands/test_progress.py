"""Tests of progress: how far long work has come."""
from __future__ import annotations

import io
import re
import sys
import unittest
from unittest import mock

from zc.zk._commands.progress import Progress
from zc.zk.tests.scripted import Terminal


#: Colours and movements of the cursor.
ESCAPES = re.compile(r'\x1b\[[0-9;?]*[A-Za-z]')


class ProgressTests(unittest.TestCase):

    def setUp(self):
        self.now = 0.0
        self.out = Terminal()

    def make(self, out=None):
        return Progress(out or self.out, 'nodes done', lambda: self.now)

    def test_short_work(self):
        """Work that is done in a second shows nothing."""
        with self.make() as progress:
            self.now = 0.9
            progress(5, 10)
        self.assertEqual(self.out.getvalue(), '')

    def test_long_work(self):
        """Longer work shows how much of how much is done, and the rate."""
        with self.make() as progress:
            self.now = 2.0
            progress(5000, 10000)
            self.now = 2.1
            progress(5001, 10000)       # too soon after the last
            self.now = 2.5
            progress(7500)
        shown = ESCAPES.sub('', self.out.getvalue())
        self.assertIn('5,000 of 10,000 nodes done, 2,500 a second', shown)
        self.assertNotIn('5,001', shown)
        self.assertIn('7,500 nodes done, 3,000 a second', shown)

    def test_taken_away(self):
        """At the end the line is gone, and the cursor is there again."""
        with self.make() as progress:
            self.now = 2.0
            progress(1)
        self.assertTrue(self.out.getvalue().endswith('\033[1A\033[2K'))
        self.assertIn('\033[?25h', self.out.getvalue())

    def test_without_rich(self):
        """Without rich, nothing is shown."""
        with mock.patch.dict(sys.modules, {'rich': None}):
            with self.make() as progress:
                self.now = 2.0
                progress(5000, 10000)
                self.now = 3.0
                progress(6000, 10000)
        self.assertEqual('', self.out.getvalue())

    def test_names(self):
        """What is done is shown as it is, without rich's markup."""
        with Progress(self.out, '[red]x', lambda: self.now) as progress:
            self.now = 2.0
            progress(1)
        self.assertIn('[red]x', self.out.getvalue())

    def test_no_terminal(self):
        """Nothing is shown but on a terminal."""
        out = io.StringIO()
        with self.make(out) as progress:
            self.now = 5
            progress(1, 2)
            list(progress.count(range(300)))
        self.assertEqual(out.getvalue(), '')

    def test_count(self):
        """What passes through is counted."""
        with self.make() as progress:
            for number in progress.count(range(600)):
                self.now = number / 100
        self.assertIn(
            '256 nodes done', ESCAPES.sub('', self.out.getvalue()))
