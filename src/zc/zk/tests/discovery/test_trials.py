import unittest

from zc.zk._discovery.member import Member
from zc.zk._discovery.trials import INFINITY
from zc.zk._discovery.trials import Trials
from zc.zk.tests.discovery.case import entry


class TrialsCase(unittest.TestCase):

    def setUp(self):
        self.trials = Trials()

    def ejected(self, name, until):
        """Return a member that is ejected until then."""
        member = Member(entry(name))
        member.tier = 'ejected'
        member.health.until = until
        self.trials.add(member)
        return member

    def names(self, now, ready=lambda member: True):
        """Return who is tried at a time, in this order."""
        names = []
        while True:
            member = self.trials.next(now, ready)
            if member is None:
                return names
            names.append(member.entry.name)

    def test_order(self):
        """Whose ejection ends first is tried first, and none before."""
        self.ejected('late', 30.0)
        self.ejected('early', 10.0)
        self.assertEqual(10.0, self.trials.due)
        self.assertEqual([], self.names(9.9))
        self.assertEqual(['early', 'late'], self.names(30.0))

    def test_over(self):
        """Afterwards nothing is due."""
        self.ejected('a', 10.0)
        self.assertTrue(self.trials)
        self.names(10.0)
        self.assertFalse(self.trials)
        self.assertEqual(INFINITY, self.trials.due)

    def test_changed(self):
        """An end that another one replaced, or that came early, is none."""
        self.ejected('back', 10.0).health.until = 0.0
        again = self.ejected('again', 10.0)
        again.health.until = 20.0
        self.trials.add(again)
        self.assertEqual([], self.names(10.0))
        self.assertEqual(['again'], self.names(20.0))

    def test_not_ready(self):
        """One that is not ready waits, one that is gone does not."""
        self.ejected('a', 10.0)
        self.ejected('gone', 10.0).tier = None
        self.assertEqual([], self.names(10.0, lambda member: False))
        self.assertEqual(10.0, self.trials.due)
        self.assertEqual(['a'], self.names(
            10.0, lambda member: member.tier == 'ejected'))
