"""Registrations survive what happens to sessions, nodes and servers."""
from __future__ import annotations

import logging
import os
import threading
import unittest.mock
from typing import Any

from kazoo.exceptions import ConnectionClosedError
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError
from kazoo.security import CREATOR_ALL_ACL
from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import READ_ACL_UNSAFE
from kazoo.security import make_digest_acl

import zc.zk
from zc.zk.tests.base import ZooKeeperCase
from zc.zk.tests.base import wait_for
from zc.zk.tests.registration.registrationcase import ADDRESS
from zc.zk.tests.registration.registrationcase import NODE
from zc.zk.tests.registration.registrationcase import Case


class SessionTests(Case):

    def setUp(self) -> None:
        super().setUp()
        self.zk.register('/s', ADDRESS, a=1)
        self.first = self.session()
        self.registration = self.zk.registrations[NODE]

    def test_expired_and_the_old_node_gone(self) -> None:
        """A new session makes the node anew, with its data."""
        before = self.zk.get_properties(NODE)
        self.server.expire(self.first)
        wait_for(lambda: self.session() not in (0, self.first))
        self.wait_registered()
        self.assertEqual(self.zk.get_properties(NODE), before)
        wait_for(lambda: self.registration.state == 'registered')

    def test_swallow_and_vanish(self) -> None:
        """The fault of zc.zk 2.1 does not come back.

        There, recovery met NodeExists on its own dying node and gave up;
        then that node went, for ever.
        """
        self.server.expire(self.first, linger=True)
        wait_for(lambda: self.session() not in (0, self.first))
        self.wait_registered()
        self.server.release(self.first)
        self.zk.get('/s')
        self.assertEqual(self.owner(), self.session())

    def test_connection_dropped(self) -> None:
        """While its session lives, a node stays as it is."""
        czxid = self.exists().czxid
        self.server.drop_connections(self.first)
        wait_for(lambda: self.zk.state == 'SUSPENDED'
                 or self.zk.client.connected)
        wait_for(lambda: self.zk.client.connected)
        self.assertEqual(self.session(), self.first)
        self.assertEqual(self.exists().czxid, czxid)

    def test_node_deleted_by_an_operator(self) -> None:
        """A node that somebody deletes comes back."""
        self.other.delete(NODE)
        self.wait_registered()

    def test_parent_deleted_and_recreated(self) -> None:
        """Without a parent the registration fails, until it is back."""
        with self.assertLogs('zc.zk', logging.WARNING) as logs:
            self.delete_parent()
            wait_for(lambda: self.registration.state == 'failed')
        self.assertIsInstance(self.registration.error, NoNodeError)
        self.assertIn('/s', str(self.registration.error))
        self.assertEqual(
            len([line for line in logs.output if 'failed' in line]), 1)
        self.other.create('/s')
        self.wait_registered()
        wait_for(lambda: self.registration.error is None)

    def test_update_counts_after_recovery(self) -> None:
        """A new node has the current data, not the first ones."""
        self.registration.update(a=2, b=3)
        self.assertEqual(self.zk.get_properties(NODE)['a'], 2)
        self.server.expire(self.session())
        wait_for(lambda: self.session() not in (0, self.first))
        self.wait_registered()
        found = self.zk.get_properties(NODE)
        self.assertEqual((found['a'], found['b']), (2, 3))
        self.assertEqual(self.registration.properties, found)

    def test_update_while_disconnected(self) -> None:
        """An update made without a connection is written with one."""
        self.server.refuse()
        wait_for(lambda: not self.zk.client.connected)
        self.registration.update(a=5)
        self.assertEqual(self.registration.properties['a'], 5)
        self.server.refuse(False)
        wait_for(lambda: self.zk.client.connected)
        wait_for(lambda: self.zk.get_properties(NODE)['a'] == 5)

    def test_unregister(self) -> None:
        """The node goes, and does not come back."""
        self.zk.unregister('/s', ADDRESS)
        self.assertIsNone(self.exists())
        self.assertEqual(self.zk.registrations, {})
        self.assertEqual(self.registration.state, 'closed')
        self.server.expire(self.first)
        wait_for(lambda: self.session() not in (0, self.first))
        self.zk.register('/s', ('1.2.3.4', 1))
        self.assertEqual(self.other.get_children('/s'), ['1.2.3.4:1'])
        with self.assertRaisesRegex(NoNodeError, 'not registered here'):
            self.zk.unregister('/s', ADDRESS)

    def test_unregister_while_disconnected(self) -> None:
        """Without a connection, the node goes when there is one."""
        self.server.refuse()
        wait_for(lambda: not self.zk.client.connected)
        self.registration.unregister()
        self.server.refuse(False)
        wait_for(lambda: self.other.connected)
        wait_for(lambda: self.exists() is None)

    def test_deleting_through_the_client_unregisters(self) -> None:
        """Who deletes a node with the client that registered it means it."""
        self.zk.delete(NODE)
        self.assertEqual(self.zk.registrations, {})
        self.assertIsNone(self.exists())

    def test_written_through_the_client(self) -> None:
        """Data written to an own node are kept over a recovery."""
        self.zk.register('/s', ('1.2.3.4', 1), acl=OPEN_ACL_UNSAFE)
        self.zk.properties('/s/1.2.3.4:1').update(state='draining')
        self.server.expire(self.session())
        wait_for(lambda: self.session() not in (0, self.first))
        self.wait_registered(path='/s/1.2.3.4:1')
        self.assertEqual(
            self.zk.get_properties('/s/1.2.3.4:1')['state'], 'draining')

    def test_written_by_another_client(self) -> None:
        """What others write to an own node is kept over a recovery."""
        node = '/s/1.2.3.4:1'
        self.zk.register('/s', ('1.2.3.4', 1), acl=OPEN_ACL_UNSAFE)
        self.other.set(node, b'{"by":"operator"}')
        registration = self.zk.registrations[node]
        wait_for(lambda: registration.properties == {'by': 'operator'})
        self.server.expire(self.session())
        wait_for(lambda: self.session() not in (0, self.first))
        self.wait_registered(path=node)
        self.assertEqual(self.zk.get_properties(node), {'by': 'operator'})

    def test_close_in_each_state(self) -> None:
        """close ends within two seconds, connected or not."""
        for stage in (lambda: None, self.server.refuse, self.server.pause):
            zk = self.make()
            zk.register('/s', ('1.1.1.1', 1))
            stage()
            closed = threading.Event()

            def close(
                zk: zc.zk.ZooKeeper = zk, done: threading.Event = closed
            ) -> None:
                zk.close()
                done.set()

            threading.Thread(target=close).start()
            # Two seconds are the aim; the machine may be busy.
            self.assertTrue(closed.wait(5.0))
            self.server.refuse(False)
            self.server.resume()
            wait_for(lambda: self.other.connected)
            wait_for(lambda: not self.owner('/s/1.1.1.1:1'))


