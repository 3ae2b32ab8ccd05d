import json
import random
import tracemalloc
import unittest

from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

from zc.zk._discovery.balancer import Balancer
from zc.zk._discovery.provider import ProviderState
from zc.zk._discovery.roster import Roster
from zc.zk._discovery.rules import Rules
from zc.zk.errors import NoProviders
from zc.zk.tests.discovery.case import ChoiceCase


PLAIN = b'{"pid": 1}'
LEAVING = b'{"pid": 1, "leaving": true}'


class RosterCase(unittest.TestCase):

    def setUp(self):
        self.now = 1000.0
        rules = Rules()
        self.balancer = Balancer(
            '/a', rules, lambda: self.now, random.Random(2026).random)
        self.roster = Roster('/a', rules, self.balancer)

    def take(self, names, left=(), overrides=None, data=PLAIN):
        """Have these be registered."""
        self.roster.take(
            dict.fromkeys(names, data), overrides, left, self.now)

    def shown(self):
        """Return the states by the names."""
        return {name: str(provider.state)
                for name, provider in self.roster.providers.items()}


class Vanishing(RosterCase):

    def test_few(self):
        """Few that vanish are gone."""
        self.take('abcd')
        self.take('abc')
        self.assertEqual(dict.fromkeys('abc', 'ready'), self.shown())

    def test_mass(self):
        """Of a mass that vanishes without a word, all are stale, also
        those that went some time before the others.
        """
        self.take('abcd')
        self.take('bcd')
        self.now += 20
        with self.assertLogs('zc.zk', 'WARNING'):
            self.take('d')
        self.assertEqual(
            {'a': 'stale', 'b': 'stale', 'c': 'stale', 'd': 'ready'},
            self.shown())

    def test_table(self):
        """What goes without a word is held when it is over half of what is
        left and it; what goes with one does not count.
        """
        for gone, left, stale in (
            ('abc', '', 'abc'), ('abcd', '', 'abcd'), ('ab', '', ''),
            ('abc', 'abc', ''), ('abcd', 'abcd', ''), ('abc', 'ab', ''),
            ('abc', 'a', 'bc'), ('abcd', 'abc', 'd'), ('a', 'a', ''),
        ):
            with self.subTest((gone, left)):
                self.setUp()
                self.take('abcd')
                self.take(set('abcd') - set(gone), left=left)
                self.assertEqual(
                    {name: 'stale' if name in stale else 'ready'
                     for name in 'abcd' if name in stale or name not in gone},
                    self.shown())

    def test_word(self):
        """A mass that leaves with a word is gone, whether the mark was
        read or only seen to come.
        """
        self.take('abcd', data=LEAVING)
        self.take('d', data=LEAVING)
        self.assertEqual({'d': 'draining'}, self.shown())
        self.take('abcd')
        self.take('d', left='abc')
        self.assertEqual({'d': 'ready'}, self.shown())

    def test_back(self):
        """What is back is not stale, and is another provider."""
        self.take('ab')
        self.take('')
        before = self.roster.providers['a']
        self.take('ab')
        self.assertEqual(dict.fromkeys('ab', 'ready'), self.shown())
        self.assertIsNot(before, self.roster.providers['a'])

    def test_expire(self):
        """After 300 s the stale ones are gone."""
        self.take('ab')
        self.take('')
        self.assertEqual(1300.0, self.roster.due)
        self.assertFalse(self.roster.expire(1299.9))
        self.assertTrue(self.roster.expire(1300.0))
        self.assertEqual({}, self.shown())
        self.assertEqual(float('inf'), self.roster.due)

    def test_drop(self):
        """One that is known to be gone is dropped, if it is stale."""
        self.take('ab')
        self.assertFalse(self.roster.drop('a'))
        self.take('')
        self.assertTrue(self.roster.drop('a'))
        self.assertEqual({'b': 'stale'}, self.shown())

    def test_other_changes(self):
        """What is stale stays so while others come, and is the same
        provider then.
        """
        self.take('ab')
        self.take('')
        before = self.roster.providers['a']
        self.take('c')
        self.assertEqual(
            {'a': 'stale', 'b': 'stale', 'c': 'ready'}, self.shown())
        self.assertIs(before, self.roster.providers['a'])


class Large(RosterCase):
    """Ten thousand servers."""

    def setUp(self):
        super().setUp()
        self.names = [f'{number:05}' for number in range(10_000)]
        self.take(self.names)
        self.changes = self.roster.follow()
        self.roster.since(self.changes)

    def peak(self, changes):
        """Return the most bytes that a change needs at a time."""
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            self.roster.change(changes, None, (), self.now)
            found = self.roster.since(self.changes)
            return tracemalloc.get_traced_memory()[1] - before, found
        finally:
            tracemalloc.stop()

    def test_change(self):
        """A change copies nothing that all servers have a part in."""
        name = self.names[5_000]
        for data, kind in ((LEAVING, 'changed'), (None, 'removed')):
            peak, found = self.peak({name: data})
            self.assertLess(peak, 50_000)
            [provider] = getattr(found, kind)
            self.assertEqual(name, provider.name)
            self.assertEqual(1, sum(map(len, found)))
        self.assertEqual(9_999, len(self.roster))
        self.assertIsNone(self.roster.get(name))

    def test_sorted(self):
        """They are shown sorted, however they came and went."""
        self.roster.change(
            {'01000': None, '00500+': PLAIN, '99999': PLAIN, '0': PLAIN,
             '05000': LEAVING, 'gone': None}, None, (), self.now)
        self.assertEqual(
            sorted({*self.names, '00500+', '99999', '0'} - {'01000'}),
            list(self.roster.providers))
        self.take(self.names[::2])
        self.assertEqual(
            self.names[::2], [name for name, provider
                              in self.roster.providers.items()
                              if provider.state == ProviderState.READY])
        self.assertEqual(
            sorted(self.roster.providers), list(self.roster.providers))


