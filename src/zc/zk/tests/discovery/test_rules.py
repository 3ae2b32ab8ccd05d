import unittest

from zc.zk._discovery.rules import Rules


class Defaults(unittest.TestCase):

    def test_documented(self):
        """Each figure has a sentence that says its reason."""
        for name in Rules._fields:
            self.assertIn(f':ivar {name}:', Rules.__doc__)

    def test_shares(self):
        """A share is above nothing, and not above all."""
        rules = Rules()
        for name in ('least_success', 'most_refused', 'most_failing',
                     'least_healthy', 'zone_healthy', 'vanish_share'):
            share = getattr(rules, name)
            self.assertTrue(0 < share <= 1, name)

    def test_trials_come(self):
        """The first ejection is no longer than the longest one."""
        self.assertLessEqual(Rules().eject, Rules().longest_ejection)
