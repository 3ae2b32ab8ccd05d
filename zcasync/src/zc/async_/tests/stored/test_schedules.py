import datetime

import transaction
import ZODB.POSException

from zc.async_._stored.times import now
from zc.async_.job import Job
from zc.async_.tests import base
from zc.async_.tests import sample


SECOND = datetime.timedelta(seconds=1)
HOUR = 3600 * SECOND


class Schedules(base.DispatcherCase):

    def create(self, **options):
        schedule = self.queue.schedules.create(
            'often', Job(sample.note, 1), **{'every': HOUR, **options})
        transaction.commit()
        return schedule

    def test_fire(self):
        """When it is due, a copy of the job is put, once."""
        schedule = self.create(priority=3)
        self.assertIsNone(schedule.fire(self.queue, now()))
        self.assertEqual([], self.queue.schedules.due(now()))
        later = schedule.due + 5 * HOUR
        self.assertEqual(['often'], self.queue.schedules.due(later))
        job = schedule.fire(self.queue, later)
        self.assertIsNot(job, schedule.job)
        self.assertEqual(([1], 3), (job.args, job.priority))
        self.assertGreater(schedule.due, later)
        self.assertEqual(later, schedule.last)
        self.assertIsNone(schedule.fire(self.queue, later))

    def test_waiting(self):
        """While the last one waits, no other is put."""
        schedule = self.create()
        first = schedule.fire(self.queue, schedule.due)
        self.assertIs(first, schedule.fire(self.queue, schedule.due))
        self.assertEqual(1, len(self.queue))

    def test_piled(self):
        """Unless that is wanted."""
        schedule = self.create(unique=None)
        for _ in range(2):
            schedule.fire(self.queue, schedule.due)
        self.assertEqual(2, len(self.queue))

    def test_paused(self):
        """A paused one is left alone."""
        schedule = self.create()
        schedule.paused = True
        later = schedule.due + HOUR
        self.assertIsNone(schedule.fire(self.queue, later))
        self.assertEqual([], self.queue.schedules.due(later))

    def test_race(self):
        """Of two dispatchers that find it due, one puts the job."""
        schedule = self.create()
        manager = transaction.TransactionManager()
        other = self.db.open(manager)
        self.addCleanup(other.close)
        queue = other.root()['zc.async']['']
        later = schedule.due
        queue.schedules['often'].fire(queue, later)
        schedule.fire(self.queue, later)
        transaction.commit()
        with self.assertRaises(ZODB.POSException.ConflictError):
            manager.commit()
        manager.begin()
        self.assertIsNone(queue.schedules['often'].fire(queue, later))
        manager.abort()

    def test_dispatchers(self):
        """Dispatchers put and perform what is due."""
        self.start(own=False)
        self.start(own=False)
        schedule = self.create()
        schedule.due = now()
        transaction.commit()
        done = self.wait(lambda: [
            job for agents in self.queue.dispatchers.values()
            for job in agents['main'].completed])
        self.assertEqual([(1,)], [job.result for job in done])
        self.assertGreater(schedule.due, now())

    def test_cron(self):
        """A cron line works as well; a wrong one is refused at once."""
        schedule = self.create(every=None, cron='30 4 * * *')
        self.assertEqual((4, 30), (schedule.due.hour, schedule.due.minute))
        with self.assertRaisesRegex(ValueError, 'is wrong'):
            self.create(every=None, cron='nonsense')
        self.queue.schedules.remove('often')
        self.assertEqual([], list(self.queue.schedules))
