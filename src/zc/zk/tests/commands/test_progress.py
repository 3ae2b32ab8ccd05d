"""Tests of _progress: how far long work has come."""
from __future__ import annotations

import io
import unittest

from zc.zk._commands.progress import Progress
from zc.zk.tests.scripted import Terminal


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
        self.assertEqual(
            self.out.getvalue(),
            '\r5,000 of 10,000 nodes done, 2,500 a second\033[K'
            '\r7,500 nodes done, 3,000 a second\033[K'
            '\r\033[K')

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
        self.assertIn('\r256 nodes done', self.out.getvalue())
