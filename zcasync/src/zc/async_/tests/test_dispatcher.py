import operator
from unittest import mock

import transaction
from ZEO.Exceptions import ClientDisconnected

from zc.async_ import dispatcher as dispatchers
from zc.async_ import local
from zc.async_ import testing
from zc.async_._rules.failure import is_failure
from zc.async_._stored.times import now
from zc.async_.agent import Agent
from zc.async_.interfaces import CALLBACKS
from zc.async_.interfaces import COMPLETED
from zc.async_.interfaces import TimeoutError
from zc.async_.job import Backoff
from zc.async_.job import Job
from zc.async_.job import NeverRetry
from zc.async_.job import RetryCommonForever
from zc.async_.job import parallel
from zc.async_.job import serial
from zc.async_.tests import base
from zc.async_.tests import sample
from zc.async_.tests.jobs import SECOND
from zc.async_.tests.jobs import GoOn
from zc.async_.tests.jobs import returns_job


def results(*jobs):
    return [job.result for job in jobs]


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

    def test_own_errors(self):
        """So are KeyboardInterrupt, and an error of a job's use of jobs."""
        self.logs()
        self.start()
        for call, name in (
                (sample.interrupts, 'builtins.KeyboardInterrupt'),
                (sample.misuses, 'zc.async_.interfaces.BadStatusError')):
            with self.subTest(name):
                self.assertEqual(name, self.result(self.put(call)).name)

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
