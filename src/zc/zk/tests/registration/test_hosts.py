import socket
import sys
import types
import unittest
from unittest import mock

from zc.zk._registration.hosts import ipv4_addresses


def netifaces(**interfaces):
    """Return what stands for the module, with IPv4 addresses by name."""
    module = types.ModuleType('netifaces')
    module.AF_INET = 2
    module.interfaces = lambda: list(interfaces)
    module.ifaddresses = lambda name: interfaces[name]
    return module


def inet(*addresses):
    return {2: [{'addr': each, 'netmask': '255.0.0.0'} for each in addresses],
            17: [{'addr': '00:00:00:00:00:00'}]}


class Addresses(unittest.TestCase):

    def found(self, **interfaces):
        with mock.patch.dict(sys.modules, netifaces=netifaces(**interfaces)):
            return ipv4_addresses()

    def test_remote(self):
        """The addresses are all that are not loopback's, sorted, once."""
        self.assertEqual(
            ['10.0.0.1', '10.0.0.2', '192.168.0.1'],
            self.found(
                lo=inet('127.0.0.1'), eth1=inet('192.168.0.1', '10.0.0.2'),
                eth0=inet('10.0.0.1', '10.0.0.2')))

    def test_loopback(self):
        """Where there is no other, loopback's is taken."""
        self.assertEqual(
            ['127.0.0.1', '127.0.1.1'],
            self.found(lo=inet('127.0.1.1', '127.0.0.1')))

    def test_no_ipv4(self):
        """Interfaces without an IPv4 address do not count."""
        self.assertEqual(
            ['10.0.0.1'],
            self.found(a={}, b={17: [{'addr': '00:00:00:00:00:00'}]},
                       c={2: [{'peer': '10.0.0.9'}]}, d=inet('10.0.0.1')))

    def test_none(self):
        """Without any address there is none."""
        self.assertEqual([], self.found(a={}))

    def test_without_netifaces(self):
        """Without netifaces, the host's full name is all there is."""
        with mock.patch.dict(sys.modules, netifaces=None):
            self.assertEqual([socket.getfqdn()], ipv4_addresses())

    def test_really(self):
        """The module netifaces has what is used of it."""
        found = ipv4_addresses()
        self.assertTrue(found)
        for each in found:
            self.assertEqual(4, len(socket.inet_aton(each)))
