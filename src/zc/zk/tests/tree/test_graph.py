"""Tests of graphvis: services and their links for Graphviz."""
from __future__ import annotations

import contextlib
import io
import os
import tempfile
import unittest
from unittest import mock

from zc.zk import graphvis
from zc.zk._tree.model import Node
from zc.zk._tree.parser import parse_tree
from zc.zk.errors import TreeSyntaxError


TREE = '''
/lb : ipvs
  /providers
  /pools
    /cms
      providers -> /cms/providers
    /retail
      backend -> ../../../retail/providers
/cms : z4m "cms"
  /providers
  self -> /cms/providers
  up -> ../../../providers
  other -> /cms
  db -> /databases/main/providers
/retail
  /providers
/no
  x -> /cms/providers
'''
EDGES = [('/cms', '/databases/main'), ('/lb', '/cms'), ('/lb', '/retail')]


class GraphvisTests(unittest.TestCase):

    def test_edges(self):
        """A service uses those whose providers it, or a part of it, links.
        """
        self.assertEqual(graphvis.get_edges(parse_tree(TREE)), EDGES)
        self.assertEqual(graphvis.get_edges(TREE), EDGES)

    def test_edges_of_a_file(self):
        """A text without a line end is the name of a file."""
        with tempfile.NamedTemporaryFile('w', suffix='.txt') as file:
            file.write(TREE)
            file.flush()
            self.assertEqual(graphvis.get_edges(file.name), EDGES)
        with mock.patch('sys.stdin', io.StringIO(TREE)):
            self.assertEqual(graphvis.get_edges('-'), EDGES)
        with self.assertRaises(TreeSyntaxError):
            graphvis.get_edges('x\n')

    def test_dump_edges(self):
        """Edges are written as a graph, to a file or printed."""
        text = ('digraph g {\n  "/cms" -> "/databases/main";\n'
                '  "/lb" -> "/cms";\n  "/lb" -> "/retail";\n}\n')
        for edges in (TREE, parse_tree(TREE), EDGES):
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                graphvis.dump_edges(edges)
            self.assertEqual(out.getvalue(), text)
        with tempfile.TemporaryDirectory() as directory:
            name = os.path.join(directory, 'x')
            graphvis.dump_edges(EDGES, name)
            with open(name) as file:
                self.assertEqual(file.read(), text)

    def test_graph(self):
        """A graph shows services, their types and what they use."""
        self.assertEqual(list(graphvis.graph_lines(parse_tree(TREE))), [
            'digraph services {',
            '  rankdir=LR;',
            '  node [shape=box, fontname="sans-serif"];',
            '  "/cms" [label="/cms\\nz4m \\"cms\\""];',
            '  "/lb" [label="/lb\\nipvs"];',
            '  "/retail" [label="/retail"];',
            '  "/databases/main" [style=dashed];',
            '  "/cms" -> "/databases/main";',
            '  "/lb" -> "/cms";',
            '  "/lb" -> "/retail";',
            '}'])

    def test_counts(self):
        """With counts, services without providers are red."""
        lines = list(graphvis.graph_lines(
            parse_tree(TREE), {'/cms': 1, '/lb': 2}))
        self.assertEqual([line.partition('[')[2] for line in lines[3:6]], [
            'label="/cms\\nz4m \\"cms\\"\\n1 provider"];',
            'label="/lb\\nipvs\\n2 providers"];',
            'label="/retail\\n0 providers", color=red];'])

    def test_odd_names(self):
        """Names cannot break out of their quotes."""
        tree = parse_tree('/\'a"b\\\\\'\n  /providers\n')
        self.assertEqual(
            list(graphvis.graph_lines(tree))[3],
            r'  "/a\"b\\\\" [label="/a\"b\\\\"];')

    def test_names_that_look_alike(self):
        """Different names are drawn differently, nothing is dropped."""
        names = ['payment', 'pay\u202ement', 'pay\\u202ement',
                 'pay\\\\u202ement', 'pay\u200bment', 'pay&#8238;ment',
                 'pay\xadment']
        nodes = {name: Node(providers=Node()) for name in names}
        lines = list(graphvis.graph_lines(Node(**nodes)))
        drawn = [line for line in lines if 'label' in line]
        self.assertEqual(len(names), len(set(drawn)))
        self.assertTrue(''.join(lines).isprintable())
        self.assertIn(
            r'  "/pay\\u202ement" [label="/pay\\u202ement"];', drawn)
        self.assertIn(
            '  "/pay&amp;#8238;ment" [label="/pay&amp;#8238;ment"];', drawn)

    def test_comments(self):
        """Comments come first, and stay on their lines."""
        self.assertEqual(
            '  // /a\\n}: 1 byte',
            list(graphvis.graph_lines(Node(), {}, ['/a\n}: 1 byte']))[1])
