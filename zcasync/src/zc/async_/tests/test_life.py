"""How a dispatcher lives: polls, drains, hands back, and is taken for dead."""
import contextlib
import datetime
import logging
import uuid
from unittest import mock

import transaction
import zope.component

from zc.async_ import dispatcher as dispatchers
from zc.async_ import testing
from zc.async_.agent import Agent
from zc.async_.interfaces import PENDING
from zc.async_.interfaces import AbortedError
from zc.async_.interfaces import IDispatcherReactivated
from zc.async_.job import Job
from zc.async_.job import NeverRetry
from zc.async_.queue import Queue
from zc.async_.tests import base
from zc.async_.tests import sample
from zc.async_.tests.jobs import SECOND
from zc.async_.tests.jobs import GoOn
from zc.async_.tests.jobs import returns_job


class AlwaysAgain:
    """A policy that is not ours."""

    def __init__(self, job):
        self.job = job

    def interrupted(self):
        return True

    def updateData(self, data):
        pass


class Refusal:
    """Takes part in a transaction whose commit fails, once."""

    transaction_manager = None

    def __init__(self, failures):
        self.failures = failures

    def tpc_begin(self, transaction):
        raise self.failures.pop()

    def abort(self, transaction):
        pass

    commit = tpc_vote = tpc_finish = tpc_abort = abort

    def sortKey(self):
        return ''


@contextlib.contextmanager
def refused_finish(job):
    """Let the first commit of a job's result fail, as after a kill of a
    ZEO server that gives ids out twice.
    """
    failures = [ValueError('A different object already has the same oid')]
    oid, finish = job._p_oid, Job.finish

    def refused(self, *args):
        finish(self, *args)
        if self._p_oid == oid and failures:
            transaction.get().join(Refusal(failures))

    with mock.patch.object(Job, 'finish', refused):
        yield failures


