"""Outages of a connection, and what is made up for."""
from __future__ import annotations

import unittest

from zc.zk._live.outages import Outages


class OutageTests(unittest.TestCase):

    def rearm(self, outages: Outages) -> int:
        """Leave the watches again, and return the number of the outage."""
        with outages.rearming() as since:
            assert since is not None
            return since[1]

    def test_none(self) -> None:
        """Without an outage, there is nothing to make up for."""
        outages = Outages(True)
        self.assertTrue(outages.over)
        self.assertFalse(outages.watches_are_gone)
        self.assertFalse(outages.refreshed())
        with outages.rearming() as since:
            self.assertIsNone(since)

    def test_one(self) -> None:
        """It is over when what was missed has come and was read."""
        outages = Outages(True)
        self.assertTrue(outages.begin(17))
        self.assertFalse(outages.begin(18))     # kazoo tells of it twice
        self.assertFalse(outages.connected)
        self.assertFalse(outages.over)
        outages.end()
        self.assertTrue(outages.watches_are_gone)
        with outages.rearming() as since:
            self.assertEqual((17, 1), since)
        self.assertFalse(outages.watches_are_gone)
        self.assertFalse(outages.refreshed())
        self.assertFalse(outages.over)
        outages.caught_up = 1
        self.assertFalse(outages.over)
        self.assertTrue(outages.refreshed())
        self.assertTrue(outages.over)

    def test_not_connected_at_first(self) -> None:
        """The time before the first connection is an outage."""
        outages = Outages(False)
        outages.end()
        self.assertFalse(outages.over)
        outages.caught_up = self.rearm(outages)
        self.assertTrue(outages.refreshed())
        self.assertTrue(outages.over)

    def test_watches_that_could_not_be_left(self) -> None:
        """They are gone as before, since the same zxid."""
        outages = Outages(True)
        outages.begin(17)
        outages.end()
        with self.assertRaises(ZeroDivisionError), outages.rearming():
            outages.begin(99)
            raise ZeroDivisionError
        outages.end()
        with outages.rearming() as since:
            self.assertEqual((17, 2), since)

    def test_another_meanwhile(self) -> None:
        """One that begins while watches are left is made up for as well."""
        outages = Outages(True)
        outages.begin(17)
        outages.end()
        with outages.rearming() as since:
            outages.begin(23)
            outages.end()
        self.assertEqual((17, 1), since)
        self.assertTrue(outages.watches_are_gone)
        outages.caught_up = 1
        outages.refreshed()
        self.assertFalse(outages.over)
        with outages.rearming() as since:
            self.assertEqual((23, 2), since)
        outages.caught_up = 2
        outages.refreshed()
        self.assertTrue(outages.over)
