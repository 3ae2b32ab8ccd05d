"""Tests of _treetext: the syntax of a tree, and every error in it."""
from __future__ import annotations

import textwrap
import time
import unittest

from hypothesis import given
from hypothesis import strategies as st

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


class FaultTests(unittest.TestCase):

    def fault(self, text, message, line, column):
        with self.assertRaises(TreeSyntaxError) as caught:
            parse_tree(text, source='f.txt')
        error = caught.exception
        self.assertEqual((error.message, error.line, error.column),
                         (message, line, column))
        self.assertEqual(error.text, text.split('\n')[line - 1])
        self.assertTrue(str(error).startswith(
            f'f.txt:{line}:{column}: {message}'))
        self.assertIsInstance(error, ValueError)

    def test_bad_expression(self):
        """A bad expression is named with the column of its fault."""
        with self.assertRaises(TreeSyntaxError) as caught:
            parse_tree('/test\n  a= 1+')
        self.assertTrue(str(caught.exception).startswith('line 2, column '))
        self.assertIn(': bad expression: ', str(caught.exception))
        self.fault('/a\n  x = [1, foo]',
                   "'foo' is not a value: a string needs quotes", 2, 11)
        self.fault('/a\n  é = f', "'f' is not a value: a string needs quotes",
                   2, 7)
        self.fault('/a\n  x =', 'an expression is missing', 2, 6)
        self.fault("/a\n  x = b'1'", 'JSON cannot hold a bytes', 2, 7)

    def test_bad_link(self):
        """A link without a path, or with two words, is an error."""
        self.fault('/test\n  a ->',
                   "bad link: 'name -> path' is needed, with one path", 2, 7)
        self.fault('/test\n  a -> /b /c',
                   "bad link: 'name -> path' is needed, with one path", 2, 8)
        self.fault('/test\n  a b -> /c',
                   "bad link: 'name -> path' is needed", 2, 4)

    def test_bad_property_link(self):
        """A property link without a path or with three words is an error.
        """
        message = ("bad property link: 'name => path' or 'name => path "
                   "property' is needed")
        self.fault('/a\n  x => /b y z', message, 2, 8)
        self.fault('/a\n  x =>', message, 2, 7)

    def test_duplicates(self):
        """A node or a property that is there already is an error."""
        self.fault('/a\n/b\n/a', "duplicate node 'a'", 3, 1)
        self.fault('/a\n  /b\n  /b : t', "duplicate node 'b'", 3, 3)
        self.fault('/a\n  x = 1\n  x = 1', "duplicate property 'x'", 3, 3)
        self.fault("/a : t\n  type = 't'", "duplicate property 'type'",
                   2, 3)
        self.fault("/a\n  x -> /b\n  'x ->' = 1",
                   "duplicate property 'x ->'", 3, 3)

    def test_bad_indentation(self):
        """Going back to where nothing began is an error."""
        message = 'bad indentation: no open node above is indented like this'
        self.fault('/a\n    /b\n  /c', message, 3, 3)
        self.fault('  /a\n/b', message, 2, 1)
        self.fault('/a\n    x = 1\n  y = 1', message, 3, 3)

    def test_indented_under_a_property(self):
        """Nothing stands below a property or a link."""
        self.fault('/a\n  x = 1\n    y = 1',
                   "can't indent under a property", 3, 5)
        self.fault('/a\n  x -> /b\n    /c',
                   "can't indent under a property", 3, 5)

    def test_tabs_and_blanks(self):
        """Tabs and blanks do not mix, within a line or between lines."""
        message = 'tabs and blanks are mixed in the indentation'
        self.fault('/a\n \t/b', message, 2, 3)
        self.fault('/a\n\t/b\n/c\n /d', message, 4, 2)
        self.fault('/a\n /b\n/c\n\t/d', message, 4, 2)
        self.fault('/a\n  /b\n\t\t/c', message, 3, 3)
        self.fault('/a\n\u00a0/b', 'indentation must be blanks', 2, 2)

    def test_properties_at_the_top(self):
        """Properties need a node above them."""
        message = "can't import properties above imported nodes"
        self.fault('x = 1', message, 1, 1)
        self.fault('/y\nx = 1', message, 2, 1)
        self.fault('  x -> /y', message, 1, 3)

    def test_bad_node_names(self):
        """What ZooKeeper takes for no name of a node is an error."""
        self.fault('/a\n  /b/c', "bad node name 'b/c': a node name must "
                   "not hold '/'", 2, 4)
        self.fault('/.', "bad node name '.': '.' is not allowed in a path",
                   1, 2)
        self.fault('/..', "bad node name '..': '..' is not allowed in a "
                   'path', 1, 2)
        self.fault('/..\t: x', "bad node name '..': '..' is not allowed "
                   'in a path', 1, 2)
        self.fault("/''", "bad node name '': it is empty", 1, 2)
        self.fault('/', "a node's name is missing", 1, 1)
        self.fault(r"/'a\n'", r"bad node name 'a\n': character '\n' is not "
                   'allowed', 1, 2)
        self.fault(
            '/a b', "a node's name is one word, or quoted, and only "
            "': type' may follow", 1, 1)
        self.fault("/'a b", "a node's name is one word, or quoted, and only "
                   "': type' may follow", 1, 1)
        self.fault("/'a", "a quote that is not closed in a node's name",
                   1, 2)
        self.fault("/'a' b", "': type' is needed after a node's name", 1, 5)
        self.fault('/threads = 3', "a node's name is one word, or quoted, "
                   "and only ': type' may follow", 1, 1)

    def test_unrecognized(self):
        """A line of no kind is an error that names the kinds."""
        expected = ("'/name', '/name : type', 'name = expression', "
                    "'name -> path' or 'name => path property' is needed")
        self.fault('/a\n  foo', 'unrecognized line: ' + expected, 2, 6)
        self.fault('/a\n  foo bar = 1', 'unrecognized line: ' + expected,
                   2, 6)
        self.fault('/a\n  = 1', 'a name is missing: ' + expected, 2, 3)

    def test_odd_names(self):
        """A quoted name that is no string literal is an error."""
        with self.assertRaises(TreeSyntaxError) as caught:
            parse_tree('/a\n  "\\N{no such}" = 1')
        self.assertEqual(caught.exception.line, 2)

    def test_without_a_source(self):
        """Without a file's name, an error says line and column in words."""
        with self.assertRaises(TreeSyntaxError) as caught:
            parse_tree('/a\n  x')
        self.assertTrue(str(caught.exception).startswith(
            'line 2, column 4: unrecognized line'))

    def test_long_lines_are_cut(self):
        """An error shows no more than the beginning of a long line."""
        with self.assertRaises(TreeSyntaxError) as caught:
            parse_tree('/a\n' + ' x' * 10_000)
        self.assertLess(len(str(caught.exception)), 500)

    def test_report(self):
        """With a report, all faults are told and the rest is read."""
        errors = []
        tree = parse_tree(textwrap.dedent('''\
            /a b
              x = 1
              /c
                y = )
              x = 2
            /d
              z = 1
                k = 1
              y = 1
             /f
            /g
              /d
              /d
                x = f
        '''), report=errors.append)
        self.assertEqual(
            [(error.line, error.column) for error in errors],
            [(1, 1), (4, 9), (5, 3), (8, 5), (10, 2), (13, 3),
             (14, 9)])
        self.assertEqual(list(tree.children), ['d', 'g'])

    @trees.few
    @given(st.text(alphabet=" \n\t/ab:='\"->#1.\\[u", max_size=80))
    def test_rubbish(self, text):
        """Any text is a tree or an error with a place in the text."""
        errors = []
        parse_tree(text, report=errors.append)
        lines = text.split('\n')
        for error in errors:
            self.assertLessEqual(error.line, len(lines))
            self.assertLessEqual(
                error.column, len(lines[error.line - 1]) + 1)
        if errors:
            with self.assertRaises(TreeSyntaxError) as caught:
                parse_tree(text)
            self.assertEqual(caught.exception, errors[0])
        else:
            parse_tree(text)


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
