"""A client comes back when kazoo has given its connection up."""
from __future__ import annotations

import threading
import time
import unittest
from typing import Any
from unittest import mock

from kazoo.client import KazooClient
from kazoo.exceptions import AuthFailedError
from kazoo.exceptions import ConnectionClosedError

import zc.zk
from zc.zk._session import reviver as _revive
from zc.zk.testing import Server
from zc.zk.tests.base import wait_for


NODE = '/s/1.2.3.4:80'
LOGGER = 'zc.zk._session.reviver'


class ReviveTests(unittest.TestCase):

    def setUp(self) -> None:
        self.server = Server().start()
        self.addCleanup(self.server.stop)
        for name, seconds in [('LOOK_SECONDS', 0.02), ('LONGEST_DELAY', 0.1)]:
            patch = mock.patch.object(_revive, name, seconds)
            patch.start()
            self.addCleanup(patch.stop)
        self.zk = zc.zk.ZooKeeper(self.server.connection_string)
        self.addCleanup(self.zk.close)
        self.zk.create('/s', b'{"a":1}')
        self.zk.register('/s', '1.2.3.4:80')
        self.registration = self.zk.registrations[NODE]
        self.properties = self.zk.properties('/s')
        self.reviver: Any = self.zk._connection.reviver
        self.session = self.zk.client.client_id[0]
        self.connection = self.zk.client._connection
        self.connect = self.connection._connect

    def connections(self, *errors: Exception | None) -> None:
        """Have the next connections end in errors, None for one that does
        not.
        """
        left = list(errors)

        def connect(*args: Any) -> Any:
            error = left.pop(0) if left else None
            if error is not None:
                raise error
            return self.connect(*args)

        patch = mock.patch.object(self.connection, '_connect', connect)
        patch.start()
        self.addCleanup(patch.stop)

    def end_loop(self, *errors: Exception | None) -> None:
        """Cut the connection; the next ones end as `connections` says."""
        self.connections(*errors)
        self.server.drop_connections(self.session)

    def assertBack(self) -> None:
        with zc.zk.ZooKeeper(self.server.connection_string) as other:
            def back() -> bool:
                client_id = self.zk.client.client_id
                stat = other.exists(NODE)
                return bool(
                    self.zk.client.connected and client_id and stat
                    and client_id[0] == stat.ephemeralOwner != self.session)

            wait_for(back, 'the registration')
            wait_for(lambda: self.registration.state == 'registered',
                     'the state')
            self.assertIsNone(self.registration.error)
            other.set('/s', b'{"a":2}')
            self.assertTrue(self.properties.wait(
                lambda properties: properties.get('a') == 2, 10))
        wait_for(lambda: self.reviver._thread is None, 'the thread')

    def test_unexpected_error(self) -> None:
        """An error that kazoo did not expect ends nothing for good."""
        with self.assertLogs(LOGGER) as logs, self.assertLogs('kazoo'):
            self.end_loop(RuntimeError('odd'))
            self.assertBack()
        self.assertEqual(
            ['the connection to ZooKeeper ended: RuntimeError: odd'],
            [each.getMessage() for each in logs.records])

    def test_refused_credentials(self) -> None:
        """Credentials that are refused for a while are tried again; until
        then the registration has the error, and one line tells of it.
        """
        allowed = threading.Event()

        def connect(*args: Any) -> Any:
            if not allowed.is_set():
                raise AuthFailedError()
            return self.connect(*args)

        with self.assertLogs(LOGGER) as logs, mock.patch.object(
                self.connection, '_connect', connect):
            self.server.drop_connections(self.session)
            wait_for(lambda: self.registration.error, 'the error')
            self.assertEqual('authentication failed',
                             str(self.registration.error))
            self.assertIsInstance(self.registration.error, AuthFailedError)
            self.assertEqual('pending', self.registration.state)
            self.assertFalse(self.properties.current)
            with self.assertRaises(
                    (AuthFailedError, ConnectionClosedError)):
                self.zk.get('/s')
            starts = mock.Mock(side_effect=self.zk.client.start_async)
            with mock.patch.object(self.zk.client, 'start_async', starts):
                wait_for(lambda: starts.call_count > 3, 'more tries')
            allowed.set()
            self.assertBack()
        self.assertEqual(1, len(logs.records))

    def test_credentials_refused_by_the_server(self) -> None:
        """kazoo tells of a connection before the server has looked at the
        credentials: that does not count as one.
        """
        delays: list[float] = []
        real = self.zk.client.start_async

        def start_async() -> Any:
            delays.append(self.reviver._backoff.delay)
            return real()

        self.zk.client.auth_data.add(('bogus', 'x'))
        with self.assertLogs(LOGGER) as logs, mock.patch.object(
                self.zk.client, 'start_async', start_async):
            self.server.drop_connections(self.session)
            wait_for(lambda: len(delays) > 4, 'some tries')
            wait_for(lambda: isinstance(
                self.registration.error, AuthFailedError), 'the error')
            self.zk.client.auth_data.clear()
            self.assertBack()
        self.assertEqual(1, len(logs.records))
        self.assertEqual(sorted(delays), delays)
        self.assertEqual(_revive.LONGEST_DELAY, delays[-1])

    def test_a_steady_connection(self) -> None:
        """After a connection that lasted, the delays are short again."""
        with self.assertLogs(LOGGER) as logs, self.assertLogs('kazoo'):
            for _ in range(2):
                self.end_loop(RuntimeError('odd'))
                self.assertBack()
                self.session = self.zk.client.client_id[0]
                self.assertEqual(
                    2 * _revive.LOOK_SECONDS, self.reviver._backoff.delay)
                self.reviver._connected_at -= _revive.LONGEST_DELAY
        self.assertEqual(2, len(logs.records))

    def test_failed_start(self) -> None:
        """A start that fails is followed by others."""
        real = self.zk.client.start_async
        errors: list[Exception] = [
            RuntimeError("can't start new thread"), OSError('no files')]

        def start_async() -> Any:
            if errors:
                self.connection.stop(10)    # as kazoo does before it starts
                raise errors.pop()
            return real()

        with self.assertLogs(LOGGER), self.assertLogs('kazoo'), \
                mock.patch.object(
                    self.zk.client, 'start_async', start_async):
            self.end_loop(RuntimeError('odd'))
            self.assertBack()
        self.assertEqual([], errors)

    def test_no_thread(self) -> None:
        """Where no thread can be had, closing works all the same."""
        with mock.patch.object(
                threading.Thread, 'start', side_effect=RuntimeError):
            with self.assertRaises(RuntimeError):
                self.reviver.session_changed('SUSPENDED')
        self.zk.close()
        self.assertFalse(self.zk.client.connected)

    def test_limited_retries(self) -> None:
        """A limit that the user has set holds; the registration tells."""
        zk = zc.zk.ZooKeeper(
            self.server.connection_string,
            connection_retry={'max_tries': 1, 'delay': 0.01})
        self.addCleanup(zk.close)
        zk.register('/s', '1.2.3.4:81')
        registration = zk.registrations['/s/1.2.3.4:81']
        with self.assertLogs(LOGGER) as logs, self.assertLogs('kazoo'):
            self.server.stop()
            wait_for(lambda: registration.error, 'the error')
        self.assertEqual(
            'the connection to ZooKeeper ended: kazoo stopped trying',
            logs.records[-1].getMessage())
        self.assertEqual('kazoo stopped trying', str(registration.error))
        reviver: Any = zk._connection.reviver
        wait_for(lambda: reviver._thread is None, 'the thread')

    def test_after_expiry(self) -> None:
        """The loop may end while the session is lost already."""
        with self.assertLogs(LOGGER), self.assertLogs('kazoo'):
            # The first one hears that the session has expired.
            self.connections(None, RuntimeError('odd'))
            self.server.expire(self.session)
            self.assertBack()

    def test_close_meanwhile(self) -> None:
        """Closing ends the tries, and no connection comes afterwards."""
        with self.assertLogs(LOGGER), self.assertLogs('kazoo'):
            self.end_loop(*[RuntimeError('odd') for _ in range(1000)])
            wait_for(lambda: self.registration.error, 'the error')
            thread = self.reviver._thread
            start = time.monotonic()
            self.zk.close()
            self.assertLess(time.monotonic() - start, 2)
            wait_for(lambda: not thread.is_alive(), 'the end of the thread')
        self.assertFalse(self.zk.client.connected)
        self.assertTrue(self.zk.client._stopped.is_set())

    def test_close_while_starting(self) -> None:
        """A start that ends after `close` is undone."""
        started, go_on = threading.Event(), threading.Event()
        start_async = self.zk.client.start_async

        def slow_start() -> Any:
            started.set()
            go_on.wait(10)
            return start_async()

        with self.assertLogs(LOGGER), self.assertLogs('kazoo'), \
                mock.patch.object(
                    self.zk.client, 'start_async', slow_start):
            self.end_loop(RuntimeError('odd'))
            self.assertTrue(started.wait(10))
            thread = self.reviver._thread
            self.zk.close()
            go_on.set()
            wait_for(lambda: not thread.is_alive(), 'the end of the thread')
        wait_for(lambda: not self.zk.client.connected, 'the end')
        self.assertTrue(self.zk.client._stopped.is_set())

    def test_stopped_by_hand(self) -> None:
        """A client that its user stopped stays so, and no thread looks."""
        self.zk.client.stop()
        self.assertIsNone(self.reviver._thread)
        self.zk.client.start()
        self.server.refuse()
        wait_for(lambda: self.reviver._thread, 'the thread')
        self.zk.client.stop()
        wait_for(lambda: self.reviver._thread is None, 'its end')
        self.assertFalse(self.zk.client.connected)

    def test_clients_of_others(self) -> None:
        """A kazoo client that was given is its owner's to start."""
        client = KazooClient(self.server.connection_string)
        self.addCleanup(client.close)
        self.addCleanup(client.stop)
        client.start()
        with zc.zk.ZooKeeper(client) as zk:
            self.assertIsNone(zk._connection.reviver)
