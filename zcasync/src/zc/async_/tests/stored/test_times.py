import datetime
import unittest

from BTrees.LOBTree import LOBTree

from zc.async_._stored import times


class Times(unittest.TestCase):

    def test_both_ways(self):
        """A time is the same after it was a number."""
        moment = times.now()
        self.assertEqual(moment, times.from_micros(times.micros_of(moment)))

    def test_rises(self):
        """Each number is greater than the one before."""
        numbers = [times.micros() for _ in range(1000)]
        self.assertEqual(sorted(set(numbers)), numbers)

    def test_key(self):
        """Keys are in the order of their times, and seldom the same."""
        self.assertLess(times.key_for(5), times.key_for(6))
        self.assertLess(1, len({times.key_for(5) for _ in range(50)}))

    def test_range(self):
        """Keys fit into 64 bits for a long time."""
        far = datetime.datetime(2100, 1, 1, tzinfo=datetime.timezone.utc)
        self.assertLess(times.key_for(times.micros_of(far)),
                        times.key_for(times.micros_of(times.utc(
                            datetime.datetime.max))))
        tree = LOBTree()
        for when in datetime.datetime.min, datetime.datetime.max:
            tree[times.key_for(times.micros_of(times.utc(when)))] = when

    def test_utc(self):
        """A time without a zone is taken to be in UTC."""
        naive = datetime.datetime(2030, 1, 1)
        self.assertEqual(datetime.timezone.utc, times.utc(naive).tzinfo)
        zone = datetime.timezone(datetime.timedelta(hours=1))
        self.assertEqual(23, times.utc(naive.replace(tzinfo=zone)).hour)
