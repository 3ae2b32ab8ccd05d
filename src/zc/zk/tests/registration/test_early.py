import os

from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError

import zc.zk
from zc.zk.tests.base import wait_for
from zc.zk.tests.earlycase import PATH
from zc.zk.tests.earlycase import EarlyCase


class Early(EarlyCase):

    def test_register(self):
        """A server is registered when ZooKeeper answers."""
        zk = self.early()
        zk.register(PATH, ('h', 1), a=1)
        [registration] = zk.registrations.values()
        self.assertEqual('pending', registration.state)
        registration.update(b=2)
        self.server.start()
        wait_for(lambda: registration.state == 'registered')
        self.assertEqual(
            {'a': 1, 'b': 2, 'pid': os.getpid()},
            self.connect().get_properties(f'{PATH}/h:1'))

    def test_link(self):
        """Links are followed when ZooKeeper answers."""
        zk = self.early()
        zk.register('/lb/providers', ('h', 1))
        [registration] = zk.registrations.values()
        self.assertEqual('/lb/providers/h:1', registration.path)
        self.server.start()
        wait_for(lambda: registration.state == 'registered')
        self.assertEqual(f'{PATH}/h:1', registration.path)
        self.assertEqual({f'{PATH}/h:1': registration}, zk.registrations)
        zk.unregister('/lb/providers', ('h', 1))
        self.assertEqual({}, zk.registrations)
        self.assertIsNone(zk.exists(f'{PATH}/h:1'))

    def test_no_node(self):
        """A missing service is an error of the registration until it comes.
        """
        zk = self.early()
        zk.register('/later', ('h', 1))
        [registration] = zk.registrations.values()
        self.server.start()
        wait_for(lambda: registration.state == 'failed')
        self.assertIsInstance(registration.error, NoNodeError)
        registration.update(a=1)
        self.assertIsNone(self.connect().exists('/later/h:1'))
        zk.create('/later')
        wait_for(lambda: registration.state == 'registered')
        self.assertEqual(1, zk.get_properties('/later/h:1')['a'])

    def test_unregister(self):
        """What was unregistered before is not made."""
        zk = self.early()
        zk.register(PATH, ('h', 1))
        zk.register(PATH, ('h', 2))
        zk.unregister(PATH, ('h', 1))
        self.server.start()
        wait_for(lambda: zk.registrations[f'{PATH}/h:2'].state == 'registered')
        self.assertEqual(['a', 'h:2'], zk.get_children(PATH))

    def test_refused(self):
        """What cannot be registered is refused at once."""
        zk = self.early()
        zk.register(PATH, ('h', 1))
        with self.assertRaises(NodeExistsError):
            zk.register(PATH, ('h', 1))
        with self.assertRaises(zc.zk.AddressError):
            zk.register(PATH, 'a/b')
        with self.assertRaises(zc.zk.TooLarge):
            zk.register(PATH, ('h', 2), a='x' * 2_000_000)
        self.assertEqual([f'{PATH}/h:1'], list(zk.registrations))

    def test_twice(self):
        """Two paths to one node are one registration too many."""
        zk = self.early()
        zk.register(PATH, ('h', 1))
        zk.register('/lb/providers', ('h', 1))
        second = zk.registrations['/lb/providers/h:1']
        self.server.start()
        wait_for(lambda: second.state == 'failed')
        self.assertIsInstance(second.error, NodeExistsError)
        wait_for(lambda: zk.registrations[f'{PATH}/h:1'].state == 'registered')
