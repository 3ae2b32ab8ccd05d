import contextlib
import datetime
import logging
import operator
import uuid
from unittest import mock

import transaction
import zope.component
from ZEO.Exceptions import ClientDisconnected

from zc.async_ import dispatcher as dispatchers
from zc.async_ import local
from zc.async_ import testing
from zc.async_._rules.failure import is_failure
from zc.async_._stored.times import now
from zc.async_.agent import Agent
from zc.async_.interfaces import CALLBACKS
from zc.async_.interfaces import COMPLETED
from zc.async_.interfaces import PENDING
from zc.async_.interfaces import AbortedError
from zc.async_.interfaces import IDispatcherReactivated
from zc.async_.interfaces import TimeoutError
from zc.async_.job import Backoff
from zc.async_.job import Job
from zc.async_.job import NeverRetry
from zc.async_.job import RetryCommonForever
from zc.async_.job import parallel
from zc.async_.job import serial
from zc.async_.queue import Queue
from zc.async_.tests import base
from zc.async_.tests import sample


SECOND = datetime.timedelta(seconds=1)


def results(*jobs):
    return [job.result for job in jobs]


def returns_job(number):
    return local.getQueue().put(Job(operator.mul, number, 2))


def returns_unput_job(number):
    return Job(operator.mul, number, 2)


def wait_until_cancelled():
    while not local.cancelled():
        local.progress(1, 2, 'half')
        sample.noted.append('looked')
        if len(sample.noted) > 5000:
            raise AssertionError('never cancelled')
        local.claim.cancel.wait(0.01)
    return 'cancelled'


def set_live(value):
    local.setLiveAnnotation('said', value)
    return local.getLiveAnnotation('said')


def get_live():
    return local.getLiveAnnotation('answer', timeout=60, poll=0.01)


class Lingering(Job):
    """A job whose thread ends only when its callbacks have begun."""

    def tearDown(self, setup_info):
        [test] = base.GATES
        while test not in base.ENTERED:
            local.claim.wait(0.01)


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


