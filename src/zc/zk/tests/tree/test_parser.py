"""The syntax of a tree."""
from __future__ import annotations

import textwrap
import time
import unittest

from zc.zk._tree.model import Node
from zc.zk._tree.parser import parse_tree
from zc.zk.errors import TreeSyntaxError
from zc.zk.tests import trees


def parse(text, **keywords):
    return parse_tree(textwrap.dedent(text), **keywords)


def properties(text):
    """Return the properties that the lines of `text` give a node."""
    return parse_tree('/a\n' + textwrap.indent(
        textwrap.dedent(text), '  ')).children['a'].properties


class SyntaxTests(unittest.TestCase):

    def test_nodes(self):
        """Nodes are nested by their indentation."""
        tree = parse('''
            /a
              /b
                /c
              /d
            /e
        ''')
        self.assertEqual(
            [path for path, _ in tree.walk()],
            ['/', '/a', '/a/b', '/a/b/c', '/a/d', '/e'])
        self.assertEqual(tree.children['a'].children['b'].name, 'b')
        self.assertEqual(tree, Node(
            a=Node(b=Node(c=Node()), d=Node()), e=Node()))

    def test_types(self):
        """A colon after a node's name gives its type."""
        tree = parse('''
            /a : ipvs
            /b : z4m cms
            /c: x
            /d :x
            /e:x
            /10.0.0.1:80
            /10.0.0.1:81 : x # no comment
            /f : : x
            /'g h' : x
            /g:h : x
        ''')
        self.assertEqual(
            {name: node.properties for name, node in tree.children.items()},
            {'a': {'type': 'ipvs'}, 'b': {'type': 'z4m cms'},
             'c': {'type': 'x'}, 'd': {'type': 'x'}, 'e:x': {},
             '10.0.0.1:80': {}, '10.0.0.1:81': {'type': 'x # no comment'},
             'f': {'type': ': x'}, 'g h': {'type': 'x'},
             'g:h': {'type': 'x'}})

    def test_names(self):
        """A node's name is a word, or a string in quotes."""
        tree = parse('''
            /a=b
            /a->b
            /...
            /.x
            /é
            /#
            /'a b'
            /'"'
            /'\\u2028'
            /it's
        ''')
        self.assertEqual(
            list(tree.children),
            ['a=b', 'a->b', '...', '.x', 'é', '#', 'a b', '"', '\u2028',
             "it's"])

    def test_properties(self):
        """A property is a name, = and an expression, blanks as you like."""
        self.assertEqual(properties('''
            a=1
            b      =1
            c=      1
            d = 'x = y'
            e='x = y'
            f.g-h = [1, {'a': (2,)}]
            é = 2 * 3
            i = 1.5
            j = True
            k = None
            l = u'x'
            m = "y"    # comment
            - = 0
            > = 1
            o-p=-1
        '''), {'a': 1, 'b': 1, 'c': 1, 'd': 'x = y', 'e': 'x = y',
               'f.g-h': [1, {'a': (2,)}], 'é': 6, 'i': 1.5, 'j': True,
               'k': None, 'l': 'x', 'm': 'y', '-': 0, '>': 1, 'o-p': -1})

    def test_plain_values_keep_their_types(self):
        """Literals read in passing are what they are read with care."""
        found = properties('''
            a = 1
            b = 1.0
            c = True
            d = '1'
            e = -0.0
        ''')
        self.assertEqual(repr(list(found.values())),
                         "[1, 1.0, True, '1', -0.0]")

    def test_links(self):
        """A link is a name, -> and a path; a property of its own name."""
        self.assertEqual(properties('''
            ad->/x
            af          ->/x
            ae->         /x
            a-b -> ../c
            g -> a=b
        '''), {'ad ->': '/x', 'af ->': '/x', 'ae ->': '/x',
               'a-b ->': '../c', 'g ->': 'a=b'})

    def test_property_links(self):
        """A property link is a name, =>, a path and perhaps a name."""
        self.assertEqual(properties('''
            a => /x
            b=>/x y
            c   =>   ./../x    y
        '''), {'a =>': '/x', 'b =>': '/x y', 'c =>': './../x    y'})

    def test_quoted_property_names(self):
        """A property's name may be a string in quotes."""
        self.assertEqual(properties(r'''
            'a b' = 1
            "it's" -> /x
            '' => /x y
            'x ->' = 3
            'a\tb'=1
        '''), {'a b': 1, "it's ->": '/x', ' =>': '/x y', 'x ->': 3,
               'a\tb': 1})

    def test_comments_and_blank_lines(self):
        """Comments stand on lines of their own, at any indentation."""
        self.assertEqual(
            parse('\n# x\n/a\n\n      # y\n  /b\n# z\n   \n  x = 1\n\n'),
            Node(a=Node('a', {'x': 1}, b=Node())))
        self.assertEqual(parse(''), Node())
        self.assertEqual(parse('# x'), Node())

    def test_line_ends(self):
        """Lines may end in blanks and in the way of Windows."""
        self.assertEqual(
            parse_tree("/a : t \r\n  x = 1\r\n  y = 'z' \r\n  l -> /b\r\n"),
            Node(a=Node('a', {'type': 't', 'x': 1, 'y': 'z', 'l ->': '/b'})))

    def test_tabs(self):
        """Indentation may be tabs all through."""
        self.assertEqual(
            parse_tree('/a\n\tx = 1\n\t/b\n\t\ty = ()\n/c\n'),
            Node(a=Node('a', {'x': 1}, b=Node('b', {'y': ()})), c=Node()))

    def test_indentation_of_the_first_line_counts(self):
        """A text may be indented as a whole."""
        self.assertEqual(parse_tree('   /a\n     x = 1\n   /b'),
                         Node(a=Node('a', {'x': 1}), b=Node()))

    def test_deep(self):
        """A tree may be deeper than Python's stack."""
        depth = 3000
        tree = parse_tree('\n'.join(
            ' ' * level + '/x' for level in range(depth)))
        self.assertEqual(sum(1 for _ in tree.walk()), depth + 1)

    def test_node_class(self):
        """The nodes are made by the class that the caller gives."""
        class Mine(Node):
            pass
        tree = parse_tree('/a\n  /b', Mine)
        self.assertIsInstance(tree, Mine)
        self.assertIsInstance(tree.children['a'].children['b'], Mine)

    def test_locate(self):
        """The place of each node and property is told when asked for."""
        found = []
        parse_tree(
            '/a\n  x = 1\n\n  /b\n    "y z" -> /c\n',
            locate=lambda node, name, line, column: found.append(
                (node.name, name, line, column)))
        self.assertEqual(found, [
            ('a', None, 1, 1), ('a', 'x', 2, 3), ('b', None, 4, 3),
            ('b', 'y z ->', 5, 5)])

    def test_many_lines(self):
        """Text is read in pieces without losing count of the lines."""
        text = trees.big_text(1000)
        tree = parse_tree(text)
        self.assertEqual(sum(1 for _ in tree.walk()), 1001)
        with self.assertRaises(TreeSyntaxError) as caught:
            parse_tree(text + '?')
        self.assertEqual(caught.exception.line, 4001)


class LongTests(unittest.TestCase):

    # Takes some seconds, and the time of a busy machine says little: by
    # hand, with --at-level 3.
    level = 3

    def test_linear(self):
        """A million lines take about ten times as long as a tenth of them.
        """
        def seconds(count):
            text = trees.big_text(count)
            start = time.process_time()
            parse_tree(text)
            return time.process_time() - start
        self.assertLess(seconds(250_000), 20 * seconds(25_000))
