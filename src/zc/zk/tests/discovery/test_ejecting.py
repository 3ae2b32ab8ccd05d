"""What failures do to a choice."""


from zc.zk._discovery.rules import Rules
from zc.zk.tests.discovery.case import ChoiceCase
from zc.zk.tests.discovery.case import entry


NO_JITTER = Rules(jitter=0.0)


class Ejecting(ChoiceCase):

    def setUp(self):
        super().setUp()
        self.ten = self.balancer(*'abcdefghij', rules=NO_JITTER)

    def test_ejected(self):
        """Five failures in a row eject a server."""
        self.fail(self.ten, 'a', 4)
        self.assertIn('a', self.names(self.ten))
        self.fail(self.ten, 'a', 1)
        self.assertNotIn('a', self.names(self.ten))
        self.assertEqual(1, self.ten.counts()['ejected'])

    def test_trial(self):
        """After 30 s it gets one request, and is back if that succeeds."""
        self.fail(self.ten, 'a')
        self.now += 29.9
        self.assertNotIn('a', self.names(self.ten))
        self.now += 0.1
        counts = self.names(self.ten)
        self.assertEqual(1, counts['a'])
        self.ten.ok(self.ten.get('a'), None)
        self.assertGreater(self.names(self.ten)['a'], 1)

    def test_trial_fails(self):
        """If the trial fails, it stays away for twice as long."""
        self.fail(self.ten, 'a')
        self.now += 30.0
        self.assertEqual(1, self.names(self.ten)['a'])
        self.fail(self.ten, 'a', 1)
        self.now += 59.9
        self.assertNotIn('a', self.names(self.ten))
        self.now += 0.2
        self.assertEqual(1, self.names(self.ten)['a'])

    def test_trial_without_report(self):
        """If nothing is heard of a trial, another one follows."""
        self.fail(self.ten, 'a')
        for _ in range(3):
            self.now += 30.0
            self.assertEqual(1, self.names(self.ten)['a'])

    def test_late_reports(self):
        """Reports of older requests neither lengthen nor end an ejection.
        """
        self.fail(self.ten, 'a')
        self.now += 1.0
        self.fail(self.ten, 'a')
        self.ten.ok(self.ten.get('a'), 0.1)
        self.assertNotIn('a', self.names(self.ten))
        self.now += 29.0
        self.assertEqual(1, self.names(self.ten)['a'])

    def test_excluded_trial(self):
        """A trial waits if its server is excluded."""
        self.fail(self.ten, 'a')
        self.now += 30.0
        self.assertNotIn('a', self.names(self.ten, exclude=['a']))
        self.assertEqual(1, self.names(self.ten)['a'])

    def test_half(self):
        """At most half are ejected for refused connections."""
        for name in 'abcdefghij':
            self.fail(self.ten, name)
        self.assertEqual(5, self.ten.counts()['ejected'])

    def test_tenth(self):
        """At most a tenth is ejected for other errors."""
        for name in 'abc':
            self.fail(self.ten, name, refused=False)
        self.assertEqual(1, self.ten.counts()['ejected'])

    def test_one_of_one(self):
        """The only server is not ejected."""
        balancer = self.balancer('a')
        self.fail(balancer, 'a', 50)
        self.assertEqual({'a'}, set(self.names(balancer)))

    def test_too_few_healthy(self):
        """When under half are healthy, ejections are ignored."""
        for name in 'abcde':
            self.fail(self.ten, name)
        self.assertEqual(set('fghij'), set(self.names(self.ten)))
        self.ten.update([], gone='f')
        self.assertEqual(set('abcdeghij'), set(self.names(self.ten)))
        self.ten.update([entry('f')])
        self.assertEqual(set('fghij'), set(self.names(self.ten)))

    def test_gone(self):
        """An ejected server that goes is not tried again."""
        self.fail(self.ten, 'a')
        self.ten.update([], gone='a')
        self.now += 30.0
        self.assertNotIn('a', self.names(self.ten))
        self.assertEqual(0, self.ten.counts()['ejected'])

    def test_gone_member(self):
        """Reports of a server that is gone are harmless."""
        member = self.ten.get('a')
        self.ten.update([], gone='a')
        for _ in range(9):
            self.ten.failed(member, True)
        self.ten.ok(member, 0.1)
        self.assertEqual(0, self.ten.counts()['ejected'])

    def test_off(self):
        """An ejection of 0 seconds ejects nobody."""
        balancer = self.balancer(*'abc', rules=Rules(eject=0.0))
        self.fail(balancer, 'a', 50)
        self.assertIn('a', self.names(balancer))

    def test_key(self):
        """A key leads elsewhere while its server is ejected."""
        [name] = self.names(self.ten, 1, key='k')
        self.fail(self.ten, name)
        [other] = self.names(self.ten, 5, key='k')
        self.assertNotEqual(name, other)

    def test_last_resort(self):
        """An ejected server is better than none."""
        balancer = self.balancer(*'ab')
        self.fail(balancer, 'a')
        self.assertEqual({'a'}, set(self.names(balancer, exclude='b')))


class Stale(ChoiceCase):

    def test_last(self):
        """What is stale is chosen when there is nothing else."""
        balancer = self.balancer(*'ab')
        balancer.update([], stale='a')
        self.assertEqual({'b'}, set(self.names(balancer)))
        self.assertEqual({'a'}, set(self.names(balancer, exclude='b')))

    def test_refused(self):
        """The first refused connection says that it is gone."""
        balancer = self.balancer(*'ab')
        balancer.update([], stale='ab')
        balancer.failed(balancer.get('a'), False)
        self.assertEqual([], self.dropped)
        balancer.failed(balancer.get('a'), True)
        self.assertEqual(['a'], self.dropped)

    def test_back(self):
        """One that registers again is as before."""
        balancer = self.balancer('a')
        balancer.update([], stale='a')
        self.assertEqual(1, balancer.counts()['stale'])
        balancer.update([entry('a')])
        self.assertEqual(
            {'ready': 1, 'draining': 0, 'ejected': 0, 'stale': 0},
            balancer.counts())

    def test_draining(self):
        """One that was draining stays so."""
        balancer = self.balancer(entry('a', weight=0))
        balancer.update([], stale='a')
        self.nobody(balancer, 'all that are registered (1) are draining')
