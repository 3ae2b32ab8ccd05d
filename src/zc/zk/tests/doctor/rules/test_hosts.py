"""Tests of hosts: what a host in an address stands for."""
from __future__ import annotations

import unittest

from zc.zk._doctor.rules import hosts


class Hosts(unittest.TestCase):

    def test_wildcard(self):
        """All interfaces have several spellings."""
        for host in ('', '*', '0.0.0.0', '::', '::ffff:0.0.0.0', '0::0'):
            self.assertTrue(hosts.is_wildcard(host), host)
        for host in ('10.0.0.1', 'x', '::1', '0.0.0', '0.0.0.0.example'):
            self.assertFalse(hosts.is_wildcard(host), host)

    def test_loopback(self):
        """So has the machine itself."""
        for host in ('127.0.0.1', '127.9.9.9', '::1', 'localhost',
                     'LocalHost.', '::ffff:127.0.0.1'):
            self.assertTrue(hosts.is_loopback(host), host)
        for host in ('10.0.0.1', '', '127.0.0.1.example.com', '0.0.0.0'):
            self.assertFalse(hosts.is_loopback(host), host)

    def test_plain(self):
        """One address has one spelling; a name stays."""
        self.assertEqual('::1', hosts.plain('0:0::1'))
        self.assertEqual('10.0.0.1', hosts.plain('::ffff:10.0.0.1'))
        self.assertEqual('fe80::1', hosts.plain('fe80::1%eth0'))
        self.assertEqual('Web', hosts.plain('Web'))
