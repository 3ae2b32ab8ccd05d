"""Tests of the writer: what is written is read back as it was."""
from __future__ import annotations

import textwrap
import unittest

from hypothesis import given

import zc.zk
from zc.zk._tree.model import Node
from zc.zk._tree.parser import parse_tree
from zc.zk._tree.values import decode
from zc.zk._tree.values import encode
from zc.zk._tree.writer import tree_lines
from zc.zk.errors import PathError
from zc.zk.errors import ValueNotStorable
from zc.zk.tests import trees


def text_of(tree, **keywords):
    return ''.join(line + '\n' for line in tree_lines(tree, **keywords))


class FormatTests(unittest.TestCase):

    def test_order(self):
        """Properties, property links, links and nodes come by name."""
        text = textwrap.dedent('''\
            /a : t
              b = 'x'
              d = 1
              type2 = None
              a => /x y
              c => ../x
              a -> /y
              b -> ../x
              /b
                /a
              /c
        ''')
        shuffled = textwrap.dedent('''\
            /a : t
              b -> ../x
              /c
              a -> /y
              c => ../x
              d = 1
              /b
                /a
              a => /x y
              type2 = None
              b = u'x'
        ''')
        self.assertEqual(text_of(parse_tree(shuffled)), text)

    def test_a_named_node(self):
        """A node with a name is written itself, a root is not."""
        self.assertEqual(text_of(Node('a', {'x': 1}, b=Node())),
                         '/a\n  x = 1\n  /b\n')
        self.assertEqual(text_of(Node('', None, b=Node()), indent=' '),
                         ' /b\n')
        self.assertEqual(text_of(Node()), '')

    def test_names_that_need_quotes(self):
        """Names that text cannot hold as they are get quotes."""
        tree = Node('', None, **{'a b': Node('', {
            'x y': 1, '': 2, '#': 3, '/x': 4, 'a=b': 5, 'a->b': 6,
            "'": 7, 'é': 8, '\x1b[2J': 9, 'x y ->': '/t', ' =>': '/t p'})})
        self.assertEqual(text_of(tree), textwrap.dedent('''\
            /'a b'
              '' = 2
              '\\x1b[2J' = 9
              '#' = 3
              "'" = 7
              '/x' = 4
              'a->b' = 6
              'a=b' = 5
              'x y' = 1
              é = 8
              '' => /t p
              'x y' -> /t
        '''))
        self.assertEqual(parse_tree(text_of(tree)), tree)

    def test_links_that_are_none(self):
        """A property that only has a link's name is written as one."""
        tree = Node('', None, a=Node('', {
            'a ->': 3, 'b ->': '', 'c ->': '/x y', 'd =>': '/x y z',
            'e =>': None, 'f ->': '\x1b', 'g =>': ' /x'}))
        self.assertEqual(text_of(tree), textwrap.dedent('''\
            /a
              'a ->' = 3
              'b ->' = ''
              'c ->' = '/x y'
              'd =>' = '/x y z'
              'e =>' = None
              'f ->' = '\\x1b'
              'g =>' = ' /x'
        '''))
        self.assertEqual(parse_tree(text_of(tree)), tree)

    def test_types_that_are_none(self):
        """A type that does not fit behind a colon is a property."""
        for value in ['', ' x', 'x ', 'a\nb', 3, None, ['x'], '\x1b[2J']:
            with self.subTest(value):
                tree = Node('', None, a=Node('', {'type': value}))
                self.assertEqual(
                    text_of(tree), f'/a\n  type = {value!r}\n')
                self.assertEqual(parse_tree(text_of(tree)), tree)

    def test_string_value(self):
        """Data that are no JSON object go through text unchanged."""
        for data in [b'x', b' x\n', b'[1, 2]', b'{x}', '"é"'.encode()]:
            with self.subTest(data):
                tree = Node('', None, a=Node('', decode(data)))
                back = parse_tree(text_of(tree)).children['a']
                self.assertEqual(encode(back.properties), data)

    def test_deep(self):
        """A tree deeper than Python's stack can be written."""
        tree = node = Node()
        for _ in range(3000):
            child = Node('x')
            node.children['x'] = child
            node = child
        self.assertEqual(parse_tree(text_of(tree)), tree)

    def test_what_cannot_be_stored(self):
        """A value that JSON cannot hold is named with path and property."""
        for value in [float('nan'), b'x', {1: 2}, {1}, 10 ** 5000]:
            with self.subTest(str(type(value))), \
                    self.assertRaises(ValueNotStorable) as caught:
                text_of(Node('', None, a=Node('', {'x': value})))
            self.assertEqual(
                (caught.exception.path, caught.exception.name), ('/a', 'x'))

    def test_properties_of_the_root(self):
        """Text has no place for properties of the nameless root."""
        with self.assertRaises(ValueNotStorable) as caught:
            text_of(Node('', {'x': 1}), path='/b')
        self.assertEqual(
            str(caught.exception),
            "property 'x' of /b: text cannot give the root properties")

    def test_bad_names(self):
        """A name that no node can have is an error."""
        for name in ['', '..', 'a/b', 'a\n']:
            with self.subTest(name), self.assertRaises(PathError):
                tree = Node()
                tree.children[name] = Node(name)
                text_of(tree)

    @trees.few
    @given(trees.trees)
    def test_round_trip(self, tree):
        """What is written for a tree is read as the same tree."""
        text = text_of(tree)
        back = parse_tree(text)
        self.assertEqual(back, tree)
        self.assertEqual(text_of(back), text)
        self.assertTrue(text.replace('\n', '').isprintable())

    @given(trees.trees)
    def test_format_tree(self, tree):
        """zc.zk.format_tree gives the text that zc.zk.parse_tree takes."""
        text = zc.zk.format_tree(tree)
        self.assertEqual(text_of(tree), text)
        self.assertEqual(tree, zc.zk.parse_tree(text))

    def test_format_one(self):
        """The text of one node is that of a tree with this top node."""
        tree = parse_tree('/a\n  /b : t\n    c = 1\n')
        self.assertEqual('/b : t\n  c = 1\n', zc.zk.format_tree(
            tree.children['a'].children['b']))
        self.assertEqual('', zc.zk.format_tree(Node()))
