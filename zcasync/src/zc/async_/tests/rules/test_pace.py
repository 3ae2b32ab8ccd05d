import unittest

from zc.async_._rules import pace


class Ahead(unittest.TestCase):

    def paced(self, *seconds):
        found = pace.Pace()
        for each in seconds:
            found.note(each)
        return found

    def test_unknown(self):
        """Nothing is claimed early before enough jobs are known."""
        self.assertEqual(0, self.paced(*[0.001] * 7).ahead(4))
        self.assertLess(0, self.paced(*[0.001] * 8).ahead(4))

    def test_short(self):
        """Of short jobs, some for each thread."""
        self.assertEqual(16, self.paced(*[0.001] * 8).ahead(4))
        self.assertEqual(4, self.paced(*[0.001] * 8).ahead(1))

    def test_no_time(self):
        """Jobs that took no time at all are short."""
        self.assertEqual(16, self.paced(*[0.0] * 8).ahead(4))

    def test_within(self):
        """As many as start within a moment."""
        self.assertEqual(8, self.paced(*[0.05] * 8).ahead(4))

    def test_long(self):
        """No long ones."""
        self.assertEqual(0, self.paced(*[5.0] * 8).ahead(4))

    def test_change(self):
        """The last jobs count most."""
        found = self.paced(*[5.0] * 8, *[0.01] * 100)
        self.assertEqual(16, found.ahead(4))
        for _ in range(3):
            found.note(5.0)
        self.assertEqual(0, found.ahead(4))

    def test_forget(self):
        """After jobs took longer than it seemed, it begins anew."""
        found = self.paced(*[0.001] * 50)
        found.forget()
        found.note(0.001)
        self.assertEqual(0, found.ahead(4))
