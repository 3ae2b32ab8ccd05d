import threading
import unittest

from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

from zc.zk._discovery.balancer import Balancer
from zc.zk._discovery.rules import Rules
from zc.zk._discovery.ways import RANDOM
from zc.zk._discovery.ways import ROUND_ROBIN
from zc.zk._discovery.ways import WAYS
from zc.zk.errors import NoProviders
from zc.zk.tests.discovery.case import ChoiceCase
from zc.zk.tests.discovery.case import entry


class Choosing(ChoiceCase):

    def test_nobody(self):
        """Without servers nobody is chosen, and the error says why."""
        for way in WAYS:
            self.nobody(self.balancer(way=way), 'none is registered')

    def test_unknown(self):
        """Before it is told of any servers, the error says so."""
        balancer = Balancer('/a', Rules(), lambda: 0.0, lambda: 0.5)
        self.nobody(balancer, 'ZooKeeper has not answered yet')
        balancer.update([])
        self.nobody(balancer, 'none is registered')

    def test_spread(self):
        """As long as nothing is known, all are chosen alike."""
        for way in WAYS:
            with self.subTest(way):
                counts = self.names(self.balancer(*'abcd', way=way), 2000)
                for name in 'abcd':
                    self.assertAlmostEqual(500, counts[name], delta=100)

    def test_slow(self):
        """A slow server gets few requests."""
        balancer = self.balancer(*'abcd')
        for name in 'abcd':
            balancer.ok(balancer.get(name), 1.0 if name == 'a' else 0.1)
        self.assertNotIn('a', self.names(balancer))

    def test_busy(self):
        """Requests that are out count against a server."""
        balancer = self.balancer(*'ab')
        for name in 'ab':
            balancer.ok(balancer.get(name), 0.1)
        counts = {'a': 0, 'b': 0}
        for _ in range(100):
            counts[balancer.choose(begin=True).entry.name] += 1
        self.assertEqual({'a': 50, 'b': 50}, counts)

    def test_ended(self):
        """An end, a success and a failure each take one request off."""
        balancer = self.balancer('a')
        member = balancer.get('a')
        for end in (lambda: balancer.ok(member, 0.1, end=True),
                    lambda: balancer.failed(member, False, end=True),
                    lambda: balancer.end(member)):
            self.assertIs(member, balancer.choose(begin=True))
            self.assertEqual(1, len(member.requests))
            end()
            self.assertEqual(0, len(member.requests))

    def test_round_robin(self):
        """Round robin gives each server its turn, from any of them on."""
        firsts = set()
        for _ in range(50):
            balancer = self.balancer(*'abcd', way=ROUND_ROBIN)
            turns = [balancer.choose().entry.name for _ in range(8)]
            self.assertEqual(set('abcd'), set(turns[:4]))
            self.assertEqual(turns[:4], turns[4:])
            firsts.add(turns[0])
        self.assertEqual(set('abcd'), firsts)

    def test_weights(self):
        """Every way gives servers shares by their weights."""
        for way in WAYS:
            with self.subTest(way):
                balancer = self.balancer(
                    entry('a'), entry('b', weight=3), way=way)
                counts = {'a': 0, 'b': 0}
                for _ in range(4000):
                    member = balancer.choose(begin=True)
                    counts[member.entry.name] += 1
                    # As many are out as a service at work has.
                    if sum(counts.values()) > 40:
                        balancer.ok(member, 0.1, end=True)
                self.assertAlmostEqual(1000, counts['a'], delta=150)

    def test_key(self):
        """A key leads to one server, and to another only if that goes."""
        balancer = self.balancer(*'abcdefgh')
        for key in map(str, range(50)):
            [name] = self.names(balancer, 5, key=key)
            rest = self.balancer(*(set('abcdefgh') - {'a'}))
            [other] = self.names(rest, 1, key=key)
            if name != 'a':
                self.assertEqual(name, other)

    def test_exclude(self):
        """An excluded server is not chosen, by key neither."""
        for way in WAYS:
            balancer = self.balancer(*'ab', way=way)
            self.assertEqual({'b'}, set(self.names(balancer, exclude='a')))
            self.nobody(balancer, 'all are excluded', exclude='ab')
            self.assertEqual(
                {'b'}, set(self.names(balancer, key='k', exclude='a')))

    def test_draining(self):
        """A server whose weight is 0 is not chosen, not as the last one."""
        balancer = self.balancer(entry('a', weight=0), 'b')
        self.assertEqual({'b'}, set(self.names(balancer)))
        self.nobody(balancer, 'all are draining (1) or excluded',
                    exclude='b')
        balancer.update([], gone=['b'])
        self.nobody(balancer, 'all that are registered (1) are draining')

    def test_same_process(self):
        """New properties of one process keep what is known of it."""
        balancer = self.balancer(entry('a', pid=1), 'b')
        self.fail(balancer, 'a')
        balancer.update([entry('a', pid=1, version='2')])
        self.assertEqual({'b'}, set(self.names(balancer)))
        self.assertEqual(
            '2', balancer.get('a').provider.properties['version'])

    def test_next_process(self):
        """What is known of a process says nothing of the next one."""
        balancer = self.balancer(entry('a', pid=1), 'b')
        self.fail(balancer, 'a')
        balancer.update([entry('a', pid=2)])
        self.assertEqual({'a', 'b'}, set(self.names(balancer)))

    def test_long_time(self):
        """Latencies are compared rightly, however much time has passed."""
        balancer = self.balancer(*'ab')
        for self.now in range(0, 40000, 7):
            for name in 'ab':
                balancer.ok(
                    balancer.get(name), 0.2 if name == 'a' else 0.1)
        self.assertEqual({'b'}, set(self.names(balancer)))

    def test_after_long_idleness(self):
        """A time without requests makes all servers alike again."""
        balancer = self.balancer(*'ab')
        for name in 'ab':
            balancer.ok(balancer.get(name), 0.2 if name == 'a' else 0.1)
        self.now += 1e6
        balancer.ok(balancer.get('b'), 0.1)
        self.assertIn('a', self.names(balancer))


