import random
import unittest

from hypothesis import given
from hypothesis import strategies

from zc.zk._discovery.member import Member
from zc.zk._discovery.pool import Draw
from zc.zk._discovery.pool import Pool
from zc.zk.tests.discovery.case import entry


def members(*weights):
    return [Member(entry(f'{number}:1', weight=weight))
            for number, weight in enumerate(weights)]


def shares(draw, count=6000):
    chance = random.Random(7).random
    counts = [0] * len(draw)
    for _ in range(count):
        counts[draw.pick(chance)] += 1
    return [each / count for each in counts]


class Picks(unittest.TestCase):

    def test_even(self):
        """Members of one weight are picked alike."""
        for share in shares(Draw(members(2, 2, 2, 2))):
            self.assertAlmostEqual(0.25, share, delta=0.03)

    def test_weights(self):
        """Others as often as their weights say."""
        for share, wanted in zip(shares(Draw(members(1, 2, 5))),
                                 (0.125, 0.25, 0.625), strict=True):
            self.assertAlmostEqual(wanted, share, delta=0.03)

    def test_one_in_many(self):
        """One heavy member among many light ones has its share too."""
        draw = Draw(members(*[1] * 200, 200))
        self.assertAlmostEqual(0.5, shares(draw)[200], delta=0.03)

    def test_last(self):
        """The largest number that chance gives picks the last one."""
        draw = Draw(members(1, 2))
        self.assertEqual(1, draw.pick(lambda: 1 - 2 ** -53))


class Pools(unittest.TestCase):

    @given(strategies.lists(strategies.integers(0, 9)),
           strategies.lists(strategies.sampled_from([1, 2]), min_size=10,
                            max_size=10))
    def test_places(self, turns, weights):
        """However members come and go, each knows its place."""
        pool, there = Pool(), set()
        each = members(*weights)
        for number in turns:
            (pool.discard if number in there else pool.add)(each[number])
            there ^= {number}
            self.assertEqual({each[number] for number in there}, set(pool))
            self.assertEqual(list(range(len(there))),
                             [member.place for member in pool])
            self.assertEqual(
                len({weights[number] for number in there}) <= 1, pool.even)
