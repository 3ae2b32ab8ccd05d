import unittest

from zc.zk._run.restarts import Restarts


class RestartsTests(unittest.TestCase):

    def test_doubles(self):
        """Delays double from half a second to half a minute."""
        restarts = Restarts()
        self.assertEqual(
            [0.5, 1, 2, 4, 8, 16, 30, 30],
            [restarts.delay(1.0, 0.0) for _ in range(8)])

    def test_steady(self):
        """After a minute of running, they begin anew."""
        restarts = Restarts()
        for _ in range(5):
            restarts.delay(59.0, 0.0)
        self.assertEqual(0.5, restarts.delay(60.0, 0.0))

    def test_jitter(self):
        """A delay is shortened by up to three tenths."""
        self.assertEqual(0.35, Restarts().delay(1.0, 1.0))
