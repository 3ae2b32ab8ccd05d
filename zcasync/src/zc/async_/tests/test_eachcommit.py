"""Each commit of a dispatcher fails once, for each kind of job."""
import logging
import threading

import transaction
import ZODB
from ZEO.Exceptions import ClientDisconnected
from ZODB.FileStorage import FileStorage

from zc.async_._rules.failure import is_failure
from zc.async_.interfaces import COMPLETED
from zc.async_.job import Job
from zc.async_.job import NeverRetry
from zc.async_.tests import base
from zc.async_.tests import sample


BEFORE, AFTER = 'before', 'after'


class FragileStorage(FileStorage):
    """Fails one commit of threads that are not the test's.

    Before it is stored, or after that, when nobody gets the reply.
    """

    left = 0
    when = BEFORE
    fired = False

    def arm(self, number, when):
        self.fired = False
        self.left, self.when = number, when
        self.test = threading.current_thread()

    def _fails(self, when):
        if when != self.when or threading.current_thread() is self.test:
            return False
        self.left -= 1
        return self.left == 0

    def tpc_vote(self, transaction):
        if self.left > 0 and self._fails(BEFORE):
            self.fired = True
            raise ClientDisconnected('nothing is stored')
        return super().tpc_vote(transaction)

    def tpc_finish(self, transaction, f=None):
        fails = self.left > 0 and self._fails(AFTER)
        tid = super().tpc_finish(transaction, f)
        if fails:
            self.fired = True
            raise ClientDisconnected('the reply is lost')
        return tid


class EachCommit(base.DispatcherCase):

    def setUp(self):
        super().setUp()
        self.counter = self.root['counter'] = sample.Counter()
        self.following = self.root['following'] = sample.Counter()
        transaction.commit()
        self.logs(level=logging.CRITICAL + 1)

    def open_database(self):
        self.storage = FragileStorage(self.path('data.fs'))
        return ZODB.DB(self.storage)

    def runs(self, make):
        """Run a job of a kind for each commit that may fail.

        Yields the job when it ended.
        """
        dispatcher = self.start()
        fired = 0
        for when in BEFORE, AFTER:
            for number in range(1, 20):
                with self.subTest(f'{when} commit {number}'):
                    transaction.begin()
                    self.counter.value = self.following.value = 0
                    transaction.commit()
                    self.storage.arm(number, when)
                    job = make()
                    self.put(job)
                    self.result(job)
                    self.wait(lambda: not self.agents(dispatcher)['main']
                              and not len(self.queue))
                    self.assertEqual(COMPLETED, job.status)
                    yield job
                if not self.storage.fired:
                    break
                fired += 1
        self.assertGreaterEqual(fired, 4)

    def test_retried(self):
        """The effect of a job is there once, and so is its callback's."""
        def make():
            job = Job(self.counter.add)
            job.addCallback(self.following.add)
            return job
        for job in self.runs(make):
            self.assertEqual(1, job.result)
            self.assertEqual(1, self.counter.value)
            self.assertEqual(1, self.following.value)

    def test_failed(self):
        """A job that fails has no effect, and its callback is performed."""
        def make():
            job = Job(self.counter.add_and_fail)
            job.addCallbacks(failure=sample.Adding(self.following))
            return job
        for job in self.runs(make):
            self.assertIsNotNone(job.result.check(ValueError))
            self.assertEqual(0, self.counter.value)
            self.assertEqual(1, self.following.value)
            self.assertIn(job, self.queue.dead)

    def test_never(self):
        """NeverRetry: it starts once at most, and ends in any case."""
        def make():
            job = Job(sample.note_adding, self.counter)
            job.retry_policy_factory = NeverRetry
            job.addCallbacks(success=self.following.add,
                             failure=sample.Adding(self.following))
            sample.noted.clear()
            return job
        for job in self.runs(make):
            self.assertLessEqual(len(sample.noted), 1)
            self.assertEqual(0 if is_failure(job.result) else 1,
                             self.counter.value)
            self.assertEqual(1, self.following.value)

    def test_returns_job(self):
        """A job that returns a job ends with its result."""
        for job in self.runs(lambda: Job(sample.puts_adding, self.counter)):
            self.assertEqual(1, job.result)
            self.assertEqual(1, self.counter.value)
