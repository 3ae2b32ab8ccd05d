import inspect
import os
import pydoc
from unittest import mock

import zope.event
from kazoo.exceptions import BadVersionError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError

import zc.zk
from zc.zk.tests.base import wait_for
from zc.zk.tests.clientcase import BAD_PATHS
from zc.zk.tests.clientcase import Case


class Links(Case):

    def test_resolve(self):
        """A path through a link leads to the real node."""
        self.assertEqual('/service', self.client.resolve('/service'))
        self.assertEqual(
            '/service/providers', self.client.resolve('/lb/providers'))

    def test_resolve_fails(self):
        """Links to nowhere and in a circle are told."""
        self.fails(NoNodeError, '/no/x', self.client.resolve, '/no/x')
        self.client.ln('/lb/b', '/lb/a')
        self.fails(
            NoNodeError, '/lb/a (links lead to /lb/b, which does not exist)',
            self.client.resolve, '/lb/a')
        self.client.ln('a', '/lb/b')
        loop = 'circular links: /lb/a -> /lb/b -> /lb/a'
        for function in (self.client.resolve, self.client.children,
                         self.client.properties):
            self.fails(zc.zk.LinkLoop, loop, function, '/lb/a')

    def links(self, path):
        return {name: value for name, value
                in self.client.get_properties(path).items()
                if name.endswith(' ->')}

    def test_ln(self):
        """A link is a property of the node that holds it."""
        self.client.ln('/service', '/lb/main')
        self.assertEqual({'providers ->': '/service/providers',
                          'main ->': '/service'}, self.links('/lb'))
        self.assertEqual('/service', self.client.resolve('/lb/main'))

    def test_ln_into(self):
        """After a slash at the end of its path, it gets the target's name.
        """
        self.client.ln('/service', '/lb/')
        self.assertEqual('/service', self.links('/lb')['service ->'])
        self.client.ln('../service', '/lb/')
        self.assertEqual('../service', self.links('/lb')['service ->'])

    def test_ln_below(self):
        """After a slash at the end of the target, its own name is added."""
        self.client.ln('/service/', '/lb/providers')
        self.assertEqual('/service/providers',
                         self.links('/lb')['providers ->'])

    def test_ln_at_the_root(self):
        """The root too can hold links."""
        self.client.ln('/service', '/main')
        self.client.ln('/service/providers', '/')
        self.assertEqual({'main ->': '/service',
                          'providers ->': '/service/providers'},
                         self.links('/'))

    def test_ln_again(self):
        """A link can be pointed elsewhere; other properties stay."""
        self.client.ln('/a', '/service/x')
        self.client.ln('/b', '/service/x')
        self.assertEqual({'type': 'web', 'threads': 3, 'x ->': '/b'},
                         self.client.get_properties('/service'))

    def test_ln_race(self):
        """What another client writes meanwhile is kept."""
        other = self.zk()
        get = self.client.get
        raced = []

        def race(path):
            found = get(path)
            if not raced:
                raced.append(path)
                other.ln('/theirs', '/lb/theirs')
            return found

        with mock.patch.object(self.client._nodes, 'get', race):
            self.client.ln('/ours', '/lb/ours')
        self.assertEqual({
            'providers ->': '/service/providers', 'ours ->': '/ours',
            'theirs ->': '/theirs'}, self.links('/lb'))

    def test_bad_ln(self):
        """What is no link is refused, with the reason."""
        need = 'a link needs a target path'
        for target, source, message in (
                ('', '/lb/x', f"bad path '': {need}"),
                (' ', '/lb/x', f"bad path ' ': {need}"),
                ('/a b', '/lb/x',
                 "bad path '/a b': a link's path must not hold blanks"),
                ('/', '/', "bad path '/': it has no name for the link"),
                ('/a', '/lb/..', "bad path '/lb/..': the root cannot be a "
                 'link'),
                ('/a/', '/lb/', "bad path '/a/': it has no name for the "
                 'link'),
                ('/a', 'x', "bad path 'x': it must start with '/'"),
                ('/a', '', "bad path '': it is empty"),
                ('..', '/lb/',
                 "bad path '..': it has no name for the link")):
            with self.subTest(target=target, source=source):
                self.fails(zc.zk.PathError, message,
                           self.client.ln, target, source)
        self.fails(NoNodeError, '/no', self.client.ln, '/a', '/no/x')


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