class Work(base.DispatcherCase):

    def setUp(self):
        super().setUp()
        sample.noted.clear()
        self.counter = self.root['counter'] = sample.Counter()
        transaction.commit()

    def test_claim_without_a_reply(self):
        """A claim that was committed, and nobody knows, is worked on once.
        """
        dispatcher = self.start()
        self.wait(lambda: dispatcher.activated)
        commit, claim = dispatcher.manager.commit, Agent.claim_started
        claimed, lost = [], []

        def claim_started(agent, *args):
            found = claim(agent, *args)
            claimed.extend(found)
            return found

        def lose():
            commit()
            if claimed and not lost:
                lost.append(True)
                raise ClientDisconnected('the reply is lost')

        with mock.patch.object(Agent, 'claim_started', claim_started), \
                mock.patch.object(dispatcher.manager, 'commit', lose), \
                self.assertLogs('zc.async.events', 'ERROR'):
            job = self.put(self.counter.add)
            never = self.put(Job(operator.mul, 21, 2), retry=NeverRetry)
            self.assertEqual((1, 42), (self.result(job), self.result(never)))
        self.assertTrue(lost)
        self.wait(lambda: not self.agents(dispatcher)['main'])

    def test_result(self):
        """A job that was put is performed."""
        dispatcher = self.start()
        job = self.put(Job(operator.mul, 21, 2))
        self.assertEqual(42, self.result(job))
        self.wait(lambda: not self.agents(dispatcher)['main'])
        self.assertEqual(
            [job], list(self.agents(dispatcher)['main'].completed))
        self.assertIs(
            job, self.agents(dispatcher)['main'].completed.first())

    def test_two_commits(self):
        """It costs a commit to claim it, and one to complete it."""
        self.size = 1
        jobs = [self.queue.put(self.counter.add) for _ in range(20)]
        transaction.commit()
        before = self.db.lastTransaction()
        dispatcher = self.start(poll_interval=60, look_interval=60)
        for job in jobs:
            self.result(job)
        self.wait(lambda: not self.agents(dispatcher)['main'])
        commits = sum(1 for _ in self.db.storage.iterator(before))
        # Some more are for the activation, and for putting away the last.
        self.assertLess(commits, 2 * 20 + 6)

    def test_many(self):
        """Many jobs each have their effect once."""
        self.start()
        for _ in range(100):
            self.queue.put(self.counter.add, retry=RetryCommonForever)
        transaction.commit()
        self.wait(lambda: self.counter.value == 100 and not self.queue)

    def test_failure(self):
        """One that fails is among the dead."""
        self.logs()
        self.start()
        job = self.put(sample.fail)
        self.assertTrue(is_failure(self.result(job)))
        self.wait(lambda: job in self.queue.dead)

    def test_exit(self):
        """sys.exit in a job is its failure; the thread goes on."""
        self.logs()
        self.start()
        job = self.put(sample.exits)
        self.assertEqual('builtins.SystemExit', self.result(job).name)
        self.assertEqual(6, self.result(self.put(Job(operator.mul, 2, 3))))

    def test_begin_after(self):
        """A job starts when its time is there, and not earlier."""
        self.start()
        job = self.put(sample.note, begin_after=now() + SECOND / 2)
        self.result(job)
        self.assertGreaterEqual(job.active_start, job.begin_after)

    def test_late(self):
        """One that comes too late fails, and its callbacks run."""
        self.logs()
        job = self.queue.put(
            sample.note, begin_after=now() - 9 * SECOND, begin_by=SECOND)
        callback = job.addCallback(sample.describe_result)
        transaction.commit()
        self.start()
        self.assertIsInstance(self.result(job).value, TimeoutError)
        self.assertEqual('Failure', callback.result)
        self.assertEqual([], sample.noted)

    def test_backoff(self):
        """An error is tried again later, without a thread that waits."""
        self.start()
        job = self.put(Job(sample.fail_times, 2),
                       retry=Backoff(attempts=3, first=0.01))
        self.assertEqual('done', self.result(job))
        self.assertEqual(3, len(sample.noted))

    def test_backoff_end(self):
        """After the last attempt the job is dead."""
        self.logs()
        self.start()
        job = self.put(Job(sample.fail_times, 9),
                       retry=Backoff(attempts=3, first=0.01))
        self.assertTrue(is_failure(self.result(job)))
        self.assertEqual(3, len(sample.noted))
        self.wait(lambda: job in self.queue.dead)

    def test_callbacks(self):
        """Callbacks are performed, and then the job is completed."""
        self.start()
        job = self.queue.put(Job(sample.note, 1))
        callback = job.addCallback(sample.describe_result)
        never = job.addCallback(
            sample.describe_result, retry_policy_factory=NeverRetry)
        transaction.commit()
        self.assertEqual((1,), self.result(job))
        self.assertEqual('tuple', callback.result)
        self.assertEqual('tuple', never.result)

    def test_returns_job(self):
        """A job that returns a job has the result of that."""
        dispatcher = self.start()
        for call in returns_job, returns_unput_job:
            job = self.queue.put(Job(call, 4))
            callback = job.addCallback(sample.describe_result)
            transaction.commit()
            self.assertEqual(8, self.result(job))
            self.assertEqual('int', callback.result)
        self.wait(lambda: not len(self.queue.waiting))
        completed = self.agents(dispatcher)['main'].completed
        self.wait(lambda: len(completed) == 4)

    def test_returns_job_at_once(self):
        """The thread of a job that returned a job leaves its callbacks alone.

        It may still be busy with the job when the other one has ended.
        """
        dispatcher = self.start()
        job = self.queue.put(Lingering(returns_job, 4))
        callback = job.addCallback(
            GoOn(id(self)), retry_policy_factory=NeverRetry)
        transaction.commit()
        waiting = self.queue.waiting
        self.wait(lambda: job in list(waiting))
        self.assertEqual(CALLBACKS, job.status)
        self.go.set()
        self.assertEqual(8, self.result(job))
        self.assertEqual('went', callback.result)
        self.wait(lambda: not len(waiting))
        completed = self.agents(dispatcher)['main'].completed
        self.wait(lambda: len(completed) == 2)

    def test_coroutine(self):
        """A coroutine function is a job as well."""
        self.start()
        self.assertEqual(
            42, self.result(self.put(Job(sample.coroutine, 21))))

    def test_expire(self):
        """A result is kept as long as it was said."""
        self.start(own=False)
        job = self.put(Job(operator.mul, 2, 3), keep=SECOND / 100)
        dispatcher = next(iter(dispatchers._dispatchers.values()))
        for member in dispatcher._members.values():
            member._swept = -1e9
        self.wait(lambda: job.expired or self.hurry(dispatcher))
        self.assertIsNone(job.result)
        self.assertEqual(COMPLETED, job.status)

    def hurry(self, dispatcher):
        for member in dispatcher._members.values():
            member._swept = -1e9
        dispatcher.wake()


