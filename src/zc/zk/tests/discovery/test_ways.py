import random
import unittest

from zc.zk._discovery import ways
from zc.zk._discovery.member import Member
from zc.zk._discovery.pool import Draw
from zc.zk.tests.discovery.case import entry


class Ways(unittest.TestCase):

    def setUp(self):
        self.random = random.Random(2026).random

    def draw(self, **weights):
        """Return members of these names and weights."""
        return Draw([Member(entry(name, weight=weight))
                     for name, weight in weights.items()])

    def names(self, way, draw, count=300):
        return [way(draw, self.random).entry.name for _ in range(count)]

    def test_turns(self):
        """Round robin takes one after the other, and then the first again.
        """
        names = self.names(
            ways.RoundRobin(), self.draw(a=1, b=1, c=1), 30)
        self.assertEqual(names[:3] * 10, names)
        self.assertEqual(set('abc'), set(names[:3]))

    def test_start(self):
        """Round robin starts anywhere."""
        draw = self.draw(a=1, b=1, c=1)
        self.assertEqual(set('abc'), {
            self.names(ways.RoundRobin(), draw, 1)[0] for _ in range(50)})

    def test_turns_of_fewer(self):
        """Round robin goes on when there are fewer than before."""
        way = ways.RoundRobin()
        self.names(way, self.draw(a=1, b=1, c=1), 5)
        self.assertEqual(['a'] * 3, self.names(way, self.draw(a=1), 3))

    def test_weights(self):
        """Each way but for load gives each its share by weight."""
        draw = self.draw(a=3, b=1)
        for way in ways.RoundRobin(), ways.any_one:
            share = self.names(way, draw, 2000).count('a') / 2000
            self.assertAlmostEqual(0.75, share, delta=0.05)

    def test_better(self):
        """Of two, the one with fewer requests is better."""
        draw = self.draw(a=1, b=1)
        for member in draw:
            member.took(0.1, 1.0)
        draw.items[0].requests.append(None)
        self.assertEqual({'b'}, set(self.names(ways.better_of_two, draw)))

    def test_better_alone(self):
        """One alone is the better of two."""
        self.assertEqual(
            {'a'}, set(self.names(ways.better_of_two, self.draw(a=1))))

    def test_none(self):
        """Of none, no way returns any."""
        for make in ways.WAYS.values():
            with self.assertRaises((IndexError, ZeroDivisionError)):
                make()(self.draw(), self.random)
