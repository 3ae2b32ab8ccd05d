import unittest

from zc.async_._stored.streams import Stream
from zc.async_._stored.streams import due
from zc.async_._stored.streams import items


class Streams(unittest.TestCase):

    def test_add(self):
        """What is added is found at its place, and removed once."""
        stream = Stream(0, (), False)
        self.assertFalse(stream)
        number, key = stream.add(1000, 'a')
        self.assertEqual(1000, due(key))
        self.assertTrue(stream)
        self.assertEqual(1, stream.count())
        self.assertFalse(stream.remove(number, key, 'b'))
        self.assertTrue(stream.remove(number, key, 'a'))
        self.assertFalse(stream.remove(number, key, 'a'))
        self.assertFalse(stream)

    def test_smallest(self):
        """An empty tree keeps its smallest key."""
        stream = Stream(0, (), False)
        stream.remove(*stream.add(1000, 'a'), 'a')
        for tree in stream.trees:
            self.assertEqual([0], list(tree))
            self.assertEqual([], list(items(tree)))

    def test_spread(self):
        """Many are spread over the trees."""
        stream = Stream(0, (), False)
        for number in range(5000):
            stream.add(number + 1, number)
        # Which ones is chance; that it is one or two is none.
        self.assertLess(2, sum(len(tree) > 1 for tree in stream.trees))
        self.assertEqual(5000, stream.count())

    def test_same_time(self):
        """Several of the same microsecond have places of their own."""
        for names in (), ('quota',):
            stream = Stream(0, names, False)
            places = {stream.add(1000, number) for number in range(200)}
            self.assertEqual(200, len(places))

    def test_quota(self):
        """Those that share a quota share a tree, in their order."""
        stream = Stream(0, ('quota',), False)
        for number in range(50):
            stream.add(1000, number)
        [tree] = stream.trees
        self.assertEqual(list(range(50)), [job for _, job in items(tree)])
