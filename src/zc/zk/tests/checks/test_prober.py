import queue
import unittest

from zc.zk._checks.prober import Prober
from zc.zk.tests.base import DEADLINE


class ProberTests(unittest.TestCase):

    def start(self, results, interval):
        """Check with prepared results; return those that were told."""
        told = []
        self.ready = []
        made = queue.SimpleQueue()

        def look(ready):
            self.ready.append(ready)
            return results.pop(0)

        def tell(reason):
            told.append(reason)
            if not results:
                made.get(timeout=DEADLINE).stop()

        prober = Prober(look, tell, interval)
        made.put(prober)
        prober._thread.join(DEADLINE)
        self.assertFalse(prober._thread.is_alive())
        return told

    def test_until_ready(self):
        """Without an interval, it checks until one passes."""
        self.assertEqual(['a', 'b', ''], self.start(['a', 'b', '', 'c'], None))
        self.assertEqual([False] * 3, self.ready)

    def test_goes_on(self):
        """With one, it goes on, and says that it was ready."""
        self.assertEqual(
            ['a', '', 'b', ''], self.start(['a', '', 'b', ''], 0.01))
        self.assertEqual([False, False, True, True], self.ready)
