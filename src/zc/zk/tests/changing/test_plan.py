"""Tests of plan: what an import would do, shown and saved."""
from __future__ import annotations

import json
import os

from zc.zk.tests.zczk.zczkcase import ZczkCase


class PlanCase(ZczkCase):

    def setUp(self):
        super().setUp()
        self.make('/a\n  x = 1\n  old = 1\n  /b\n/c\n')
        self.text = self.file("/a\n  x = 2\n  /n\n    t = 'q'\n")
        self.plan = str(self.directory / 'plan.json')

    def export(self):
        return self.zk().export_tree('/')


SHOWN = [
    '--- /', '+++ planned', ' /a', '-  old = 1', '-  x = 1', '+  x = 2',
    '-  /b', '+  /n', "+    t = 'q'"]


class Plan(PlanCase):

    def test_saved(self):
        """What is shown is saved; nothing is changed."""
        before = self.export()
        self.assertEqual(SHOWN, self.lines(
            'plan', self.text, '--trim', '-o', self.plan))
        with open(self.plan) as file:
            self.assertEqual('zc.zk plan', json.load(file)['format'])
        self.assertEqual(before, self.export())

    def test_no_trim(self):
        """Without trim, what else there is is named."""
        status, out, error = self.zczk('plan', self.text)
        self.assertEqual(0, status)
        self.assertNotIn('-  /b', out)
        self.assertIn('extra path not trimmed: /a/b', error)

    def test_service(self):
        """One service by its name, also one that the text does not have."""
        self.assertEqual(
            ['--- /', '+++ planned', '-/c'],
            self.lines('plan', self.text, '-t', '-s', 'c'))

    def test_no_service(self):
        """A name that is nowhere makes no plan."""
        status, out, error = self.zczk(
            'plan', self.text, '-s', 'nix', '-o', self.plan)
        self.assertEqual((2, ''), (status, out))
        self.assertIn("'nix' directly below /", error)
        self.assertFalse(os.path.exists(self.plan))

    def test_nothing(self):
        """A plan of nothing is one, too."""
        self.assertEqual(
            (0, '', 'nothing is to be done\n'),
            self.zczk('plan', self.file('/c\n', 'c.txt'), '-o', self.plan))
        self.assertEqual((0, '', 'nothing is to be done\n'),
                         self.zczk('apply', self.plan))

    def test_json(self):
        """The plan itself may be printed."""
        plan = json.loads('\n'.join(self.lines('--json', 'plan', self.text)))
        self.assertEqual('/', plan['path'])

    def test_faults(self):
        """A text with a fault, or from a broken pipe, makes no plan."""
        status, out, error = self.zczk(
            'plan', self.file('a\n', 'x.txt'), '-o', self.plan)
        self.assertEqual((2, ''), (status, out))
        self.assertIn('x.txt:1:2:', error)
        self.assertFalse(os.path.exists(self.plan))
