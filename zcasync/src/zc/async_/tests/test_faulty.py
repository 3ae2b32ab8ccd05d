from zc.async_.tests import base
from zc.async_.tests.chaos import Chaos


class Faults(base.ComponentCase):

    level = 2

    def test_short(self):
        """Whatever happens for some seconds, each effect is there once."""
        chaos = Chaos(self.directory, seed=7)
        self.addCleanup(chaos.close)
        chaos.run(15)
        table = chaos.check()
        self.assertEqual(chaos.jobs, table['jobs'])
        self.assertGreater(sum(chaos.count.values()), 0)
