import datetime
import logging
import unittest.mock

import transaction
import ZODB.POSException
from ZODB.utils import u64

from zc.async_._perform import attempt
from zc.async_._rules.failure import is_failure
from zc.async_.interfaces import ACTIVE
from zc.async_.interfaces import CALLBACKS
from zc.async_.interfaces import COMPLETED
from zc.async_.interfaces import AbortedError
from zc.async_.interfaces import BadStatusError
from zc.async_.interfaces import CancelledError
from zc.async_.interfaces import TimeoutError
from zc.async_.job import Job
from zc.async_.job import NeverRetry
from zc.async_.job import RetryCommonForever
from zc.async_.tests import base
from zc.async_.tests import sample
from zc.async_.tests.sample import Counter


class PerformCase(base.QueueCase):

    def setUp(self):
        super().setUp()
        sample.noted.clear()
        self.counter = self.root['counter'] = Counter()
        transaction.commit()

    def job(self, *args, kind=Job, **kwargs):
        job = self.root['job'] = kind(*args, **kwargs)
        transaction.commit()
        return job


class Calls(PerformCase):

    def test_effects(self):
        """Effects and result are one commit."""
        job = self.job(self.counter.add)
        before = self.db.lastTransaction()
        job()
        transaction.abort()
        self.assertEqual(1, self.counter.value)
        self.assertEqual(1, job.result)
        # One commit says that it starts, one has the rest.
        self.assertEqual(self.counter._p_serial, job._p_serial)
        self.assertLess(before, job._p_serial)

    def test_error(self):
        """An error is the result; there are no effects then."""
        log = self.logs()
        job = self.job(self.counter.add_and_fail)
        result = job()
        transaction.abort()
        self.assertEqual(0, self.counter.value)
        self.assertEqual('after adding', result.getErrorMessage())
        self.assertEqual(COMPLETED, job.status)
        [record] = log.records
        self.assertEqual(logging.ERROR, record.levelno)
        self.assertIn('ValueError: after adding', record.getMessage())

    def test_log_level(self):
        """The level of the message about a failure can be chosen."""
        log = self.logs()
        job = self.job(sample.fail)
        job.failure_log_level = logging.CRITICAL
        job()
        self.assertEqual(logging.CRITICAL, log.records[0].levelno)

    def test_unpicklable(self):
        """A result that cannot be stored is a failure."""
        self.logs()
        job = self.job(sample.unpicklable)
        self.assertTrue(is_failure(job()))
        transaction.abort()
        self.assertEqual('builtins.TypeError', job.result.name)

    def test_coroutine(self):
        """A coroutine function is run to its end."""
        self.assertEqual(42, self.job(sample.coroutine, 21)())

    def test_set_up(self):
        """setUp and tearDown surround the call."""
        self.job(sample.note, kind=sample.Adder)()
        self.assertEqual(['setUp', (), 'tearDown info'], sample.noted)

    def test_set_up_error(self):
        """Also of one that fails."""
        self.logs()
        self.job(sample.fail, kind=sample.Adder)()
        self.assertEqual(['setUp', 'failed', 'tearDown info'], sample.noted)

    def test_exit(self):
        """sys.exit in a job that the main thread calls goes through."""
        job = self.job(sample.exits)
        with self.assertRaises(SystemExit):
            job()
        transaction.abort()
        self.assertEqual(ACTIVE, job.status)

    def test_own_commits(self):
        """A job may commit by itself."""
        job = self.job(sample.commits_itself, self.counter)
        self.assertEqual('done', job())
        transaction.abort()
        self.assertEqual(2, self.counter.value)

    def test_cancelled(self):
        """A job that was cancelled before its start is not called."""
        self.logs()
        job = self.job(sample.note)
        job.cancel_requested = True
        self.assertIsInstance(job().value, CancelledError)
        self.assertEqual([], sample.noted)

    def test_late(self):
        """Nor is one that comes too late."""
        self.logs()
        job = self.job(sample.note)
        job.begin_after = datetime.datetime(2020, 1, 1)
        job.begin_by = datetime.timedelta(hours=1)
        self.assertIsInstance(job().value, TimeoutError)
        self.assertEqual([], sample.noted)


class Retries(PerformCase):

    def test_conflict(self):
        """A conflict is tried again, four times."""
        self.assertEqual('done', self.job(sample.conflict, 4)())
        self.assertEqual(5, len(sample.noted))

    def test_conflicts(self):
        """Then it is the result."""
        self.logs()
        job = self.job(sample.conflict, 5)
        self.assertIsInstance(job().value, ZODB.POSException.ConflictError)
        self.assertEqual(5, len(sample.noted))

    def test_forever(self):
        """With RetryCommonForever there is no end."""
        self.logs()
        job = self.job(sample.conflict, 12)
        job.retry_policy_factory = RetryCommonForever
        self.assertEqual('done', job())
        self.assertEqual(12, job.getRetryPolicy().data['transaction_error'])

    def test_never(self):
        """With NeverRetry it is called once."""
        self.logs()
        job = self.job(sample.conflict, 1)
        job.retry_policy_factory = NeverRetry
        self.assertTrue(is_failure(job()))
        self.assertEqual(1, len(sample.noted))

    def test_commit(self):
        """A conflict of the commit is tried again as well."""
        calls = []
        other = self.db.open(transaction.TransactionManager())
        self.addCleanup(other.close)

        def conflicting():
            calls.append(1)
            self.counter.add()
            if len(calls) == 1:
                other.transaction_manager.begin()
                other.root()['counter'].add(10)
                other.transaction_manager.commit()
            return self.counter.value
        job = self.job(sample.note)
        with unittest.mock.patch.object(
                Job, 'callable', staticmethod(conflicting)):
            self.assertEqual(11, job())
        self.assertEqual(2, len(calls))

    def test_late(self):
        """What may not begin any more is not tried again."""
        self.logs()
        job = self.job(sample.conflict, 1)
        job.begin_after = datetime.datetime(2020, 1, 1)
        job.begin_by = datetime.timedelta(days=365 * 200)
        transaction.commit()
        self.assertEqual('done', job())


