"""The life of a ZooKeeper object: connecting and closing."""
import os
import socket
import threading
import unittest
from unittest import mock

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionClosedError

import zc.zk
import zc.zk.testing
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import ZooKeeperCase
from zc.zk.tests.base import wait_for


def own_threads(zk):
    """Return the threads that exist because of a client."""
    name = ','.join(f'{host}:{port}' for host, port in zk.client.hosts)
    return [each for each in threading.enumerate()
            if each.name.startswith('zc.zk ') and name in each.name]


class Connect(ZooKeeperCase):

    def test_given(self):
        """A connection string is connected to, for ten seconds' sessions."""
        zk = self.zk()
        self.assertEqual('CONNECTED', zk.state)
        self.assertEqual(10.0, zk.session_timeout)
        self.assertEqual(10.0, zk.recv_timeout())
        self.assertEqual(10_000, zk.client._session_timeout)

    def test_session_timeout(self):
        """The session timeout is in seconds; None stands for the default."""
        zk = self.zk(self.connection_string, 4.5)
        self.assertEqual(4.5, zk.session_timeout)
        self.assertEqual(4.5, zk.recv_timeout())
        zk = self.zk(self.connection_string, session_timeout=None, wait=True)
        self.assertEqual(10.0, zk.session_timeout)

    def test_environment(self):
        """Without one, the environment variable is used."""
        with mock.patch.dict(
                os.environ, ZC_ZK_CONNECTION_STRING=self.connection_string):
            for args in (), (None,), ('',):
                with zc.zk.ZooKeeper(*args) as zk:
                    self.assertEqual(1, len(zk.children('/fooservice')))

    def test_chroot(self):
        """Paths are those below a chroot in the connection string."""
        zk = self.zk(self.connection_string + '/fooservice')
        self.assertEqual(['providers'], list(zk.children('/')))
        zk.register('/providers', 'h:80')
        self.assertEqual(
            ['h:80'],
            self.zk().get_children('/fooservice/providers'))
        self.assertEqual(['/providers/h:80'], list(zk.registrations))

    def test_keywords(self):
        """Other keywords go to kazoo."""
        zk = self.zk(self.connection_string, read_only=True)
        self.assertTrue(zk.client.read_only)
        with self.assertRaisesRegex(TypeError, 'no_such_thing'):
            self.zk(self.connection_string, no_such_thing=1)

    def test_other_server(self):
        """In a test, only its own server connects."""
        with self.assertRaises(zc.zk.FailedConnect) as caught:
            zc.zk.ZooKeeper('other.example.com:2181')
        self.assertEqual('other.example.com:2181',
                         caught.exception.connection_string)

    def test_repr(self):
        """A client shows its server and state, and how much it holds."""
        zk = self.zk()
        self.assertRegex(
            repr(zk), r'^<zc\.zk\.ZooKeeper \S+:\d+/\S+ CONNECTED>$')
        children = zk.children('/fooservice/providers')
        zk.register('/fooservice/providers', 'h:1')
        self.assertTrue(repr(zk).endswith(
            ' CONNECTED, 1 registered, 3 watched>'), repr(zk))
        self.assertEqual(1, len(children))
        zk.unregister('/fooservice/providers', 'h:1')
        del children
        wait_for(lambda: not zk._engine.watch_count(), 'watches to go')
        zk.close()
        self.assertRegex(repr(zk), ' LOST>$')

    def test_alias(self):
        """ZK is ZooKeeper."""
        self.assertIs(zc.zk.ZooKeeper, zc.zk.ZK)


class NoConnection(unittest.TestCase):

    def refused(self, reason, *args, **keywords):
        with self.assertRaises(zc.zk.FailedConnect) as caught:
            zc.zk.ZooKeeper(*args, **keywords)
        text = f"can't connect to ZooKeeper at {args[0]!r}: {reason}"
        self.assertEqual(text, str(caught.exception)[:len(text)])

    def test_unreachable(self):
        """Where no server is, the error says where, and in time."""
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            self.refused('no session within 0.2 seconds',
                         '{}:{}'.format(*taken.getsockname()),
                         connect_timeout=0.2)

    def test_bad_connection_string(self):
        """A connection string of another form is refused at once."""
        self.refused('HOST:PORT[,HOST:PORT...][/CHROOT] is needed',
                     'localhost:http')


