import unittest

from zc.zk._discovery.ejection import TrackRecord
from zc.zk._discovery.ejection import allowed
from zc.zk._discovery.rules import Rules


RULES = Rules(jitter=0.0)


class Reports(unittest.TestCase):

    def reports(self, *reports):
        """Return the verdicts on failures; each report is a time and
        whether all was well.
        """
        health, verdicts = TrackRecord(), []
        for now, good in reports:
            if good:
                health.streak = 0
                health.good += 1
                if now >= health.turn_at:
                    health.turn(now, RULES)
            else:
                verdicts.append(health.failed(now, RULES))
        return verdicts

    def test_in_a_row(self):
        """The fifth failure in a row is too much, among many successes."""
        self.assertEqual(
            [False] * 4 + [True],
            self.reports(*[(1.0, True)] * 100, *[(2.0, False)] * 5))

    def test_success_between(self):
        """A success between begins the count anew."""
        self.assertEqual(
            [False] * 8,
            self.reports(*[(1.0, True)] * 100, *[(2.0, False)] * 4,
                         (3.0, True), *[(4.0, False)] * 4))

    def test_share(self):
        """Less than 80 % successes of five reports is too much."""
        good, bad = (1.0, True), (1.0, False)
        self.assertEqual([False], self.reports(good, good, good, bad))
        self.assertEqual([False], self.reports(*[good] * 4, bad))
        self.assertEqual([False, True], self.reports(*[good] * 3, bad, bad))

    def test_window(self):
        """Reports older than the window do not count."""
        self.assertEqual([False, False], self.reports(
            (1.0, False), *[(40.0, True)] * 4, (41.0, False)))
        self.assertEqual([False, True], self.reports(
            (1.0, False), *[(10.0, True)] * 4, (11.0, False)))


class Ejections(unittest.TestCase):

    def test_longer(self):
        """Each ejection lasts longer, up to a limit."""
        health, seconds = TrackRecord(), []
        for _ in range(12):
            health.eject(100.0, True, 0.5, RULES)
            seconds.append(health.until - 100.0)
        self.assertEqual([30, 60, 90], seconds[:3])
        self.assertEqual([300, 300, 300], seconds[9:])

    def test_jitter(self):
        """Chance lengthens it by a tenth at most."""
        health = TrackRecord()
        health.eject(100.0, True, 1.0, Rules())
        self.assertAlmostEqual(133.0, health.until)

    def test_forgiven(self):
        """A time without failures lets the next ejection be short again."""
        health = TrackRecord()
        for _ in range(3):
            health.eject(0.0, True, 0.0, RULES)
        health.reinstate(100.0, RULES)
        left = []
        for now in 100, 131, 162, 193, 224:
            health.turn(now, RULES)
            left.append(health.ejections)
        self.assertEqual([3, 2, 1, 0, 0], left)


class Allowed(unittest.TestCase):

    def test_table(self):
        """Half may be ejected if refused, a tenth but one if failing."""
        for refused, total, ejected, failing, verdict in (
            (True, 10, 0, 0, True), (True, 10, 4, 0, True),
            (True, 10, 5, 0, False), (True, 3, 0, 0, True),
            (True, 3, 1, 0, False), (True, 1, 0, 0, False),
            (False, 10, 0, 0, True), (False, 10, 1, 1, False),
            (False, 20, 1, 1, True), (False, 20, 2, 2, False),
            (False, 5, 0, 0, True), (False, 10, 5, 0, False),
            (False, 1, 0, 0, False),
        ):
            with self.subTest((refused, total, ejected, failing)):
                self.assertIs(verdict, allowed(
                    refused, total, ejected, failing, RULES))