class Reading(RosterCase):

    def test_same(self):
        """A provider is the same object while its node is the same."""
        self.take('ab')
        before = self.roster.providers
        self.take('abc')
        self.assertIs(before['a'], self.roster.providers['a'])
        self.assertNotIn('c', before)

    def test_hostile(self):
        """Whatever a node holds, there is a provider."""
        nodes = {str(number): data for number, data in enumerate([
            b'', b'\xff', b'[1]', b'"a"', b'{"weight": "NaN"}',
            b'{"weight": 1e999}', b'{"weight": -1}', b'[' * 100_000,
            b'{"a":' * 5000, b'{"pid": [{}]}', b'{"zone": {}}',
            b'{"weight": NaN}', b'\x00', PermissionError()])}
        self.roster.take(nodes, None, (), self.now)
        self.assertEqual(nodes.keys(), self.roster.providers.keys())
        for name, provider in self.roster.providers.items():
            self.assertEqual(ProviderState.READY, provider.state, name)
            repr(provider)
        self.assertEqual('the node cannot be read: PermissionError',
                         self.roster.providers['13'].error)

    def test_overrides(self):
        """Overrides count instead of what the nodes hold, from their
        coming to their going.
        """
        self.take('ab')
        self.take('ab', overrides=json.dumps([{'name': 'a', 'weight': 0}]))
        self.assertEqual({'a': 'draining', 'b': 'ready'}, self.shown())
        self.take('b', overrides=self.roster.overrides)
        self.take('ab', overrides=self.roster.overrides)
        self.assertEqual({'a': 'draining', 'b': 'ready'}, self.shown())
        self.take('ab')
        self.assertEqual(dict.fromkeys('ab', 'ready'), self.shown())

    def test_bad_overrides(self):
        """Overrides without sense are said, and change nothing."""
        with self.assertLogs('zc.zk', 'WARNING') as logs:
            self.take('a', overrides='[1]')
        self.assertIn('item 1: it is no object', logs.output[0])
        self.assertEqual({'a': 'ready'}, self.shown())


NAMES = 'abcd'
CHANGES = strategies.one_of(
    strategies.tuples(
        strategies.just('take'),
        strategies.dictionaries(
            strategies.sampled_from(NAMES),
            strategies.sampled_from([b'{}', b'{"weight":0}', b'\xff',
                                     b'{"leaving":true}'])),
        strategies.sets(strategies.sampled_from(NAMES)),
        strategies.sampled_from([None, 'a', 'b'])),
    strategies.tuples(
        strategies.sampled_from(['refused', 'drop']),
        strategies.sampled_from(NAMES)),
    strategies.tuples(
        strategies.just('wait'), strategies.integers(1, 200)),
)


class Promise(unittest.TestCase):

    # The machine may be busy.
    @settings(deadline=None,
              suppress_health_check=[HealthCheck.too_slow])
    @given(strategies.lists(CHANGES, max_size=20),
           strategies.sets(strategies.sampled_from(NAMES)))
    def test_promise(self, changes, exclude):
        """Whatever came and went: all that are registered are shown, what is
        shown beside them is stale or draining, and `choose` gives one that
        is shown, not draining and not excluded, where there is any.
        """
        case = ChoiceCase()
        case.setUp()
        balancer = case.balancer()
        roster = Roster('/a', Rules(), balancer)
        registered = {}
        for what, *args in changes:
            if what == 'take':
                registered, left, drained = args
                rules = [{'name': drained, 'weight': 0}] if drained else None
                roster.take(registered, rules and json.dumps(rules), left,
                            case.now)
            elif what == 'wait':
                case.now += args[0]
                roster.expire(case.now)
            elif what == 'drop':
                roster.drop(args[0])
            elif balancer.get(args[0]) is not None:
                case.fail(balancer, args[0])
            shown = roster.providers
            self.assertLessEqual(set(registered), set(shown))
            self.assertLessEqual(
                {str(shown[name].state)
                 for name in shown.keys() - set(registered)},
                {'stale', 'draining'})
            fit = {name for name, provider in shown.items()
                   if provider.state != 'draining' and name not in exclude}
            for _ in range(3):
                if fit:
                    member = balancer.choose(None, exclude)
                    self.assertIn(member.entry.name, fit)
                else:
                    with self.assertRaises(NoProviders):
                        balancer.choose(None, exclude)
