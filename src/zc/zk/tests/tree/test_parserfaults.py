"""What is wrong in the text of a tree, and where."""
from __future__ import annotations

import textwrap
import unittest

from hypothesis import given
from hypothesis import strategies as st

from zc.zk._tree.parser import parse_tree
from zc.zk.errors import TreeSyntaxError
from zc.zk.tests import trees


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
