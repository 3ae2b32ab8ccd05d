import contextlib
import logging
import os
import socket
import threading
import unittest
from unittest import mock

from kazoo.exceptions import AuthFailedError
from kazoo.exceptions import ConnectionClosedError
from kazoo.exceptions import ConnectionLoss
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.handlers.threading import SequentialThreadingHandler
from kazoo.protocol.states import KeeperState

import zc.zk
from zc.zk._session import connect
from zc.zk._session.handler import PollHandler
from zc.zk.errors import FailedConnect
from zc.zk.testing import Server
from zc.zk.tests.base import wait_for


@contextlib.contextmanager
def silent_server():
    """A port at which nobody ever answers."""
    with socket.create_server(('127.0.0.1', 0)) as listener:
        yield '{}:{}'.format(*listener.getsockname())


@contextlib.contextmanager
def no_server():
    """A port at which nobody listens, and nobody else can."""
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        yield '{}:{}'.format(*taken.getsockname())


class ConnectionString(unittest.TestCase):

    def test_given(self):
        """What is given is used."""
        with mock.patch.dict(os.environ, ZC_ZK_CONNECTION_STRING='env:1'):
            self.assertEqual('h:1', connect.connection_string_from('h:1'))

    def test_environment(self):
        """Else the environment variable is used."""
        with mock.patch.dict(os.environ, ZC_ZK_CONNECTION_STRING='env:1'):
            for given in None, '':
                self.assertEqual(
                    'env:1', connect.connection_string_from(given))

    def test_default(self):
        """Without it, or where it is empty, the local server is used."""
        for environment in {}, {'ZC_ZK_CONNECTION_STRING': ''}:
            with mock.patch.dict(os.environ, environment):
                if not environment:
                    os.environ.pop('ZC_ZK_CONNECTION_STRING', None)
                self.assertEqual(
                    '127.0.0.1:2181', connect.connection_string_from(None))


class MakeClient(unittest.TestCase):

    def make(self, *args, **keywords):
        client = connect.make_client(*args, **keywords)
        self.addCleanup(client.close)
        return client

    def test_defaults(self):
        """The client has our handler, and reconnects for ever and soon."""
        client = self.make('a:1,b:2/root', 4.0)
        self.assertEqual([('a', 1), ('b', 2)], client.hosts)
        self.assertEqual('/root', client.chroot)
        self.assertEqual(4000, client._session_timeout)
        self.assertIsInstance(client.handler, PollHandler)
        self.assertEqual(-1, client._conn_retry.max_tries)
        self.assertEqual(
            connect.LONGEST_RECONNECT_DELAY, client._conn_retry.max_delay)

    def test_keywords(self):
        """Keywords go to kazoo's client."""
        client = self.make(
            'a:1', 4.0, read_only=True, auth_data=[('digest', 'u:p')],
            connection_retry={'max_tries': 2})
        self.assertTrue(client.read_only)
        self.assertEqual({('digest', 'u:p')}, client.auth_data)
        self.assertEqual(2, client._conn_retry.max_tries)

    def test_bad_keyword(self):
        """A keyword that kazoo does not know is named."""
        with self.assertRaisesRegex(TypeError, 'no_such_thing'):
            self.make('a:1', 4.0, no_such_thing=1)

    def test_bad_connection_string(self):
        """A string of another form is an error that shows it and the form.
        """
        for given in ('a:http', ':2181', 'a:99999', 'a:1,,b:1', ',', '/root',
                      '[::1:2181'):
            with self.subTest(given):
                with self.assertRaises(FailedConnect) as caught:
                    self.make(given, 4.0)
                self.assertEqual(
                    f"can't connect to ZooKeeper at {given!r}: "
                    'HOST:PORT[,HOST:PORT...][/CHROOT] is needed',
                    str(caught.exception))


    def test_credentials(self):
        """A connection string with credentials is refused, and not shown.
        """
        with self.assertRaises(FailedConnect) as caught:
            zc.zk.ZooKeeper('alice:secret@127.0.0.1:1')
        self.assertNotIn('secret', repr(caught.exception))
        with self.assertRaises(FailedConnect) as caught, \
                self.assertLogs('kazoo') as logs:
            # A host and a chroot by their form, which connects nowhere
            zc.zk.ZooKeeper('127.0.0.1:1/secret@h:1', connect_timeout=0.1)
        self.assertNotIn('secret', repr(caught.exception))
        self.assertNotIn('secret', str(logs.output))


