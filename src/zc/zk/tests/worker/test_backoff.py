"""What failed is tried again after growing delays."""
from __future__ import annotations

import unittest
from unittest import mock

import zc.zk.backoff
from zc.zk._worker.backoff import Backoff


class BackoffTests(unittest.TestCase):

    def test_door(self) -> None:
        """It is public."""
        self.assertIs(zc.zk.backoff.Backoff, Backoff)

    def test_growing(self) -> None:
        """Each delay is twice the one before, up to the longest."""
        delays = Backoff(0.5, 3.0, least=1.0)
        self.assertEqual(
            [0.5, 1.0, 2.0, 3.0, 3.0], [delays.next() for _ in range(5)])

    def test_varied(self) -> None:
        """A delay is varied down to its least share, and grows all the
        same.
        """
        delays = Backoff(1.0, 8.0, least=0.25)
        with mock.patch('random.uniform', lambda low, high: low):
            self.assertEqual(
                [0.25, 0.5, 1.0], [delays.next() for _ in range(3)])
        for _ in range(100):
            self.assertTrue(2.0 <= delays.next() <= 8.0)

    def test_due(self) -> None:
        """What failed is due after its delay, by the caller's clock."""
        delays = Backoff(1.0, 30.0, least=1.0)
        self.assertEqual(0.0, delays.due)
        delays.failed(100.0)
        delays.failed(200.0)
        self.assertEqual(202.0, delays.due)

    def test_at_once(self) -> None:
        """A hurry keeps the length of the next delay; a reset does not."""
        delays = Backoff(1.0, 30.0, least=1.0)
        delays.failed(100.0)
        delays.hurry()
        self.assertEqual(0.0, delays.due)
        self.assertEqual(2.0, delays.next())
        delays.failed(100.0)
        delays.reset()
        self.assertEqual(0.0, delays.due)
        self.assertEqual(1.0, delays.next())

    def test_rest(self) -> None:
        """What did not fail is looked at after the longest delay."""
        delays = Backoff(1.0, 30.0, least=1.0)
        delays.rest(100.0)
        self.assertEqual(130.0, delays.due)
        self.assertEqual(1.0, delays.next())
