import logging
import unittest.mock

import transaction

from zc.async_ import dispatcher as dispatchers
from zc.async_ import ftesting
from zc.async_ import local
from zc.async_ import testing
from zc.async_.job import Job
from zc.async_.testing import TearDownDispatcherError
from zc.async_.tests import base
from zc.async_.tests import sample


class Waits(base.DispatcherCase):

    def test_conditions(self):
        """Each wait ends when its condition holds."""
        dispatcher = self.start()
        self.assertIn('', testing.get_poll(dispatcher))
        job = self.put(Job(base.wait_for_go, id(self)))
        testing.wait_for_start(job)
        local.setLiveAnnotation('a', 1, job)
        self.assertEqual(1, testing.wait_for_annotation(job, 'a'))
        self.go.set()
        self.assertEqual('went', testing.wait_for_result(job))
        testing.tear_down_dispatcher(dispatcher)
        testing.wait_for_deactivation(dispatcher)

    def test_in_vain(self):
        """Or fails, and says what never happened."""
        dispatcher = self.start(poll_interval=600, look_interval=600)
        job = self.queue.put(sample.note)
        self.queue.pull()
        transaction.commit()
        for wait, text in [
                (lambda: testing.wait_for_start(job, 0), 'never started'),
                (lambda: testing.wait_for_result(job, 0), 'never completed'),
                (lambda: testing.wait_for_annotation(job, 'a', 0),
                 'never found'),
                (lambda: testing.wait_for_death(
                    self.agents(dispatcher), 0), 'never died'),
                (lambda: testing.wait_for_deactivation(dispatcher, 0),
                 'never deactivated'),
                (lambda: testing.get_poll(dispatcher, seconds=0),
                 'no poll')]:
            with self.assertRaisesRegex(AssertionError, text):
                wait()

    def test_stuck(self):
        """A job that does not stop is named."""
        self.logs()
        dispatcher = self.start()
        self.put(Job(base.wait_for_go, id(self)))
        self.wait_for_job()
        with unittest.mock.patch('threading.Thread.join'):
            with self.assertRaisesRegex(
                    TearDownDispatcherError, 'failed to stop: .*wait_for_go'):
                testing.tear_down_dispatcher(dispatcher, 0)


class Functional(base.QueueCase):

    def test_both(self):
        """setUp starts a dispatcher, tearDown ends it."""
        getRootFolder = lambda: self.root       # noqa: E731
        globals()['getRootFolder'] = getRootFolder
        self.addCleanup(globals().pop, 'getRootFolder')
        with unittest.mock.patch('sys.stdout') as out:
            ftesting.setUp()
            logging.getLogger('zc.async.events').critical('shown')
            job = self.put(Job(sample.note, 1))
            self.assertEqual((1,), testing.wait_for_result(job))
            ftesting.tearDown()
        self.assertIn('shown', str(out.mock_calls))
        self.assertIsNone(dispatchers.get())

    def test_quiet(self):
        """Nothing is printed if that is wanted."""
        ftesting.setUp(self.connection, log_file=None)
        ftesting.tearDown()
        self.assertIsNone(dispatchers.get())
