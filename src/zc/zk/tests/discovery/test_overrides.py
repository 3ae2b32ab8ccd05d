import unittest

from zc.zk._discovery.overrides import Overrides
from zc.zk._discovery.overrides import weighed


class Reading(unittest.TestCase):

    def test_name(self):
        """A rule with a name is for that server."""
        found = Overrides([{'name': 'a:1', 'weight': 0}])
        self.assertEqual({'weight': 0}, found.of('a:1', {}))
        self.assertEqual({}, found.of('b:1', {}))

    def test_where(self):
        """A rule with properties is for servers that have them all."""
        found = Overrides([
            {'where': {'version': '1.2', 'zone': 'x'}, 'weight': 0.1}])
        for properties, changes in (
            ({'version': '1.2', 'zone': 'x'}, {'weight': 0.1}),
            ({'version': '1.2'}, {}), ({}, {}),
            ({'version': '1.3', 'zone': 'x'}, {}),
        ):
            self.assertEqual(changes, found.of('a:1', properties))

    def test_last(self):
        """Of several rules for a server, the last one counts."""
        rules = [{'where': {}, 'weight': 1}, {'name': 'a:1', 'weight': 2}]
        self.assertEqual({'weight': 2}, Overrides(rules).of('a:1', {}))
        self.assertEqual(
            {'weight': 1}, Overrides(rules[::-1]).of('a:1', {}))

    def test_none(self):
        """Without the property nothing is changed."""
        self.assertFalse(Overrides())
        self.assertFalse(Overrides(None).faults)

    def test_faults(self):
        """What cannot be understood is left out, and said."""
        found = Overrides([
            3, {}, {'name': 3}, {'where': 3}, {'name': 'a', 'where': {}},
            {'name': 'a:1', 'weight': 0}])
        self.assertEqual({'weight': 0}, found.of('a:1', {}))
        self.assertEqual([
            'overrides, item 1: it is no object',
            'overrides, item 2: it needs either name or where',
            'overrides, item 3: name is no text',
            'overrides, item 4: where is no object',
            'overrides, item 5: it needs either name or where',
        ], found.faults)
        self.assertEqual(
            ['overrides is no list'], Overrides('x').faults)


class Writing(unittest.TestCase):

    def test_weighed(self):
        """A weight for a server takes the place of those it had."""
        others = [{'name': 'b:1'}, {'where': {}}, 'rubbish',
                  {'name': 'a:1', 'where': {}, 'weight': 1}]
        mine = [{'name': 'a:1', 'weight': 2},
                {'name': 'a:1', 'weight': 3, 'zone': 'x'}]
        kept = [*others, {'name': 'a:1', 'zone': 'x'}]
        self.assertEqual(
            [*kept, {'name': 'a:1', 'weight': 0}],
            weighed([mine[0], *others, mine[1]], 'a:1', 0))
        self.assertEqual(kept, weighed([*others, *mine], 'a:1', None))

    def test_new(self):
        """The first rule makes a list, and its end leaves an empty one."""
        rules = weighed(None, 'a:1', 0)
        self.assertEqual([{'name': 'a:1', 'weight': 0}], rules)
        self.assertEqual([], weighed(rules, 'a:1', None))
