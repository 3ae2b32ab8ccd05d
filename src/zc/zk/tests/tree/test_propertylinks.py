"""Property links, and values that links lead to."""
import json
from unittest import mock

from kazoo.exceptions import NoAuthError

from zc.zk._tree import links
from zc.zk._tree.links import linked_values
from zc.zk._tree.links import resolve
from zc.zk._tree.links import split_property_link
from zc.zk.errors import BadPropertyLink
from zc.zk.tests.tree.linkcase import Case
from zc.zk.tests.tree.linkcase import Tree


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
