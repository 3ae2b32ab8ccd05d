import unittest

from zc.zk._checks.last import is_healthy
from zc.zk._checks.last import may_go
from zc.zk._checks.last import restored


UP = {'weight': 2}
DOWN = {'weight': 0, 'healthy': False}


class LastTests(unittest.TestCase):

    def test_is_healthy(self):
        """Zero weight, healthy = false and leaving = true mean no."""
        for expected, properties in [
                (True, {}), (True, UP), (True, {'healthy': True}),
                (True, {'weight': 'heavy'}), (True, {'weight': None}),
                (False, {'weight': 0}), (False, {'weight': 0.0}),
                (False, {'healthy': False}), (False, {'leaving': True})]:
            with self.subTest(properties):
                self.assertIs(expected, is_healthy(properties))

    def test_alone(self):
        """The only provider stays."""
        self.assertFalse(may_go(False, ['a'], []))

    def test_among_healthy(self):
        """With a healthy one beside it, it may go, and stay away."""
        others = [('b', DOWN), ('c', UP)]
        self.assertTrue(may_go(False, ['a'], others))
        self.assertTrue(may_go(True, ['a'], others))

    def test_last_healthy(self):
        """The last healthy provider stays."""
        self.assertFalse(may_go(False, ['b'], [('a', DOWN), ('c', DOWN)]))

    def test_both_went(self):
        """Of two that went at once, the one with the first name returns."""
        self.assertFalse(may_go(True, ['a'], [('b', DOWN)]))
        self.assertTrue(may_go(True, ['b'], [('a', DOWN)]))

    def test_reads_no_more_than_needed(self):
        """After the first healthy one, no other is looked at."""
        others = iter([('b', UP), ('c', UP)])
        self.assertTrue(may_go(False, ['a'], others))
        self.assertEqual([('c', UP)], list(others))

    def test_restored(self):
        """What was is restored, or what its absence means."""
        self.assertEqual({'weight': 2, 'healthy': True}, restored(UP))
        self.assertEqual({'weight': 1, 'healthy': True}, restored({}))