class Life(base.DispatcherCase):

    def test_poll(self):
        """A poll tells of each agent."""
        dispatcher = self.start()
        self.assertEqual(
            {'': {'main': {'active jobs': [], 'error': None, 'len': 0,
                           'new jobs': [], 'size': 3}}},
            testing.get_poll(dispatcher))

    def test_one(self):
        """A process has one dispatcher of a UUID."""
        dispatcher = self.start()
        self.assertIs(dispatcher, dispatchers.get())
        with self.assertRaisesRegex(ValueError, 'has a dispatcher'):
            self.start()
        with self.assertRaisesRegex(ValueError, 'active already'):
            dispatcher.activate()
        self.stop(dispatcher)
        with self.assertRaisesRegex(ValueError, 'not active'):
            dispatcher.deactivate()
        self.assertIs(dispatcher, dispatchers.pop())
        self.assertIsNone(dispatchers.get())

    def test_again(self):
        """After it stopped, another one may start."""
        first = self.start()
        self.stop(first)
        transaction.begin()
        number = self.agents(first).fence.last
        second = self.start()
        transaction.begin()
        self.assertEqual(number + 1, self.agents(second).fence.number)

    def test_deactivate(self):
        """A dispatcher that stops is deactivated in its queues."""
        dispatcher = self.start()
        self.assertTrue(dispatcher.activated)
        self.stop(dispatcher)
        transaction.begin()
        self.assertIsNone(self.agents(dispatcher).activated)
        self.assertIs(False, dispatcher.activated)
        self.assertEqual(dispatcher.STOPPED,
                         dispatcher.getStatusInfo()['status'])

    def test_drain(self):
        """Running jobs may end; waiting ones are left alone."""
        self.size = 1
        dispatcher = self.start()
        job = self.put(Job(base.wait_for_go, id(self)))
        self.wait_for_job()
        waiting = self.put(sample.note)
        dispatcher.stop(60)
        self.go.set()
        testing.wait_for_deactivation(dispatcher)
        transaction.begin()
        self.assertEqual('went', job.result)
        self.assertEqual(PENDING, waiting.status)

    def test_hand_back(self):
        """What does not end in time is handed back, and done by others."""
        self.logs()
        dispatcher = self.start()
        job = self.put(Job(base.wait_for_go, id(self)))
        self.wait_for_job()
        self.assertTrue(dispatcher.deactivate(drain=0))
        transaction.begin()
        self.assertEqual(PENDING, job.status)
        self.go.set()
        self.start()
        self.assertEqual('went', self.result(job))
        self.assertEqual(1, job.getRetryPolicy().data['interruptions'])

    def test_hand_back_never(self):
        """A job that is never retried is aborted instead."""
        self.logs()
        dispatcher = self.start()
        job = self.queue.put(Job(base.wait_for_go, id(self)),
                             retry=NeverRetry)
        callback = job.addCallback(sample.describe_result)
        transaction.commit()
        self.wait_for_job()
        dispatcher.deactivate(drain=0)
        self.start()
        self.assertIsInstance(self.result(job).value, AbortedError)
        self.assertEqual('Failure', callback.result)

    def test_hand_back_never_stale_id(self):
        """An error of the commit that aborts it does not leave it active."""
        self.logs()
        dispatcher = self.start()
        job = self.queue.put(Job(base.wait_for_go, id(self)),
                             retry=NeverRetry)
        transaction.commit()
        self.wait_for_job()
        dispatcher.deactivate(drain=0)
        with refused_finish(job) as failures:
            self.start()
            self.wait(lambda: not failures)
            self.assertIsInstance(self.result(job).value, AbortedError)

    def test_returned_job_stale_id(self):
        """An error of the commit that takes the result of a returned job
        does not leave the other one active.
        """
        self.logs()
        job = self.put(Job(returns_job, 21))
        with refused_finish(job) as failures:
            self.start()
            self.wait(lambda: not failures)
            self.assertEqual(42, self.result(job))

    def test_hand_back_policy(self):
        """A policy of others is asked in a worker."""
        self.logs()
        dispatcher = self.start()
        job = self.put(Job(base.wait_for_go, id(self)), retry=AlwaysAgain)
        self.wait_for_job()
        dispatcher.deactivate(drain=0)
        self.go.set()
        self.start()
        self.assertEqual('went', self.result(job))
        self.wait(lambda: not len(self.queue.waiting))

    def test_hand_back_raising(self):
        """A policy that fails stops neither the dispatcher nor a worker."""
        self.logs()
        dispatcher = self.start()
        job = self.put(Job(base.wait_for_go, id(self)),
                       retry=sample.Raising)
        self.wait_for_job()
        dispatcher.deactivate(drain=0)
        self.go.set()
        self.start()
        self.assertIsNotNone(self.result(job).check(AbortedError))

    def test_hand_back_callbacks(self):
        """Callbacks that were not performed are performed by others."""
        self.logs()
        dispatcher = self.start()
        job = self.queue.put(Job(sample.note, 1))
        job.addCallback(Job(base.wait_for_go, id(self)))
        job.callbacks[0].args.clear()
        job.callbacks[0].callable = GoOn(id(self))
        last = job.addCallback(sample.describe_result)
        transaction.commit()
        self.wait(lambda: job.status == 'callback-status')
        dispatcher.deactivate(drain=0)
        self.go.set()
        self.start()
        self.assertEqual((1,), self.result(job))
        self.assertEqual('tuple', last.result)

    def test_statistics(self):
        """The polls and jobs that are remembered are summed up."""
        self.logs()
        dispatcher = self.start()
        self.result(self.put(sample.note))
        self.result(self.put(sample.fail))
        self.wait(lambda: dispatcher.getStatistics()['failed'] == 1)
        found = dispatcher.getStatistics(queue='', agent='main')
        self.assertEqual(2, found['started'])
        self.assertEqual(1, found['successful'])
        self.assertIsNotNone(found['longest failed'])
        self.assertEqual(0, dispatcher.getStatistics(agent='x')['started'])
        self.assertEqual([], dispatcher.getActiveJobIds('x'))
        with self.assertRaisesRegex(ValueError, 'not known'):
            dispatcher.getJobInfo(999999)

    def test_queues(self):
        """A dispatcher works for queues that come, and leaves those that go.
        """
        dispatcher = self.start()
        queues = self.root['zc.async']
        other = queues['other'] = Queue()
        job = other.put(sample.note)
        transaction.commit()
        self.result(job)
        self.wait(lambda: len(dispatcher.queues) == 2)
        del queues['other']
        transaction.commit()
        self.wait(lambda: len(dispatcher.queues) == 1)

    def test_agents(self):
        """Agents come and go; those of others keep their threads."""
        dispatcher = self.start()
        agents = self.agents(dispatcher)
        agents['extra'] = Agent(size=1)
        transaction.commit()
        self.wait(lambda: len(dispatcher.queues.get('', ())) == 2)
        del agents['extra']
        transaction.commit()
        self.wait(lambda: len(dispatcher.queues.get('', ())) == 1)
        self.assertEqual((1,), self.result(self.put(Job(sample.note, 1))))

    def test_filter_fails(self):
        """A job for which an agent's filter fails waits; others go on."""
        log = self.logs(level=logging.ERROR)
        self.agents(self.start())['main'].filter = sample.picky
        transaction.commit()
        bad = self.put(Job(sample.note, 'x'))
        kept = self.put(Job(sample.note, 1),
                        keep=datetime.timedelta(days=40000))
        self.assertEqual((1,), self.result(kept))
        self.assertEqual((2,), self.result(self.put(Job(sample.note, 2))))
        self.assertEqual(PENDING, bad.status)
        self.assertEqual(1, len(log.records))
        self.assertIn('picky', log.records[0].getMessage())

    def test_chooser_fails(self):
        """A chooser that fails stops no other agent, and a poll tells it."""
        log = self.logs(level=logging.ERROR)
        dispatcher = self.start()
        agents = self.agents(dispatcher)
        agents['broken'] = Agent(sample.broken_chooser)
        transaction.commit()
        self.wait(lambda: any(
            ((poll.get('') or {}).get('broken') or {}).get('error')
            for poll in dispatcher.polls))
        for number in range(3):
            job = self.put(Job(sample.note, number))
            self.assertEqual((number,), self.result(job))
        self.assertEqual(1, len(log.records))
        self.assertIn("chooser of agent 'broken'",
                      log.records[0].getMessage())

    def test_size(self):
        """The size of an agent can be changed."""
        dispatcher = self.start()
        self.agents(dispatcher)['main'].size = 5
        transaction.commit()
        self.wait(lambda: dispatcher.queues['']['main'].getSize() == 5)
        self.agents(dispatcher)['main'].size = 1
        transaction.commit()
        self.wait(lambda: dispatcher.queues['']['main'].getSize() == 1)

    def test_taken_for_dead(self):
        """A dispatcher that was taken for dead activates itself again."""
        log = self.logs(level=logging.CRITICAL)
        events = []
        zope.component.provideHandler(events.append, [IDispatcherReactivated])
        dispatcher = self.start()
        self.agents(dispatcher).deactivate()
        transaction.commit()
        self.wait(lambda: self.agents(dispatcher).activated)
        self.assertEqual(1, len(events))
        self.assertIn('was taken for dead', log.records[0].getMessage())
        self.assertEqual((1,), self.result(self.put(Job(sample.note, 1))))


