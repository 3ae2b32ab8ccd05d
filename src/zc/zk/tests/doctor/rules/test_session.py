"""Tests of session: timeouts, clocks, and how often nodes come and go."""
from __future__ import annotations

import unittest

from zc.zk._doctor.rules import session
from zc.zk._doctor.rules.finding import Findings


class Session(unittest.TestCase):

    def setUp(self):
        self.findings = Findings()

    def faults(self):
        found, self.findings = self.findings.all(), Findings()
        return [each.fault for each in found]

    def test_timeout(self):
        """A timeout that was not granted is out of bounds."""
        session.judge_timeout(self.findings, 10.0, 10.0)
        session.judge_timeout(self.findings, 10.0004, 10.0)
        self.assertEqual([], self.faults())
        session.judge_timeout(self.findings, 10.0, 4.0)
        session.judge_timeout(self.findings, 1.0, 4.0)
        most, least = self.faults()
        self.assertIn('at most 4', most)
        self.assertIn('at least 4', least)

    def test_clock(self):
        """The time that the answer took is nobody's skew."""
        session.judge_clock(self.findings, 100.0, 100.0, 100.0)
        session.judge_clock(self.findings, 100.0, 50.0, 150.0)
        session.judge_clock(self.findings, 100.0, 102.0, 103.0)
        session.judge_clock(self.findings, 100.0, 97.0, 98.0)
        self.assertEqual([], self.faults())
        session.judge_clock(self.findings, 100.0, 103.0, 104.0)
        session.judge_clock(self.findings, 100.0, 96.0, 97.0)
        ahead, behind = self.faults()
        self.assertIn('3.0 seconds ahead', ahead)
        self.assertIn('3.0 seconds behind', behind)

    def test_churn(self):
        """A few changes are no churn, nor are many in a long time."""
        for changes, seconds in ((0, 3), (5, 3), (7, 8)):
            session.judge_churn(self.findings, '/s', changes, seconds)
        self.assertEqual([], self.faults())
        session.judge_churn(self.findings, '/s', 6, 3.0)
        self.assertEqual(1, len(self.faults()))
