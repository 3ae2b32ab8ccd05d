import unittest

from hypothesis import given
from hypothesis import strategies

from zc.zk._discovery import entry
from zc.zk._discovery.entry import read


class Names(unittest.TestCase):

    def test_address(self):
        """A name that is an address gives host and port."""
        for name, address in (
            ('127.0.0.1:80', ('127.0.0.1', 80)),
            ('[::1]:80', ('::1', 80)),
            ('www.example.com:8080', ('www.example.com', 8080)),
        ):
            self.assertEqual(address, read(name, b'{}').address)

    def test_no_address(self):
        """A name that is no address is a provider without one."""
        for name in 'worker-1', 'a:b', 'host:', 'host:99999':
            self.assertIsNone(read(name, b'{}').address)


class Data(unittest.TestCase):

    def test_properties(self):
        """A JSON object gives the properties."""
        found = read('a:1', b'{"version":"1.2","pid":7}')
        self.assertEqual({'version': '1.2', 'pid': 7}, found.properties)
        self.assertIsNone(found.error)

    def test_empty(self):
        """A node without data has no properties, and is no fault."""
        self.assertEqual(({}, None), read('a:1', b'')[2:4])

    def test_no_object(self):
        """Data that are no JSON object give no properties, and say why."""
        for data in b'[1]', b'hello', b'{"a":', b'\xff\xfe', b'{' * 100000:
            found = read('a:1', data)
            self.assertEqual({}, found.properties)
            self.assertTrue(found.error)

    def test_read_only(self):
        """Properties cannot be changed."""
        with self.assertRaises(TypeError):
            read('a:1', b'{"a":1}').properties['a'] = 2

    @given(strategies.text(), strategies.binary())
    def test_anything(self, name, data):
        """Whatever a node holds, an entry comes of it."""
        found = read(name, data)
        self.assertEqual(name, found.name)
        self.assertGreaterEqual(found.weight, 0)

    def test_identity(self):
        """The property id tells processes apart, or else pid does."""
        for data, identity in (
            (b'{"pid":7}', 7), (b'{"pid":7,"id":"x"}', 'x'),
            (b'{}', None), (b'{"id":[1]}', None),
        ):
            self.assertEqual(identity, read('a:1', data).identity)

    def test_zone(self):
        """The zone is a text, or there is none."""
        self.assertEqual('eu-1', read('a:1', b'{"zone":"eu-1"}').zone)
        self.assertIsNone(read('a:1', b'{"zone":3}').zone)


class Weights(unittest.TestCase):

    def test_weights(self):
        """A weight that makes no sense is 1."""
        for properties, weight in (
            ({}, 1), ({'weight': 3}, 3), ({'weight': 0.25}, 0.25),
            ({'weight': 0}, 0), ({'weight': 0.0}, 0), ({'weight': -1}, 1),
            ({'weight': '3'}, 1), ({'weight': None}, 1),
            ({'weight': True}, 1), ({'weight': float('inf')}, 1),
            ({'weight': float('nan')}, 1), ({'weight': 1e300}, 1),
            ({'weight': 1e-300}, 1 / entry.MAX_WEIGHT),
        ):
            with self.subTest(properties):
                self.assertEqual(weight, entry.weight_of(properties))

    def test_leaving(self):
        """A server that is leaving wants no more requests."""
        self.assertEqual(0, entry.weight_of({'leaving': True, 'weight': 3}))

    def test_overrides(self):
        """What an operator says counts instead of what the server wrote."""
        found = read('a:1', b'{"weight":3,"zone":"x"}', {'weight': 0})
        self.assertEqual((0, 'x'), (found.weight, found.zone))
        self.assertEqual({'weight': 0, 'zone': 'x'}, found.properties)
