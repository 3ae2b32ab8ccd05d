"""Registrations survive what happens to sessions, nodes and servers."""
from __future__ import annotations

import logging
import os
import threading
import unittest.mock
from typing import Any

from kazoo.exceptions import ConnectionClosedError
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError
from kazoo.security import CREATOR_ALL_ACL
from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import READ_ACL_UNSAFE
from kazoo.security import make_digest_acl

import zc.zk
from zc.zk._session import wire
from zc.zk._session.wire import Create
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import ZooKeeperCase
from zc.zk.tests.base import wait_for
from zc.zk.tests.servercase import ServerCase


CREATE, MULTI = 1, 14
ADDRESS = ('192.168.0.42', 8080)
NODE = '/s/192.168.0.42:8080'


class Case(ServerCase):

    def setUp(self) -> None:
        super().setUp()
        self.other.create('/s')

    def session(self, zk: zc.zk.ZooKeeper | None = None) -> int:
        client_id = (zk or self.zk).client.client_id
        return client_id[0] if client_id else 0

    def exists(self, path: str = NODE) -> Any:
        """Return the node's stat; the connection may be just coming back."""
        return self.other.retry(self.other.exists, path)

    def owner(self, path: str = NODE) -> int:
        stat = self.exists(path)
        return stat.ephemeralOwner if stat else 0

    def delete_parent(self) -> None:
        """Delete node and parent at once: the node would come back."""
        transaction = self.other.transaction()
        transaction.delete(NODE)
        transaction.delete('/s')
        self.assertEqual([True, True], transaction.commit())

    def wait_registered(
        self, zk: zc.zk.ZooKeeper | None = None, path: str = NODE
    ) -> None:
        """Wait until the node is of the client's present session."""
        wait_for(lambda: self.session(zk) and (
            self.owner(path) == self.session(zk)), f'{path} registered')


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


