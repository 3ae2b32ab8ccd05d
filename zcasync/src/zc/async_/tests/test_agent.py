import logging
import uuid

import transaction
import ZODB

from zc.async_ import interfaces
from zc.async_.agent import Agent
from zc.async_.agent import _wants
from zc.async_.agent import chooseFirst
from zc.async_.job import Job
from zc.async_.tests import base
from zc.async_.tests import sample


ONE = uuid.UUID(int=1)


class Agents(base.QueueCase):

    def setUp(self):
        super().setUp()
        self.agents = self.queue.dispatchers.register(ONE)
        self.agents.activate()
        self.agent = self.agents['main'] = Agent()
        transaction.commit()

    def test_claim(self):
        """claimJob takes a job, which is assigned then."""
        self.assertIsNone(self.agent.claimJob())
        job = self.queue.put(sample.note)
        self.assertIs(job, self.agent.claimJob())
        self.assertEqual('assigned-status', job.status)
        self.assertIs(self.agent, job.agent)
        self.assertIs(self.queue, job.queue)
        self.assertIs(self.queue, self.agent.queue)

    def test_size(self):
        """An agent takes as many as it may have."""
        for number in range(5):
            self.queue.put(Job(sample.note, number))
        for _ in range(3):
            self.assertIsNotNone(self.agent.claimJob())
        self.assertIsNone(self.agent.claimJob())
        self.assertEqual([], self.agent.claim_started(5))
        self.assertEqual(2, len(self.queue))

    def test_inactive(self):
        """Without an activation it takes none."""
        self.queue.put(sample.note)
        self.agents.deactivate()
        self.assertIsNone(self.agent.claimJob())
        self.assertEqual([], self.agent.claim_started(5))

    def test_sequence(self):
        """An agent is a sequence of its jobs."""
        jobs = [self.queue.put(Job(sample.note, n)) for n in range(3)]
        self.assertFalse(self.agent)
        self.agent.claim_started(9)
        self.assertTrue(self.agent)
        self.assertEqual(jobs, list(self.agent))
        self.assertIs(jobs[1], self.agent[1])
        self.assertEqual(2, self.agent.index(jobs[2]))
        self.agent.remove(jobs[1])
        self.assertNotIn(jobs[1], self.agent)
        for call in self.agent.remove, self.agent.index:
            with self.assertRaisesRegex(ValueError, 'not in this agent'):
                call(jobs[1])
        del self.agent[0]
        self.assertIs(jobs[2], self.agent.pull())
        self.assertIsNone(jobs[2].parent)

    def test_filter(self):
        """A filter says which jobs an agent takes."""
        self.agent.filter = only_one
        self.queue.put(Job(sample.note, 0))
        job = self.queue.put(Job(sample.note, 1))
        self.assertEqual([job], self.agent.claim_started(9))
        self.assertTrue(interfaces.IFilterAgent.providedBy(self.agent))

    def test_filter_fails(self):
        """A job for which it fails waits.  That is told once, by database.
        """
        log = self.logs(level=logging.ERROR)
        self.agent.filter = sample.picky
        jobs = [self.put(Job(sample.note, each)) for each in ('x', 1)]
        for _ in range(2):
            self.assertEqual(jobs[1:], self.agent.claim_started(9))
            transaction.abort()
        self.assertEqual(1, len(log.records))
        other = ZODB.DB(None, database_name='other')
        self.addCleanup(other.close)
        with other.transaction() as connection:
            # It has the id that the other one has.
            same = Job(sample.note, 'x')
            same._p_oid, same._p_jar = jobs[0]._p_oid, connection
            self.assertFalse(_wants(sample.picky, same))
        self.assertEqual(2, len(log.records))

    def test_chooser(self):
        """A chooser claims by itself; there is no filter then."""
        self.agent.chooser = chooseFirst
        self.assertFalse(interfaces.IFilterAgent.providedBy(self.agent))
        jobs = [self.queue.put(Job(sample.note, n)) for n in range(2)]
        self.assertEqual(jobs, self.agent.claim_started(9))
        with self.assertRaisesRegex(ValueError, 'not both'):
            self.agent.filter = only_one
        with self.assertRaisesRegex(ValueError, 'not both'):
            Agent(chooseFirst, only_one)


def only_one(job):
    return job.args[0] == 1
