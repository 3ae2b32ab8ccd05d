import datetime
import unittest

from zc.async_._stored.history import Completed
from zc.async_._stored.times import now
from zc.async_.job import Job
from zc.async_.tests import sample


DAY = datetime.timedelta(days=1)


def ended(when):
    job = Job(sample.note)
    job.start(when)
    job.finish(1, when)
    return job


class History(unittest.TestCase):

    def setUp(self):
        self.completed = Completed()
        self.moment = now()
        self.jobs = [ended(self.moment - number * DAY) for number in range(4)]
        for job in reversed(self.jobs):
            self.completed.add(job)

    def test_order(self):
        """The latest is first."""
        self.assertEqual(self.jobs, list(self.completed))
        self.assertEqual(4, len(self.completed))
        self.assertTrue(self.completed)
        self.assertFalse(Completed())
        self.assertIs(self.completed, self.jobs[0].parent)

    def test_between(self):
        """Jobs between two times can be read."""
        one, two = self.jobs[1], self.jobs[2]
        self.assertEqual([one, two], list(self.completed.iter(
            start=one.active_end, stop=two.active_end)))
        self.assertIs(one, self.completed.first(one.active_end))
        self.assertIs(two, self.completed.last(two.active_end))
        self.assertIs(self.jobs[0], self.completed.first())
        self.assertIs(self.jobs[3], self.completed.last())

    def test_none(self):
        """Where there is none, that is said."""
        for call in (lambda: self.completed.first(self.moment - 9 * DAY),
                     lambda: self.completed.last(self.moment + 9 * DAY)):
            with self.assertRaisesRegex(ValueError, 'no such job'):
                call()

    def test_days(self):
        """Old days are dropped when a new one begins."""
        self.completed.days = 2
        late = ended(self.moment + DAY)
        self.completed.add(late)
        self.assertEqual([late, self.jobs[0]], list(self.completed))

    def test_discard(self):
        """A job can be removed, also one that is not there."""
        self.completed.discard(self.jobs[1])
        self.completed.discard(self.jobs[1])
        self.completed.discard(Job(sample.note))
        self.assertEqual(3, len(self.completed))
