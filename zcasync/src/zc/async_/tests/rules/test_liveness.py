import unittest

from zc.async_._rules.liveness import Watch
from zc.async_._rules.liveness import heir


class Silence(unittest.TestCase):

    def test_first(self):
        """Silence begins with the first look."""
        watch = Watch()
        self.assertEqual(0, watch.silent('a', (1, 7), 1000.0))
        self.assertEqual(25, watch.silent('a', (1, 7), 1025.0))

    def test_beat(self):
        """Each ping ends it."""
        watch = Watch()
        watch.silent('a', (1, 7), 0.0)
        self.assertEqual(0, watch.silent('a', (1, 8), 50.0))
        self.assertEqual(5, watch.silent('a', (1, 8), 55.0))

    def test_activation(self):
        """So does another activation, whose count may be the same."""
        watch = Watch()
        watch.silent('a', (1, 7), 0.0)
        self.assertEqual(0, watch.silent('a', (2, 7), 50.0))

    def test_others(self):
        """Each dispatcher is observed by itself."""
        watch = Watch()
        watch.silent('a', 1, 0.0)
        self.assertEqual(0, watch.silent('b', 1, 50.0))

    def test_restart(self):
        """An observer that was away begins again."""
        watch = Watch()
        watch.silent('a', 1, 0.0)
        watch.silent('b', 1, 0.0)
        watch.forget('a')
        self.assertEqual(0, watch.silent('a', 1, 9.0))
        watch.restart()
        self.assertEqual(0, watch.silent('b', 1, 99.0))


class Heir(unittest.TestCase):

    def test_next(self):
        """The next one takes over, and after the last the first."""
        self.assertEqual('c', heir('b', ['a', 'c', 'd']))
        self.assertEqual('a', heir('d', ['c', 'a']))

    def test_alone(self):
        """Nobody takes over where nobody is."""
        self.assertIsNone(heir('a', []))
