import operator

import transaction
import ZODB.POSException

from zc.async_ import testing
from zc.async_.interfaces import PENDING
from zc.async_.job import Job
from zc.async_.tests import base
from zc.async_.tests import sample


def add_after_go(counter, test):
    counter.add()
    base.wait_for_go(test)


def commit_after_go(counter, test):
    base.wait_for_go(test)
    counter.add()
    transaction.commit()
    return 'committed'


class Fence(base.DispatcherCase):

    def setUp(self):
        super().setUp()
        self.counter = self.root['counter'] = sample.Counter()
        transaction.commit()

    def displaced(self, call):
        """Take a running job from its dispatcher, then let it go on."""
        self.logs()
        dispatcher = self.start(poll_interval=600, look_interval=600)
        job = self.put(Job(call, self.counter, id(self)))
        testing.wait_for_start(job)
        pool = dispatcher.queues['']['main']
        [claim] = self.wait(pool.running)
        self.agents(dispatcher).deactivate()
        # It waits for nobody's quota, so that nobody takes it.
        self.queue.quotas.create('nobody', 0)
        job.quota_names = ['nobody']
        transaction.commit()
        self.assertEqual(PENDING, job.status)
        self.go.set()
        self.wait(lambda: claim.info['reassigned'])
        return job

    def test_result(self):
        """A dispatcher that was taken for dead commits no result."""
        job = self.displaced(add_after_go)
        self.assertEqual(PENDING, job.status)
        self.assertEqual(0, self.counter.value)

    def test_own_commit(self):
        """Nor does a job that commits by itself."""
        job = self.displaced(commit_after_go)
        self.assertEqual(PENDING, job.status)
        self.assertEqual(0, self.counter.value)

    def test_read_current(self):
        """A commit fails if the activation ends while it is prepared."""
        dispatcher = self.start()
        self.result(self.put(Job(operator.mul, 2, 3)))
        self.stop(dispatcher)
        transaction.begin()
        agents = self.agents(dispatcher)
        agents.activate()
        transaction.commit()
        manager = transaction.TransactionManager()
        other = self.db.open(manager)
        self.addCleanup(other.close)
        fence = other.get(agents.fence._p_oid)
        fence._p_activate()
        other.readCurrent(fence)
        other.root()['counter'].add()
        agents.deactivate()
        transaction.commit()
        with self.assertRaises(ZODB.POSException.ReadConflictError):
            manager.commit()
        manager.abort()

    def test_numbers(self):
        """Each activation has a number that no other one had."""
        agents = self.queue.dispatchers.register(base.uuid.uuid4())
        numbers = []
        for _ in range(3):
            agents.activate()
            numbers.append(agents.fence.number)
            agents.deactivate()
            self.assertEqual(0, agents.fence.number)
        self.assertEqual([1, 2, 3], numbers)
