"""What users see of registering, setting and deleting."""
import os
from unittest import mock

import zope.event
from kazoo.exceptions import BadVersionError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError

import zc.zk
from zc.zk.tests.base import wait_for
from zc.zk.tests.clientcase import Case


class Register(Case):

    def setUp(self):
        super().setUp()
        self.events = []
        zope.event.subscribers.append(self.notified)
        self.addCleanup(zope.event.subscribers.remove, self.notified)

    def notified(self, event):
        self.events.append(event)

    def test_register(self):
        """A server's node is ephemeral, read-only, and has its pid."""
        self.assertIsNone(self.client.register(
            '/service/providers', ('1.2.3.4', 80), color='red'))
        path = '/service/providers/1.2.3.4:80'
        self.assertEqual({'color': 'red', 'pid': os.getpid()},
                         self.client.get_properties(path))
        self.assertTrue(self.client.is_ephemeral(path))
        self.assertEqual(zc.zk.READ_ACL_UNSAFE,
                         self.client.client.get_acls(path)[0])

    def test_addresses(self):
        """An address may be a pair or text, of IPv4, IPv6 or a name."""
        for address in (('1.2.3.4', 80), ['h', 80], 'h:81', ('::1', 80),
                        '[::2]:80'):
            self.client.register('/service/providers', address)
        names = ['1.2.3.4:80', '[::1]:80', '[::2]:80', 'h:80', 'h:81']
        self.assertEqual(
            names, sorted(self.client.get_children('/service/providers')))
        self.assertEqual(['/service/providers/' + name for name in names],
                         sorted(self.client.registrations))

    def test_acl(self):
        """The node's ACL can be given."""
        self.client.register('/lb', 'h:80', zc.zk.OPEN_ACL_UNSAFE)
        self.assertEqual(zc.zk.OPEN_ACL_UNSAFE,
                         self.client.client.get_acls('/lb/h:80')[0])

    def test_link(self):
        """The path may lead through a link; the root is a path too."""
        self.client.register('/lb/providers', 'h:80')
        self.client.register('/', 'h:80')
        self.assertEqual({'/service/providers/h:80', '/h:80'},
                         set(self.client.registrations))

    def test_register_server(self):
        """The name of zc.zk 0.9 is kept."""
        self.client.register_server('/lb', ('h', 80), a=1)
        self.assertEqual({'a': 1, 'pid': os.getpid()},
                         self.client.get_properties('/lb/h:80'))

    def test_keyword_of_2_1(self):
        """The address can be given by the name that zc.zk 2.1 had for it."""
        self.client.import_tree('/s\n')
        self.client.register(path='/s', addr='1.2.3.4:80', version='1')
        self.client.register_server('/s', addr=('1.2.3.4', 81))
        self.client.register('/s', '1.2.3.4:82', addr='property')
        self.assertEqual(['1.2.3.4:80', '1.2.3.4:81', '1.2.3.4:82'],
                         sorted(self.client.get_children('/s')))
        self.assertEqual(
            {'pid': os.getpid(), 'version': '1'},
            self.client.get_properties('/s/1.2.3.4:80'))
        with self.assertRaises(zc.zk.AddressError):
            self.client.register('/s')

    def test_any_name(self):
        """A server may have any name that a node may have, as in 2.1."""
        names = ['worker-1', 'a:b', 'h:99999', '::1:80', 'a b', 'caf\xe9']
        for name in names:
            self.client.register('/service/providers', name)
        self.assertEqual(
            sorted(names), list(self.client.children('/lb/providers')))
        self.client.unregister('/lb/providers', 'worker-1')
        self.assertIsNone(
            self.client.exists('/service/providers/worker-1'))

    def test_blank_host(self):
        """A blank host stands for all addresses of the machine."""
        with mock.patch('zc.zk._registration.registrar.ipv4_addresses',
                        return_value=['10.0.0.1', '10.0.0.2']):
            self.client.register('/service/providers', ('', 80), a=1)
            self.assertEqual(
                ['10.0.0.1:80', '10.0.0.2:80'],
                sorted(self.client.get_children('/service/providers')))
            self.assertEqual([':80'], [event.name for event in self.events])
            self.client.unregister('/service/providers', ':80')
        self.assertEqual([], self.client.get_children('/service/providers'))

    def test_no_address(self):
        """A machine without an address cannot stand for them."""
        with mock.patch('zc.zk._registration.registrar.ipv4_addresses',
                        return_value=[]):
            for function in self.client.register, self.client.unregister:
                self.fails(
                    zc.zk.AddressError, "bad server address ':80': "
                    'this machine has no IPv4 address',
                    function, '/service/providers', ('', 80))

    def test_event(self):
        """Subscribers see address, real path and properties, and may add."""
        def add(event):
            event.properties['added'] = 1

        zope.event.subscribers.append(add)
        self.addCleanup(zope.event.subscribers.remove, add)
        self.client.register('/lb/providers', ('h', 80), a=1)
        [event] = self.events
        self.assertIsInstance(event, zc.zk.RegisteringServer)
        self.assertEqual('h:80', event.name)
        self.assertEqual('/service/providers', event.path)
        self.assertEqual({'a': 1, 'added': 1, 'pid': os.getpid()},
                         event.properties)
        self.assertEqual(
            event.properties,
            self.client.get_properties('/service/providers/h:80'))

    def test_notify_replaced(self):
        """An application may replace zc.zk.event.notify."""
        with mock.patch('zc.zk.event.notify') as notify:
            self.client.register('/lb', 'h:80')
        notify.assert_called_once()
        self.assertEqual([], self.events)

    def test_bad(self):
        """What cannot be registered is refused, and nothing is left."""
        register = self.client.register
        self.fails(zc.zk.AddressError,
                   "bad server address '': it is empty",
                   register, '/lb', '')
        self.fails(zc.zk.AddressError, "bad server address 'a/b:80': a node "
                   "name must not hold '/'", register, '/lb', 'a/b:80')
        self.fails(zc.zk.AddressError, "bad server address '..': '..' is not "
                   'allowed in a path', register, '/lb', '..')
        self.fails(zc.zk.AddressError,
                   "bad server address 'h:http': the port must be a number",
                   register, '/lb', ('h', 'http'))
        self.fails(zc.zk.AddressError,
                   'bad server address None: a (host, port) pair is needed',
                   register, '/lb', None)
        self.fails(zc.zk.AddressError, r"bad server address 'h\n:80': "
                   r"character '\n' is not allowed",
                   register, '/lb', ('h\n', 80))
        self.fails(NoNodeError, '/no', register, '/no', 'h:80')
        self.fails(zc.zk.ValueNotStorable,
                   "property 'a' of /lb/h:80: JSON cannot hold a set",
                   register, '/lb', 'h:80', a=set())
        self.assertEqual([], self.client.get_children('/lb'))
        self.assertEqual({}, self.client.registrations)

    def test_twice(self):
        """An address that is registered here already is refused."""
        self.client.register('/lb', 'h:80')
        self.fails(NodeExistsError, '/lb/h:80 (registered here already)',
                   self.client.register, '/lb', 'h:80')
        self.assertEqual('registered',
                         self.client.registrations['/lb/h:80'].state)

    def test_registrations(self):
        """The registrations are a copy: they are changed by methods."""
        self.client.register('/lb', 'h:80')
        self.client.registrations.clear()
        self.assertEqual(['/lb/h:80'], list(self.client.registrations))

    def test_unregister(self):
        """A server can be taken back, also through a link."""
        self.client.register('/service/providers', ('h', 80))
        self.client.unregister('/lb/providers', 'h:80')
        self.assertEqual([], self.client.get_children('/service/providers'))
        self.assertEqual({}, self.client.registrations)
        self.fails(NoNodeError,
                   '/service/providers/h:80 (not registered here)',
                   self.client.unregister, '/service/providers', 'h:80')

    def test_set(self):
        """Data that are set are the ones that come back later."""
        self.client.register('/lb', 'h:80', zc.zk.OPEN_ACL_UNSAFE)
        self.client.set('/lb/h:80', '{"a":1}')
        self.assertEqual(
            {'a': 1}, self.client.registrations['/lb/h:80'].properties)

    def test_delete(self):
        """A registered node that is deleted here stays away."""
        for name, delete in (
                ('/lb/h:80', lambda: self.client.delete('/lb/h:80')),
                ('/lb//h:80/', lambda: self.client.delete('/lb//h:80/')),
                ('version', lambda: self.client.delete('/lb/h:80', 0)),
                ('itself', lambda: self.client.delete(
                    '/lb/h:80', recursive=True)),
                ('above', lambda: self.client.delete('/lb', recursive=True)),
                ('force', lambda: self.client.delete_recursive(
                    '/lb', force=True))):
            with self.subTest(name):
                if self.client.exists('/lb') is None:
                    self.client.create('/lb')
                self.client.register('/lb', 'h:80')
                delete()
                self.assertEqual({}, self.client.registrations)
                self.assertIsNone(self.client.exists('/lb/h:80'))

    def test_delete_refused(self):
        """A registered node that was not deleted is kept."""
        self.client.register('/lb', 'h:80')
        with self.assertRaises(BadVersionError):
            self.client.delete('/lb/h:80', 99)
        self.assertEqual(
            'would delete /lb/h:80.\nwould delete /lb.\n',
            self.printed(self.client.delete_recursive, '/lb', dry_run=True,
                         force=True))
        self.assertEqual(
            'registered', self.client.registrations['/lb/h:80'].state)

    def test_delete_another_sessions(self):
        """A node that another session took meanwhile goes, too."""
        self.client.register('/lb', 'h:80')
        other = self.zk()
        with mock.patch.object(
                type(self.client._keeper._reconciler), 'run'):
            self.client.client.delete('/lb/h:80')
            other.create('/lb/h:80', b'', ephemeral=True)
        registration = self.client.registrations['/lb/h:80']
        self.client._keeper.session_changed('CONNECTED')
        wait_for(lambda: registration.state == 'waiting')
        self.client.delete('/lb/h:80')
        self.assertIsNone(other.exists('/lb/h:80'))
