"""How the server's nodes come and go, and what is said when they do not."""
from __future__ import annotations

import threading
import unittest
from typing import Any
from unittest import mock

from kazoo.exceptions import AuthFailedError
from kazoo.exceptions import ConnectionClosedError
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError

import zc.zk
import zc.zk.testing
from zc.zkzopeserver import _registration
from zc.zkzopeserver._options.table import OptionError
from zc.zkzopeserver._options.table import Options
from zc.zkzopeserver._options.values import Address
from zc.zkzopeserver._options.values import Secret
from zc.zkzopeserver._registration import Presence
from zc.zkzopeserver.tests.support import DEADLINE
from zc.zkzopeserver.tests.support import wait_for


class FakeZooKeeper:
    """Raises the errors it is given, one for each registration."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.client = mock.Mock()
        self.registrations: dict[str, Any] = {}
        self.registered: list[Any] = []
        self.session_timeout = 10.0
        self.left = False
        self.closed = False

    def register_with(
        self, path: str, address: Any, data: Any, *, takeover: bool
    ) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.registered.append((path, address, data, takeover))
        self.registrations[f'{path}/{address}'] = mock.Mock(
            properties={})

    def recv_timeout(self) -> float:
        return 4.0

    def leave(self, timeout: float | None = 0.0) -> bool:
        self.left = True
        return True

    def close(self) -> None:
        self.closed = True


class FakeTests(unittest.TestCase):

    def setUp(self) -> None:
        patch = mock.patch.object(_registration, 'FIRST_DELAY', 0.001)
        patch.start()
        self.addCleanup(patch.stop)

    def presence(self, zk: Any, **options: Any) -> Presence:
        self.keywords: list[dict[str, Any]] = []

        def connect(connection_string: Any, **keywords: Any) -> Any:
            self.keywords.append(keywords)
            if isinstance(zk, Exception):
                raise zk
            return zk

        given = {'zookeeper': 'zk', 'path': '/a', 'section': 'x.ini',
                 **options}
        return Presence(Options(**given), [('h', 1), ('i', 2)], True,
                        {'monitor': ':3'}, connect)

    def refused(self, error: Exception, **options: Any) -> str:
        connecting = isinstance(error, zc.zk.FailedConnect)
        presence = self.presence(
            error if connecting else FakeZooKeeper(error), **options)
        with self.assertRaises(OptionError) as caught:
            presence.enter()
        self.assertIs(error, caught.exception.__cause__)
        return str(caught.exception)

    def test_registers(self):
        """Each address is registered with all properties."""
        zk = FakeZooKeeper()
        self.presence(zk, properties={'v': 1}).enter()
        data = {'v': 1, 'monitor': ':3'}
        self.assertEqual([('/a', ('h', 1), data, True),
                          ('/a', ('i', 2), data, True)], zk.registered)

    def test_mark(self):
        """Its nodes say how it is, while they are there."""
        zk = FakeZooKeeper()
        zk.registrations['/a/h:1'] = mock.Mock(properties={'weight': 2})
        presence = self.presence(zk, even_the_last=True)
        presence.mark(False)        # it has not registered yet
        update = zk.registrations['/a/h:1'].update
        update.assert_not_called()
        presence.enter()
        presence.mark(False)
        update.assert_called_once_with({'weight': 0, 'healthy': False})
        presence.mark(True)
        update.assert_called_with({'weight': 2, 'healthy': True})
        update.reset_mock()
        presence.leave()
        presence.mark(False)
        update.assert_not_called()

    def test_messages(self):
        """Each kind of failure names the option at fault."""
        for error, options, expected in (
            (zc.zk.FailedConnect('zk', 'why'), {},
             "zookeeper: can't connect to ZooKeeper at 'zk': why"),
            (zc.zk.FailedConnect('zk', 'authentication failed'), {},
             "zookeeper_auth: can't connect to ZooKeeper at 'zk': "
             'authentication failed'),
            (NoNodeError('/a'), {}, 'path: there is no node /a'),
            (NodeExistsError('/a/b'), {},
             'path: another server is registered with the same address '
             '(/a/b)'),
            (NodeExistsError('/a/b'), {'advertise': (Address('x', 1),)},
             'advertise: another server is registered with the same '
             'address (/a/b)'),
            (NoAuthError(), {},
             'path: no permission to create a node in /a'),
            (NoAuthError(), {'zookeeper_auth': Secret((('digest', 'x'),))},
             'zookeeper_auth: no permission to create a node in /a'),
            (ConnectionClosedError(),
             {'zookeeper_auth': Secret((), {'username': 'x'})},
             'zookeeper_auth: ZooKeeper closed the connection; are the '
             'credentials right?'),
            (AuthFailedError(), {},
             'zookeeper_auth: ZooKeeper refused the credentials'),
            (zc.zk.PathError('/a', 'bad'), {}, "path: bad path '/a': bad"),
            (OSError('odd'), {}, 'zookeeper: OSError odd'),
        ):
            with self.subTest(expected):
                self.assertEqual(f'x.ini: option {expected}',
                                 self.refused(error, **options))

    def test_wait(self):
        """With `wait` it tries on, with one line for each reason."""
        zk = FakeZooKeeper(NoNodeError('/a'), NoNodeError('/a'),
                           NoAuthError())
        with self.assertLogs('zc.zkzopeserver') as logs:
            self.presence(zk, wait=True).enter()
        self.assertEqual([
            'ZooKeeper granted a session timeout of 4 s, not 10 s',
            'not registered, trying on: path: there is no node /a',
            'not registered, trying on: path: no permission to create a '
            'node in /a',
            "registered as /a/('h', 1), /a/('i', 2)",
        ], [record.getMessage() for record in logs.records])

    def test_wait_is_no_cure(self):
        """What time cannot mend fails also with `wait`."""
        for error in (AuthFailedError(), zc.zk.PathError('/a', 'bad'),
                      zc.zk.FailedConnect('zk', 'authentication failed')):
            self.refused(error, wait=True)

    def test_leave_while_waiting(self):
        """Leaving ends the waiting."""
        presence = self.presence(zc.zk.FailedConnect('zk'), wait=True)
        with mock.patch.object(_registration, 'FIRST_DELAY', 1000.0):
            thread = threading.Thread(target=presence.enter)
            thread.start()
            wait_for(lambda: self.keywords)
            presence.leave()
            thread.join(DEADLINE)
        self.assertFalse(thread.is_alive())

    def test_leave_while_connecting(self):
        """A session that comes after all is ended."""
        zk = FakeZooKeeper()
        presence = self.presence(zk)
        presence.leave()
        presence._enter()
        presence.close(DEADLINE)
        self.assertTrue(zk.closed)
        self.assertEqual([], zk.registered)

    def test_leave(self):
        """Leaving unregisters what is registered."""
        zk = FakeZooKeeper()
        presence = self.presence(zk)
        presence.enter()
        with self.assertLogs('zc.zkzopeserver') as logs:
            self.assertTrue(presence.leave())
        self.assertEqual("took /a/('h', 1), /a/('i', 2) away",
                         logs.records[0].getMessage())
        self.assertTrue(zk.left)
        self.assertFalse(zk.closed)
        presence.close(DEADLINE)
        self.assertTrue(zk.closed)
        presence.close(DEADLINE)

    def test_leave_before_there_is_a_session(self):
        """Without a session there is nothing to take away."""
        self.assertTrue(self.presence(FakeZooKeeper()).leave())

    def test_close_that_hangs(self):
        """A ZooKeeper that does not answer does not keep the process."""
        zk = FakeZooKeeper()
        presence = self.presence(zk)
        presence.enter()
        stuck = threading.Event()
        self.addCleanup(stuck.set)
        zk.close = stuck.wait
        with self.assertLogs('zc.zkzopeserver', 'WARNING') as logs:
            presence.close(0.01)
        self.assertEqual('could not end the ZooKeeper session in time',
                         logs.records[0].getMessage())

    def test_close_that_fails(self):
        """A session that cannot be ended is no reason to hang either."""
        zk = FakeZooKeeper()
        presence = self.presence(zk)
        presence.enter()
        zk.close = lambda: 1 / 0
        with self.assertLogs('zc.zkzopeserver', 'WARNING') as logs:
            presence.close(DEADLINE)
        self.assertIn('ZeroDivisionError', logs.output[0])

    def test_wait_with_two_addresses(self):
        """A retry does not register again what is registered already."""
        zk = FakeZooKeeper()
        register, failures = zk.register_with, [NodeExistsError('/a/i:2')] * 2

        def once(path: str, address: Any, *args: Any, **kw: Any) -> None:
            if (path, address) in [each[:2] for each in zk.registered]:
                raise NodeExistsError(f'{address} (registered here already)')
            if address[0] == 'i' and failures:
                raise failures.pop()
            register(path, address, *args, **kw)

        zk.register_with = once
        presence = self.presence(zk, wait=True)
        with self.assertLogs('zc.zkzopeserver') as logs:
            thread = threading.Thread(target=presence.enter, daemon=True)
            thread.start()
            thread.join(DEADLINE)
        self.addCleanup(presence.leave)
        self.assertEqual([('h', 1), ('i', 2)],
                         [each[1] for each in zk.registered])
        self.assertEqual([
            'ZooKeeper granted a session timeout of 4 s, not 10 s',
            'not registered, trying on: path: another server is registered '
            'with the same address (/a/i:2)',
            "registered as /a/('h', 1), /a/('i', 2)",
        ], [record.getMessage() for record in logs.records])

    def test_keywords(self):
        """The options for the connection reach the library."""
        self.presence(
            FakeZooKeeper(), session_timeout=2500,
            zookeeper_auth=Secret((('digest', 'u:p'),), {'username': 'u'}),
            zookeeper_tls_ca='ca', zookeeper_tls_cert='cert',
            zookeeper_tls_key='key').enter()
        found = self.keywords[0]
        del found['logger']
        self.assertEqual({
            'session_timeout': 2.5, 'auth_data': [('digest', 'u:p')],
            'sasl_options': {'username': 'u'}, 'use_ssl': True,
            'check_hostname': True, 'ca': 'ca', 'certfile': 'cert',
            'keyfile': 'key'}, found)

    def test_no_keywords(self):
        """Without them, the library's own defaults hold."""
        self.presence(FakeZooKeeper()).enter()
        self.assertEqual(['logger'], list(self.keywords[0]))