class Trees(Case):

    def test_export(self):
        """The whole tree, a part, another name, with ephemeral nodes."""
        self.client.create('/service/providers/e', b'{"a":1}', ephemeral=True)
        self.assertEqual(
            '/lb\n'
            '  providers -> /service/providers\n'
            '/service : web\n'
            '  threads = 3\n'
            '  /providers\n', self.client.export_tree())
        self.assertEqual('/lb\n  providers -> /service/providers\n',
                         self.client.export_tree('/lb'))
        self.assertEqual('/x\n  providers -> /service/providers\n',
                         self.client.export_tree('/lb', name='x'))
        self.assertEqual('/providers\n  /e\n    a = 1\n',
                         self.client.export_tree(
                             '/service/providers', ephemeral=True))
        self.fails(NoNodeError, '/no', self.client.export_tree, '/no')

    def test_print(self):
        """print_tree prints an export with ephemeral nodes."""
        self.client.create('/e', ephemeral=True)
        for args in (), ('/service',):
            self.assertEqual(
                self.client.export_tree(*args, ephemeral=True),
                self.printed(self.client.print_tree, *args))

    def test_import(self):
        """A tree is imported at the top or below a node."""
        self.client.import_tree('/a\n  b = 1\n')
        self.client.import_tree('/c', '/a', acl=zc.zk.READ_ACL_UNSAFE)
        self.client.import_tree('/d', '/a/')
        self.assertEqual('/a\n  b = 1\n  /c\n  /d\n',
                         self.client.export_tree('/a'))
        self.assertEqual(zc.zk.READ_ACL_UNSAFE,
                         self.client.client.get_acls('/a/c')[0])

    def test_import_options(self):
        """What is extra is named, left or trimmed; a dry run only tells."""
        text = '/service\n  threads = 4\n'
        self.assertEqual(
            'extra path not trimmed: /service/providers\n',
            self.printed(self.client.import_tree, text))
        self.assertEqual('', self.printed(
            self.client.import_tree, text, trim=False))
        self.assertEqual(
            'would delete /service/providers.\n',
            self.printed(self.client.import_tree, text, trim=True,
                         dry_run=True))
        self.printed(self.client.import_tree, text, trim=True)
        self.assertEqual(text, self.client.export_tree('/service'))

    def test_bad_import(self):
        """A bad tree, path or place is an error that says what is wrong."""
        with self.assertRaisesRegex(zc.zk.TreeSyntaxError, '^line 2, '):
            self.client.import_tree('/a\n  b = (\n')
        for path, message in BAD_PATHS:
            if path is not None and not path.endswith('/'):
                self.fails(zc.zk.PathError, message,
                           self.client.import_tree, '/a', path)
        self.fails(NoNodeError, '/no', self.client.import_tree, '/a', '/no')

    def test_walk(self):
        """Nodes come before their children, with these on demand."""
        self.client.create('/service/providers/e', ephemeral=True)
        self.assertEqual(
            ['/service', '/service/providers', '/service/providers/e'],
            list(self.client.walk('/service')))
        self.assertEqual(
            ['/service', '/service/providers'],
            list(self.client.walk('/service', ephemeral=False)))
        self.assertEqual(
            [('/service', ['providers']), ('/service/providers', ['e']),
             ('/service/providers/e', [])],
            list(self.client.walk('/service', children=True)))
        self.assertEqual('/', next(self.client.walk()))
        self.assertEqual([], list(self.client.walk('/no')))

    def test_delete_recursive(self):
        """A node goes with all below it; ephemeral nodes are spared."""
        self.client.create('/service/providers/e', ephemeral=True)
        self.assertEqual(
            "Not deleting /service/providers/e because it's ephemeral.\n"
            '/service/providers not deleted due to ephemeral descendent.\n'
            '/service not deleted due to ephemeral descendent.\n',
            self.printed(self.client.delete_recursive, '/service'))
        self.printed(self.client.delete_recursive, '/service', force=True)
        self.assertIsNone(self.client.exists('/service'))
        self.assertEqual('would delete /lb.\n', self.printed(
            self.client.delete_recursive, '/lb', dry_run=True))
        self.fails(NoNodeError, '/no', self.client.delete_recursive, '/no')


