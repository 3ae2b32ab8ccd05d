"""Single nodes: text and bytes, checked paths, errors with a path."""
import inspect
from unittest import mock

from kazoo.client import KazooClient
from kazoo.exceptions import BadVersionError
from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import InvalidACLError
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoChildrenForEphemeralsError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError
from kazoo.exceptions import NotEmptyError
from kazoo.protocol.states import EventType
from kazoo.security import make_acl

import zc.zk
from zc.zk.tests.base import wait_for
from zc.zk.tests.clientcase import BAD_PATHS
from zc.zk.tests.clientcase import Case


class Nodes(Case):

    def test_create(self):
        """A node is created with text or bytes, and its path returned."""
        self.assertEqual('/a', self.client.create('/a'))
        self.assertEqual(b'', self.client.get('/a')[0])
        self.assertEqual('/a/b', self.client.create('/a/b', 'caf\xe9'))
        self.assertEqual(b'caf\xc3\xa9', self.client.get('/a/b')[0])
        self.client.create('/a/c', b'\xff')
        self.assertEqual(b'\xff', self.client.get('/a/c')[0])
        self.client.create('/a/d', None)
        self.assertEqual(b'', self.client.get('/a/d')[0])

    def test_create_options(self):
        """The options of kazoo's create are there."""
        acl = [make_acl('world', 'anyone', all=True),
               make_acl('ip', '127.0.0.1', read=True)]
        self.client.create('/a', acl=acl)
        self.assertEqual(acl, self.client.client.get_acls('/a')[0])
        path = self.client.create('/a/n-', sequence=True, ephemeral=True)
        self.assertRegex(path, '^/a/n-[0-9]{10}$')
        self.assertTrue(self.client.is_ephemeral(path))
        self.client.create('/x/y/z', makepath=True)
        self.assertIsNotNone(self.client.exists('/x/y'))
        path, stat = self.client.create('/b', b'12', include_data=True)
        self.assertEqual(('/b', 2), (path, stat.dataLength))

    def test_create_sequence(self):
        """A sequence node's own part of the name may be empty."""
        self.client.create('/queue')
        self.assertEqual(
            '/queue/0000000000',
            self.client.create('/queue/', sequence=True))
        self.assertEqual(
            '/queue/n0000000001',
            self.client.create('/queue/n', sequence=True))
        self.assertEqual(
            '/queue/0000000002',
            self.client.create('/service/../queue//', sequence=True))
        self.assertRegex(
            self.client.create('//', sequence=True), '^/[0-9]{10}$')

    def test_set(self):
        """Data are replaced by text or bytes, whatever was there."""
        stat = self.client.set('/service', 'caf\xe9')
        self.assertEqual((b'caf\xc3\xa9', stat), self.client.get('/service'))
        stat = self.client.set('/service', b'\xff', stat.version)
        self.assertEqual((b'\xff', stat), self.client.get('/service'))

    def test_null(self):
        """Data that another client left null are empty."""
        self.client.client.create('/null', None)
        self.assertEqual(b'', self.client.get('/null')[0])
        self.assertEqual({}, self.client.get_properties('/null'))
        self.assertEqual('/null', self.client.resolve('/null'))
        self.assertEqual({}, dict(self.client.properties('/null')))
        self.assertEqual([], list(self.client.children('/null')))
        self.assertEqual('/null\n', self.client.export_tree('/null'))

    def test_exists(self):
        """A node's stat, or None."""
        self.assertEqual(1, self.client.exists('/service').numChildren)
        self.assertIsNone(self.client.exists('/no'))

    def test_get_children(self):
        """The names of a node's children, with its stat on demand."""
        self.assertEqual(['providers'], self.client.get_children('/service'))
        names, stat = self.client.get_children('/service', include_data=True)
        self.assertEqual((['providers'], 1), (names, stat.numChildren))

    def test_delete(self):
        """A node goes, at the version given."""
        self.client.delete('/service/providers', 0)
        self.client.delete('/service')
        self.assertIsNone(self.client.exists('/service'))

    def test_delete_recursive(self):
        """All below goes first, as with kazoo's method."""
        zk = self.client
        children = zk.children('/service')
        self.assertTrue(zk.delete('/lb'))
        zk.create('/service/providers/e', ephemeral=True)
        self.assertEqual('', self.printed(
            self.assertIsNone, zk.delete('/service', recursive=True)))
        self.assertIsNone(zk.exists('/service'))
        self.assertTrue(children.deleted)
        self.assertTrue(zk.delete('/service', recursive=True))

    def test_delete_recursive_and_a_new_node(self):
        """A node that another client makes meanwhile is not deleted."""
        zk = self.client
        plan = zc.zk._tree.plan.plan_delete

        def late(*args):
            steps = plan(*args)
            if not zk.client.exists('/service/new'):
                zk.client.create('/service/new')
            return steps

        with mock.patch('zc.zk._tree.plan.plan_delete', late):
            self.fails(NotEmptyError, '/service', zk.delete, '/service',
                       recursive=True)
        self.assertEqual(['new'], zk.get_children('/service'))

    def test_keywords(self):
        """All keywords of kazoo's methods are there, and of 2.1's."""
        for name in 'exists', 'create', 'delete', 'get_children', 'get', 'set':
            theirs = inspect.signature(getattr(KazooClient, name)).parameters
            ours = inspect.signature(
                getattr(zc.zk.ZooKeeper, name)).parameters
            self.assertEqual(
                list(theirs), list(ours)[:len(theirs)], name)
            for each in list(theirs)[2:]:
                self.assertEqual(theirs[each].default, ours[each].default
                                 or theirs[each].default, (name, each))
        self.client.set('/service', data='x', version=0)
        self.assertEqual(b'x', self.client.get('/service')[0])
        with self.assertRaisesRegex(TypeError, '/service: str or bytes'):
            self.client.set('/service')

    def test_bad_acl(self):
        """A single ACL, or what is none, is refused with what is needed."""
        zk = self.client
        acl = make_acl('world', 'anyone', all=True)
        for bad in acl, [acl, 31], 31:
            for function, *args in (
                    (zk.create, '/x', b''), (zk.create_recursive, '/x', b''),
                    (zk.register, '/lb', 'h:80'),
                    (zk.import_tree, '/x', '/', None)):
                with self.subTest(function.__name__, acl=bad), \
                        self.assertRaisesRegex(
                            TypeError, 'acl: a list of kazoo.security.ACL'):
                    function(*args, bad)
        self.assertIsNone(zk.exists('/x'))
        self.assertEqual({}, zk.registrations)

    def test_paths(self):
        """Dots and slashes too many are taken out of any path."""
        zk = self.client
        for path in ('/service/', '//service', '/./service/.',
                     '/no/../service', '/lb/providers/../../service//'):
            with self.subTest(path):
                self.assertEqual('/service', zk.resolve(path))
                self.assertEqual(3, zk.properties(path)['threads'])
                self.assertEqual(
                    3, zk.properties(path, watch=False)['threads'])
                self.assertEqual(3, zk.get_properties(path)['threads'])
                self.assertEqual(['providers'], zk.get_children(path))
                children = zk.children(path)
                self.assertEqual(['providers'], list(children))
                self.assertEqual(
                    (path, '/service'), (children.path, children.real_path))
                self.assertEqual(
                    ['providers'], list(zk.all_children([path])[0]))
                self.assertEqual(
                    3, zk.all_properties([path])[0]['threads'])
                self.assertIsNotNone(zk.exists(path))
                self.assertFalse(zk.is_ephemeral(path))
                self.assertEqual('/service/a', zk.create(path + '/a'))
                zk.set(path + '/a', b'{"b":1}')
                zk.create_recursive(path + '/a/../a/c', b'{}')
                self.assertEqual(
                    '/a\n  b = 1\n  /c\n', zk.export_tree(path + '/a'))
                zk.delete_recursive(path + '/a/c/')
                self.assertEqual(
                    ['/service/a'], list(zk.walk(path + '/a/')))
                zk.delete(path + '/a/')
                zk.import_tree('/b', path + '//', trim=False)
                zk.delete(path + '/b/./')
                zk.register(path + '/providers', 'h:80')
                zk.unregister(path + '/providers/', 'h:80')
        self.assertEqual('/', zk.resolve('/a/b/./../..'))
        self.assertEqual('/service/providers', zk.resolve('/lb/providers/'))
        self.assertEqual(['providers'], zk.get_children('/service'))

    def test_watch(self):
        """exists, get and get_children take kazoo's watch functions."""
        seen = []
        self.client.exists('/new', seen.append)
        self.client.get('/service', seen.append)
        self.client.get_children('/service', watch=seen.append)
        self.client.create('/new')
        self.client.set('/service', 'x')
        self.client.create('/service/new')
        wait_for(lambda: len(seen) == 3, 'the events')
        self.assertEqual(
            [(EventType.CREATED, '/new'), (EventType.CHANGED, '/service'),
             (EventType.CHILD, '/service')],
            [(event.type, event.path) for event in seen])

    def test_errors_name_the_path(self):
        """Errors of the server name the node."""
        zk = self.client
        zk.create('/ephemeral', ephemeral=True)
        for error, path, function, *args in (
                (NodeExistsError, '/lb', zk.create),
                (NoNodeError, '/no/a', zk.create),
                (NoChildrenForEphemeralsError, '/ephemeral/a', zk.create),
                (InvalidACLError, '/a', zk.create, b'',
                 [make_acl('digest', 'not a digest', all=True)]),
                (NoNodeError, '/no', zk.get),
                (NoNodeError, '/no', zk.get_children),
                (NoNodeError, '/no', zk.set, b''),
                (BadVersionError, '/lb', zk.set, b'', 99),
                (NoNodeError, '/no', zk.delete),
                (BadVersionError, '/lb', zk.delete, 99),
                (NotEmptyError, '/service', zk.delete)):
            with self.subTest(function=function.__name__, path=path):
                self.fails(error, path, function, path, *args)

    def test_permission(self):
        """What may not be done is an error with the path."""
        self.client.create('/hidden/a', makepath=True)
        self.hide('/hidden/a')
        self.hide('/hidden', delete=True)
        zk = self.client
        for path, function, *args in (
                ('/hidden/a', zk.get), ('/hidden/a', zk.get_children),
                ('/hidden/a', zk.set, b''), ('/hidden/b', zk.create),
                ('/hidden', zk.get_properties), ('/hidden', zk.children),
                ('/hidden', zk.properties), ('/hidden', zk.export_tree)):
            with self.subTest(function=function.__name__):
                self.fails(NoAuthError, path, function, path, *args)
        self.fails(NoAuthError, '/hidden', zk.resolve, '/hidden/b')
        # The end of the test could not look below them.
        zk.delete('/hidden/a')
        zk.delete('/hidden')

    def test_bad_paths(self):
        """What is no path is refused by every method, with the reason."""
        zk = self.client
        for function, *args in (
                (zk.create,), (zk.set, b''), (zk.get,), (zk.exists,),
                (zk.delete,), (zk.get_children,), (zk.get_properties,),
                (zk.is_ephemeral,), (zk.children,), (zk.properties,),
                (zk.resolve,), (zk.register, ('h', 80)), (zk.walk,),
                (zk.export_tree,), (zk.print_tree,), (zk.delete_recursive,),
                (zk.create_recursive, b''), (zk.unregister, ('h', 80))):
            for path, message in BAD_PATHS:
                with self.subTest(function=function.__name__, path=path):
                    self.fails(zc.zk.PathError, message,
                               function, path, *args)

    def test_too_large(self):
        """Data over the server's limit are refused before they are sent."""
        data = b'x' * 1_048_576
        text = ('data of {}: 1048576 bytes do not fit in a request of '
                '1048575 bytes (jute.maxbuffer)')
        session = self.client.client.client_id
        for function, path in ((self.client.create, '/a'),
                               (self.client.set, '/lb'),
                               (self.client.create_recursive, '/a'),
                               (self.client.create_recursive, '/lb')):
            self.fails(zc.zk.TooLarge, text.format(path),
                       function, path, data)
        with self.assertRaisesRegex(zc.zk.TooLarge, '^data of /lb: '):
            self.client.properties('/lb').update(a='x' * 2_000_000)
        with self.assertRaisesRegex(
                zc.zk.TooLarge, '^data of /lb/h:80: '):
            self.client.register('/lb', 'h:80', a='x' * 2_000_000)
        self.assertEqual(session, self.client.client.client_id)
        self.assertEqual({}, self.client.registrations)

    def test_largest(self):
        """A megabyte can be written and read."""
        data = b'x' * 1_048_000
        self.client.create('/a', data)
        self.assertEqual(data, self.client.get('/a')[0])
        self.client.set('/a', data[1:])
        self.assertEqual(data[1:], self.client.get('/a')[0])

    def test_bad_data(self):
        """Data that are no text or bytes are refused, with the path."""
        for function in self.client.create, self.client.set:
            self.fails(
                TypeError, 'data of /a: str or bytes are needed, not dict',
                function, '/a', {})
            self.fails(
                zc.zk.DataError,
                "data of /a: UTF-8 has no form for character '\\ud800'",
                function, '/a', 'x\ud800')

    def test_not_text(self):
        """Data that are not UTF-8 are refused where text is needed."""
        self.client.set('/lb', b'\xff\xfe')
        text = 'data of /lb: not UTF-8 text (byte 0 of 2)'
        zk = self.client
        for function, *args in (
                (zk.get_properties,), (zk.properties,),
                (zk.properties, False), (zk.export_tree,)):
            self.fails(zc.zk.DataError, text, function, '/lb', *args)
        self.fails(zc.zk.DataError, text, zk.resolve, '/lb/x')
        self.fails(zc.zk.DataError, text, zk.ln, '/service', '/lb/x')
        self.assertEqual((b'\xff\xfe'), zk.get('/lb')[0])

    def test_no_reply(self):
        """An error of the connection names the path too."""
        result = mock.Mock()
        result.get.side_effect = ConnectionLoss()
        with mock.patch.object(
                self.client.client, 'get_async', return_value=result):
            self.fails(ConnectionLoss, '/lb', self.client.get, '/lb')

    def test_is_ephemeral(self):
        """A node is ephemeral or not; there must be one."""
        self.client.create('/e', ephemeral=True)
        self.assertIs(True, self.client.is_ephemeral('/e'))
        self.assertIs(False, self.client.is_ephemeral('/lb'))
        self.fails(NoNodeError, '/no', self.client.is_ephemeral, '/no')

    def test_get_properties(self):
        """What a node itself holds is read once, links as they are."""
        self.assertEqual({'type': 'web', 'threads': 3},
                         self.client.get_properties('/service'))
        self.assertEqual({'providers ->': '/service/providers'},
                         self.client.get_properties('/lb'))


