"""How the server's nodes come and go, and what is said when they do not."""
from __future__ import annotations

import io
import logging
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
from zc.zkzopeserver.tests.support import ZooKeeperCase
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


class ServerTests(ZooKeeperCase):
    """With a ZooKeeper server."""

    def presence(
        self, addresses: Any = (('127.0.0.1', 8080),), **options: Any
    ) -> Presence:
        given = {'zookeeper': self.connection_string,
                 'path': '/service/providers', 'session_timeout': 4000,
                 **options}
        presence = Presence(Options(**given), list(addresses),
                            not options.get('advertise'), {})
        self.addCleanup(presence.close, DEADLINE)
        return presence

    def test_enter_and_leave(self):
        """The node is there after entering, and gone after leaving."""
        presence = self.presence()
        presence.enter()
        self.assertEqual(['127.0.0.1:8080'], self.providers())
        self.assertTrue(presence.leave())
        self.assertEqual([], self.providers())

    def other(self, name: str) -> Any:
        """Register a name for somebody else."""
        other = zc.zk.ZooKeeper(self.connection_string)
        self.addCleanup(other.close)
        other.register('/service/providers', name)
        return other

    def entering(self, presence: Presence) -> threading.Thread:
        """Enter in a thread, as far as a name that somebody else has."""
        waiting = threading.Event()

        def connect(*args: Any, **keywords: Any) -> Any:
            zk = zc.zk.ZooKeeper(*args, **keywords)
            exists_async = zk.client.exists_async

            def waits(*args: Any) -> Any:
                waiting.set()       # for the name
                return exists_async(*args)

            zk.client.exists_async = waits
            return zk

        presence._connect = connect
        thread = threading.Thread(target=presence.enter, daemon=True)
        thread.start()
        self.addCleanup(thread.join, DEADLINE)
        self.addCleanup(presence.leave)
        self.assertTrue(waiting.wait(DEADLINE))
        return thread

    def test_wait_with_two_addresses(self):
        """With `wait`, one address of two may come later."""
        other = self.other('b:2')
        presence = self.presence(
            [('a', 1), ('b', 2)], wait=True, session_timeout=1000,
            advertise=(Address('a', 1), Address('b', 2)))
        # So that an attempt fails after some seconds.
        with (mock.patch.object(_registration, 'LAST_DELAY', 0.1),
              self.assertLogs('zc.zkzopeserver', 'WARNING') as logs):
            thread = self.entering(presence)
            wait_for(lambda: logs.records, 'a line')
            other.close()
            thread.join(DEADLINE)
        self.assertEqual(['a:1', 'b:2'], self.providers())
        self.assertNotIn('registered here already', str(logs.output))

    def test_leave_while_registering(self):
        """A registration that is under way is taken back."""
        other = self.other('a:1')
        presence = self.presence(
            [('a', 1)], advertise=(Address('a', 1),), session_timeout=40000)
        thread = self.entering(presence)
        self.assertTrue(presence.leave())
        # It ends although the name is taken, and for 40 seconds more.
        thread.join(DEADLINE)
        self.assertFalse(thread.is_alive())
        other.close()
        self.assertEqual([], self.providers())

    def test_leave_while_disconnected(self):
        """Without a connection it waits for one, and then they go."""
        presence, server = self.disconnected()
        found: list[bool] = []
        with self.assertLogs('zc.zkzopeserver') as logs:
            thread = threading.Thread(
                target=lambda: found.append(presence.leave()), daemon=True)
            thread.start()
            wait_for(lambda: not presence._zk.registrations, 'the attempt')
            logger = logging.getLogger('zc.zkzopeserver')
            logger.info('nothing is gone')
            server.start()
            thread.join(DEADLINE)
        self.assertEqual([True], found)
        self.assertEqual(
            ['nothing is gone',
             'took /service/providers/127.0.0.1:8080 away'],
            [record.getMessage() for record in logs.records])
        with zc.zk.ZooKeeper(server.connection_string) as zk:
            self.assertEqual([], zk.get_children('/service/providers'))

    def test_close_while_leaving(self):
        """It waits no longer when the session is ended."""
        presence, _ = self.disconnected()
        found: list[bool] = []
        with self.assertLogs('zc.zkzopeserver', 'WARNING') as logs:
            thread = threading.Thread(
                target=lambda: found.append(presence.leave()), daemon=True)
            thread.start()
            wait_for(lambda: not presence._zk.registrations, 'the attempt')
            presence.close(DEADLINE)
            thread.join(DEADLINE)
        self.assertEqual([False], found)
        self.assertEqual(
            'could not take /service/providers/127.0.0.1:8080 away; '
            'ZooKeeper will when the session times out',
            logs.records[0].getMessage())

    def disconnected(self) -> tuple[Presence, zc.zk.testing.Server]:
        """Enter, and then stop ZooKeeper."""
        server = zc.zk.testing.Server(
            tick_time=0.1, min_session_timeout=0.5, max_session_timeout=60.0)
        self.addCleanup(server.stop)
        server.start()
        with zc.zk.ZooKeeper(server.connection_string) as zk:
            zk.client.ensure_path('/service/providers')
        presence = self.presence(
            zookeeper=server.connection_string, session_timeout=60000)
        presence.enter()
        # The line about the outage comes after the change of the state, in
        # kazoo's thread: it must not come between the lines of a test.
        with self.assertLogs('zc.zkzopeserver', 'WARNING') as logs:
            server.stop()
            wait_for(lambda: logs.records, 'the outage')
        self.assertEqual('SUSPENDED', presence._zk.state)
        return presence, server

    def test_granted(self):
        """The session timeout that ZooKeeper granted is logged, once."""
        with self.assertLogs('zc.zkzopeserver') as logs:
            self.presence(session_timeout=4000).enter()
        self.assertEqual(
            ['ZooKeeper granted a session timeout of 4 s'],
            [each.getMessage() for each in logs.records
             if 'granted' in each.getMessage()])

    def test_granted_otherwise(self):
        """When it is not what was asked for, the line says so."""
        with self.assertLogs('zc.zkzopeserver') as logs:
            self.presence(session_timeout=100_000_000).enter()
        self.assertRegex(
            logs.records[0].getMessage(), '^ZooKeeper granted a session '
            r'timeout of \d+ s, not 100000 s$')

    def test_takeover(self):
        """A node of a session that still lives is taken over."""
        old = zc.zk.ZooKeeper(self.connection_string)
        self.addCleanup(old.close)
        old.client.create('/service/providers/127.0.0.1:8080', b'{"old":1}',
                          ephemeral=True)
        self.presence().enter()
        self.assertNotIn('old', self.zk.get_properties(
            '/service/providers/127.0.0.1:8080'))

    def test_no_session(self):
        """kazoo's own lines about each attempt stay out of the log."""
        log = io.StringIO()
        handler = logging.StreamHandler(log)
        root = logging.getLogger()
        root.addHandler(handler)
        self.addCleanup(root.removeHandler, handler)
        presence = self.presence(zookeeper='127.0.0.1:1', wait=True)
        with mock.patch.object(_registration, 'ATTEMPT', 0.5):
            thread = threading.Thread(target=presence.enter)
            thread.start()
            wait_for(log.getvalue, 'a line')
            presence.leave()
            thread.join(DEADLINE)
        self.assertRegex(
            log.getvalue(), r'^not registered, trying on: zookeeper: '
            r".*'127.0.0.1:1': no session within 0.5 seconds[^\n]*\n$")
