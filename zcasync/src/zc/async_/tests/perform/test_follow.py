import datetime
import logging

import transaction

from zc.async_._rules.failure import is_failure
from zc.async_.interfaces import CALLBACKS
from zc.async_.interfaces import COMPLETED
from zc.async_.interfaces import AbortedError
from zc.async_.interfaces import BadStatusError
from zc.async_.job import Job
from zc.async_.job import NeverRetry
from zc.async_.tests import sample
from zc.async_.tests.perform.test_perform import PerformCase


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

    def test_chain(self):
        """A callback of a callback of a callback may go on for thousands."""
        job = last = self.job(sample.note)
        for _ in range(1000):
            last = last.addCallback(sample.describe_result)
        transaction.commit()
        job()
        transaction.abort()
        self.assertEqual(COMPLETED, job.status)
        self.assertEqual('str', last.result)
