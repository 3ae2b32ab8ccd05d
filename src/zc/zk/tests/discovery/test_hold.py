import unittest

from zc.zk._discovery.hold import Hold
from zc.zk._discovery.rules import Rules


class Holding(unittest.TestCase):

    def setUp(self):
        self.hold = Hold(Rules())

    def test_table(self):
        """What vanishes is held when it is over half, or all."""
        for gone, left, held in (
            (1, 0, True), (1, 1, False), (1, 2, False), (2, 1, True),
            (2, 2, False), (3, 2, True), (10, 0, True), (5, 5, False),
            (6, 4, True),
        ):
            with self.subTest((gone, left)):
                names = [str(number) for number in range(gone)]
                self.assertEqual(
                    names if held else [],
                    Hold(Rules()).vanish(names, left, 0.0))

    def test_one_after_the_other(self):
        """Those that vanish within the window count together."""
        self.assertEqual([], self.hold.vanish(['a'], 3, 0.0))
        self.assertEqual([], self.hold.vanish(['b'], 2, 10.0))
        self.assertEqual(
            ['a', 'b', 'c'], self.hold.vanish(['c'], 1, 20.0))

    def test_slowly(self):
        """Those that vanish over a long time do not."""
        for number, now in enumerate((0.0, 40.0, 80.0)):
            self.assertEqual(
                [], self.hold.vanish([str(number)], 3 - number, now))

    def test_more(self):
        """Those that vanish afterwards are held too, each told once."""
        self.hold.vanish(['a', 'b'], 1, 0.0)
        self.assertEqual(['c'], self.hold.vanish(['c'], 0, 1.0))
        self.assertEqual({'a', 'b', 'c'}, set(self.hold.held))

    def test_expire(self):
        """After five minutes nothing is held."""
        self.hold.vanish(['a'], 0, 100.0)
        self.assertEqual(400.0, self.hold.due)
        self.assertEqual([], self.hold.expire(399.0))
        self.assertEqual(['a'], self.hold.expire(400.0))
        self.assertEqual(float('inf'), self.hold.due)

    def test_back(self):
        """One that is back is not held, nor counted as vanished."""
        self.hold.vanish(['a', 'b'], 0, 0.0)
        self.hold.forget('a')
        self.hold.forget('unknown')
        self.assertEqual({'b'}, set(self.hold.held))
        hold = Hold(Rules())
        hold.vanish(['a'], 2, 0.0)
        hold.forget('a')
        self.assertEqual([], hold.vanish(['b'], 1, 1.0))

    def test_off(self):
        """A hold of 0 seconds holds nothing."""
        hold = Hold(Rules(hold=0))
        self.assertEqual([], hold.vanish(['a'], 0, 0.0))
