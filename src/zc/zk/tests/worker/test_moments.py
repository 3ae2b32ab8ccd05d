"""Waiting for a moment that may not come."""
from __future__ import annotations

import threading
import unittest

from zc.zk._worker.moments import Moments
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for


class MomentTests(unittest.TestCase):

    def setUp(self) -> None:
        self.moments = Moments()

    def test_comes(self) -> None:
        """Who waits goes on when it comes, even at once."""
        self.assertTrue(self.moments.wait(
            lambda tell: threading.Thread(target=tell).start(), DEADLINE))
        self.assertTrue(self.moments.wait(lambda tell: tell(), DEADLINE))

    def test_does_not_come(self) -> None:
        """Nobody waits for longer than they want to."""
        self.assertFalse(self.moments.wait(lambda tell: None, 0.01))
        self.assertFalse(self.moments.wait(lambda tell: None, -1.0))

    def test_given_up(self) -> None:
        """All who wait are let go, and know that it did not come."""
        found: list[bool] = []
        threads = [
            threading.Thread(target=lambda: found.append(
                self.moments.wait(lambda tell: None, 10 * DEADLINE)))
            for _ in range(3)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(self.moments._awaited) == 3)
        self.moments.give_up()
        for thread in threads:
            thread.join(DEADLINE)
        self.assertEqual([False] * 3, found)
        self.assertEqual(set(), self.moments._awaited)

    def test_what_asks_fails(self) -> None:
        """An error while it is asked for leaves nothing behind."""
        with self.assertRaises(ZeroDivisionError):
            self.moments.wait(lambda tell: tell(1 / 0), DEADLINE)  # type: ignore
        self.assertEqual(set(), self.moments._awaited)
