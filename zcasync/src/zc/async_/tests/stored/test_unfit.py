import datetime
import logging
import uuid

import transaction

from zc.async_ import testing
from zc.async_._stored import unfit
from zc.async_.agent import Agent
from zc.async_.interfaces import ACTIVE
from zc.async_.interfaces import COMPLETED
from zc.async_.interfaces import PENDING
from zc.async_.job import ConditionalCallbackProxy
from zc.async_.job import Job
from zc.async_.tests import base
from zc.async_.tests import sample


class Unfit(base.DispatcherCase):

    def setUp(self):
        super().setUp()
        self.addCleanup(unfit._unfit.clear)
        self.addCleanup(setattr, sample, 'fail', sample.fail)
        self.log = self.logs(level=logging.ERROR)

    def forget(self):
        """Take the function away, and what was loaded with it."""
        del sample.fail
        self.connection.cacheMinimize()

    def messages(self):
        return [record.getMessage() for record in self.log.records]

    def test_others(self):
        """A job whose function is not there holds up no other job."""
        first = self.queue.put(sample.fail)
        second = self.queue.put(Job(sample.note, 2))
        third = self.queue.put(Job(sample.note, 3))
        transaction.commit()
        self.forget()
        dispatcher = self.start()
        self.assertEqual((2,), self.result(second))
        self.assertEqual((3,), self.result(third))
        self.assertEqual(PENDING, first.status)
        [message] = [text for text in self.messages() if 'waits for' in text]
        self.assertIn('sample.fail', message)
        # The dispatcher stops as usual, and the job is there still.
        testing.tear_down_dispatcher(dispatcher)
        transaction.begin()
        self.assertEqual([first], list(self.queue))

    def test_installed(self):
        """When the function is there, the job is performed."""
        job = self.queue.put(sample.fail)
        transaction.commit()
        function = sample.fail
        self.forget()
        dispatcher = self.start()
        self.wait(lambda: any('waits for' in text
                              for text in self.messages()))
        testing.tear_down_dispatcher(dispatcher)
        sample.fail = function
        unfit._unfit.clear()            # as in a new process
        self.connection.cacheMinimize()
        self.start()
        self.assertIsNotNone(self.result(job).check(ValueError))

    def test_expired(self):
        """Results that expire, and jobs that waited, do not need the code.
        """
        job = self.queue.put(sample.fail, keep=datetime.timedelta())
        transaction.commit()
        with self.assertLogs('zc.async.events'):
            dispatcher = self.start()
            self.result(job)
            self.wait(lambda: len(self.agents(dispatcher)['main'].completed))
            testing.tear_down_dispatcher(dispatcher)
        transaction.begin()
        agent = self.agents(dispatcher)['main']
        self.queue.waiting.add(job)
        self.queue.ended(job)
        transaction.commit()
        self.forget()
        self.assertEqual([], self.queue.sweep(agent))
        transaction.commit()
        self.assertEqual(0, len(self.queue._expiring))
        self.assertFalse(job.expired)

    def missed(self):
        """Return the job that stands for a callback that was missed."""
        self.wait(lambda: len(self.queue.dead))
        [found] = self.queue.dead
        return found

    def test_callback(self):
        """A callback whose function is not there holds up nothing.

        It is among the dead, and put again where the function is.
        """
        job = Job(sample.note, 1)
        bad = job.addCallback(sample.fail)
        good = job.addCallback(sample.describe_result)
        last = bad.addCallback(sample.describe_result)
        self.put(job)
        function = sample.fail
        self.forget()
        dispatcher = self.start()
        self.assertEqual((1,), self.result(job))
        self.wait(lambda: job.status == COMPLETED)
        self.assertEqual('tuple', good.result)
        missed = self.missed()
        self.assertIn('has not what the callback',
                      missed.result.getErrorMessage())
        self.assertNotEqual(COMPLETED, bad.status)
        self.assertTrue(any('has not what the callback' in text
                            for text in self.messages()))
        testing.tear_down_dispatcher(dispatcher)
        sample.fail = function
        self.db.cacheMinimize()         # as in a new process
        transaction.begin()
        again = self.queue.retry(missed)
        transaction.commit()
        self.start()
        self.assertIsNone(self.result(again))
        self.assertIsNotNone(bad.result.check(ValueError))
        self.assertEqual('Failure', last.result)
        self.assertEqual(COMPLETED, bad.status)

    def test_callback_class(self):
        """So does one whose class is not there."""
        job = Job(sample.note, 1)
        job.addCallback(sample.Adder(sample.note))
        self.put(job)
        kind = sample.Adder
        self.addCleanup(setattr, sample, 'Adder', kind)
        del sample.Adder
        self.connection.cacheMinimize()
        self.start()
        self.assertEqual((1,), self.result(job))
        self.missed()
        self.wait(lambda: job.status == COMPLETED)

    def test_choice(self):
        """A condition that fails ends as a failure, and holds up nothing."""
        job = Job(sample.note, 1)
        job.addCallback(ConditionalCallbackProxy(
            (sample.fail, sample.note), sample.note))
        self.put(job)
        self.start()
        self.wait(lambda: job.status == COMPLETED)
        self.assertIsNotNone(self.missed().result.check(ValueError))

    def test_schedule(self):
        """A schedule that cannot put its job holds up no job."""
        schedule = self.queue.schedules.create(
            'often', Job(sample.fail), every=datetime.timedelta(hours=1))
        schedule.due -= datetime.timedelta(hours=2)
        transaction.commit()
        self.forget()
        dispatcher = self.start()
        jobs = [self.put(Job(sample.note, n)) for n in range(3)]
        self.assertEqual([(0,), (1,), (2,)],
                         [self.result(job) for job in jobs])
        testing.get_poll(dispatcher)
        self.assertEqual(1, len([
            text for text in self.messages()
            if "The schedule 'often' in queue '' is due" in text]))
        transaction.begin()
        self.assertIsNone(schedule.last)

    def test_filter(self):
        """An agent with a filter passes over it, too."""
        self.queue.put(sample.fail)
        wanted = self.queue.put(Job(sample.note, 2))
        self.queue.put(Job(sample.note, 1))
        transaction.commit()
        self.forget()
        [found] = unfit.find(self.queue)
        self.assertEqual([], unfit.find(self.queue))
        claimed = self.queue.claim(unfit.without(lambda job: job.args[0] == 2))
        self.assertIs(wanted, claimed)
        transaction.abort()

    def gone(self, *functions):
        """Make a dispatcher that died while it had jobs."""
        agents = self.queue.dispatchers.register(uuid.UUID(int=1))
        agents.ping_death_interval = datetime.timedelta(seconds=0.1)
        agents.activate('elsewhere', 1)
        if 'main' not in agents:
            agents['main'] = Agent()
        jobs = [self.queue.put(each) for each in functions]
        transaction.commit()
        agents['main'].claim_started(len(jobs))
        transaction.commit()
        return agents, jobs

    def test_take_over(self):
        """A dead dispatcher's other jobs are taken over."""
        agents, (first, second) = self.gone(sample.fail, sample.note)
        self.forget()
        self.start()
        self.assertEqual((), self.result(second))
        self.assertEqual(ACTIVE, first.status)
        self.assertEqual([first], list(agents['main']))
        self.assertTrue(any('cannot be handed back here' in text
                            for text in self.messages()))
        with self.assertRaisesRegex(ValueError, 'has jobs still'):
            self.queue.dispatchers.unregister(agents.UUID)

    def test_left(self):
        """What was left is handed back by one that has the function."""
        agents, [job] = self.gone(sample.note)
        # As after a take-over by one that had it not.
        agents.activated = None
        agents.fence.drop()
        mine = self.queue.dispatchers.register(uuid.UUID(int=2))
        mine.ping_interval = datetime.timedelta()
        transaction.commit()
        self.start(uuid=mine.UUID)
        self.assertEqual((), self.result(job))
        self.assertEqual(0, len(agents['main']))
