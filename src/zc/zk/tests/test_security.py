"""Authentication and TLS, on a real ZooKeeper."""
from __future__ import annotations

import argparse
import logging
import tempfile
import unittest
from typing import Any

import puresasl  # noqa: F401  kazoo needs it for SASL, and hides its absence
from kazoo.exceptions import NoAuthError
from kazoo.security import READ_ACL_UNSAFE
from kazoo.security import make_acl
from kazoo.security import make_digest_acl

import zc.zk
from zc.zk._commands import connection
from zc.zk._commands import options as _options
from zc.zk.tests.realserver import RealServer


class Case(unittest.TestCase):

    level = 2
    options: dict[str, Any] = {}

    def setUp(self) -> None:
        self.server = RealServer(**self.options).start()
        self.addCleanup(self.server.close)

    def zk(self, *args: Any, **keywords: Any) -> zc.zk.ZooKeeper:
        zk = zc.zk.ZooKeeper(
            *(args or (self.server.connection_string,)), **keywords)
        self.addCleanup(zk.close)
        return zk


class DigestTests(Case):

    level = 2

    def test_a_node_that_only_we_can_change(self) -> None:
        """With a digest ACL, others read a registration and change nothing.
        """
        acl = [make_digest_acl('me', 'secret', all=True), *READ_ACL_UNSAFE]
        zk = self.zk(auth_data=[('digest', 'me:secret')])
        zk.create('/digest', acl=acl)
        zk.register('/digest', ('1.2.3.4', 5), acl=acl, a=1)
        node = '/digest/1.2.3.4:5'
        other = self.zk()
        self.assertEqual(other.get_properties(node)['a'], 1)
        for write in (lambda: other.set(node, '{}'),
                      lambda: other.delete(node),
                      lambda: other.register('/digest', ('1.2.3.4', 6))):
            with self.assertRaisesRegex(NoAuthError, '/digest/1.2.3.4'):
                write()
        zk.registrations[node].update(a=2)
        self.assertEqual(other.get_properties(node)['a'], 2)

    def test_credentials_are_not_shown(self) -> None:
        """No representation, error or log has the password."""
        with self.assertLogs(level=logging.DEBUG) as logs:
            zk = self.zk(auth_data=[('digest', 'me:secret-1')])
            logging.getLogger('zc.zk').debug('%r', zk)
            with self.assertRaises(zc.zk.FailedConnect) as caught:
                zc.zk.ZooKeeper('127.0.0.1:1', connect_timeout=0.2,
                                auth_data=[('digest', 'me:secret-1')])
        shown = [repr(zk), str(caught.exception), repr(caught.exception)]
        # kazoo's own lines for debugging are not ours to change.
        shown += [record.getMessage() for record in logs.records
                  if not record.name.startswith('kazoo')]
        self.assertNotIn('secret-1', '\n'.join(shown))


class SASLTests(Case):

    level = 2
    options = {'sasl': {'anna': 'right'}}

    def sasl(self, password: str) -> dict[str, Any]:
        return {'sasl_options': {
            'mechanism': 'DIGEST-MD5', 'username': 'anna',
            'password': password}}

    def test_right_password(self) -> None:
        """Who authenticates has what is for that user."""
        zk = self.zk(**self.sasl('right'))
        acl = [make_acl('sasl', 'anna', all=True)]
        zk.create('/sasl', 'x', acl)
        self.assertEqual(zk.get('/sasl')[0], b'x')
        with self.assertRaisesRegex(NoAuthError, '/sasl'):
            self.zk().get('/sasl')

    def test_option(self) -> None:
        """The scheme sasl of --auth authenticates in this way."""
        with tempfile.NamedTemporaryFile('w') as file:
            file.write('anna:right\n')
            file.flush()
            parser = argparse.ArgumentParser()
            _options.add_connection_options(parser)
            options = parser.parse_args(['--auth', f'sasl:{file.name}'])
            with connection.connected(
                    options, self.server.connection_string) as zk:
                zk.create('/option', 'x', [make_acl('sasl', 'anna', all=True)])
                self.assertEqual(zk.get('/option')[0], b'x')

    def test_wrong_password(self) -> None:
        """A wrong password raises at once, says so, and is not shown."""
        with self.assertRaisesRegex(
                zc.zk.FailedConnect, 'authentication failed') as caught:
            self.zk(**self.sasl('wrong-1'), wait=True)
        self.assertNotIn('wrong-1', str(caught.exception))


class TLSTests(Case):

    level = 2
    options = {'tls': True}

    def tls(self, **more: Any) -> dict[str, Any]:
        made = self.server.certificates
        assert made is not None
        return {'use_ssl': True, 'ca': str(made.authority),
                'certfile': str(made.client), 'keyfile': str(made.client_key),
                'check_hostname': True, **more}

    def test_client_certificate(self) -> None:
        """A client with a certificate gets in, and all works over TLS."""
        zk = self.zk(self.server.secure_connection_string, **self.tls())
        zk.import_tree('/tls\n  a = 1\n  /providers\n')
        zk.register('/tls/providers', '1.2.3.4:5')
        self.assertEqual(list(zk.children('/tls/providers')), ['1.2.3.4:5'])

    def test_one_file(self) -> None:
        """Its key may be in the same file."""
        made = self.server.certificates
        assert made is not None
        with tempfile.NamedTemporaryFile('w') as file:
            file.write(made.client.read_text() + made.client_key.read_text())
            file.flush()
            zk = self.zk(self.server.secure_connection_string,
                         **zc.zk.tls.keywords(str(made.authority), file.name))
            self.assertIsNotNone(zk.exists('/'))

    def test_no_certificate(self) -> None:
        """A client without one does not."""
        with self.assertRaises(zc.zk.FailedConnect):
            self.zk(self.server.secure_connection_string, connect_timeout=2.0,
                    **self.tls(certfile=None, keyfile=None))

    def test_wrong_host_name(self) -> None:
        """A certificate for another host is refused, and the error says so.
        """
        # Another name for 127.0.0.1, which the certificate has not.
        string = f'127.1:{self.server.secure_port}'
        with self.assertRaisesRegex(zc.zk.FailedConnect, 'ertificate'):
            self.zk(string, connect_timeout=5.0, **self.tls())
