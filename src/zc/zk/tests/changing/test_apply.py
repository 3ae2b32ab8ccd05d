"""Tests of apply: what was planned, or nothing."""
from __future__ import annotations

from zc.zk.tests.changing.test_plan import SHOWN
from zc.zk.tests.changing.test_plan import PlanCase


class Apply(PlanCase):

    def setUp(self):
        super().setUp()
        self.lines('plan', self.text, '--trim', '-o', self.plan)

    def test_as_planned(self):
        """What was shown is shown again, and done."""
        self.assertEqual(SHOWN, self.lines('apply', '-d', self.plan))
        self.assertIn('/b', self.export())
        self.assertEqual(SHOWN, self.lines('apply', self.plan))
        self.assertEqual("/a\n  x = 2\n  /n\n    t = 'q'\n/c\n",
                         self.export())

    def test_moved(self):
        """Nothing is done when a node has changed, which is named."""
        self.zk().set('/a', b'{"x":1,"old":1}')
        before = self.export()
        status, out, error = self.zczk('apply', self.plan)
        self.assertEqual(1, status)
        self.assertEqual(SHOWN, out.splitlines())
        self.assertEqual(
            'zczk apply: these nodes have changed since the plan was made: '
            '/a; nothing was done\n', error)
        self.assertEqual(before, self.export())

    def test_no_plan(self):
        """What is no plan is refused."""
        status, out, error = self.zczk('apply', self.text)
        self.assertEqual((2, ''), (status, out))
        self.assertRegex(
            error, rf'^zczk apply: {self.text}: it is not JSON')
        self.assertEqual(2, self.zczk('apply')[0])
        self.assertEqual(2, self.zczk('apply', '/nix.json')[0])
