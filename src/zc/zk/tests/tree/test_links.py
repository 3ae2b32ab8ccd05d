import json
import unittest
from unittest import mock

from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError

from zc.zk._tree import links
from zc.zk._tree.links import linked_values
from zc.zk._tree.links import resolve
from zc.zk._tree.links import split_property_link
from zc.zk.errors import BadPropertyLink
from zc.zk.errors import DataError
from zc.zk.errors import LinkLoop
from zc.zk.errors import PathError


class Tree:
    """Nodes in a dictionary; counts how often it is asked, and for what.

    :param nodes: properties, data, or an exception, by path
    """

    def __init__(self, nodes):
        self.nodes = {'/': b''}
        for path, found in nodes.items():
            if isinstance(found, dict):
                found = json.dumps(found).encode()
            self.nodes[path] = found
        self.asked = []

    def __call__(self, paths):
        self.asked.append(list(paths))
        return [self.nodes.get(path) for path in paths]


class Case(unittest.TestCase):

    def resolves(self, expected, path, nodes):
        self.assertEqual(expected, resolve(Tree(nodes), path))

    def fails(self, error, message, path, nodes):
        with self.assertRaises(error) as caught:
            resolve(Tree(nodes), path)
        self.assertEqual(message, str(caught.exception))
        return caught.exception


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


