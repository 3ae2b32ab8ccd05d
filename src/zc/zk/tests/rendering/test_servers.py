"""Servers as templates see them."""
import unittest

from zc.zk._rendering.servers import AsRegistered
from zc.zk._rendering.servers import shown


def registered(name, address, weight=1.0, state='ready'):
    return AsRegistered(name, address, {}, weight, state)


class Servers(unittest.TestCase):

    def test_order(self):
        """They come by name, so that a text does not change for nothing."""
        found = shown([registered('b:1', ('b', 1)),
                       registered('a:1', ('a', 1))])
        self.assertEqual(['a:1', 'b:1'], [each.name for each in found])
        self.assertEqual([], shown([]))

    def test_share(self):
        """The share is in per cent of the largest weight, 0 is draining."""
        found = shown([
            registered('a', None, 3.0), registered('b', None, 6.0),
            registered('c', None, 0.0), registered('d', None, 1e-6)])
        self.assertEqual([(50, False), (100, False), (0, True), (1, False)],
                         [(each.share, each.draining) for each in found])
        self.assertEqual(0, shown([registered('a', None, 0.0)])[0].share)

    def test_endpoint(self):
        """An endpoint is there when it is safe to write."""
        for address, endpoint, ip in (
                (('10.0.0.7', 80), '10.0.0.7:80', True),
                (('::1', 80), '[::1]:80', True),
                (('web', 80), 'web:80', False),
                (('web', 0), None, False), (('w b', 80), None, False),
                (None, None, False)):
            with self.subTest(address):
                found = shown([registered('n', address)])[0]
                self.assertEqual((endpoint, ip), (found.endpoint, found.ip))
                self.assertEqual(address or (None, None),
                                 (found.host, found.port))
