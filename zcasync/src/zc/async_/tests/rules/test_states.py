import itertools
import unittest

from zc.async_._rules import states
from zc.async_._rules.states import may_follow


class States(unittest.TestCase):

    def test_forward(self):
        """A job goes through all states in their order."""
        order = [states.NEW, states.PENDING, states.ASSIGNED, states.ACTIVE,
                 states.CALLBACKS, states.COMPLETED]
        for before, after in itertools.pairwise(order):
            self.assertTrue(may_follow(before, after), (before, after))

    def test_back(self):
        """A job that has a result never loses it."""
        for before in states.CALLBACKS, states.COMPLETED:
            for after in states.NAMES:
                if after != states.COMPLETED:
                    self.assertFalse(may_follow(before, after))

    def test_interrupted(self):
        """An interrupted job may wait again."""
        self.assertTrue(may_follow(states.ACTIVE, states.PENDING))

    def test_names(self):
        """Each state has a name for people."""
        self.assertEqual('Performing Callbacks',
                         states.NAMES[states.CALLBACKS])
        self.assertEqual(6, len(states.NAMES))
