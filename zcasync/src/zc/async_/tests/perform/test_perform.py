import datetime
import logging
import unittest.mock

import transaction
import ZODB.POSException
from ZODB.utils import u64

from zc.async_._perform import attempt
from zc.async_._rules.failure import is_failure
from zc.async_.interfaces import ACTIVE
from zc.async_.interfaces import COMPLETED
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

    def test_raising(self):
        """A policy that fails, or is not there, says no."""
        for policy in sample.Raising, 'not registered':
            for call, error in ((sample.fail, ValueError),
                                (sample.unpicklable, TypeError)):
                with self.subTest(f'{policy} {call}'):
                    log = self.logs(level=logging.CRITICAL)
                    job = self.job(call)
                    job.retry_policy_factory = policy
                    callback = job.addCallback(
                        call, retry_policy_factory=policy)
                    transaction.commit()
                    job()
                    transaction.abort()
                    self.assertIsNotNone(job.result.check(error))
                    self.assertEqual(COMPLETED, callback.status)
                    self.assertIn('The retry policy of',
                                  log.records[0].getMessage())
                    log.uninstall()

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
