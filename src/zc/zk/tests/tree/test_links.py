
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError

from zc.zk._tree import links
from zc.zk._tree.links import resolve
from zc.zk.errors import DataError
from zc.zk.errors import LinkLoop
from zc.zk.errors import PathError
from zc.zk.tests.tree.linkcase import Case
from zc.zk.tests.tree.linkcase import Tree


class Resolve(Case):

    def test_no_link(self):
        """A real path is itself, and takes one lookup of one node."""
        tree = Tree({'/a': {}, '/a/b': b''})
        self.assertEqual('/a/b', resolve(tree, '/a/b'))
        self.assertEqual([['/a/b']], tree.asked)

    def test_root(self):
        """The root is itself."""
        self.resolves('/', '/', {})

    def test_absolute(self):
        """A link stands for a missing child."""
        self.resolves('/c', '/a/b', {'/a': {'b ->': '/c'}, '/c': b''})

    def test_lookups(self):
        """A link takes three lookups, however long the path is."""
        tree = Tree({
            '/a': {}, '/a/b': {}, '/a/b/c': {'d ->': '/x'}, '/x': {},
            '/x/e': {}})
        self.assertEqual('/x/e', resolve(tree, '/a/b/c/d/e'))
        self.assertEqual([
            ['/a/b/c/d/e'],
            ['/', '/a', '/a/b', '/a/b/c', '/a/b/c/d', '/a/b/c/d/e'],
            ['/x/e']], tree.asked)

    def test_relative(self):
        """A relative target starts at the node that has the link."""
        self.resolves('/a/c', '/a/b', {'/a': {'b ->': 'c'}, '/a/c': b''})
        self.resolves('/c', '/a/b', {'/a': {'b ->': '../c'}, '/c': b''})
        self.resolves('/a', '/a/b', {'/a': {'b ->': '.'}})
        self.resolves('/', '/a/b', {'/a': {'b ->': '..'}})

    def test_at_the_root(self):
        """The root too can hold links, absolute and relative."""
        self.resolves('/c', '/b', {'/': {'b ->': '/c'}, '/c': b''})
        self.resolves('/c', '/b', {'/': {'b ->': 'c'}, '/c': b''})

    def test_below(self):
        """What comes after a link is looked for below its target."""
        self.resolves('/c/d/e', '/a/b/d/e', {
            '/a': {'b ->': '/c'}, '/c': {}, '/c/d': {}, '/c/d/e': b''})

    def test_to_the_root(self):
        """A link may lead to the root."""
        self.resolves('/c', '/a/b/c', {'/a': {'b ->': '/'}, '/c': b''})

    def test_chain(self):
        """A link may lead to links, at each part of the path."""
        self.resolves('/z/y/x', '/a/b/c/d', {
            '/a': {'b ->': '/e/f'}, '/e': {'f ->': '/z'},
            '/z': {'c ->': 'y'}, '/z/y': {'d ->': 'x'}, '/z/y/x': b''})

    def test_through_a_link(self):
        """A link's target may itself lead through a link."""
        self.resolves('/z/g', '/a/b', {
            '/a': {'b ->': '/e/f/g'}, '/e': {'f ->': '/z'}, '/z': {},
            '/z/g': b''})

    def test_shadowed(self):
        """A real child hides a link of its name."""
        self.resolves('/a/b', '/a/b', {
            '/a': {'b ->': '/c'}, '/a/b': b'', '/c': b''})
        self.fails(NoNodeError, '/a/b/c', '/a/b/c', {
            '/a': {'b ->': '/d'}, '/a/b': {}, '/d': {}, '/d/c': b''})

    def test_missing(self):
        """A path without node or link leads nowhere, whatever is above."""
        self.fails(NoNodeError, '/a', '/a', {})
        self.fails(NoNodeError, '/a/b/c', '/a/b/c', {})
        self.fails(NoNodeError, '/a/b', '/a/b', {'/a': b'text'})
        self.fails(NoNodeError, '/a/b', '/a/b', {'/a': {'b': '/c'}})
        self.fails(NoNodeError, '/a/b', '/a/b', {'/a': {'b =>': '/c'}})

    def test_to_nowhere(self):
        """The error for a link to nowhere tells where it leads."""
        self.fails(
            NoNodeError,
            '/a/b/x (links lead to /c/x, which does not exist)',
            '/a/b/x', {'/a': {'b ->': '/c'}})

    def test_no_target(self):
        """A link without a path is none."""
        for target in ('', None, 1, ['/c'], False):
            self.fails(
                NoNodeError, '/a/b', '/a/b', {'/a': {'b ->': target}})

    def test_bad_target(self):
        """A link whose target is no path is an error that names it."""
        self.fails(
            PathError, "bad path '../../c': it leads above the root from /a",
            '/a/b', {'/a': {'b ->': '../../c'}})
        self.fails(
            PathError, "bad path ' ': a link needs a target path",
            '/a/b', {'/a': {'b ->': ' '}})
        self.fails(
            PathError, "bad path '/a/c\\n': character '\\n' is not allowed",
            '/a/b', {'/a': {'b ->': 'c\n'}, '/c': b''})

    def test_chroot_missing(self):
        """Where not even the root is there, nothing is."""
        tree = Tree({})
        del tree.nodes['/']
        for path in ('/', '/a'):
            with self.assertRaises(NoNodeError) as caught:
                resolve(tree, path)
            self.assertEqual(path, str(caught.exception))

    def test_not_text(self):
        """Data on the way that are not UTF-8 are an error."""
        self.fails(
            DataError, 'data of /a: not UTF-8 text (byte 0 of 1)', '/a/b',
            {'/a': b'\xff'})

    def test_may_not_be_read(self):
        """A node that may not be read is there, but may have no links."""
        self.resolves('/a', '/a', {'/a': NoAuthError()})
        self.fails(NoAuthError, '/a', '/a/b', {'/a': NoAuthError()})

    def test_below_what_may_not_be_read(self):
        """A node below one that may not be read can be found."""
        self.resolves('/a/b', '/a/b', {'/a': NoAuthError(), '/a/b': b''})

    def test_created_meanwhile(self):
        """A node that comes between two lookups is found."""
        tree = Tree({'/a': {}})

        def lookup(paths):
            found = tree(paths)
            tree.nodes['/a/b'] = b''
            return found

        self.assertEqual('/a/b', resolve(lookup, '/a/b'))


