"""What this package needs of kazoo beyond its documented API."""
import contextlib
import inspect
import threading
from unittest import mock

from kazoo.client import KazooClient
from kazoo.exceptions import EXCEPTIONS
from kazoo.exceptions import BadVersionError
from kazoo.exceptions import ConnectionClosedError
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError
from kazoo.exceptions import NoWatcherError
from kazoo.exceptions import RolledBackError
from kazoo.exceptions import RuntimeInconsistency
from kazoo.exceptions import UnimplementedError
from kazoo.protocol.connection import ConnectionHandler
from kazoo.protocol.serialization import Exists
from kazoo.protocol.serialization import GetData
from kazoo.protocol.serialization import Transaction
from kazoo.protocol.serialization import Watch
from kazoo.protocol.states import EVENT_TYPE_MAP
from kazoo.protocol.states import Callback
from kazoo.protocol.states import EventType
from kazoo.protocol.states import KazooState
from kazoo.protocol.states import KeeperState
from kazoo.protocol.states import WatchedEvent
from kazoo.protocol.states import ZnodeStat

from zc.zk._session import insides
from zc.zk._session import requests
from zc.zk._session import wire
from zc.zk.tests.base import ZooKeeperCase
from zc.zk.tests.base import wait_for


class KazooInternals(ZooKeeperCase):
    """A release of kazoo that changes any of these fails here, by name."""

    tree = '/a'

    def setUp(self):
        super().setUp()
        self.client = self.zk().client

    def request(self, payload=b'\0\0\0\x02/\0\0', type=4, before=None):
        def read(buffer, offset):
            return 'read', len(buffer) > offset

        return wire.Request(type, payload, read, before)

    def test_call(self):
        """client._call(request, result) sends what has type, serialize()
        and deserialize(buffer, offset), and sets the result to what
        deserialize gave.
        """
        self.assertEqual(
            ['self', 'request', 'async_object'],
            list(inspect.signature(KazooClient._call).parameters))
        result = self.client.handler.async_result()
        path = self.client.chroot.encode()
        self.client._call(self.request(
            len(path).to_bytes(4, 'big') + path + b'\0'), result)
        self.assertEqual(('read', True), result.get(timeout=20))

    def test_call_error(self):
        """client._call sets the error of a reply's header."""
        result = self.client.handler.async_result()
        self.client._call(self.request(b'\0\0\0\x03/no\0'), result)
        with self.assertRaises(NoNodeError):
            result.get(timeout=20)

    def test_requests_in_flight(self):
        """client._queue holds requests to send, client._pending those that
        wait for a reply.
        """
        self.client.get('/a')
        self.assertEqual(0, len(self.client._queue))
        self.assertEqual(0, len(self.client._pending))
        seen = []
        result = self.client.handler.async_result()
        self.client._call(self.request(before=lambda: seen.append(
            len(self.client._queue))), result)
        with contextlib.suppress(Exception):
            result.get(timeout=20)
        self.assertEqual([1], seen)
        sent = []
        self.client.exists('/no', watch=lambda event: sent.append(
            len(self.client._pending)))
        self.client.create('/no')
        wait_for(lambda: sent)

    def test_call_closed(self):
        """client._call on a closed client sets an error."""
        self.client.stop()
        result = self.client.handler.async_result()
        self.client._call(self.request(), result)
        with self.assertRaises(Exception) as caught:
            result.get(timeout=20)
        self.assertTrue(requests.is_connection_error(caught.exception))

    def test_call_swallows(self):
        """client._call swallows what interrupts it; what is called after it
        can raise.
        """
        def interrupt(data=b''):
            raise KeyboardInterrupt

        client = KazooClient()      # not started: nothing is sent
        client._state = KeeperState.CONNECTED
        client._connection._write_sock = mock.Mock(send=interrupt)
        result = client.handler.async_result()
        client._call(self.request(), result)
        self.assertIsInstance(result.exception, ConnectionClosedError)
        insides.after_calls(client, interrupt)
        with self.assertRaises(KeyboardInterrupt):
            client._call(self.request(), client.handler.async_result())

    def test_serialize_in_connection_thread(self):
        """serialize() runs in the thread that reads replies and events."""
        threads = []
        for _ in range(2):
            result = self.client.handler.async_result()
            self.client._call(self.request(
                before=lambda: threads.append(threading.current_thread())),
                result)
            with contextlib.suppress(Exception):
                result.get(timeout=20)
        self.assertEqual(2, len(threads))
        self.assertIs(threads[0], threads[1])
        self.assertIsNot(threading.current_thread(), threads[0])

    def test_transaction_type(self):
        """Replies of type 14 lose the chroot; others stay as they are."""
        self.assertEqual(wire.MULTI, Transaction.type)
        client = mock.Mock(unchroot=lambda path: path[2:])
        self.assertEqual(
            ['/b', True], list(Transaction.unchroot(client, ['/a/b', True])))

    def test_watcher_tables(self):
        """client._data_watchers and client._child_watchers are dictionaries
        of sets of watchers, by the path with the chroot.
        """
        def watcher(event):
            pass

        self.client.get('/a', watch=watcher)
        self.client.exists('/no', watch=watcher)
        self.client.get_children('/a', watch=watcher)
        root = self.client.chroot
        self.assertEqual({root + '/a': {watcher}, root + '/no': {watcher}},
                         dict(self.client._data_watchers))
        self.assertEqual({root + '/a': {watcher}},
                         dict(self.client._child_watchers))
        self.client._data_watchers['/new'].add(watcher)     # makes the set

    def test_watchers_fire_once(self):
        """Watchers are taken from the tables when they are called, with the
        path without the chroot.
        """
        events = []
        self.client.get('/a', watch=events.append)
        self.client.set('/a', b'1')
        wait_for(lambda: events, 'the event')
        self.assertFalse(self.client._data_watchers)
        [event] = events
        self.assertIsInstance(event, WatchedEvent)
        self.assertEqual((EventType.CHANGED, '/a'), (event.type, event.path))

    def test_watched_reads(self):
        """Requests that leave a watch on data have a path and a watcher."""
        for type_ in Exists, GetData:
            self.assertEqual(('path', 'watcher'), type_._fields)
            with_watch, without = (
                bytes(type_('/a', watcher).serialize())
                for watcher in (print, None))
            self.assertEqual(with_watch[:-1] + b'\0', without)

    def test_watch(self):
        """What a watch tells is read as a number and a path."""
        event, _ = Watch.deserialize(
            b'\0\0\0\1\0\0\0\3\0\0\0\2/a', 0)
        self.assertEqual((1, '/a'), (event.type, event.path))
        self.assertEqual(
            [EventType.CREATED, EventType.DELETED, EventType.CHANGED,
             EventType.CHILD], [EVENT_TYPE_MAP[n] for n in range(1, 5)])

    def test_reset_watchers(self):
        """A lost connection empties the tables, and calls the watchers with
        an event of no type.
        """
        events = []
        self.client.get('/a', watch=events.append)
        self.client._reset_watchers()
        self.assertFalse(self.client._data_watchers)
        wait_for(lambda: events, 'the event')
        self.assertEqual(EventType.NONE, events[0].type)

    def test_last_zxid(self):
        """client.last_zxid is the zxid of the last reply."""
        stat = self.client.set('/a', b'1')
        self.assertEqual(stat.mzxid, self.client.last_zxid)

    def test_chroot(self):
        """client.chroot is '' or a path without a slash at its end."""
        self.assertEqual(self.zookeeper_root, self.client.chroot)
        for string, chroot in (('h:1', ''), ('h:1/', ''), ('h:1/a', '/a'),
                               ('h:1/a/', '/a')):
            client = KazooClient(string)
            self.assertEqual(chroot, client.chroot)
            self.assertEqual([('h', 1)], client.hosts)
            client.close()

    def test_handler(self):
        """client.handler makes results, and has the exception that their
        get(timeout=) raises; dispatch_callback queues behind watch events.
        """
        handler = self.client.handler
        result = handler.async_result()
        with self.assertRaises(handler.timeout_exception):
            result.get(timeout=0)
        result.set(1)
        self.assertEqual(1, result.get(timeout=0))
        called = []
        handler.dispatch_callback(Callback('watch', called.append, (1,)))
        wait_for(lambda: called, 'the callback')

    def test_session(self):
        """client.client_id is (session id, password), or None; listeners
        stand in client.state_listeners.
        """
        self.assertEqual(2, len(self.client.client_id))
        self.assertEqual(KazooState.CONNECTED, self.client.state)
        listener = mock.Mock(return_value=None)
        self.client.add_listener(listener)
        self.assertIn(listener, self.client.state_listeners)
        self.client.stop()
        self.assertIsNone(self.client.client_id)
        self.assertEqual(KazooState.LOST, self.client.state)
        listener.assert_called_with(KazooState.LOST)

    def test_credentials(self):
        """client._connection.sasl_options and client.auth_data are false
        where there are none.
        """
        self.assertFalse(self.client._connection.sasl_options)
        self.assertFalse(self.client.auth_data)

    def test_client(self):
        """A client has the rest that insides reads: whether it was stopped,
        its queue of pairs, the session timeout in milliseconds.
        """
        self.assertFalse(self.client._stopped.is_set())
        self.assertEqual(0, len(self.client._queue))
        self.assertEqual(
            insides.session_timeout_of(self.client),
            self.client._session_timeout / 1000)
        self.client.stop()
        self.assertTrue(self.client._stopped.is_set())

    def test_connection(self):
        """A client's connection has a socket that wakes its loop, and an
        event that tells of the loop's end.
        """
        connection = self.client._connection
        self.assertIsInstance(connection, ConnectionHandler)
        self.assertFalse(connection.connection_stopped.is_set())
        self.assertTrue(callable(connection._write_sock.send))
        self.addCleanup(self.client.handler.stop)
        insides.end_session(self.client)
        insides.wait_stopped(self.client, 20)
        self.assertTrue(connection.connection_stopped.is_set())

    def test_replaced_methods(self):
        """What the connection loop and the client replace is called as it
        was.
        """
        for function, parameters in (
                (ConnectionHandler.__init__, [
                    'self', 'client', 'retry_sleeper', 'logger',
                    'sasl_options']),
                (ConnectionHandler.zk_loop, ['self']),
                (ConnectionHandler._invoke, [
                    'self', 'timeout', 'request', 'xid']),
                (ConnectionHandler._connect, [
                    'self', 'host', 'hostip', 'port']),
                (ConnectionHandler._submit, [
                    'self', 'request', 'timeout', 'xid']),
                (ConnectionHandler._read_watch_event, [
                    'self', 'buffer', 'offset']),
                (KazooClient._session_callback, ['self', 'state'])):
            self.assertEqual(
                parameters, list(inspect.signature(function).parameters))
        loop = self.zk()._connection.reviver._loop
        self.assertIsInstance(loop, ConnectionHandler)
        self.assertGreater(loop.granted, 0)

    def test_workers(self):
        """handler._workers holds the threads that call watch functions."""
        found = []
        self.client.handler.dispatch_callback(Callback(
            'watch',
            lambda: found.append(insides.is_callback_thread(self.client)),
            ()))
        wait_for(lambda: found, 'the callback')
        self.assertEqual([True], found)
        self.assertFalse(insides.is_callback_thread(self.client))

    def test_session_callback(self):
        """The connection tells the client's session callback of a state
        before the client has it.
        """
        states = []
        insides.hear_session(self.client, lambda state: states.append(
            (state, self.client.client_state)))
        self.client.stop()
        self.assertEqual(
            (KeeperState.CLOSED, KeeperState.CONNECTED), states[0])

    def test_exceptions(self):
        """EXCEPTIONS has the classes by ZooKeeper's error codes."""
        for code, error in ((0, RolledBackError), (-2, RuntimeInconsistency),
                            (-6, UnimplementedError), (-101, NoNodeError),
                            (-102, NoAuthError), (-103, BadVersionError),
                            (-110, NodeExistsError), (-121, NoWatcherError)):
            self.assertIs(error, EXCEPTIONS[code])

    def test_stat(self):
        """ZnodeStat has the fields of a Stat record, in their order."""
        self.assertEqual(
            ('czxid', 'mzxid', 'ctime', 'mtime', 'version', 'cversion',
             'aversion', 'ephemeralOwner', 'dataLength', 'numChildren',
             'pzxid'), ZnodeStat._fields)
