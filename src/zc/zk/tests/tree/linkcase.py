"""What the tests of links share: a tree in a dictionary."""
import json
import unittest

from zc.zk._tree.links import resolve


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
