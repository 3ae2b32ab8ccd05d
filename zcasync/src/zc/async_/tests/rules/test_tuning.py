import unittest

from zc.async_._rules.tuning import read


class Read(unittest.TestCase):

    def test_good(self):
        """Intervals and sizes are read; other properties are left alone."""
        found = read({'poll_interval': 2, 'look_interval': 0.5, 'drain': 0,
                      'sizes': {'main': 5, 'extra': 1}, 'path': '/x'})
        self.assertEqual({'poll_interval': 2.0, 'look_interval': 0.5,
                          'drain': 0.0}, found.intervals)
        self.assertEqual({'main': 5, 'extra': 1}, found.sizes)
        self.assertEqual([], found.wrong)

    def test_nothing(self):
        """Without properties, nothing is changed."""
        self.assertEqual(({}, {}, []), read({}))

    def test_wrong(self):
        """What cannot be used is named, and the rest is used."""
        found = read({'poll_interval': 'often', 'look_interval': True,
                      'drain': -1, 'sizes': {'main': 0, 'a': 2.5, 'b': 2}})
        self.assertEqual(({}, {'b': 2}), found[:2])
        self.assertEqual([
            "poll_interval = 'often' is no number from 0.1 to 86400",
            'look_interval = True is no number from 0.01 to 86400',
            'drain = -1 is no number from 0.0 to 86400',
            "the size 0 of agent 'main' is no whole number from 1 to 1000",
            "the size 2.5 of agent 'a' is no whole number from 1 to 1000",
        ], found.wrong)

    def test_sizes(self):
        """Sizes are given by agent."""
        self.assertEqual(['sizes = 5 is no object'],
                         read({'sizes': 5}).wrong)

    def test_not_a_number(self):
        """What is no number in spite of its kind is wrong as well."""
        found = read({'poll_interval': float('nan'),
                      'drain': float('inf')})
        self.assertEqual({}, found.intervals)
        self.assertEqual(2, len(found.wrong))