class Start(unittest.TestCase):

    def setUp(self):
        self.threads = set(threading.enumerate())

    def start(self, where, wait=False, timeout=0.3, **keywords):
        client = connect.make_client(where, 4.0, **keywords)
        connect.start(client, where, wait, timeout)

    def refused(self, where, reason, **keywords):
        with self.assertRaises(FailedConnect) as caught:
            self.start(where, **keywords)
        self.assertEqual(where, caught.exception.connection_string)
        self.assertEqual(
            f"can't connect to ZooKeeper at {where!r}: {reason}",
            str(caught.exception))
        wait_for(lambda: not self.left(), 'threads to end')

    def left(self):
        return [each for each in set(threading.enumerate()) - self.threads
                if not each.daemon or 'zc.zk' in each.name]

    def test_nobody_there(self):
        """Where nobody listens, the error comes in time and says so."""
        with no_server() as where:
            self.refused(
                where, 'no session within 0.3 seconds (Connection refused)')

    def test_other_handler(self):
        """A handler that is not ours does not know the reason."""
        with no_server() as where:
            self.refused(where, 'no session within 0.3 seconds',
                         handler=SequentialThreadingHandler())

    def test_silence(self):
        """A server that never answers is given up in time too."""
        with silent_server() as where:
            self.refused(where, 'no session within 0.3 seconds')

    def test_unknown_host(self):
        """So is a host that is not known, and it is named."""
        self.refused(
            'no.such.host.invalid:1', 'no session within 0.3 seconds '
            "(cannot resolve 'no.such.host.invalid')")
        with self.assertRaises(FailedConnect) as caught, \
                self.assertLogs('kazoo'):
            self.start(f'{"x" * 70}:1')
        self.assertIn(f"(cannot resolve '{'x' * 70}')", str(caught.exception))

    def test_refused_at_once(self):
        """What a handler refuses to start is told."""
        with mock.patch('kazoo.client.KazooClient.start_async',
                        side_effect=KazooTimeoutError('not here')):
            self.refused('h:1', 'not here')

    def test_credentials_refused(self):
        """Refused credentials are an error at once, not after the timeout.
        """
        class Client:
            handler = mock.Mock(timeout_exception=KazooTimeoutError)
            connected = False
            _connection = mock.Mock()
            _session_timeout = 10_000
            stopped = False

            def add_listener(self, listener):
                self.listener = listener

            def remove_listener(self, listener):
                self.listener = None

            def start_async(self):
                self._session_callback(KeeperState.AUTH_FAILED)

            def _session_callback(self, state):
                self.listener('LOST')

            def stop(self):
                self.stopped = True

            def close(self):
                pass

        client = Client()
        with self.assertRaises(FailedConnect) as caught:
            connect.start(client, 'h:1', False, 1000.0)
        self.assertEqual('authentication failed', caught.exception.reason)
        self.assertTrue(client.stopped)
        self.assertIsNone(client.listener)

    def test_session_timeout(self):
        """What was asked for and what the server granted are both known."""
        with Server(min_session_timeout=3.0) as server, zc.zk.ZooKeeper(
                server.connection_string, 0.5) as zk:
            self.assertEqual((0.5, 3.0), (
                zk.session_timeout, zk.recv_timeout()))
            self.assertEqual(3.0, zk._keeper._arrivals._session_timeout())

    def test_wait(self):
        """With wait, trying goes on, and the log says so."""
        reached = threading.Event()

        class Reached(BaseException):
            """Ends the endless."""

        def remind(where, first):
            reminded.append((where, first))
            if len(reminded) == 3:
                reached.set()
                raise Reached

        reminded = []
        with no_server() as where, \
                mock.patch.object(connect, '_remind', remind), \
                mock.patch.object(connect, 'REMIND_SECONDS', 0.02):
            with self.assertRaises(Reached):
                self.start(where, wait=True, timeout=0.01)
            self.assertEqual((where, True), reminded[0])
            self.assertEqual((where, False), reminded[2])

    def test_remind(self):
        """The first line in the log is information, later ones are critical.
        """
        with self.assertLogs('zc.zk._session.connect', logging.INFO) as logs:
            connect._remind('h:1', True)
            connect._remind('h:1', False)
        self.assertEqual(
            ["INFO:zc.zk._session.connect:waiting for ZooKeeper at 'h:1'",
             "CRITICAL:zc.zk._session.connect:waiting for ZooKeeper at 'h:1'"],
            logs.output)


