import datetime
import operator
import os
import uuid

import transaction

import zc.zk
import zc.zk.testing
from zc.async_ import testing
from zc.async_ import zookeeper
from zc.async_.interfaces import DatabaseOpened
from zc.async_.job import Job
from zc.async_.tests import base
from zc.async_.tests import sample


HOSTS = 'zookeeper.example.com:2181'
NEVER = datetime.timedelta(hours=9)


class Presence(base.DispatcherCase):

    def setUp(self):
        super().setUp()
        zc.zk.testing.setUp(self, '/jobs\n')
        self.addCleanup(zc.zk.testing.tearDown, self)
        self.zk = self.session()

    def session(self):
        zk = zc.zk.ZooKeeper(HOSTS)
        self.addCleanup(zk.close)
        return zk

    def start_registered(self, zk=None, poll_interval=0.1, **data):
        """Start a dispatcher with a node, and wait until it is active."""
        zk = zk or self.session()
        name = uuid.uuid4()
        zookeeper.DispatcherInstaller(
            zk, '/jobs', data, uuid=name, poll_interval=poll_interval,
            handle_signals=False)(DatabaseOpened(self.db))
        dispatcher = base.dispatchers.get(name)
        self.addCleanup(self.stop, dispatcher)
        self.wait(lambda: name in self.queue.dispatchers
                  and self.agents(dispatcher).activated)
        return dispatcher

    def nodes(self):
        return {name: dict(self.zk.properties(f'/jobs/dispatchers/{name}'))
                for name in self.zk.children('/jobs/dispatchers')}

    def test_node(self):
        """A dispatcher is a node that says where it is."""
        dispatcher = self.start_registered(monitor='127.0.0.1:8088')
        [(name, data)] = self.nodes().items()
        self.assertTrue(name.startswith(f'{dispatcher.UUID}.'))
        self.assertEqual(os.getpid(), data['pid'])
        self.assertEqual('127.0.0.1:8088', data['monitor'])
        self.assertIn('host', data)
        self.assertEqual(dispatcher.activated.isoformat(), data['activated'])
        self.assertTrue(self.agents(dispatcher).registered)
        self.stop(dispatcher)
        self.assertEqual({}, self.nodes())

    def test_work(self):
        """It performs jobs like any other."""
        self.start_registered()
        job = self.put(Job(operator.mul, 21, 2))
        self.assertEqual(42, self.result(job))

    def test_gone(self):
        """A sibling takes over when the node is gone, without any wait for
        pings, and without a wait for the next poll."""
        self.logs()
        sibling = self.start_registered(poll_interval=600)
        agents = self.queue.dispatchers.register(uuid.UUID(int=7))
        agents.ping_death_interval = NEVER
        agents.activate('elsewhere', 1)
        agents.registered = True
        job = self.queue.put(Job(sample.note, 1))
        agents['main'].claim_started(1)
        transaction.commit()
        sibling.wake_for_poll()     # as when a node goes
        self.assertEqual((1,), self.result(job))
        self.assertIsNone(agents.activated)
        self.assertTrue(self.agents(sibling).activated)

    def test_tuning(self):
        """Sizes and intervals follow the properties of the node."""
        log = self.logs()
        dispatcher = self.start_registered()
        properties = self.zk.properties('/jobs')
        properties.set(sizes={'main': 7, 'other': 2}, poll_interval=0.5,
                       drain='long')
        self.wait(lambda: self.agents(dispatcher)['main'].size == 7)
        self.wait(lambda: dispatcher.queues['']['main'].getSize() == 7)
        self.assertEqual(0.5, dispatcher.poll_interval)
        self.assertEqual(10.0, dispatcher.drain)
        self.assertIn("At /jobs, drain = 'long' is no number",
                      log.records[-1].getMessage())
        properties.set(drain=3)
        self.wait(lambda: dispatcher.drain == 3.0)
        self.assertEqual(0.1, dispatcher.poll_interval)
        self.assertEqual(7, self.agents(dispatcher)['main'].size)

    def test_unregistered(self):
        """One that does not use ZooKeeper is judged by its pings."""
        self.start_registered()
        agents = self.queue.dispatchers.register(uuid.UUID(int=7))
        agents.activate('elsewhere', 1)
        transaction.commit()
        presence = zookeeper.Presence(self.zk, '/jobs')
        presence.present = lambda: True
        self.assertEqual(set(), presence.gone([agents]))
        agents.registered = True
        presence._missing[agents.UUID, agents.fence.number] = -10.0
        self.assertEqual({agents.UUID}, presence.gone([agents]))
        presence.present = lambda: False
        self.assertEqual(set(), presence.gone([agents]))

    def test_wake(self):
        """A put in another process wakes dispatchers."""
        woken = []
        waker = zookeeper.Waker(self.zk, '/jobs')
        self.addCleanup(waker.close)
        properties = self.session().properties('/jobs/wake')
        properties(lambda data: woken.append(dict(data)))
        self.put(sample.note)
        self.wait(lambda: {'put': 1} in woken)

    def test_no_path(self):
        """Without its node, a dispatcher claims nothing, and says why."""
        log = self.logs()
        name = uuid.uuid4()
        zookeeper.DispatcherInstaller(
            self.zk, '/nowhere', uuid=name, poll_interval=0.1,
            handle_signals=False)(DatabaseOpened(self.db))
        dispatcher = base.dispatchers.get(name)
        self.addCleanup(self.stop, dispatcher)
        self.wait(lambda: [each for each in log.records
                           if 'could not be registered' in each.getMessage()])
        self.put(sample.note)
        testing.get_poll(dispatcher)
        transaction.begin()
        self.assertEqual(1, len(self.queue))
        self.zk.import_tree('/nowhere\n')
        self.wait(lambda: not self.queue)

    def test_bad_path(self):
        """A path is checked."""
        with self.assertRaisesRegex(ValueError, "'jobs' is no path"):
            zookeeper.Waker(self.zk, 'jobs')

    def test_lost_session(self):
        """While its session is lost, a dispatcher claims nothing."""
        dispatcher = self.start_registered()
        self.assertTrue(dispatcher.may_claim())
        node = dispatcher.presence._node
        dispatcher.presence._zk.registrations[node].unregister()
        self.assertFalse(dispatcher.may_claim())
