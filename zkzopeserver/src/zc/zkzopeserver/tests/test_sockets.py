"""Listening sockets, and the addresses that are registered for them."""
from __future__ import annotations

import contextlib
import socket
import unittest

from zc.zkzopeserver import _sockets
from zc.zkzopeserver._options.values import Address


class ListenTests(unittest.TestCase):

    def listen(self, host: str, port: int = 0) -> socket.socket:
        listener = _sockets.listen(host, port)
        self.addCleanup(listener.close)
        return listener

    def assert_connects(self, listener: socket.socket, host: str) -> None:
        port = listener.getsockname()[1]
        with socket.create_connection((host, port), timeout=10):
            pass

    def test_any_port(self):
        """With port 0 the system chooses one, and it listens at once."""
        self.assert_connects(self.listen('127.0.0.1'), '127.0.0.1')

    def test_name(self):
        """The host may be a name."""
        listener = self.listen('localhost')
        self.assert_connects(listener, listener.getsockname()[0])

    def test_all_interfaces(self):
        """An empty host means all IPv4 interfaces."""
        self.assertEqual('0.0.0.0', self.listen('').getsockname()[0])

    def test_ipv6(self):
        """The host may be an IPv6 address, and is nothing else then."""
        listener = self.listen('::1')
        self.assertEqual(socket.AF_INET6, listener.family)
        self.assert_connects(listener, '::1')
        with self.assertRaises(OSError):
            self.assert_connects(listener, '127.0.0.1')

    def test_both_families(self):
        """'::' means all interfaces of both families."""
        listener = self.listen('::')
        self.assert_connects(listener, '::1')
        self.assert_connects(listener, '127.0.0.1')

    def test_port_in_use(self):
        """A port that another socket listens on is not to be had."""
        port = self.listen('127.0.0.1').getsockname()[1]
        with self.assertRaises(OSError):
            self.listen('127.0.0.1', port)

    def test_port_used_before(self):
        """A port whose last connections linger is."""
        listener = self.listen('127.0.0.1')
        address = listener.getsockname()
        with contextlib.closing(socket.create_connection(address)) as client:
            connection, _ = listener.accept()
            connection.close()      # first: our side keeps TIME_WAIT
            client.recv(1)
        listener.close()
        self.listen('127.0.0.1', address[1])


class AddressTests(unittest.TestCase):

    def test_own(self):
        """Without `advertise` the host as given and the bound port."""
        self.assertEqual([('a', 80)], _sockets.addresses('a', 80))
        self.assertEqual([('::1', 80)], _sockets.addresses('::1', 80))

    def test_blank(self):
        """Hosts that mean all interfaces are blank to the library."""
        for host in ('', '0.0.0.0', '::'):
            self.assertEqual([('', 80)], _sockets.addresses(host, 80))

    def test_advertise(self):
        """With `advertise` only what that leaves open is our own."""
        self.assertEqual(
            [('x', 80), ('y', 81), ('a', 82)],
            _sockets.addresses('a', 80, (
                Address('x', None), Address('y', 81), Address('', 82))))

    def test_advertised_twice(self):
        """An address that comes twice is registered once."""
        self.assertEqual(
            [('x', 80), ('y', 81)],
            _sockets.addresses('y', 80, (
                Address('x', None), Address('x', 80), Address('', 81),
                Address('y', 81))))
