"""Tests of branch: the copy of the tree."""
from __future__ import annotations

import json
import random
import unittest

from zc.zk._following import Happening
from zc.zk._following import NodeState
from zc.zk._web.branch import TreeCopy


def state(czxid=1, mzxid=None, data=b'', **properties):
    """Return a node that holds properties."""
    if properties:
        data = json.dumps(properties).encode('utf-8')
    return NodeState(data, 0, czxid, mzxid or czxid, 0, 0, 0)


def came(path, new=None):
    return Happening(1, 0.0, 'came', path, None, new or state())


def went(path):
    return Happening(1, 0.0, 'went', path, state(), None)


def changed(path, **properties):
    return Happening(
        1, 0.0, 'changed', path, state(), state(1, 2, **properties))


class Copies(unittest.TestCase):

    def setUp(self):
        self.branch = TreeCopy()
        self.branch.load({path: state() for path in (
            '/', '/a', '/a/b', '/a/b/c', '/a-b', '/b', '/b/x')})

    def test_names(self):
        """Children are sorted, also after one came and one went."""
        self.assertEqual(['a', 'a-b', 'b'], self.branch.names('/'))
        self.branch.apply(came('/aa'))
        self.branch.apply(went('/a-b'))
        self.assertEqual(['a', 'aa', 'b'], self.branch.names('/'))
        self.assertEqual((), self.branch.names('/none'))

    def test_branch_goes(self):
        """With a node goes what is below it."""
        self.branch.apply(went('/a'))
        self.assertEqual({'/', '/a-b', '/b', '/b/x'}, set(self.branch.nodes))

    def test_below(self):
        """Nodes come before those below them; one can go on behind any."""
        whole = list(self.branch.below('/'))
        self.assertEqual(['/', '/a', '/a/b', '/a/b/c', '/a-b', '/b', '/b/x'],
                         whole)
        for place, path in enumerate(whole):
            self.assertEqual(
                whole[place + 1:], list(self.branch.below('/', path)), path)

    def test_behind_one_that_went(self):
        """One can go on behind a node that is not there any more."""
        self.assertEqual(
            ['/a-b', '/b', '/b/x'],
            list(self.branch.below('/', '/a/b/zz')))
        self.assertEqual(
            ['/b', '/b/x'], list(self.branch.below('/', '/aa/x')))

    def test_what_changed(self):
        """The names of properties are told, not their values."""
        self.assertEqual('x', self.branch.apply(changed('/a', x=1)))
        self.assertEqual('x, y', self.branch.apply(changed('/a', x=2, y=3)))
        self.assertEqual('', self.branch.apply(changed('/a', x=2, y=3)))
        many = {f'p{number:02}': 1 for number in range(12)}
        self.assertEqual(
            'p00, p01, p02, p03, p04, p05, p06, p07, p08, p09, and 4 more',
            self.branch.apply(changed('/a', **many)))

    def test_services(self):
        """Services and links are known, and when they may have changed."""
        branch = self.branch
        before = branch.structure
        branch.apply(changed('/b', x=1))
        self.assertEqual(before, branch.structure)
        branch.apply(came('/b/providers'))
        self.assertEqual({'/b'}, branch.services)
        branch.apply(changed('/a', **{'x ->': '/b/providers'}))
        self.assertEqual({'/a'}, branch.linking)
        self.assertEqual(before + 2, branch.structure)
        branch.apply(came('/c', state(data=b'{"x -\\u003e": "/b"}')))
        self.assertEqual({'/a', '/c'}, branch.linking)
        branch.apply(changed('/a', x=1))
        branch.apply(went('/b/providers'))
        self.assertEqual((set(), {'/c'}), (branch.services, branch.linking))

    def test_unreadable(self):
        """Below a node that may not be read there may be some that may."""
        self.branch.apply(came('/hidden/x'))
        self.assertIn('hidden', self.branch.names('/'))
        self.assertIsNone(self.branch.nodes['/hidden'].state)
        self.assertEqual(b'', self.branch.nodes['/hidden'].data)

    def test_no_text(self):
        """Data that are no text give no properties."""
        self.branch.apply(came('/c', state(data=b'\xff>')))
        self.assertEqual({}, self.branch.properties('/c'))
        self.assertEqual(
            [b'\xff>', None], self.branch.lookup(['/c', '/none']))

    def test_as_if_read_anew(self):
        """After any changes it is as if it had been read then."""
        chance = random.Random(5)
        there = {'/': state()}
        branch = TreeCopy()
        branch.load(there)
        for _ in range(2000):
            path = '/' + '/'.join(
                chance.choice(('a', 'b', 'providers', 'c-d'))
                for _ in range(chance.randint(1, 3)))
            if path in there and chance.random() < 0.5:
                for each in [each for each in there if each == path
                             or each.startswith(path + '/')]:
                    del there[each]
                branch.apply(went(path))
                continue
            above = path.rpartition('/')[0] or '/'
            if above in there:
                new = state(data=chance.choice(
                    (b'', b'{"x ->": "/a"}', b'{"y": 1}')))
                branch.apply(changed(path)._replace(new=new)
                             if path in there else came(path, new))
                there[path] = new
        other = TreeCopy()
        other.load(there)
        self.assertEqual(
            {path: (held.state, list(held.names))
             for path, held in other.nodes.items()},
            {path: (held.state, list(held.names))
             for path, held in branch.nodes.items()})
        self.assertEqual((other.services, other.linking),
                         (branch.services, branch.linking))
