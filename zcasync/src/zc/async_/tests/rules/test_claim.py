import unittest

from zc.async_._rules.claim import Head
from zc.async_._rules.claim import in_order


def places(heads, now=100, **options):
    return [head.place for head in in_order(heads, now, **options)]


class Order(unittest.TestCase):

    def test_time(self):
        """What was put earlier comes first."""
        self.assertEqual([2, 0, 1], places([
            Head(0, 50, False, 0), Head(0, 60, False, 1),
            Head(0, 40, False, 2)]))

    def test_priority(self):
        """A higher priority comes before any time."""
        self.assertEqual([1, 0], places([
            Head(0, 10, False, 0), Head(5, 90, False, 1)]))

    def test_held(self):
        """What waits for its time comes when that is there."""
        heads = [Head(0, 101, True, 0), Head(0, 100, True, 1)]
        self.assertEqual([1], places(heads))
        self.assertEqual([1, 0], places(heads, 101))

    def test_clock(self):
        """What is ready is due, whatever the clock that stamped it."""
        self.assertEqual([0], places([Head(0, 999, False, 0)], 100))

    def test_turn(self):
        """Dispatchers begin at different ones of the same time."""
        heads = [Head(0, 10 + place, False, place) for place in range(3)]
        self.assertEqual([0, 1, 2], places(heads, turn=0.4))
        self.assertEqual([1, 2, 0], places(heads, turn=0.4, slack=10))
        self.assertEqual([2, 0, 1], places(heads, turn=0.99, slack=10))

    def test_slack(self):
        """What is older by more than the slack is not passed."""
        heads = [Head(0, 10, False, 0), Head(0, 90, False, 1)]
        self.assertEqual([0, 1], places(heads, turn=0.5, slack=50))

    def test_slack_priority(self):
        """Nor is what has a higher priority."""
        heads = [Head(1, 10, False, 0), Head(0, 10, False, 1)]
        self.assertEqual([0, 1], places(heads, turn=0.5, slack=50))

    def test_nothing(self):
        """Where nothing is due, the order is empty."""
        self.assertEqual([], places([Head(0, 200, True, 0)], turn=0.3,
                                    slack=9))