class Zones(ChoiceCase):

    def zones(self, near, far, **options):
        return self.balancer(
            *(entry(f'near{number}', zone='x') for number in range(near)),
            *(entry(f'far{number}', zone='y') for number in range(far)),
            zone='x', **options)

    def near(self, balancer):
        """Return the share of requests that stay in the zone."""
        counts = self.names(balancer, 3000)
        return sum(count for name, count in counts.items()
                   if name.startswith('near')) / 3000

    def test_table(self):
        """They stay while 70 % of it is healthy; then they spill in
        proportion.
        """
        for near, ejected, far, share in (
            (10, 0, 1, 1.0), (10, 3, 10, 1.0), (10, 4, 10, 0.6 / 0.7),
            (10, 5, 10, 0.5 / 0.7), (10, 5, 1, 0.5 / 0.7), (4, 1, 4, 1.0),
            (4, 2, 40, 0.5 / 0.7), (2, 1, 2, 0.5 / 0.7), (3, 1, 3, 2 / 2.1),
            (1, 0, 9, 1.0), (0, 0, 3, 0.0), (3, 0, 0, 1.0),
        ):
            with self.subTest((near, ejected, far)):
                balancer = self.zones(near, far)
                for number in range(ejected):
                    self.fail(balancer, f'near{number}')
                self.assertEqual(ejected, balancer.counts()['ejected'])
                self.assertAlmostEqual(
                    share, self.near(balancer),
                    delta=0.0 if share in (0.0, 1.0) else 0.05)

    def test_stay(self):
        """Requests stay in the zone."""
        self.assertEqual(1.0, self.near(self.zones(2, 20)))

    def test_enough_healthy(self):
        """They stay while 70 % of it is healthy."""
        balancer = self.zones(10, 10)
        for number in range(3):
            self.fail(balancer, f'near{number}')
        self.assertEqual(1.0, self.near(balancer))

    def test_spill(self):
        """Under 70 %, they spill in proportion."""
        balancer = self.zones(10, 10)
        for number in range(5):
            self.fail(balancer, f'near{number}')
        self.assertAlmostEqual(0.5 / 0.7, self.near(balancer), delta=0.05)

    def test_empty(self):
        """They go elsewhere when nobody is in the zone."""
        self.assertEqual(0.0, self.near(self.zones(0, 3)))

    def test_excluded(self):
        """They go elsewhere when all of the zone is excluded."""
        balancer = self.zones(1, 1)
        self.assertEqual({'far0'}, set(self.names(
            balancer, exclude=['near0'])))

    def test_no_zone(self):
        """Without a zone of its own, a client knows no zones."""
        balancer = self.balancer(entry('a', zone='x'), entry('b', zone='y'))
        self.assertEqual({'a', 'b'}, set(self.names(balancer)))