class FirstRegistrationTests(Case):

    def test_lost_reply_to_a_create_that_was_committed(self) -> None:
        """The node is there and ours: the owner tells."""
        self.server.drop_reply(MULTI)
        self.zk.register('/s', ADDRESS)
        self.assertEqual(self.owner(), self.session())
        self.assertEqual(self.zk.registrations[NODE].state, 'registered')

    def test_lost_request(self) -> None:
        """A create that never arrived is sent again."""
        self.server.drop_request(MULTI)
        self.zk.register('/s', ADDRESS)
        self.assertEqual(self.owner(), self.session())

    def test_missing_parent(self) -> None:
        """A service path that is not there is an error, and no node."""
        with self.assertRaisesRegex(NoNodeError, '/nope'):
            self.zk.register('/nope', ADDRESS)
        self.assertEqual(self.zk.registrations, {})

    def test_no_permission(self) -> None:
        """Without permission to create, the error names the node."""
        self.other.create('/closed', acl=READ_ACL_UNSAFE)
        with self.assertRaisesRegex(NoAuthError, '/closed/1.2.3.4:1'):
            self.zk.register('/closed', '1.2.3.4:1')
        self.assertEqual(self.zk.registrations, {})

    def test_twice_by_the_same_client(self) -> None:
        """An address is registered once."""
        self.zk.register('/s', ADDRESS)
        with self.assertRaisesRegex(NodeExistsError, 'registered here'):
            self.zk.register('/s', ADDRESS)
        self.assertEqual(self.owner(), self.session())

    def test_a_permanent_node_of_that_name(self) -> None:
        """A node that no session owns will not go: an error at once."""
        self.other.create(NODE)
        with self.assertRaisesRegex(NodeExistsError, 'permanent'):
            self.zk.register('/s', ADDRESS)

    def test_the_node_of_a_dead_server(self) -> None:
        """A restarted server waits for its old node to go."""
        old = self.make()
        old.register('/s', ADDRESS)
        session = self.session(old)
        self.server.expire(session, linger=True)
        registered = threading.Thread(
            target=lambda: self.zk.register('/s', ADDRESS))
        registered.start()
        old.close()
        self.server.release(session)
        registered.join(DEADLINE)
        self.assertEqual(self.owner(), self.session())

    def test_a_live_server_keeps_its_name(self) -> None:
        """A second server of the same address fails, the first one stays."""
        self.zk.register('/s', ADDRESS)
        second = zc.zk.ZooKeeper(self.server.connection_string, 0.5)
        self.addCleanup(second.close)
        with self.assertRaisesRegex(NodeExistsError, f'{NODE} .session 0x'):
            second.register('/s', ADDRESS)
        self.assertEqual(self.owner(), self.session())
        self.assertEqual(second.registrations, {})

    def test_close_ends_a_register_that_waits(self) -> None:
        """A register call that waits for a name ends with its client."""
        self.zk.register('/s', ADDRESS)
        second = self.make()
        errors: list[BaseException] = []

        def work() -> None:
            try:
                second.register('/s', ADDRESS)
            except Exception as e:
                errors.append(e)

        thread = threading.Thread(target=work)
        thread.start()
        wait_for(lambda: self.server.watch_count() > 2)
        second.close()
        thread.join(DEADLINE)
        self.assertFalse(thread.is_alive())
        self.assertEqual(len(errors), 1)

    def test_several_addresses_or_none(self) -> None:
        """The nodes of a blank host are made all or none."""
        self.other.create('/s/10.0.0.2:80')
        with unittest.mock.patch(
                'zc.zk._registration.registrar.ipv4_addresses',
                return_value=['10.0.0.1', '10.0.0.2']):
            with self.assertRaises(NodeExistsError):
                self.zk.register('/s', ('', 80))
            self.assertEqual(self.other.get_children('/s'), ['10.0.0.2:80'])
            self.other.delete('/s/10.0.0.2:80')
            self.zk.register('/s', ('', 80))
            self.assertEqual(sorted(self.other.get_children('/s')),
                             ['10.0.0.1:80', '10.0.0.2:80'])
            self.zk.unregister('/s', ('', 80))
        self.assertEqual(self.other.get_children('/s'), [])

    def test_takeover_of_a_node_known_to_be_stale(self) -> None:
        """Who knows that the old owner is gone does not wait."""
        old = self.make()
        old.register('/s', ADDRESS)
        self.server.expire(self.session(old), linger=True)
        old.close()
        self.zk.register_with('/s', ADDRESS, {}, takeover=True)
        self.assertEqual(self.owner(), self.session())


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


class RivalTests(Case):

    def test_two_servers_do_not_take_turns(self) -> None:
        """Who lost the name while away waits until its owner is gone."""
        self.zk.register('/s', ADDRESS)
        first = self.session()
        registration = self.zk.registrations[NODE]
        rival = self.make()
        self.server.refuse()
        wait_for(lambda: not self.zk.client.connected)
        self.server.expire(first)
        # The rival takes the name before the first is back.
        path = [NODE]
        self.server.before(MULTI, None, lambda database: path.clear())
        self.server.refuse(False)
        wait_for(lambda: rival.client.connected)
        self.wait_registered()
        # The node can be seen before the reply that tells of it.
        wait_for(lambda: registration.state == 'registered')
        self.assertEqual(self.owner(), self.session())

    def test_the_name_is_taken_when_its_owner_goes(self) -> None:
        """A registration that waits gets the name from a leaving rival."""
        rival = self.make()
        self.zk.register('/s', ADDRESS)
        registration = self.zk.registrations[NODE]
        # In one transaction, so that the node is never free.
        rival._bulk.commit([
            wire.Delete(NODE, -1),
            Create(NODE, b'{}', OPEN_ACL_UNSAFE, True)])
        wait_for(lambda: registration.state == 'waiting')
        self.assertIsInstance(registration.error, NodeExistsError)
        self.assertEqual(self.owner(), self.session(rival))
        rival.close()
        self.wait_registered()
        wait_for(lambda: registration.state == 'registered')


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
