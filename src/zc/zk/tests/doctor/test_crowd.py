"""Tests of crowd: few threads for many things."""
from __future__ import annotations

import threading
import unittest

from zc.zk._doctor import crowd
from zc.zk.tests.base import wait_for


class Results(unittest.TestCase):

    def test_each(self):
        """Each thing has its result, and progress counts them."""
        told = []
        self.assertEqual(
            {number: number * 2 for number in range(100)},
            crowd.results(lambda number: number * 2, range(100),
                          lambda *counts: told.append(counts)))
        self.assertEqual([(done, 100) for done in range(1, 101)], told)
        self.assertEqual({}, crowd.results(len, []))

    def test_threads(self):
        """Their number is limited, and they end."""
        found = set(crowd.results(
            lambda number: threading.current_thread(), range(500)).values())
        self.assertLessEqual(len(found), crowd.AT_ONCE)
        self.assertEqual({'zc.zk doctor'}, {each.name for each in found})
        self.assertFalse(any(each.is_alive() for each in found))

    def test_interrupted(self):
        """An exception of the caller's ends the work."""
        done = []
        first = threading.Event()

        def work(number):
            done.append(number)
            if number >= crowd.AT_ONCE:
                first.wait(30)
            return number

        def progress(done, total):
            raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            crowd.results(work, range(10_000), progress)
        first.set()
        wait_for(lambda: not any(
            each.name == 'zc.zk doctor' for each in threading.enumerate()))
        self.assertLess(len(done), 10_000)