class RunnerTests(Case):
    """What a runner of servers uses."""

    def test_names_of_properties(self) -> None:
        """A mapping may have names that are arguments of `register`."""
        properties = {'path': '/x', 'address': 1, 'acl': 2, 'self': 3}
        self.zk.register_with('/s', ADDRESS, properties)
        self.assertEqual({**properties, 'pid': os.getpid()},
                         self.zk.get_properties(NODE))

    def test_acl(self) -> None:
        """The access control list is that of `register`, or is given."""
        self.zk.register('/s', 'a:1')
        self.zk.register_with('/s', 'b:1', {})
        self.zk.register_with('/s', 'c:1', {}, OPEN_ACL_UNSAFE)
        self.assertEqual(
            [READ_ACL_UNSAFE, READ_ACL_UNSAFE, OPEN_ACL_UNSAFE],
            [self.other.get_acls(f'/s/{name}:1')[0] for name in 'abc'])

    def test_leave(self) -> None:
        """All servers are unregistered, no more are registered, and the
        session goes on.
        """
        self.zk.register('/s', ADDRESS)
        self.zk.register('/s', 'h:1')
        session = self.session()
        self.assertTrue(self.zk.leave())
        self.assertEqual([], self.other.get_children('/s'))
        self.assertEqual({}, self.zk.registrations)
        with self.assertRaises(ConnectionClosedError):
            self.zk.register('/s', ADDRESS)
        self.zk.set('/s', '{"a":1}')
        self.assertEqual(session, self.session())

    def test_leave_without_a_connection(self) -> None:
        """It tells that nodes are not gone, which go later."""
        self.zk.register('/s', ADDRESS)
        self.server.refuse()
        wait_for(lambda: not self.zk.client.connected)
        self.assertFalse(self.zk.leave())
        self.server.refuse(False)
        self.assertTrue(self.zk.leave(None))
        self.assertIsNone(self.exists())