class PropertyLinks(Case):

    def values(self, nodes, path='/a'):
        tree = Tree(nodes)
        return linked_values(tree, path, json.loads(tree.nodes[path]))

    def value(self, link, nodes=None, name='p'):
        found = self.values({'/a': {name + ' =>': link}, **(nodes or {})})
        self.assertEqual([name], list(found))
        return found[name]

    def bad(self, reason, link, nodes=None):
        error = self.value(link, nodes)
        self.assertIsInstance(error, BadPropertyLink)
        self.assertEqual(
            f'bad property link at /a: p => {link}: {reason}', str(error))
        return error

    def test_two_words(self):
        """A path and a name stand for that property."""
        self.assertEqual(1, self.value('/b q', {'/b': {'q': 1}}))

    def test_one_word(self):
        """A path alone stands for the property of the link's own name."""
        self.assertEqual(1, self.value('/b', {'/b': {'p': 1, 'q': 2}}))

    def test_blanks(self):
        """Blank space around the words does not matter."""
        self.assertEqual(1, self.value(' /b \t q ', {'/b': {'q': 1}}))

    def test_relative(self):
        """A relative path starts at the node that has the link."""
        self.assertEqual(1, self.value('b q', {'/a/b': {'q': 1}}))
        self.assertEqual(1, self.value('../b q', {'/b': {'q': 1}}))
        self.assertEqual(1, self.value('.. q', {'/': {'q': 1}}))

    def test_same_node(self):
        """A property link may stand for another property of its node."""
        self.assertEqual(
            {'p': 1}, self.values({'/a': {'p =>': '. q', 'q': 1}}))

    def test_through_a_symbolic_link(self):
        """The path may lead through symbolic links."""
        self.assertEqual(1, self.value(
            '/b/c q', {'/b': {'c ->': '/d'}, '/d': {'q': 1}}))

    def test_value(self):
        """The value may be any, also None, a list or an empty string."""
        for value in (None, [], '', 0, {'a': 1}):
            self.assertEqual(value, self.value('/b', {'/b': {'p': value}}))

    def test_string_value(self):
        """Text of a node can be had as its string_value."""
        self.assertEqual(
            'text', self.value('/b string_value', {'/b': b'text'}))

    def test_several(self):
        """Each link gives a value; what is no link gives none."""
        self.assertEqual({'p': 1, 'r': 2}, self.values({
            '/a': {'p =>': '/b', 'r =>': '/b q', 's': 3, 't ->': '/b'},
            '/b': {'p': 1, 'q': 2}}))

    def test_hidden(self):
        """A real property hides a link of its name."""
        self.assertEqual({}, self.values({
            '/a': {'p =>': '/b', 'p': 1}, '/b': {'p': 2}}))
        self.assertEqual(2, self.value('/b', {
            '/b': {'p': 2, 'p =>': '/c'}, '/c': {'p': 3}}))

    def test_no_link(self):
        """Properties without links need no lookup."""
        tree = Tree({})
        self.assertEqual(
            {}, linked_values(tree, '/a', {'a': 1, 'b ->': '/c'}))
        self.assertEqual([], tree.asked)

    def test_chain(self):
        """A property link may lead to property links, relative ones too."""
        self.assertEqual(1, self.value('/b q', {
            '/b': {'q =>': 'c r'}, '/b/c': {'r =>': '/d'}, '/d': {'r': 1}}))

    def test_three_words(self):
        """More than two words are no link."""
        self.bad('a path and at most one property name are needed', '/b q r',
                 {'/b': {'q': 1}})

    def test_no_words(self):
        """No word, or no text, is no link."""
        for link in ('', '  ', None, 1, ['/b']):
            self.bad('a path and at most one property name are needed', link)

    def test_missing_node(self):
        """A link to a missing node names that node."""
        error = self.bad('there is no node /b/c', '/b/c q', {'/b': {}})
        self.assertEqual('/a', error.path)
        self.assertEqual('p', error.name)
        self.assertEqual('/b/c q', error.target)

    def test_link_to_nowhere(self):
        """A symbolic link to nowhere on the way is told."""
        self.bad('/b/c (links lead to /d, which does not exist)', '/b/c q',
                 {'/b': {'c ->': '/d'}})

    def test_missing_property(self):
        """A link to a missing property names node and property."""
        self.bad("/b has no property 'q'", '/b q', {'/b': {'p': 1}})
        self.bad("/b has no property 'p'", '/b', {'/b': {'p ->': '/a'}})

    def test_missing_later(self):
        """An error at the end of a chain is told of its first link."""
        self.bad("/c has no property 'r'", '/b q', {
            '/b': {'q =>': '/c r'}, '/c': {}})
        self.bad('a path and at most one property name are needed', '/b q', {
            '/b': {'q =>': 'x y z'}})

    def test_above_the_root(self):
        """A link that leads above the root is told."""
        self.bad("bad path '../..': it leads above the root from /a",
                 '../.. q')

    def test_loop(self):
        """Property links in a circle are told with their names."""
        self.bad('circular links: /a p -> /a p', '/a p')
        self.bad('circular links: /a p -> /b q -> /a p', '/b q', {
            '/b': {'q =>': '/a p'}})
        self.bad('circular links: /a p -> /b p -> /c p -> /b p', '/b', {
            '/b': {'p =>': '/c'}, '/c': {'p =>': '/b'}})

    def test_symbolic_loop(self):
        """Symbolic links in a circle on the way are told."""
        self.bad('circular links: /b/c -> /b/c', '/b/c q', {
            '/b': {'c ->': 'c'}})

    def test_too_many(self):
        """More links than the limit count as a loop."""
        hops = links.MAX_HOPS + 10
        nodes = {'/b': {f'p{n} =>': f'. p{n + 1}' for n in range(hops)}}
        error = self.value('/b p0', nodes)
        self.assertIsInstance(error, BadPropertyLink)
        self.assertIn('circular links', error.reason)

    def test_may_not_be_read(self):
        """A node that may not be read is told by its path."""
        self.bad('/b may not be read', '/b q', {'/b': NoAuthError()})

    def test_way_may_not_be_read(self):
        """So is one on the way, which may have links."""
        self.bad('/b may not be read', '/b/c q', {'/b': NoAuthError()})

    def test_not_text(self):
        """Data that are not UTF-8 are told."""
        self.bad('data of /b: not UTF-8 text (byte 0 of 1)', '/b q',
                 {'/b': b'\xff'})

    def test_connection(self):
        """Trouble with the connection is no trouble with the link."""
        def lookup(paths):
            raise ConnectionError('lost')

        with self.assertRaises(ConnectionError):
            linked_values(lookup, '/a', {'p =>': '/b'})

    def test_split(self):
        """One or two words are a path and a property name."""
        self.assertEqual(('/b', 'p'), split_property_link('/b', 'p'))
        self.assertEqual(('/b', 'q'), split_property_link('/b q', 'p'))
        with self.assertRaises(ValueError):
            split_property_link('a b c', 'p')


class DecodingTests(Case):

    def count(self, function, *args):
        """Return how often nodes are decoded."""
        with mock.patch(
                'zc.zk._tree.links.decode', side_effect=links.decode) as calls:
            function(*args)
        return calls.call_count

    def test_symbolic_links(self):
        """A path that leads through a node again and again decodes it once.
        """
        nodes = {'/': {}, '/a': {
            f'l{i} ->': f'/a/l{i + 1}' for i in range(50)} | {
                'l50 ->': '/b'}, '/b': {}}
        self.assertEqual(1, self.count(resolve, Tree(nodes), '/a/l0'))

    def test_property_links(self):
        """So do all the property links of a node together."""
        properties = {f'p{i} =>': f'/a p{i + 1}' for i in range(50)}
        properties['p50'] = 1
        nodes = {'/': {}, '/a': properties}
        self.assertEqual(1, self.count(
            linked_values, Tree(nodes), '/a', properties))

    def test_changed_meanwhile(self):
        """Data that changed between two reads are decoded again."""
        reading = links.Reading(Tree({}))
        self.assertEqual({'a': 1}, reading.properties('/a', b'{"a":1}'))
        self.assertEqual({'a': 2}, reading.properties('/a', b'{"a":2}'))
