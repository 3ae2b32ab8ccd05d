import datetime
import unittest

import ZODB.POSException
import zope.component
import zope.component.testing
from ZEO.Exceptions import ClientDisconnected
from zope.interface.verify import verifyObject

from zc.async_._rules.failure import Failure
from zc.async_.interfaces import IJob
from zc.async_.interfaces import IRetryPolicy
from zc.async_.job import Backoff
from zc.async_.job import Job
from zc.async_.job import NeverRetry
from zc.async_.job import RetryCommonForever
from zc.async_.job import RetryCommonFourTimes
from zc.async_.tests import sample


CONFLICT = Failure(ZODB.POSException.ConflictError())
AWAY = Failure(ClientDisconnected())
ERROR = Failure(ValueError('x'))


class Policies(unittest.TestCase):

    def setUp(self):
        zope.component.testing.setUp(self)
        self.addCleanup(zope.component.testing.tearDown, self)
        self.job = Job(sample.note)

    def answers(self, policy, failure, count, ask='jobError'):
        cache = {}
        return [bool(getattr(policy, ask)(failure, cache))
                for _ in range(count)]

    def test_interface(self):
        """Each policy keeps the promises of IRetryPolicy."""
        for policy in (RetryCommonFourTimes, RetryCommonForever, NeverRetry,
                       Backoff()):
            verifyObject(IRetryPolicy, policy(self.job))

    def test_four_times(self):
        """Four retries of conflicts, nine of interruptions."""
        policy = RetryCommonFourTimes(self.job)
        with self.assertLogs('zc.async'):
            self.assertEqual([True] * 4 + [False],
                             self.answers(policy, CONFLICT, 5))
        self.assertEqual([True] * 9 + [False],
                         [policy.interrupted() for _ in range(10)])
        self.assertEqual([False], self.answers(policy, ERROR, 1))

    def test_away(self):
        """A database that is away is waited for without end."""
        policy = RetryCommonFourTimes(self.job)
        self.assertEqual([True] * 50, self.answers(policy, AWAY, 50))

    def test_forever(self):
        """RetryCommonForever ends for an ordinary error of the job alone."""
        policy = RetryCommonForever(self.job)
        self.assertEqual([True] * 50, self.answers(policy, CONFLICT, 50))
        self.assertEqual([False], self.answers(policy, ERROR, 1))
        with self.assertLogs('zc.async', 'CRITICAL'):
            self.assertEqual(
                [True] * 50,
                self.answers(policy, ERROR, 50, 'commitError'))
        self.assertTrue(all(policy.interrupted() for _ in range(50)))

    def test_never(self):
        """NeverRetry never does."""
        policy = NeverRetry(self.job)
        for ask in 'jobError', 'commitError':
            self.assertEqual([False], self.answers(policy, AWAY, 1, ask))
        self.assertFalse(policy.interrupted())
        self.assertFalse(policy.repeatable)

    def test_counts(self):
        """Counts are stored with the job, over several runs."""
        policy = RetryCommonFourTimes(self.job)
        cache = {}
        policy.jobError(CONFLICT, cache)
        policy.updateData(cache)
        self.assertEqual(1, policy.data['transaction_error'])
        cache = {}
        policy.jobError(CONFLICT, cache)
        cache['first_active'] = 'later'
        policy.updateData(cache)
        self.assertEqual(2, policy.data['transaction_error'])
        self.assertNotEqual('later', policy.data['first_active'])

    def test_choice(self):
        """A job finds its policy by factory, by name, or by adapter."""
        self.assertIsInstance(self.job.getRetryPolicy(),
                              RetryCommonFourTimes)
        self.job.retry_policy_factory = NeverRetry
        self.assertIsInstance(self.job.getRetryPolicy(), NeverRetry)
        zope.component.provideAdapter(
            RetryCommonForever, [IJob], IRetryPolicy, 'x')
        self.job.retry_policy_factory = 'x'
        self.assertIsInstance(self.job.getRetryPolicy(), RetryCommonForever)
        zope.component.provideAdapter(NeverRetry, [IJob], IRetryPolicy)
        self.job.retry_policy_factory = None
        self.assertIsInstance(self.job.getRetryPolicy(), NeverRetry)
        self.assertFalse(self.job.repeatable)

    def test_backoff(self):
        """Backoff gives times that grow, and ends."""
        policy = Backoff(attempts=4, first=10, longest=25)(self.job)
        cache = {}
        waits = [policy.jobError(ERROR, cache) for _ in range(4)]
        self.assertFalse(waits[3])
        for wait, most in zip(waits, (10, 20, 25), strict=False):
            self.assertLessEqual(wait, datetime.timedelta(seconds=most))
            self.assertGreaterEqual(wait, datetime.timedelta(seconds=most / 2))

    def test_backoff_conflict(self):
        """Conflicts are tried again at once, as ever."""
        policy = Backoff(attempts=2)(self.job)
        self.assertIs(True, policy.jobError(CONFLICT, {}))

    def test_backoff_once(self):
        """With one attempt there is no other."""
        self.assertFalse(Backoff(attempts=1)(self.job).jobError(ERROR, {}))

    def test_backoff_wrong(self):
        """Numbers that make no sense are refused."""
        for wrong in dict(attempts=0), dict(first=-1), dict(factor=0.5):
            with self.assertRaises(ValueError):
                Backoff(**wrong)
        self.assertEqual(
            'Backoff(attempts=5, first=1.0, longest=300.0, factor=2.0)',
            repr(Backoff()))
