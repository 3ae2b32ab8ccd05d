import datetime
import unittest.mock
import uuid

import transaction
import zope.component

from zc.async_ import interfaces
from zc.async_._stored import members
from zc.async_.agent import Agent
from zc.async_.interfaces import COMPLETED
from zc.async_.interfaces import PENDING
from zc.async_.tests import base
from zc.async_.tests import sample


ONE, TWO, THREE = (uuid.UUID(int=number) for number in (1, 2, 3))
SECOND = datetime.timedelta(seconds=1)


class Members(base.QueueCase):

    def setUp(self):
        super().setUp()
        members.watch_again()
        self.all = self.queue.dispatchers
        for each in ONE, TWO, THREE:
            self.all.register(each)['main'] = Agent()
        transaction.commit()
        self.clock = 1000.0
        patch = unittest.mock.patch.object(
            members.time, 'monotonic', lambda: self.clock)
        patch.start()
        self.addCleanup(patch.stop)

    def test_register(self):
        """A dispatcher is registered once, and knows where it is."""
        with self.assertRaisesRegex(ValueError, 'registered already'):
            self.all.register(ONE)
        agents = self.all[ONE]
        self.assertIs(self.queue, agents.parent)
        self.assertEqual(ONE, agents.UUID)
        with self.assertRaises(TypeError):
            self.all[ONE] = agents
        with self.assertRaises(TypeError):
            del self.all[ONE]

    def test_unregister(self):
        """One that is active is not unregistered."""
        events = []
        zope.component.provideHandler(
            events.append, [interfaces.IDispatcherUnregistered])
        agents = self.all[ONE]
        agents.activate()
        with self.assertRaisesRegex(ValueError, 'is active'):
            self.all.unregister(ONE)
        agents.deactivate()
        self.assertIs(agents, self.all.unregister(ONE))
        self.assertIsNone(agents.parent)
        self.assertIs(self.queue, events[0].parent)

    def test_events(self):
        """Activation and deactivation are told."""
        events = []
        for each in (interfaces.IDispatcherActivated,
                     interfaces.IDispatcherDeactivated):
            zope.component.provideHandler(events.append, [each])
        agents = self.all[ONE]
        agents.activate('host', 5)
        self.assertEqual(('host', 5), (agents.host, agents.pid))
        with self.assertRaisesRegex(ValueError, 'active already'):
            agents.activate()
        agents.deactivate()
        with self.assertRaisesRegex(ValueError, 'not active'):
            agents.deactivate()
        self.assertEqual([agents, agents], [each.object for each in events])

    def test_agents(self):
        """Only agents without jobs come and go."""
        agents = self.all[ONE]
        with self.assertRaisesRegex(ValueError, 'no agent'):
            agents['x'] = sample.Counter()
        agents.activate()
        self.queue.put(sample.note)
        main = agents['main']
        main.claim_started(1)
        with self.assertRaisesRegex(ValueError, 'cannot be removed'):
            del agents['main']
        with self.assertRaisesRegex(ValueError, 'cannot be removed'):
            agents['main'] = Agent()
        other = Agent()
        other._data = main._data
        with self.assertRaisesRegex(ValueError, 'cannot be added'):
            agents['y'] = other

    def silence(self, seconds, *alive):
        """Let time pass; the living ping meanwhile."""
        list(self.all.to_take_over(ONE))
        self.clock += seconds
        for each in alive:
            self.all[each].last_ping.beat()

    def test_dead(self):
        """One that does not ping is dead, by the observer's clock."""
        self.assertFalse(self.all[ONE].dead)
        for each in ONE, TWO:
            self.all[each].activate()
        self.assertFalse(self.all[TWO].dead)
        self.silence(61, ONE)
        self.assertTrue(self.all[TWO].dead)
        self.all[TWO].last_ping.beat()
        self.assertFalse(self.all[TWO].dead)

    def test_clocks(self):
        """What the clock of another machine says does not matter."""
        self.all[TWO].activate()
        self.all[TWO].last_ping.value = datetime.datetime(
            2001, 1, 1, tzinfo=datetime.timezone.utc)
        self.assertFalse(self.all[TWO].dead)

    def test_one_takes_over(self):
        """One sibling takes over, and the same for all observers."""
        for each in ONE, TWO, THREE:
            self.all[each].activate()
        self.silence(61, ONE, THREE)
        self.assertEqual([], self.all.to_take_over(ONE))
        self.assertEqual([self.all[TWO]], self.all.to_take_over(THREE))

    def test_all_dead(self):
        """The last one takes over from all."""
        for each in ONE, TWO, THREE:
            self.all[each].activate()
        self.silence(61, ONE)
        self.assertEqual({TWO, THREE}, {
            each.UUID for each in self.all.to_take_over(ONE)})

    def test_gone(self):
        """One that is known to be gone need not be silent."""
        for each in ONE, TWO:
            self.all[each].activate()
        self.assertEqual([self.all[TWO]],
                         self.all.to_take_over(ONE, [TWO, ONE]))

    def test_ping(self):
        """ping counts, and takes over."""
        for each in ONE, TWO:
            self.all[each].activate()
        job = self.queue.put(sample.note)
        self.all[TWO]['main'].claimJob()
        count = self.all[ONE].last_ping.count
        self.silence(61)
        self.all.ping(ONE)
        self.assertEqual(count + 1, self.all[ONE].last_ping.count)
        self.assertFalse(self.all[TWO].activated)
        self.assertEqual(PENDING, job.status)

    def test_ping_inactive(self):
        """One that was taken for dead is active again when it pings."""
        with self.assertLogs('zc.async.events', 'CRITICAL'):
            self.all.ping(ONE)
        self.assertTrue(self.all[ONE].activated)

    def test_completed(self):
        """A job that ended is put away by whoever takes over."""
        agents = self.all[ONE]
        agents.activate()
        job = self.queue.put(sample.note)
        agents['main'].claim_started(1)
        job.finish(1, job.active_start)
        agents.deactivate()
        self.assertEqual(COMPLETED, job.status)
        self.assertEqual([job], list(agents['main'].completed))