class Composed(base.DispatcherCase):

    def test_serial(self):
        """serial performs one job after the other."""
        self.start()
        job = self.put(serial(
            Job(operator.mul, 2, 3), Job(operator.add, 1, 1),
            postprocess=results))
        self.assertEqual([6, 2], self.result(job))
        one, two = job.args
        self.assertLessEqual(one.active_end, two.active_start)

    def test_parallel(self):
        """parallel performs them together."""
        self.start()
        job = self.put(parallel(
            *(Job(operator.mul, n, n) for n in range(5)),
            postprocess=results))
        self.assertEqual([0, 1, 4, 9, 16], self.result(job))

    def test_more_than_threads(self):
        """Composed jobs that wait take no thread from their parts."""
        self.size = 1
        self.start()
        jobs = [self.put(make(Job(operator.mul, 2, 3), len_of_nothing,
                              postprocess=results))
                for make in (serial, parallel) * 3]
        for job in jobs:
            self.assertEqual([6, 0], self.result(job))


def len_of_nothing():
    return 0


class Running(base.DispatcherCase):

    def setUp(self):
        super().setUp()
        sample.noted.clear()

    def test_cancel(self):
        """A running job can be told to stop."""
        self.start()
        job = self.put(wait_until_cancelled)
        testing.wait_for_start(job)
        self.assertTrue(self.queue.cancel(job))
        transaction.commit()
        self.assertEqual('cancelled', self.result(job))
        self.wait(lambda: not len(self.queue.live))

    def test_timeout(self):
        """So does its timeout."""
        self.start()
        job = self.put(wait_until_cancelled, timeout=0.05)
        self.assertEqual('cancelled', self.result(job))

    def test_progress(self):
        """What a job tells of its progress can be read."""
        dispatcher = self.start()
        job = self.put(wait_until_cancelled)
        entry = self.wait(lambda: self.queue.live.get(job))
        self.assertEqual((1, 2, 'half'), entry.progress)
        [key] = dispatcher.getActiveJobIds()
        self.assertEqual([1, 2, 'half'],
                         dispatcher.getJobInfo(*key)['progress'])
        self.queue.cancel(job)
        transaction.commit()
        self.result(job)

    def test_live(self):
        """Annotations can be set and read while a job runs."""
        self.start()
        job = self.put(Job(set_live, 5))
        self.assertEqual(5, self.result(job))
        self.assertEqual({'said': 5}, dict(job.annotations))

    def test_live_from_outside(self):
        """Also by others, without a conflict with the result."""
        self.start()
        job = self.put(get_live)
        testing.wait_for_start(job)
        local.setLiveAnnotation('answer', 42, job)
        self.assertEqual(42, testing.wait_for_annotation(job, 'answer'))
        self.assertEqual(42, self.result(job))

    def test_live_nothing(self):
        """Without a job there is nothing to annotate."""
        with self.assertRaisesRegex(ValueError, 'no running job'):
            local.setLiveAnnotation('a', 1)


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


class GoOn:
    """A callable that is stored, and takes any result."""

    def __init__(self, test):
        self.test = test

    def __call__(self, result):
        return base.wait_for_go(self.test)


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