class Callbacks(PerformCase):

    def test_result(self):
        """A callback gets the result, as a job of its own."""
        job = self.job(sample.note, 1)
        callback = job.addCallback(sample.note)
        job()
        transaction.abort()
        self.assertEqual(COMPLETED, job.status)
        self.assertEqual(((1,),), callback.result)
        self.assertEqual(COMPLETED, callback.status)

    def test_outcomes(self):
        """addCallbacks chooses by success and failure."""
        self.logs()
        for call, expected in (sample.note, 'tuple'), (sample.fail, None):
            job = self.job(call)
            proxy = job.addCallbacks(
                success=sample.describe_result, failure=sample.note)
            more = proxy.addCallback(sample.describe_result)
            job()
            transaction.abort()
            self.assertEqual(COMPLETED, proxy.status)
            if expected:
                self.assertEqual(expected, proxy.result)
                self.assertEqual('str', more.result)
            else:
                self.assertTrue(is_failure(proxy.result[0]))
                self.assertEqual('tuple', more.result)

    def test_no_choice(self):
        """Where no callback fits, the result is handed through."""
        job = self.job(sample.note, 7)
        proxy = job.addCallbacks(failure=sample.note)
        job()
        self.assertEqual(((7,),), proxy.result)

    def test_failing(self):
        """A callback that fails harms no other, and its job not."""
        log = self.logs()
        job = self.job(sample.note)
        bad = job.addCallback(Job(sample.fail))
        good = job.addCallback(sample.describe_result)
        job()
        transaction.abort()
        self.assertEqual(COMPLETED, job.status)
        self.assertTrue(is_failure(bad.result))
        self.assertEqual('tuple', good.result)
        self.assertEqual(logging.CRITICAL, log.records[0].levelno)

    def test_completed(self):
        """A callback added to a completed job is performed at once."""
        job = self.job(sample.note)
        job()
        self.assertEqual('tuple',
                         job.addCallback(sample.describe_result).result)
        self.assertEqual('tuple', job.addCallbacks(
            success=sample.describe_result).result)

    def test_added_by_callback(self):
        """A callback that is added by a callback is performed."""
        job = self.job(sample.note)
        job.addCallback(Job(job.addCallback, sample.note))
        transaction.commit()
        job()
        transaction.abort()
        self.assertEqual(2, len(job.callbacks))
        self.assertEqual(COMPLETED, job.callbacks[1].status)

    def test_resume(self):
        """Callbacks that were performed are not performed again."""
        job = self.job(sample.note, 1)
        one = job.addCallback(sample.note)
        two = job.addCallback(sample.note)
        job.start(datetime.datetime.now(datetime.timezone.utc))
        job.finish('r', datetime.datetime.now(datetime.timezone.utc))
        transaction.commit()
        one('r')
        self.assertEqual(CALLBACKS, job.status)
        job.resumeCallbacks()
        self.assertEqual([('r',), ('r',)], sample.noted)
        self.assertEqual(COMPLETED, two.status)
        with self.assertRaises(BadStatusError):
            job.resumeCallbacks()

    def test_interrupted(self):
        """An interrupted callback starts again, if its policy says so."""
        self.logs()
        for policy, value in (None, 'tuple'), (NeverRetry, AbortedError):
            job = self.job(sample.note)
            callback = job.addCallback(
                sample.describe_result, retry_policy_factory=policy)
            moment = datetime.datetime.now(datetime.timezone.utc)
            job.start(moment)
            job.finish(('r',), moment)
            callback.start(moment)
            transaction.commit()
            job.resumeCallbacks()
            self.assertEqual(COMPLETED, job.status)
            if policy is None:
                self.assertEqual(value, callback.result)
            else:
                self.assertIsInstance(callback.result.value, value)


class Insisting(PerformCase):

    def test_conflicts(self):
        """What must be written is tried again after conflicts."""
        log = self.logs()
        failures = [ZODB.POSException.ConflictError()] * 6

        def call():
            if failures:
                raise failures.pop()
            return 'written'
        self.assertEqual('written', attempt.insist(
            call, 'writing', Job(sample.note)))
        self.assertEqual(1, len(log.records))

    def test_stale_ids(self):
        """Ids that were given out twice are dropped."""
        before = self.db.new_oid()
        attempt.renew_ids(ValueError('x'), self.db)
        attempt.renew_ids(ValueError(
            'A different object already has the same oid'), self.db)
        after = self.db.new_oid()
        self.assertEqual(101, u64(after) - u64(before))