class Subsets(ChoiceCase):

    def test_few(self):
        """A client with a subset uses that many servers."""
        names = [str(number) for number in range(100)]
        chosen = set(self.names(self.balancer(
            *names, subset=10, client='x'), 2000))
        self.assertEqual(10, len(chosen))
        others = set(self.names(self.balancer(
            *names, subset=10, client='y'), 2000))
        self.assertNotEqual(chosen, others)

    def test_gone(self):
        """One that goes is made up for by one other."""
        balancer = self.balancer(*'abcdefgh', subset=4, client='x')
        before = set(self.names(balancer))
        gone = min(before)
        balancer.update([], gone=gone)
        after = set(self.names(balancer))
        self.assertEqual(4, len(after))
        self.assertEqual(before - {gone}, before & after)

    def test_all_excluded(self):
        """When its subset will not do, it uses another server."""
        balancer = self.balancer(*'abcdef', subset=2, client='x')
        subset = set(self.names(balancer))
        others = set(self.names(balancer, exclude=subset))
        self.assertTrue(others)
        self.assertFalse(others & subset)


NAMES = 'abcdef'
ACTIONS = strategies.one_of(
    strategies.tuples(
        strategies.just('enter'), strategies.sampled_from(NAMES),
        strategies.sampled_from([0, 1, 1, 2.5]),
        strategies.sampled_from(['x', 'y', None])),
    strategies.tuples(
        strategies.sampled_from(['leave', 'stale', 'fail', 'refuse', 'ok']),
        strategies.sampled_from(NAMES)),
    strategies.tuples(
        strategies.just('wait'), strategies.integers(1, 100)),
)


class Promise(unittest.TestCase):

    # The machine may be busy.
    @settings(deadline=None,
              suppress_health_check=[HealthCheck.too_slow])
    @given(strategies.lists(ACTIONS, max_size=40),
           strategies.sampled_from(sorted(WAYS)),
           strategies.sampled_from([None, 'x']),
           strategies.sampled_from([None, 2]),
           strategies.sets(strategies.sampled_from(NAMES)),
           strategies.sampled_from([None, 'key']))
    def test_promise(self, actions, way, zone, subset, exclude, key):
        """Whatever happened, `choose` never returns one that is drained,
        excluded or absent, and always one where any is left.
        """
        case = ChoiceCase()
        case.setUp()
        balancer = case.balancer(way=way, zone=zone, subset=subset)
        there = {}
        for what, *args in actions:
            name = args[0]
            if what == 'enter':
                there[name] = args[1]
                balancer.update([entry(name, weight=args[1], zone=args[2])])
            elif what == 'wait':
                case.now += args[0]
            elif what == 'leave':
                there.pop(name, None)
                balancer.update([], gone=[name])
            elif name not in there:
                continue
            elif what == 'stale':
                balancer.update([], stale=[name])
            elif what == 'ok':
                balancer.ok(balancer.get(name), 0.1)
            else:
                case.fail(balancer, name, refused=what == 'refuse')
            left = {each for each, weight in there.items()
                    if weight and each not in exclude}
            for _ in range(3):
                if left:
                    member = balancer.choose(key, exclude)
                    self.assertIn(member.entry.name, left)
                else:
                    with self.assertRaises(NoProviders):
                        balancer.choose(key, exclude)


class Threads(ChoiceCase):

    def test_together(self):
        """Threads that choose and report while servers come and go find
        one always, and leave no request behind.
        """
        balancer = self.balancer(*'abcdefgh', way=RANDOM)
        faults = []
        stop = threading.Event()

        def use():
            while not stop.is_set():
                try:
                    member = balancer.choose(begin=True)
                except Exception as e:
                    faults.append(e)
                    return
                balancer.ok(member, 0.1, end=True)

        threads = [threading.Thread(target=use) for _ in range(4)]
        kept = [balancer.get(name) for name in 'abcdefgh']
        for thread in threads:
            thread.start()
        for _ in range(300):
            balancer.update([], gone='bcdefgh')
            balancer.update(map(entry, 'bcdefgh'))
            kept += [balancer.get(name) for name in 'bcdefgh']
        stop.set()
        for thread in threads:
            thread.join(10)
        self.assertEqual([], faults)
        self.assertEqual(0, sum(len(member.requests) for member in kept))
