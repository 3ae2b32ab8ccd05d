import math
import unittest

from zc.zk._discovery.member import Member
from zc.zk.tests.discovery.case import entry


def unit(now, memory=10.0):
    return math.exp(now / memory)


class Latencies(unittest.TestCase):

    def setUp(self):
        self.member = Member(entry('a:1'))

    def cost(self, now):
        return self.member.cost() / unit(now)

    def test_slow_at_once(self):
        """A slow answer counts at once."""
        self.member.took(0.01, unit(0))
        self.member.took(1.0, unit(0.1))
        self.assertAlmostEqual(1.0, self.cost(0.1))

    def test_quick_little_by_little(self):
        """A quick answer counts as much as the time since the last one."""
        self.member.took(1.0, unit(0))
        self.member.took(0.1, unit(1.0))
        kept = math.exp(-0.1)
        self.assertAlmostEqual(kept + 0.1 * (1 - kept), self.cost(1.0))

    def test_fades(self):
        """What was known of a server that is left alone fades."""
        self.member.took(1.0, unit(0))
        self.assertAlmostEqual(math.exp(-2), self.cost(20.0))

    def test_requests(self):
        """Each request that is out makes the next one wait longer."""
        self.member.took(0.5, unit(0))
        self.member.requests += [None, None]
        self.assertAlmostEqual(1.5, self.cost(0))

    def test_weight(self):
        """A server of twice the weight takes twice the requests."""
        heavy = Member(entry('b:1', weight=2))
        for member, count in (self.member, 2), (heavy, 4):
            member.took(0.5, 1.0)
            member.requests += [None] * count
        self.assertEqual(self.member.cost(), heavy.cost())

    def test_unknown(self):
        """A new server gets one request before it gets a second one."""
        known = Member(entry('b:1'))
        known.took(100.0, 1.0)
        self.assertLess(self.member.cost(), known.cost())
        self.member.requests.append(None)
        self.assertGreater(self.member.cost(), known.cost())

    def test_rebase(self):
        """Smaller units change nothing."""
        self.member.took(1.0, unit(100))
        self.member.rebase(1 / unit(100))
        self.member.took(0.1, unit(1))
        kept = math.exp(-0.1)
        self.assertAlmostEqual(kept + 0.1 * (1 - kept), self.cost(1))
