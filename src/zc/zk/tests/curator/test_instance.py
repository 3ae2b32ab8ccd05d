import json
import unittest

from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

from zc.zk._curator import instance
from zc.zk._curator.instance import read


# As Curator 5.4.0 wrote it.
JAVA = ('{"name":"foo","id":"124e8d9c-4138-4dd9-bbeb-4be5be308174",'
        '"address":"9.9.9.9","port":90,"sslPort":null,'
        '"payload":{"@class":"java.util.LinkedHashMap","version":"1.2"},'
        '"registrationTimeUTC":1795559582829,"serviceType":"DYNAMIC",'
        '"uriSpec":null,"enabled":false}')
VALUES = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers()
    | strategies.floats() | strategies.text(),
    lambda inner: strategies.lists(inner) | strategies.dictionaries(
        strategies.text(), inner), max_leaves=5)


class Read(unittest.TestCase):

    def test_java(self):
        """What Curator writes is an address and the payload."""
        self.assertEqual(
            (('9.9.9.9', 90),
             {'version': '1.2', 'weight': 0,
              'id': '124e8d9c-4138-4dd9-bbeb-4be5be308174'}),
            read(json.loads(JAVA)))

    def test_payload(self):
        """A payload that is no object is a property."""
        for payload, properties in (
                ('text', {'payload': 'text'}), (5, {'payload': 5}),
                (None, {}), ({'a': 1}, {'a': 1})):
            with self.subTest(payload):
                self.assertEqual(
                    properties, read({'payload': payload}).properties)

    def test_ports(self):
        """Without a port, the TLS port is taken."""
        for port, ssl_port, found in (
                (80, None, 80), (80, 443, 80), (None, 443, 443),
                (None, None, None), ('80', None, None), (True, None, None),
                (0, None, None), (65536, 443, 443)):
            with self.subTest(port=port, ssl_port=ssl_port):
                address = read({'address': 'a', 'port': port,
                                'sslPort': ssl_port}).address
                self.assertEqual(found and ('a', found), address)
        self.assertEqual(443, read({'sslPort': 443}).properties['sslPort'])

    def test_no_address(self):
        """What has no address is a server without one."""
        for address in None, '', 5, []:
            self.assertIsNone(read({'address': address, 'port': 80}).address)

    def test_leaving(self):
        """The word of a server that leaves is heard."""
        self.assertEqual({'leaving': True}, read({'leaving': True}).properties)

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(strategies.dictionaries(
        strategies.sampled_from([
            'name', 'id', 'address', 'port', 'sslPort', 'payload', 'enabled',
            'leaving']), VALUES))
    def test_hostile(self, data):
        """Whatever it holds, something comes of it."""
        address, properties = read(data)
        self.assertIsInstance(properties, dict)
        if address is not None:
            self.assertIsInstance(address[0], str)
            self.assertTrue(0 < address[1] <= 65535)


class Write(unittest.TestCase):

    def write(self, **properties):
        return instance.write('foo', 'x', ('a', 80), properties, 5)

    def test_fields(self):
        """It has the fields that Curator reads."""
        self.assertEqual({
            'name': 'foo', 'id': 'x', 'address': 'a', 'port': 80,
            'sslPort': 443, 'payload': {'a': 1}, 'registrationTimeUTC': 5,
            'serviceType': 'DYNAMIC', 'uriSpec': None, 'enabled': True,
        }, self.write(a=1, sslPort=443))
        self.assertEqual(
            json.loads(JAVA).keys(), self.write().keys())

    def test_payload(self):
        """The payload may be given as it is; there may be none."""
        self.assertEqual('text', self.write(payload='text')['payload'])
        self.assertEqual(
            {'payload': 1, 'a': 2}, self.write(payload=1, a=2)['payload'])
        self.assertIsNone(self.write()['payload'])

    def test_list(self):
        """A payload that Curator cannot read is refused."""
        with self.assertRaisesRegex(ValueError, 'cannot read a list'):
            self.write(payload=[1])

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(strategies.dictionaries(
        strategies.sampled_from(['a', 'b', 'c']), strategies.integers()))
    def test_both_ways(self, properties):
        """What was written is read."""
        self.assertEqual(
            (('a', 80), {**properties, 'id': 'x'}),
            read(self.write(**properties)))
