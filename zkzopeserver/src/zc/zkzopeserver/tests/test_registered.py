"""How the nodes come and go on a ZooKeeper server."""
from __future__ import annotations

import io
import logging
import threading
from typing import Any
from unittest import mock

import zc.zk
import zc.zk.testing
from zc.zkzopeserver import _registration
from zc.zkzopeserver._options.table import Options
from zc.zkzopeserver._options.values import Address
from zc.zkzopeserver._registration import Presence
from zc.zkzopeserver.tests.support import DEADLINE
from zc.zkzopeserver.tests.support import ZooKeeperCase
from zc.zkzopeserver.tests.support import wait_for


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