class PermissionTests(Case):

    def test_permission_lost_and_given_back(self) -> None:
        """A lost permission is reported, and tried again."""
        self.zk.register('/s', ADDRESS)
        registration = self.zk.registrations[NODE]
        self.other.add_auth('digest', 'admin:secret')
        self.other.set_acls('/s', [
            *CREATOR_ALL_ACL, *READ_ACL_UNSAFE])
        self.other.delete(NODE)
        wait_for(lambda: registration.state == 'failed')
        self.assertIsInstance(registration.error, NoAuthError)
        self.other.set_acls('/s', list(OPEN_ACL_UNSAFE))
        self.wait_registered()

    def test_only_we_can_change_our_node(self) -> None:
        """A node with a digest ACL is updated in place."""
        acl = [make_digest_acl('me', 'secret', all=True), *READ_ACL_UNSAFE]
        zk = zc.zk.ZooKeeper(self.server.connection_string,
                             auth_data=[('digest', 'me:secret')])
        self.addCleanup(zk.close)
        zk.register('/s', ADDRESS, acl=acl)
        czxid = self.exists().czxid
        zk.registrations[NODE].update(a=1)
        self.assertEqual(self.exists().czxid, czxid)
        self.assertEqual(zk.get_properties(NODE)['a'], 1)
        with self.assertRaises(NoAuthError):
            self.other.set(NODE, b'{}')


class ManyTests(Case):

    def test_a_thousand_recover_in_few_transactions(self) -> None:
        """Many registrations need one thread and few transactions."""
        threads = threading.active_count()
        names = [f'10.0.{i // 250}.{i % 250}:80' for i in range(1000)]
        self.zk._keeper.add(
            {f'/s/{name}': {'i': 1} for name in names}, READ_ACL_UNSAFE)
        self.assertLessEqual(threading.active_count(), threads + 3)
        session = self.session()
        sent: list[int] = []
        real = self.zk._bulk.commit_async

        def commit_async(ops: Any) -> Any:
            sent.append(len(ops))
            return real(ops)

        self.zk._bulk.commit_async = (      # type: ignore[method-assign]
            commit_async)
        self.server.expire(session)
        wait_for(lambda: self.session() not in (0, session))
        wait_for(lambda: len(self.other.get_children('/s')) == 1000)
        self.assertLessEqual(len(sent), 8)
        self.assertLessEqual(threading.active_count(), threads + 3)


class EventTests(ZooKeeperCase):

    def test_subscribers_properties_are_kept(self) -> None:
        """What a subscriber adds is in the node and the registration."""
        def add(event: Any) -> None:
            event.properties['version'] = event.name + event.path

        zk = self.zk()
        with unittest.mock.patch('zc.zk.event.notify', add):
            zk.register('/fooservice/providers', ADDRESS)
        node = '/fooservice/providers/192.168.0.42:8080'
        self.assertEqual(
            zk.get_properties(node)['version'],
            '192.168.0.42:8080/fooservice/providers')
        self.assertEqual(
            zk.registrations[node].properties, zk.get_properties(node))
        self.assertEqual(
            repr(zk.registrations[node]),
            f'<Registration {node}: registered>')