class CreateRecursive(Case):

    def test_missing(self):
        """A node is created, and those above it that are missing."""
        acl = [make_acl('world', 'anyone', all=True),
               make_acl('ip', '127.0.0.1', read=True)]
        self.client.create_recursive('/lb/a/b', 'text', acl)
        self.assertEqual(b'text', self.client.get('/lb/a/b')[0])
        self.assertEqual({}, self.client.get_properties('/lb/a'))
        for path in '/lb/a', '/lb/a/b':
            self.assertEqual(acl, self.client.client.get_acls(path)[0])

    def test_there(self):
        """A node that is there gets the data; those above keep theirs."""
        self.client.create_recursive('/service/providers', b'1')
        self.assertEqual(b'1', self.client.get('/service/providers')[0])
        self.assertEqual(3, self.client.get_properties('/service')['threads'])

    def test_top(self):
        """A node at the top, and the root itself, can be meant."""
        self.client.create_recursive('/new', 'x')
        self.assertEqual(b'x', self.client.get('/new')[0])
        self.client.create_recursive('/', 'y')
        self.assertEqual(b'y', self.client.get('/')[0])

    def test_race(self):
        """What another client creates meanwhile is no error."""
        other = self.zk()
        create = self.client.create

        def race(path, *args):
            other.create(path, b'other')
            return create(path, *args)

        with mock.patch.object(self.client._nodes, 'create', race):
            self.client.create_recursive('/a/b', 'mine')
        self.assertEqual(b'mine', self.client.get('/a/b')[0])
        self.assertEqual(b'other', self.client.get('/a')[0])