class ExistingClient(ZooKeeperCase):

    def setUp(self):
        super().setUp()
        import kazoo.client
        self.kazoo = kazoo.client.KazooClient(self.connection_string)
        self.addCleanup(self.kazoo.close)
        self.addCleanup(self.kazoo.stop)
        self.kazoo.start()

    def test_used(self):
        """A kazoo client is used as it is, and left open by close."""
        zk = zc.zk.ZooKeeper(self.kazoo)
        self.assertIs(self.kazoo, zk.client)
        self.assertEqual('CONNECTED', zk.state)
        self.assertEqual(1, len(zk.children('/fooservice')))
        zk.close()
        self.assertTrue(self.kazoo.connected)
        self.assertIsNotNone(self.kazoo.exists('/fooservice'))

    def test_close(self):
        """close takes the registrations back, and ends all threads."""
        zk = zc.zk.ZooKeeper(self.kazoo)
        zk.register('/fooservice/providers', 'h:80')
        zk.properties('/fooservice')
        zk.close()
        self.assertEqual([], self.kazoo.get_children('/fooservice/providers'))
        wait_for(lambda: not own_threads(zk), 'threads to end')
        self.assertFalse(
            [each for each in self.kazoo.state_listeners
             if type(getattr(each, '__self__', None)).__module__.startswith(
                 'zc.zk.')])

    def test_keywords(self):
        """Keywords would have no effect on it, and so are refused."""
        with self.assertRaises(TypeError) as caught:
            zc.zk.ZooKeeper(self.kazoo, use_ssl=True, ca='ca.pem')
        self.assertEqual(
            'keywords cannot be passed with a client: ca, use_ssl',
            str(caught.exception))


class Close(ZooKeeperCase):

    def test_context_manager(self):
        """A with statement closes."""
        with zc.zk.ZooKeeper(self.connection_string) as zk:
            self.assertEqual('CONNECTED', zk.state)
        self.assertEqual('LOST', zk.state)

    def test_context_manager_error(self):
        """An error in it goes on."""
        with self.assertRaises(ZeroDivisionError):
            with zc.zk.ZooKeeper(self.connection_string) as zk:
                raise ZeroDivisionError
        self.assertEqual('LOST', zk.state)

    def test_threads(self):
        """close ends all threads, and takes the server's node away."""
        zk = self.zk()
        zk.register('/fooservice/providers', 'h:80')
        properties = zk.properties('/fooservice')(lambda properties: None)
        zk.set('/fooservice', '{}')
        self.assertEqual({}, dict(properties))
        self.assertEqual(3, len(own_threads(zk)))
        zk.close()
        wait_for(lambda: not own_threads(zk), 'threads to end')
        self.assertEqual(
            [], self.zk().get_children('/fooservice/providers'))

    def test_no_threads(self):
        """A client that is only asked has no threads of ours."""
        zk = self.zk()
        zk.get('/fooservice')
        zk.get_properties('/fooservice')
        zk.properties('/fooservice', watch=False)
        zk.export_tree()
        self.assertEqual([], own_threads(zk))

    def test_twice(self):
        """Closing again does nothing."""
        zk = self.zk()
        zk.close()
        zk.close()

    def test_many_threads(self):
        """Any threads may close, at the same time."""
        zk = self.zk()
        zk.children('/fooservice')
        barrier = threading.Barrier(5)
        failed = []

        def close():
            barrier.wait()
            try:
                zk.close()
            except BaseException as e:
                failed.append(e)

        threads = [threading.Thread(target=close) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
            self.assertFalse(thread.is_alive())
        self.assertEqual([], failed)
        self.assertEqual('LOST', zk.state)

    def test_in_callback(self):
        """A callback may close the client that calls it."""
        zk = self.zk()
        other = self.zk()
        closed = threading.Event()

        def callback(properties):
            if not properties:
                zk.close()
                closed.set()

        properties = zk.properties('/fooservice')(callback)
        other.set('/fooservice', '{}')
        self.assertTrue(closed.wait(DEADLINE))
        wait_for(lambda: not own_threads(zk), 'threads to end')
        self.assertFalse(properties.current)

    def test_in_kazoo_callback(self):
        """So may a watch function of kazoo, in kazoo's thread."""
        zk = self.zk()
        other = self.zk()
        closed = threading.Event()

        def watch(event):
            zk.close()
            closed.set()

        zk.get('/fooservice', watch)
        other.set('/fooservice', '{}')
        self.assertTrue(closed.wait(DEADLINE))

    def test_used_afterwards(self):
        """A closed client refuses at once; the error names the path."""
        zk = self.zk()
        properties = zk.properties('/fooservice')
        zk.close()
        for function in zk.get, zk.exists, zk.children, zk.get_properties:
            with self.assertRaises(ConnectionClosedError):
                function('/fooservice')
        with self.assertRaises(ConnectionClosedError):
            zk.set('/fooservice', b'')
        # What was read last stays.
        self.assertEqual(1, properties['threads'])
        self.assertFalse(properties.current)

    def test_hung_server(self):
        """A server that answers nothing does not keep close waiting."""
        with zc.zk.testing.Server() as server:
            # The class itself: the test's own connects nowhere else.
            client = KazooClient(server.connection_string)
            with mock.patch('zc.zk._session.connect.make_client',
                            return_value=client):
                zk = zc.zk.ZooKeeper(server.connection_string)
            server.pause()
            before = set(threading.enumerate())
            closing = threading.Thread(target=zk.close)
            closing.start()
            closing.join(DEADLINE)
            self.assertFalse(closing.is_alive())
            server.resume()
            wait_for(lambda: not set(threading.enumerate()) - before,
                     'kazoo to stop')