class Prove(unittest.TestCase):
    """With a wrong SASL password, kazoo's start succeeds all the same."""

    def client(self, error=None, sasl=None, auth=()):
        client = mock.Mock()
        client._connection.sasl_options = sasl
        client.auth_data = auth
        client.handler.timeout_exception = KazooTimeoutError
        client.exists_async.return_value.get.side_effect = error
        return client

    def prove(self, client, refused=False):
        connect._prove(client, mock.Mock(refused=refused), 'h:1', 1.0)

    def test_no_credentials(self):
        """Without credentials there is nothing to prove."""
        client = self.client()
        self.prove(client)
        client.exists_async.assert_not_called()

    def test_good(self):
        """Good credentials take one request."""
        for credentials in ({'sasl': {'mechanism': 'DIGEST-MD5'}},
                            {'auth': {('digest', 'u:p')}}):
            client = self.client(**credentials)
            self.prove(client)
            client.exists_async.assert_called_once_with('/')

    def test_bad(self):
        """Bad ones are an error that says so."""
        client = self.client(
            AuthFailedError(), sasl={'mechanism': 'DIGEST-MD5'})
        with self.assertRaises(FailedConnect) as caught:
            self.prove(client)
        self.assertEqual(
            "can't connect to ZooKeeper at 'h:1': authentication failed",
            str(caught.exception))

    def test_closed_for_it(self):
        """kazoo may have ended its loop before the request."""
        for error, refused in ((ConnectionClosedError(), False),
                               (ConnectionLoss(), True)):
            client = self.client(error, sasl={'mechanism': 'x'})
            with self.assertRaises(FailedConnect):
                self.prove(client, refused)

    def test_other_trouble(self):
        """A connection that is lost again proves nothing."""
        for error in ConnectionLoss(), KazooTimeoutError():
            client = self.client(error, sasl={'mechanism': 'x'})
            self.prove(client)


class Stop(unittest.TestCase):

    def test_hung(self):
        """A client that does not stop is left behind in time."""
        go = threading.Event()
        threads = set(threading.enumerate())
        client = mock.Mock()
        client.stop.side_effect = go.wait
        with mock.patch.object(connect, 'STOP_SECONDS', 0.05):
            connect.stop(client)
        client.close.assert_not_called()
        [left] = set(threading.enumerate()) - threads
        self.assertTrue(left.daemon)
        go.set()
        left.join()

    def test_trouble(self):
        """Trouble while stopping is for the log only."""
        client = mock.Mock()
        client.stop.side_effect = RuntimeError('no')
        with self.assertLogs('zc.zk._session.connect', logging.DEBUG) as logs:
            connect.stop(client)
        self.assertIn('closing the connection failed', logs.output[0])
