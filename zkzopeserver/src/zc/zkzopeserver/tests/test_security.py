"""TLS and authentication to a real ZooKeeper, from a paste-deploy file.

Level 2 of the test runner: it needs Apache ZooKeeper on the machine.
"""
from __future__ import annotations

from typing import Any

from kazoo.security import make_digest_acl

import zc.zk
from zc.zk.tests.realserver import RealServer
from zc.zkzopeserver.tests.support import Process
from zc.zkzopeserver.tests.support import ZooKeeperCase


class SecurityTests(ZooKeeperCase):

    level = 2

    def real(self, **options: Any) -> RealServer:
        server = RealServer(**options)
        self.addCleanup(server.close)
        return server.start()

    def path(self, server: RealServer, **options: Any) -> None:
        with zc.zk.ZooKeeper(server.connection_string) as zk:
            zk.client.create('/service')
            zk.client.create('/service/providers', **options)

    def registers(self, options: str, **environ: str) -> Process:
        process = self.zkserve(self.ini(options), **environ)
        process.wait_for_output('registered as /service/providers/')
        process.send()
        self.assertEqual(0, process.wait())
        return process

    def fails(self, options: str, **environ: str) -> str:
        process = self.zkserve(self.ini(options), **environ)
        self.assertEqual(2, process.wait())
        return process.output

    def test_tls(self):
        """With a certificate, the connection is by TLS."""
        server = self.real(tls=True)
        self.path(server)
        made = server.certificates
        assert made is not None
        self.registers(
            f'zookeeper = {server.secure_connection_string}\n'
            f'zookeeper_tls_ca = {made.authority}\n'
            f'zookeeper_tls_cert = {made.client}\n'
            f'zookeeper_tls_key = {made.client_key}')

    def test_tls_with_an_unknown_authority(self):
        """A server whose certificate is not trusted is not talked to."""
        server = self.real(tls=True)
        self.path(server)
        made = server.certificates
        assert made is not None
        self.assertIn('option zookeeper: ', self.fails(
            f'zookeeper = {server.secure_connection_string}\n'
            f'zookeeper_tls_ca = {made.client}\n'
            f'zookeeper_tls_cert = {made.client}\n'
            f'zookeeper_tls_key = {made.client_key}'))

    def test_digest(self):
        """Credentials open a path that is closed to others."""
        server = self.real()
        acl = make_digest_acl('user', 'secret', all=True)
        self.path(server, acl=[acl])
        secret = self.write('secret.txt', 'user:secret\n')
        process = self.registers(
            f'zookeeper = {server.connection_string}\n'
            f'zookeeper_auth = file:{secret}')
        self.assertNotIn('user:secret', process.output)

    def test_no_permission(self):
        """With wrong credentials, or none, the option at fault is named."""
        server = self.real()
        acl = make_digest_acl('user', 'secret', all=True)
        self.path(server, acl=[acl])
        output = self.fails(
            f'zookeeper = {server.connection_string}\n'
            'zookeeper_auth = env:TEST_SECRET', TEST_SECRET='user:wrong')
        self.assertIn(
            'option zookeeper_auth: no permission to create a node in '
            '/service/providers', output)
        self.assertNotIn('user:wrong', output)
        self.assertIn('option path: no permission', self.fails(
            f'zookeeper = {server.connection_string}'))

    def test_sasl(self):
        """SASL works with the right password, and says so with a wrong."""
        server = self.real(sasl={'user': 'secret'})
        self.path(server)
        options = (f'zookeeper = {server.connection_string}\n'
                   'zookeeper_auth = env:TEST_SECRET')
        self.registers(options, TEST_SECRET='sasl user:secret')
        self.assertIn(
            'option zookeeper_auth: ',
            self.fails(options, TEST_SECRET='sasl user:wrong'))
