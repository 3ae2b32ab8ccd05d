"""Tests of _plan: from what is wanted and what was found, to steps."""
from __future__ import annotations

import textwrap
import unittest

from hypothesis import given
from hypothesis import strategies as st
from kazoo.protocol.states import ZnodeStat

from zc.zk._tree import notes as _notes
from zc.zk._tree import plan as _plan
from zc.zk._tree import steps as _steps
from zc.zk._tree.model import Node
from zc.zk._tree.parser import parse_tree
from zc.zk._tree.values import decode
from zc.zk._tree.values import encode
from zc.zk._tree.writer import tree_lines
from zc.zk.errors import DataError
from zc.zk.errors import ImportFailed
from zc.zk.errors import PathError
from zc.zk.errors import ValueNotStorable
from zc.zk.tests import trees


def stat(children=0, version=0, owner=0, czxid=1):
    return ZnodeStat(czxid, 0, 0, 0, version, 0, 0, owner, 0, children, 0)


class Tree:
    """A live tree that steps can be applied to: data by path."""

    def __init__(self, tree, base='/'):
        self.data = {path: encode(node.properties, path)
                     for path, node in tree.walk(base) if path != base}
        self.base = base
        self.owners = {}

    def names(self, path):
        prefix = path.rstrip('/') + '/'
        return sorted(other[len(prefix):] for other in self.data
                      if other.startswith(prefix)
                      and '/' not in other[len(prefix):])

    def found(self, path):
        if path not in self.data:
            return None
        return self.data[path], stat(
            len(self.names(path)), owner=self.owners.get(path, 0))

    def branches(self, paths):
        found = {}
        todo = list(paths)
        while todo:
            path = todo.pop()
            names = self.names(path)
            found[path] = (self.found(path)[1], names)
            todo += [f'{path}/{name}' for name in names]
        return found

    def plan(self, tree, trim, deletable=None):
        wanted = _plan.flatten(tree, self.base)
        found = [self.found(want.path) for want in wanted]
        extras = {
            index: [f'{want.path}/{name}' for name in self.names(want.path)
                    if name not in want.node.children]
            for index, want in enumerate(wanted)}
        return _plan.plan_import(
            wanted, found, extras,
            self.branches(sum(extras.values(), [])), trim, deletable)

    def apply(self, steps):
        """Apply steps, as strict as ZooKeeper: parents first, and so on."""
        for step in steps:
            if isinstance(step, _steps.Add):
                assert step.path not in self.data
                parent = step.path.rpartition('/')[0]
                assert parent in self.data or parent == self.base.rstrip('/')
                self.data[step.path] = step.data
            elif isinstance(step, _steps.Change):
                assert self.data[step.path] != step.data
                self.data[step.path] = step.data
        for step in steps:
            if isinstance(step, _steps.Remove):
                assert not self.names(step.path)
                del self.data[step.path]


def parse(text):
    return parse_tree(textwrap.dedent(text))


CURRENT = parse('''
    /a : t
      b = 2
      x = 1
      ad -> /y
      ae -> /x
      /c1
        /c12
      /c2
        /d
          /e
    /other
''')
WANTED = parse('''
    /a
      x = 2
      ae -> /z
      threads => /y n
      /c1
        /c12
          a = 'one'
          b -> /b
          /c123
            /c1234
    /new
      /deep
''')


class LineTests(unittest.TestCase):

    def lines(self, trim, current=CURRENT, wanted=WANTED):
        return list(_notes.lines(Tree(current).plan(wanted, trim)))

    def test_each_line(self):
        """Each kind of change has its line, in the order of zc.zk 2.1."""
        changes = [
            '/a remove link ad -> /y',
            '/a ae link change from /x to /z',
            '/a remove property b = 2',
            '/a remove property type = t',
            '/a x change from 1 to 2',
            '/a add property threads => = /y n',
        ]
        below = [
            '/a/c1/c12 add property a = one',
            '/a/c1/c12 add link b -> /b',
            'add /a/c1/c12/c123',
            'add /new',
        ]
        self.assertEqual(self.lines(None), [
            *changes, 'extra path not trimmed: /a/c2', *below])
        self.assertEqual(self.lines(False), [*changes, *below])
        self.assertEqual(self.lines(True), [
            *changes, 'would delete /a/c2/d/e.', 'would delete /a/c2/d.',
            'would delete /a/c2.', *below])

    def test_nothing_to_do(self):
        """A tree that is there already gives no lines."""
        self.assertEqual(self.lines(True, CURRENT, CURRENT), [])

    def test_top_nodes_stay(self):
        """Top-level nodes are neither trimmed nor named."""
        self.assertEqual(self.lines(True, wanted=Node()), [])
        self.assertEqual(self.lines(None, wanted=Node()), [])

    def test_kinds_of_numbers(self):
        """A change from 1 to True or to 1.0 is one, of tuple to list none.
        """
        def change(old, new):
            return self.lines(
                None, Node(a=Node('', {'x': old, 'y': 0})),
                Node(a=Node('', {'y': 0, 'x': new})))
        self.assertEqual(change(1, True), ['/a x change from 1 to True'])
        self.assertEqual(change([1], [1.0]),
                         ['/a x change from [1] to [1.0]'])
        self.assertEqual(change([1], (1,)), [])
        self.assertEqual(change({'a': 1, 'b': 2}, {'b': 2, 'a': 1}), [])


