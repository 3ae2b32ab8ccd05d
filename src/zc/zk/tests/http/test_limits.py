import unittest

from zc.zk._http.limits import Limits


class LimitsTests(unittest.TestCase):

    def test_checked(self):
        """Limits that make no sense are refused by their names."""
        self.assertEqual(Limits(), Limits().checked())
        self.assertEqual(0, Limits(deadline=0).checked().deadline)
        for limits, message in (
                (Limits(attempts=0), 'attempts must be 1 or more, not 0'),
                (Limits(deadline=-1),
                 'deadline must not be negative, not -1')):
            with self.assertRaises(ValueError) as caught:
                limits.checked()
            self.assertEqual(message, str(caught.exception))