class Several(base.DispatcherCase):

    def test_share(self):
        """Several dispatchers share a queue; each job is done once."""
        counter = self.root['counter'] = sample.Counter()
        transaction.commit()
        self.start(own=False)
        self.start(own=False)
        self.start(own=False)
        for _ in range(60):
            self.queue.put(sample.note)
        job = self.queue.put(counter.add)
        transaction.commit()
        self.wait(lambda: not self.queue)
        self.result(job)
        done = self.wait(lambda: sum(
            len(agents['main'].completed)
            for agents in self.queue.dispatchers.values()) == 61)
        self.assertTrue(done)

    def test_take_over(self):
        """The jobs of a dispatcher that is silent are done by a sibling."""
        self.logs()
        gone = self.queue.dispatchers.register(uuid.UUID(int=7))
        transaction.commit()
        gone.ping_interval = datetime.timedelta(seconds=0)
        gone.ping_death_interval = SECOND / 10
        gone.activate('elsewhere', 1)
        job = self.queue.put(Job(sample.note, 1))
        transaction.commit()
        [claimed] = gone['main'].claim_started(1)
        self.assertIs(job, claimed)
        transaction.commit()
        self.start(own=False)
        self.assertEqual((1,), self.result(job))
        self.assertIsNone(gone.activated)
