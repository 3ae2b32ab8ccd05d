import inspect
import pydoc
from unittest import mock

from kazoo.exceptions import NoNodeError

import zc.zk
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
