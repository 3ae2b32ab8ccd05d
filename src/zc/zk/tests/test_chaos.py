import io
import unittest
from unittest import mock

from zc.zk.tests import chaos


class Schedule(unittest.TestCase):

    def choices(self, seed, count):
        made = chaos.Chaos.__new__(chaos.Chaos)
        made.random = chaos.random.Random(seed)
        made.processes = [mock.Mock() for _ in range(20)]
        return [(names, hold, heal) for names, _faults, hold, heal
                in (made.choose() for _ in range(count))]

    def test_seed(self):
        """The seed alone decides which faults come, and how long."""
        self.assertEqual(self.choices(1, 50), self.choices(1, 50))
        self.assertNotEqual(self.choices(1, 50), self.choices(2, 50))

    def test_all_kinds(self):
        """Every kind of fault comes up."""
        names = {name for names, _, _ in self.choices(1, 100)
                 for name in names}
        self.assertEqual(
            {'all_servers_killed', 'connections_cut', 'connections_hung',
             'connections_refused', 'follower_killed', 'leader_killed',
             'node_deleted', 'server_suspended', 'worker_killed',
             'worker_suspended'}, names)


class Run(unittest.TestCase):

    level = 2

    def test_short(self):
        """Some processes survive some seconds of faults; none is lost."""
        out = io.StringIO()
        chaos.run(0.2, 7, 4, out)
        self.assertIn('lost updates: 0\n', out.getvalue())
