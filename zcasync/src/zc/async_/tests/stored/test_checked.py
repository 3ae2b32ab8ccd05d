import datetime
import unittest

import transaction
import ZODB

from zc.async_.job import Job
from zc.async_.tests import sample


class Checked(unittest.TestCase):

    def test_refused(self):
        """What is of another type fails where it is set."""
        job = Job(sample.note)
        for name, value in (('keep', 5), ('timeout', '5'), ('timeout', True),
                            ('timeout', float('nan')), ('priority', None),
                            ('priority', 'high'), ('unique', 5)):
            with self.subTest(f'{name} {value!r}'):
                before = getattr(job, name)
                with self.assertRaisesRegex(TypeError, f'{name} must be'):
                    setattr(job, name, value)
                self.assertEqual(before, getattr(job, name))

    def test_stored(self):
        """A value is stored under its name, and so is None."""
        db = ZODB.DB(None)
        self.addCleanup(db.close)
        with db.transaction() as connection:
            job = connection.root.job = Job(sample.note)
            job.keep = datetime.timedelta(days=1)
            job.priority = 1.5
            job.timeout = None
        manager = transaction.TransactionManager()
        connection = db.open(manager)
        job = connection.root.job
        self.assertEqual(datetime.timedelta(days=1), job.keep)
        self.assertEqual(1.5, vars(job)['priority'])
        self.assertIsNone(job.timeout)
        job._p_deactivate()
        job.unique = 'x'
        self.assertTrue(job._p_changed)
        manager.commit()
        job._p_deactivate()
        self.assertEqual(('x', 1.5), (job.unique, job.priority))

    def test_subclass(self):
        """A class of jobs may have a value of its own."""
        class Urgent(Job):
            priority = 5
        self.assertEqual((5, 0), (Urgent(sample.note).priority, Job.priority))
