import unittest

from zc.zk._checks.health import Health
from zc.zk._checks.health import next_check


class HealthTests(unittest.TestCase):

    def changes(self, results, **keywords):
        """Return where results, + and -, changed what, as a text."""
        health = Health(**keywords)
        return ''.join(
            ('U' if health.up else 'D') if health.observe(result == '+')
            else '.' for result in results)

    def test_down_after(self):
        """Three failures in a row make it down, by default."""
        self.assertEqual('..D', self.changes('---'))
        self.assertEqual('.....', self.changes('--+--'))

    def test_up_after(self):
        """Two successes in a row make it up again, by default."""
        self.assertEqual('..D..U', self.changes('---.++'.replace('.', '-')))
        self.assertEqual('..D...', self.changes('---+-+'))

    def test_settable(self):
        """Both numbers can be set."""
        self.assertEqual(
            'DUDU', self.changes('-+-+', down_after=1, up_after=1))
        self.assertEqual(
            '.D..U', self.changes('--+++', down_after=2, up_after=3))

    def test_steady(self):
        """More of the same changes nothing."""
        self.assertEqual('..D....', self.changes('-------'))
        self.assertEqual('....', self.changes('++++'))

    def test_jitter(self):
        """An interval varies by a tenth, to both sides."""
        self.assertEqual(
            [101.8, 102.0, 102.2],
            [round(next_check(100.0, 2.0, chance), 6)
             for chance in (0.0, 0.5, 1.0)])
