"""The deadline for a server's end, and how its steps share it."""
from __future__ import annotations

import unittest

from zc.zkzopeserver._ending import CLOSE
from zc.zkzopeserver._ending import LEAST
from zc.zkzopeserver._ending import LEAVE
from zc.zkzopeserver._ending import Ending
from zc.zkzopeserver._options.table import Options


class EndingTests(unittest.TestCase):

    def worst(self, drain: float, shutdown_timeout: float) -> list[float]:
        """Return how long each step takes when none ends by itself."""
        now = 100.0
        ending = Ending(drain, shutdown_timeout, now)
        steps = [ending.leave()]
        now += steps[-1]
        for step in (ending.drain,
                     lambda now: ending.finish(now, gone=False),
                     ending.close):
            steps.append(step(now))
            now += steps[-1]
        return steps

    def test_defaults(self):
        """With the defaults, nine seconds are never exceeded."""
        options = Options()
        self.assertEqual(
            [LEAVE, 1.0, 5.0, CLOSE],
            self.worst(options.drain, options.shutdown_timeout))

    def test_any(self):
        """The steps never take more than `drain` and `shutdown_timeout`."""
        for drain in (0.0, 0.1, 1.0, 7.0, 1000.0):
            for shutdown_timeout in (0.0, 0.1, 3.0, 60.0):
                with self.subTest(drain=drain, timeout=shutdown_timeout):
                    steps = self.worst(drain, shutdown_timeout)
                    self.assertLessEqual(
                        sum(steps),
                        max(drain + shutdown_timeout, LEAST) + 1e-9)
                    self.assertGreaterEqual(min(steps), 0.0)

    def test_usual(self):
        """When ZooKeeper answers at once, requests get all their time."""
        ending = Ending(1.0, 8.0, 100.0)
        self.assertEqual(1.0, ending.drain(100.0))
        self.assertEqual(8.0, ending.finish(101.0, gone=True))

    def test_no_time_for_requests(self):
        """The nodes are taken away also where requests get no time."""
        ending = Ending(0.0, 0.0, 100.0)
        self.assertEqual(1.0, ending.leave())
        self.assertEqual(0.0, ending.finish(101.0, gone=False))
        self.assertEqual(1.0, ending.close(101.0))

    def test_late(self):
        """No step gets less than nothing."""
        ending = Ending(1.0, 8.0, 100.0)
        for step in (ending.drain, ending.close,
                     lambda now: ending.finish(now, gone=True)):
            self.assertEqual(0.0, step(200.0))
