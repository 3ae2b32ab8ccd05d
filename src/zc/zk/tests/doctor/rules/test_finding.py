"""Tests of finding: what is kept of many findings, and in which order."""
from __future__ import annotations

import unittest

from zc.zk._doctor.rules import finding
from zc.zk._doctor.rules.finding import Findings
from zc.zk._doctor.rules.finding import Level


class Kept(unittest.TestCase):

    def test_order(self):
        """Errors come first, and those of one rule together."""
        findings = Findings()
        findings.warning('a', '/1', 'f', 'r')
        findings.error('b', '/2', 'f', 'r')
        findings.error('c', '/3', 'f', 'r')
        findings.error('b', '/4', 'f', 'r')
        self.assertEqual(['/2', '/4', '/3', '/1'],
                         [each.path for each in findings.all()])

    def test_limit(self):
        """Of one rule, so many are kept; how many more is said."""
        findings = Findings(most=2)
        for number in range(5):
            findings.error('a', f'/{number}', 'f', 'r')
        findings.error('b', '/x', 'f', 'r')
        self.assertEqual(
            [('/0', 'f'), ('/1', 'f'), ('/', 'and 3 more like these'),
             ('/x', 'f')],
            [(each.path, each.fault) for each in findings.all()])

    def test_level(self):
        """A level reads as it is written in JSON."""
        self.assertEqual('error', str(Level.ERROR))
        self.assertEqual('warning', f'{Level.WARNING}')


class Clipped(unittest.TestCase):

    def test_long(self):
        """Of a long text the beginning is shown."""
        self.assertEqual('a', finding.clipped('a'))
        text = finding.clipped('a' * 9_999)
        self.assertEqual(finding.LONGEST + 3, len(text))
        self.assertTrue(text.endswith('...'))
