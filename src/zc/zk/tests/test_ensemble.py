import unittest

from zc.zk.tests.ensemble import Ensemble


class Three(unittest.TestCase):

    level = 2

    def test_new_leader(self):
        """When the leader is killed, another member leads."""
        with Ensemble() as ensemble:
            self.assertEqual(3, len(ensemble.pids))
            first = ensemble.leader()
            first.kill()
            second = ensemble.leader()
            self.assertIsNot(first, second)
            ensemble.start()
            self.assertEqual(3, len(ensemble.pids))
