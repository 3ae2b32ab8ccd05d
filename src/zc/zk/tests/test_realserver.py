import contextlib
import io
import os
import sys
import unittest
from unittest import mock

from kazoo.client import KazooClient

from zc.zk.tests import realserver


class Needs(unittest.TestCase):

    def test_no_java(self):
        """Without java, the message names it and says what to install."""
        with mock.patch.dict(os.environ, PATH='/nowhere'):
            self.assertFalse(realserver.available())
            with self.assertRaisesRegex(
                    realserver.Unavailable, 'java is missing: install a JRE'):
                realserver.class_path()

    def test_no_command(self):
        """The program without a command shows its usage."""
        stderr = io.StringIO()
        with contextlib.redirect_stderr(stderr):
            self.assertEqual(2, realserver.main(['--']))
        self.assertIn('COMMAND', stderr.getvalue())

    def test_free_ports(self):
        """Free ports are different ones."""
        self.assertEqual(20, len(set(realserver.free_ports(20))))


class One(unittest.TestCase):

    level = 2

    def test_data_survive(self):
        """Data survive a kill, and a restart, on the same port."""
        with realserver.RealServer() as server:
            client = KazooClient(server.connection_string)
            self.addCleanup(client.close)
            self.addCleanup(client.stop)
            client.start()
            client.create('/a', b'x')
            first = server.pid
            server.kill()
            server.start()
            self.assertNotEqual(first, server.pid)
            self.assertEqual(b'x', client.retry(client.get, '/a')[0])
            server.restart()
            self.assertEqual(b'x', client.retry(client.get, '/a')[0])
        self.assertFalse(server.directory.exists())

    def test_tls(self):
        """A client with a certificate is served at the TLS port."""
        with realserver.RealServer(tls=True) as server:
            files = server.certificates
            client = KazooClient(
                server.secure_connection_string, use_ssl=True,
                ca=str(files.authority), certfile=str(files.client),
                keyfile=str(files.client_key))
            self.addCleanup(client.close)
            self.addCleanup(client.stop)
            client.start()
            self.assertTrue(client.exists('/'))

    def test_failure(self):
        """A server that cannot start shows the end of its log."""
        server = realserver.RealServer(config={'dataDir': '/proc/nowhere'})
        self.addCleanup(server.close)
        with self.assertRaisesRegex(realserver.StartFailed, '/proc/nowhere'):
            server.start()

    def test_program(self):
        """A command beside a server is told its address."""
        look = ('import os, sys; from zc.zk.tests.realserver import *; '
                'host, port = os.environ["TEST_ZOOKEEPER_CONNECTION"]'
                '.split(":"); '
                'sys.exit(40 + (four_letter((host, int(port)), "ruok") '
                '== "imok"))')
        self.assertEqual(
            41, realserver.main(['--', sys.executable, '-c', look]))