class EphemeralTests(unittest.TestCase):

    def setUp(self):
        self.tree = Tree(CURRENT)
        self.tree.owners['/a/c2/d/e'] = 1

    def test_not_trimmed(self):
        """An ephemeral node stays, and so do the nodes above it."""
        self.tree.data['/a/c2/d/f'] = b''
        steps = self.tree.plan(parse('/a\n  /c1\n    /c12'), True)
        self.assertEqual(list(_notes.lines(steps))[5:], [
            "wouldn't delete /a/c2/d/e because it's ephemeral.",
            'would delete /a/c2/d/f.',
            '/a/c2/d not deleted due to ephemeral descendent.',
            '/a/c2 not deleted due to ephemeral descendent.'])
        self.assertEqual(list(_notes.notes(steps)), [
            "Not deleting /a/c2/d/e because it's ephemeral.",
            '/a/c2/d not deleted due to ephemeral descendent.',
            '/a/c2 not deleted due to ephemeral descendent.'])
        self.tree.apply(steps)
        self.assertNotIn('/a/c2/d/f', self.tree.data)

    def test_extra_itself(self):
        """Nothing is said of an ephemeral node that is itself the extra."""
        tree = parse('''
            /a : t
              b = 2
              x = 1
              ad -> /y
              ae -> /x
              /c1
                /c12
              /c2
                /d
        ''')
        self.assertEqual(list(_notes.lines(self.tree.plan(tree, True))), [])
        self.assertEqual(list(_notes.lines(self.tree.plan(tree, None))),
                         ['extra path not trimmed: /a/c2/d/e'])

    def test_not_overwritten(self):
        """The data of an ephemeral node are left, and that is said."""
        steps = self.tree.plan(
            parse('/a\n  /c2\n    /d\n      /e\n        x = 1'), False)
        self.assertEqual(list(_notes.lines(steps))[-1],
                         "wouldn't change /a/c2/d/e because it's ephemeral.")
        self.assertEqual(list(_notes.notes(steps)),
                         ["Not changing /a/c2/d/e because it's ephemeral."])

    def test_no_children(self):
        """Nodes wanted below an ephemeral node are an error."""
        with self.assertRaises(ImportFailed) as caught:
            self.tree.plan(
                parse('/a\n  /c2\n    /d\n      /e\n        /f'), False)
        self.assertEqual(caught.exception.path, '/a/c2/d/e')


class DeleteTests(unittest.TestCase):

    def lines(self, path='/a', force=False, ignore=False, deletable=None,
              owners=()):
        tree = Tree(CURRENT)
        tree.owners = dict.fromkeys(owners, 1)
        return list(_notes.lines(_plan.plan_delete(
            path, tree.branches([path]), force, ignore, deletable)))

    def test_children_first(self):
        """Nodes are deleted before the nodes above them, by name."""
        self.assertEqual(self.lines(), [
            'would delete /a/c1/c12.', 'would delete /a/c1.',
            'would delete /a/c2/d/e.', 'would delete /a/c2/d.',
            'would delete /a/c2.', 'would delete /a.'])

    def test_force(self):
        """With force, ephemeral nodes are deleted like others."""
        self.assertEqual(
            self.lines('/a/c2', True, owners=['/a/c2/d/e']),
            ['would delete /a/c2/d/e.', 'would delete /a/c2/d.',
             'would delete /a/c2.'])

    def test_ephemeral(self):
        """Without, they stay; of the top one it need not be said."""
        self.assertEqual(
            self.lines('/a/c2/d/e', owners=['/a/c2/d/e']),
            ["wouldn't delete /a/c2/d/e because it's ephemeral."])
        self.assertEqual(
            self.lines('/a/c2/d/e', ignore=True, owners=['/a/c2/d/e']), [])
        self.assertEqual(
            self.lines('/a/c2/d', ignore=True, owners=['/a/c2/d/e']),
            ["wouldn't delete /a/c2/d/e because it's ephemeral.",
             '/a/c2/d not deleted due to ephemeral descendent.'])

    def test_only_what_was_shown(self):
        """What an earlier plan did not have stays, with what is above."""
        tree = Tree(CURRENT)
        shown = _steps.removed(_plan.plan_delete(
            '/a', tree.branches(['/a']), False, False))
        tree.data['/a/c2/new'] = b''
        steps = _plan.plan_delete(
            '/a', tree.branches(['/a']), False, False, shown)
        because = ('not deleted because it is new or changed, or has such a '
                   'node below it.')
        self.assertEqual(list(_notes.notes(steps)), [
            f'/a/c2/new {because}', f'/a/c2 {because}', f'/a {because}'])
        self.assertEqual(
            [step.path for step in steps if isinstance(step, _steps.Remove)],
            ['/a/c1/c12', '/a/c1', '/a/c2/d/e', '/a/c2/d'])

    def test_made_anew(self):
        """A node that was deleted and made anew is another node."""
        self.assertEqual(
            self.lines('/a/c2/d/e', deletable={'/a/c2/d/e': (7, 0)}),
            ['/a/c2/d/e not deleted because it is new or changed, or has '
             'such a node below it.'])

    def test_gone(self):
        """Nothing is left to do for a node that is gone."""
        self.assertEqual(
            _plan.plan_delete('/x', {}, False, False), [])


