"""The first registration of a node, and who has it already."""
from __future__ import annotations

import threading
import unittest.mock

from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError
from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import READ_ACL_UNSAFE

import zc.zk
from zc.zk._session import wire
from zc.zk._session.wire import Create
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for
from zc.zk.tests.registration.registrationcase import ADDRESS
from zc.zk.tests.registration.registrationcase import MULTI
from zc.zk.tests.registration.registrationcase import NODE
from zc.zk.tests.registration.registrationcase import Case


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