class Loops(Case):

    def test_itself(self):
        """A link to itself is a loop."""
        error = self.fails(
            LinkLoop, 'circular links: /a/b -> /a/b', '/a/b',
            {'/a': {'b ->': '/a/b'}})
        self.assertEqual(('/a/b', '/a/b'), error.paths)

    def test_two(self):
        """Two links to each other are a loop, told from the beginning."""
        self.fails(
            LinkLoop, 'circular links: /a/x -> /a/y -> /a/x', '/a/x',
            {'/a': {'x ->': 'y', 'y ->': 'x'}})

    def test_later(self):
        """A loop that begins on the way is one."""
        self.fails(
            LinkLoop, 'circular links: /a/w -> /a/x -> /a/y -> /a/x',
            '/a/w', {'/a': {'w ->': 'x', 'x ->': 'y', 'y ->': 'x'}})

    def test_growing(self):
        """A path that grows with each link is a loop, told in short."""
        for target in ('x/x', 'x/x/x', '/x/abcdefgh/ijklmnop', 'x/' * 500):
            with self.subTest(target=target):
                with self.assertRaises(LinkLoop) as caught:
                    resolve(Tree({'/': {'x ->': target}}), '/x')
                self.assertLess(len(str(caught.exception)), 2_500)
                self.assertLessEqual(len(caught.exception.paths), 11)

    def test_long(self):
        """A long path that is not there is no loop."""
        path = '/x' * 10_000
        self.fails(NoNodeError, path, path, {})

    def test_shrinking(self):
        """A link to its own node is no loop while the path gets shorter."""
        self.resolves('/a', '/a/b/b/b', {'/a': {'b ->': '.'}})

    def test_same_link_twice(self):
        """A link may be used twice on a way that ends."""
        self.resolves('/a/c', '/a/b/b/c', {
            '/a': {'b ->': '/a'}, '/a/c': b''})

    def test_many(self):
        """Links far fewer than the limit are no loop."""
        nodes = {'/': {f'{n} ->': str(n + 1) for n in range(90)},
                 '/90': b''}
        self.resolves('/90', '/0', nodes)

    def test_too_many(self):
        """More links than the limit count as a loop."""
        hops = links.MAX_HOPS + 10
        with self.assertRaises(LinkLoop) as caught:
            resolve(Tree({
                '/': {f'{n} ->': str(n + 1) for n in range(hops)},
                f'/{hops}': b''}), '/0')
        self.assertEqual('/0', caught.exception.paths[0])
