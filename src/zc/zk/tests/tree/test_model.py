"""Tests of _model: nodes are equal by value, at any depth."""
from __future__ import annotations

import unittest

from zc.zk._tree.model import Node


def chain(depth: int) -> Node:
    root = node = Node()
    for _ in range(depth):
        child = Node('x')
        node.children['x'] = child
        node = child
    return root


class NodeTests(unittest.TestCase):

    def test_children_get_their_names(self):
        """A child given as a keyword gets the keyword as its name."""
        node = Node('a', {'x': 1}, b=Node(), c=Node())
        self.assertEqual(node.name, 'a')
        self.assertEqual(node.properties, {'x': 1})
        self.assertEqual(
            {name: child.name for name, child in node.children.items()},
            {'b': 'b', 'c': 'c'})

    def test_no_shared_default(self):
        """Nodes made without properties do not share any."""
        Node('a').properties['x'] = 1
        self.assertEqual(Node('a').properties, {})

    def test_equal_by_value(self):
        """Nodes of the same name, properties and children are equal."""
        def make(value=1, child='b'):
            return Node('a', {'x': value}, **{child: Node()})
        self.assertEqual(make(), make())
        self.assertNotEqual(make(), make(value=2))
        self.assertNotEqual(make(), make(child='c'))
        self.assertNotEqual(make(), Node('a', {'x': 1}))
        self.assertNotEqual(Node('a'), Node('b'))
        self.assertNotEqual(Node('a'), 'a')

    def test_not_hashable(self):
        """A node, which may change, is no key of a dictionary."""
        with self.assertRaises(TypeError):
            hash(Node())

    def test_deep(self):
        """Trees deeper than Python's stack can be compared and walked."""
        self.assertEqual(chain(20_000), chain(20_000))
        self.assertNotEqual(chain(20_000), chain(20_001))
        self.assertEqual(sum(1 for _ in chain(20_000).walk()), 20_001)

    def test_repr(self):
        """The repr shows a node without the nodes below it."""
        self.assertEqual(
            repr(Node('a', {'x': 1}, b=Node())),
            "Node('a', {'x': 1}, children: ['b'])")

    def test_walk(self):
        """A walk gives parents before their children, children by name."""
        tree = Node('', None, b=Node(), a=Node('', None, c=Node()))
        self.assertEqual([path for path, _ in tree.walk()],
                         ['/', '/a', '/a/c', '/b'])
        self.assertEqual([path for path, _ in tree.walk('/x')],
                         ['/x', '/x/a', '/x/a/c', '/x/b'])
