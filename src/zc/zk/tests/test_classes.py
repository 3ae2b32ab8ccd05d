import ast
import unittest

from zc.zk.tests import sources


#: Lines of a module, and of a class that need not say why it is one.
MODULE = 400
CLASS = 250
#: Words of the sentence that says why a longer class is one noun.
REASON = 'One noun'
#: Words of a module that says where it runs: one of them is enough.
WHERE = 'thread', 'event loop', 'pure', 'only hands names on'


# What asyncio has under the same names, on purpose: its door is zc.zk.aio.
MIRROR = 'zc.zk._aio'
MIRRORED = {'Children', 'Live', 'Plan', 'Properties', 'Providers',
            'Registration', 'ZooKeeper'}


def classes():
    """Yield each class with its module."""
    for module in sources.modules():
        for node in ast.walk(module.tree()):
            if isinstance(node, ast.ClassDef):
                yield module, node


class Lengths(unittest.TestCase):

    def test_modules(self):
        """A module, of tests too, is short enough to be read at once."""
        lines = {module.name: len(module.path.read_text('utf-8').splitlines())
                 for module in sources.modules(tests=True)}
        self.assertEqual({}, {
            name: count for name, count in lines.items()
            if count > MODULE})

    def test_classes(self):
        """A long class says why it is one noun."""
        self.assertEqual([], [
            f'{module.name}.{node.name}' for module, node in classes()
            if node.end_lineno - node.lineno >= CLASS
            and REASON not in ' '.join(
                (ast.get_docstring(node) or '').split())])


class Openings(unittest.TestCase):

    def test_threads(self):
        """The first lines of a module say which thread runs it, if any."""
        silent = []
        for module in sources.modules():
            tree = module.tree()
            text = ' '.join((ast.get_docstring(tree) or '').lower().split())
            # An empty package, or one that only says what it is for.
            if len(tree.body) > 1 and not any(word in text for word in WHERE):
                silent.append(module.name)
        self.assertEqual([], silent)


class Names(unittest.TestCase):

    def test_once(self):
        """A name means one class in a distribution."""
        found = {}
        for module, node in classes():
            distribution = module.name.split('.')[1]
            if module.name.startswith(MIRROR) and node.name in MIRRORED:
                distribution = MIRROR
            found.setdefault((distribution, node.name), []).append(module.name)
        self.assertEqual({}, {
            name: modules for name, modules in found.items()
            if len(modules) > 1})