class PlanTests(unittest.TestCase):

    def test_names(self):
        """A tree made by a program may hold names that are none."""
        for name in ['', '.', '..', 'a/b', 'a\n']:
            tree = Node()
            tree.children[name] = Node(name)
            with self.subTest(name), self.assertRaises(PathError):
                _plan.flatten(tree, '/')

    def test_values(self):
        """A property that JSON cannot hold is named with its path."""
        wanted = _plan.flatten(Node(a=Node('', {'x': {1}})), '/b')
        with self.assertRaises(ValueNotStorable) as caught:
            _plan.plan_import(wanted, [None], {}, {}, None)
        self.assertEqual(
            (caught.exception.path, caught.exception.name), ('/b/a', 'x'))

    def test_binary_data(self):
        """Data that are not UTF-8 are not replaced."""
        tree = Tree(CURRENT)
        tree.data['/a'] = b'\xff'
        with self.assertRaises(DataError) as caught:
            tree.plan(WANTED, None)
        self.assertEqual(caught.exception.path, '/a')

    def test_other_spellings(self):
        """Data are left that say the same in other bytes."""
        tree = Tree(Node(a=Node(), b=Node(), c=Node()))
        tree.data.update({
            '/a': b' { "x": 1,\n "y": "\\u00e9"}', '/b': b'',
            '/c': b'{"string_value": "s"}'})
        self.assertEqual(tree.plan(
            parse('/a\n  y = "é"\n  x = 1\n/b\n/c\n  string_value = "s"'),
            True), [])

    def test_below_a_path(self):
        """Paths are those of the nodes, below the path of the import."""
        tree = Tree(Node(a=Node()), '/x/y')
        steps = tree.plan(parse('/a\n  /b\n/c'), None)
        self.assertEqual(list(_notes.lines(steps)),
                         ['add /x/y/a/b', 'add /x/y/c'])

    def test_deep(self):
        """A tree deeper than Python's stack can be planned."""
        tree = node = Node()
        for _ in range(3000):
            child = Node('x')
            node.children['x'] = child
            node = child
        self.assertEqual(len(_plan.flatten(tree, '/')), 3000)

    @trees.few
    @given(trees.trees, trees.trees)
    def test_plan_makes_current_wanted(self, current, wanted):
        """A plan with trim, applied, gives the wanted tree."""
        live = Tree(current)
        live.apply(live.plan(wanted, True))
        for name in current.children.keys() - wanted.children.keys():
            wanted.children[name] = current.children[name]
        self.assertEqual(
            {path: decode(data) for path, data in live.data.items()},
            {path: decode(encode(node.properties))
             for path, node in wanted.walk() if path != '/'})

    @trees.few
    @given(trees.trees, trees.trees)
    def test_nothing_is_lost_without_trim(self, current, wanted):
        """A plan without trim deletes nothing and adds what is wanted."""
        live = Tree(current)
        before = dict(live.data)
        live.apply(live.plan(wanted, None))
        after = {path: decode(encode(node.properties))
                 for path, node in wanted.walk() if path != '/'}
        for path, data in before.items():
            after.setdefault(path, decode(data))
        self.assertEqual(
            {path: decode(data) for path, data in live.data.items()}, after)

    @trees.few
    @given(trees.trees, st.sampled_from([True, False, None]))
    def test_plan_of_the_same_is_empty(self, tree, trim):
        """There is nothing to do for what is there already."""
        self.assertEqual(Tree(tree).plan(tree, trim), [])
        again = parse_tree('\n'.join(tree_lines(tree)))
        self.assertEqual(Tree(tree).plan(again, trim), [])



class Interrupted(unittest.TestCase):

    def test_text(self):
        """It says what is known to be done, in the right number."""
        for count, text in [
                (0, 'interrupted: perhaps some nodes were deleted'),
                (1, 'interrupted: 1 node was deleted, perhaps more'),
                (2, 'interrupted: 2 nodes were deleted, perhaps more')]:
            self.assertEqual(text, _notes.interrupted(count, 'deleted'))
