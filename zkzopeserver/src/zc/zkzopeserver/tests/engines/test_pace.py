"""The pace that clients must keep."""
from __future__ import annotations

import unittest

from zc.zkzopeserver._engines.pace import Pace


class Tests(unittest.TestCase):

    pace = Pace(header_timeout=10.0, pause=60.0, min_body_rate=500)

    def test_header(self):
        """A header is late after its timeout."""
        self.assertFalse(self.pace.header_is_late(100.0, 110.0))
        self.assertTrue(self.pace.header_is_late(100.0, 110.1))

    def test_body(self):
        """A body may pause, and what it has sent gives it more time."""
        self.assertFalse(self.pace.body_is_late(100.0, 0, 160.0))
        self.assertTrue(self.pace.body_is_late(100.0, 0, 160.1))
        self.assertFalse(self.pace.body_is_late(100.0, 5000, 170.0))
        self.assertTrue(self.pace.body_is_late(100.0, 5000, 170.1))

    def test_any_rate(self):
        """A rate of 0 allows any."""
        pace = Pace(10.0, 60.0, 0)
        self.assertFalse(pace.body_is_late(0.0, 0, 1e9))
