import subprocess
import sys
import unittest

from zc.zk._discovery import rendezvous
from zc.zk._discovery.rendezvous import best
from zc.zk._discovery.rendezvous import fingerprint


NAMES = [f'10.0.0.{number}:80' for number in range(100)]


def items(names, weight=1.0):
    return [(name, fingerprint(name), weight) for name in names]


class Rank(unittest.TestCase):

    def test_one_change_moves_one(self):
        """A server that goes changes at most one place of a subset."""
        key = fingerprint('client')
        before = set(best(key, items(NAMES), 20))
        for gone in NAMES:
            after = set(best(key, items(set(NAMES) - {gone}), 20))
            self.assertLessEqual(len(before - after), 1)
            self.assertEqual(before - {gone}, before & after)

    def test_clients_differ(self):
        """Each client ranks servers in an order of its own."""
        firsts = {best(fingerprint(f'client {number}'), items(NAMES), 1)[0]
                  for number in range(1000)}
        self.assertGreater(len(firsts), 95)

    def test_weights(self):
        """A server of twice the weight wins about twice as often."""
        two = [('a', fingerprint('a'), 1.0), ('b', fingerprint('b'), 2.0)]
        wins = sum(best(fingerprint(str(number)), two, 1) == ['b']
                   for number in range(3000))
        self.assertAlmostEqual(2 / 3, wins / 3000, delta=0.05)

    def test_same_everywhere(self):
        """Another process ranks alike."""
        code = ('from zc.zk._discovery import rendezvous as r; '
                'print(r.fingerprint("x"), r.score(1, 2))')
        told = subprocess.run([sys.executable, '-c', code], check=True,
                              capture_output=True, text=True).stdout
        self.assertEqual(
            f'{fingerprint("x")} {rendezvous.score(1, 2)}\n', told)

    def test_lone_surrogates(self):
        """Names that are no proper text have fingerprints too."""
        self.assertNotEqual(fingerprint('\udc80'), fingerprint('\udc81'))