class LiveObjects(Case):

    def test_many(self):
        """Many live objects can be made at once, in the order asked for."""
        paths = ['/service', '/lb/providers', '/lb']
        self.assertEqual(
            [['providers'], [], []],
            [list(each) for each in self.client.all_children(paths)])
        self.assertEqual(
            ['/service', '/service/providers', '/lb'],
            [each.real_path for each in self.client.all_properties(paths)])
        self.assertEqual([], self.client.all_children([]))

    def test_many_with_a_bad_one(self):
        """One path that leads nowhere is an error for all, and is named."""
        for function in self.client.all_children, self.client.all_properties:
            self.fails(NoNodeError, '/no', function, ['/lb', '/no'])
            self.fails(zc.zk.PathError, BAD_PATHS[1][1], function,
                       ['/lb', 'a'])

    def test_without_watch(self):
        """Properties can be read once, and written."""
        properties = self.client.properties('/service', watch=False)
        self.client.set('/service', '{"threads":4}')
        self.assertEqual(3, properties['threads'])
        self.fails(TypeError, "Can't set callbacks without watching.",
                   properties, lambda properties: None)
        self.fails(NoNodeError, '/no', self.client.properties, '/no', False)


class Face(Case):
    """What a user sees of the methods, which stand in the parts."""

    def methods(self):
        return {name: value for name, value in vars(zc.zk.ZooKeeper).items()
                if inspect.isfunction(value) and not name.startswith('_')}

    def test_signatures(self):
        """Each method names its arguments, with their types."""
        methods = self.methods()
        self.assertLessEqual(
            {'children', 'register', 'set', 'walk', 'close'}, set(methods))
        for name in methods:
            signature = inspect.signature(getattr(self.client, name))
            with self.subTest(name):
                self.assertNotEqual(
                    signature.empty, signature.return_annotation)
                for each in signature.parameters.values():
                    self.assertNotEqual(each.empty, each.annotation)
                    self.assertNotEqual(each.VAR_POSITIONAL, each.kind)
        self.assertEqual(
            "(path: 'str', watch: 'bool' = True) -> 'Properties'",
            str(inspect.signature(self.client.properties)))
        self.assertEqual(
            ['path', 'address', 'acl', 'data'],
            list(inspect.signature(self.client.register).parameters))

    def test_documents(self):
        """Each method has its document, and is called by its name here."""
        for name, method in self.methods().items():
            with self.subTest(name):
                self.assertTrue(inspect.getdoc(method))
                self.assertEqual(
                    f'ZooKeeper.{method.__name__}', method.__qualname__)
                self.assertEqual('zc.zk.client', method.__module__)
        text = pydoc.plain(pydoc.render_doc(zc.zk.ZooKeeper.get_children))
        # Python 3.13 gives each argument a line of its own.
        self.assertIn('get_children(self,path:', ''.join(text.split()))
        self.assertIn("Return the names of a node's children, once.", text)

    def test_errors_of_calls(self):
        """A call with wrong arguments names the method."""
        with self.assertRaises(TypeError) as caught:
            self.client.resolve()
        self.assertIn('resolve() missing 1 required', str(caught.exception))
