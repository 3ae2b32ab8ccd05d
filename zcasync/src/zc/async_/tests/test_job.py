import datetime
import operator

import transaction
import zope.component

from zc.async_ import local
from zc.async_.interfaces import ACTIVE
from zc.async_.interfaces import COMPLETED
from zc.async_.interfaces import NEW
from zc.async_.interfaces import PENDING
from zc.async_.interfaces import BadStatusError
from zc.async_.interfaces import IJob
from zc.async_.job import Job
from zc.async_.job import as_job
from zc.async_.tests import base
from zc.async_.tests import sample
from zc.async_.tests.sample import Counter


UTC = datetime.timezone.utc


class Making(base.QueueCase):

    def test_call(self):
        """A job keeps a callable and its arguments."""
        job = Job(operator.mul, 21, 2)
        self.assertIs(operator.mul, job.callable)
        self.assertEqual([21, 2], job.args)
        self.assertEqual({}, dict(job.kwargs))
        self.assertEqual(NEW, job.status)
        self.assertIsNone(job.result)

    def test_nothing(self):
        """A job without anything to call is refused."""
        with self.assertRaisesRegex(TypeError, 'something to call'):
            Job()

    def test_arguments(self):
        """The arguments can be changed, and the changes are stored."""
        job = self.root['job'] = Job(sample.note, 1, a=2)
        transaction.commit()
        job.args.append(3)
        job.args[0] = 0
        del job.args[1:]
        job.args.extend([4, 5])
        job.kwargs['b'] = 6
        del job.kwargs['a']
        self.assertTrue(job._p_changed)
        transaction.commit()
        job._p_deactivate()
        self.assertEqual([0, 4, 5], job.args)
        self.assertEqual({'b': 6}, dict(job.kwargs))
        self.assertEqual(4, job.args[1])
        self.assertEqual([4, 5], job.args[1:])

    def test_bind(self):
        """bind gives a job itself as its first argument."""
        job = Job.bind(sample.note, 1)
        self.assertIs(job, job.args[0])
        self.assertEqual(1, job.args[1])
        self.assertIn('(self, 1)', repr(job))

    def test_method(self):
        """A method of a persistent object is kept by name."""
        counter = self.root['counter'] = Counter()
        job = self.root['job'] = Job(counter.add, 2)
        transaction.commit()
        other = self.db.open(transaction.TransactionManager())
        self.addCleanup(other.close)
        found = other.root()['job']
        self.assertEqual(found.callable, other.root()['counter'].add)
        self.assertIn(':add(2)', repr(job))

    def test_builtin_method(self):
        """So is a method of a built-in object, and a module's function not.
        """
        job = Job([1, 2].index, 2)
        self.assertEqual(1, job())
        self.assertIsNone(Job(operator.mul)._callable_name)

    def test_started(self):
        """The callable cannot be changed after the start."""
        job = Job(sample.note)
        job()
        with self.assertRaisesRegex(BadStatusError, 'cannot be changed'):
            job.callable = sample.fail

    def test_adapters(self):
        """Functions and methods adapt to jobs."""
        self.assertIsInstance(IJob(sample.note), Job)
        self.assertIsInstance(IJob(Counter().add), Job)
        self.assertIsInstance(IJob(operator.mul), Job)

    def test_as_job(self):
        """Without adapters, anything callable makes a job."""
        zope.component.testing.tearDown()
        self.assertIs(sample.note, as_job(sample.note).callable)
        with self.assertRaisesRegex(TypeError, "'x' is neither"):
            as_job('x')

    def test_annotations(self):
        """Annotations are a mapping that is made when it is needed."""
        job = self.root['job'] = Job(sample.note)
        self.assertEqual({}, dict(job.annotations))
        self.assertNotIn('a', job.annotations)
        with self.assertRaises(KeyError):
            del job.annotations['a']
        job.annotations['a'] = 1
        job.annotations['b'] = 2
        del job.annotations['b']
        transaction.commit()
        self.assertEqual({'a': 1}, dict(job.annotations))
        self.assertEqual(1, len(job.annotations))

    def test_repr_broken(self):
        """A broken argument does not break the text of its job."""
        class Broken:
            def __repr__(self):
                raise RuntimeError
        self.assertEqual('<zc.async_.job.Job>', repr(Job(len, Broken())))


class Times(base.QueueCase):

    def test_begin_after(self):
        """A time is kept in UTC; one without a zone is taken for that."""
        job = Job(sample.note)
        job.begin_after = datetime.datetime(2030, 1, 1, 12)
        self.assertEqual(datetime.datetime(2030, 1, 1, 12, tzinfo=UTC),
                         job.begin_after)
        zone = datetime.timezone(datetime.timedelta(hours=2))
        job.begin_after = datetime.datetime(2030, 1, 1, 12, tzinfo=zone)
        self.assertEqual(10, job.begin_after.hour)
        job.begin_after = None
        self.assertIsNone(job.begin_after)

    def test_begin_after_put(self):
        """It cannot be set any more when the job is put."""
        job = self.queue.put(sample.note)
        with self.assertRaisesRegex(BadStatusError, 'before the job is put'):
            job.begin_after = None

    def test_begin_by(self):
        """A negative time to begin is refused, and one after the start."""
        job = Job(sample.note)
        with self.assertRaisesRegex(ValueError, 'negative'):
            job.begin_by = datetime.timedelta(seconds=-1)
        self.queue.put(job)
        job.begin_by = datetime.timedelta(0)
        self.assertTrue(job.late(
            job.begin_after + datetime.timedelta(seconds=1)))
        self.assertFalse(job.late(None))
        self.queue.remove(job)
        job()
        with self.assertRaisesRegex(BadStatusError, 'begin_by'):
            job.begin_by = None


class Where(base.QueueCase):

    def test_queue(self):
        """A job in a queue is pending, and knows its queue."""
        job = self.queue.put(sample.note)
        self.assertEqual(PENDING, job.status)
        self.assertIs(self.queue, job.queue)
        self.assertIsNone(job.agent)
        self.assertIs(self.queue, job.__parent__)

    def test_callback(self):
        """A callback is where its job is."""
        job = self.queue.put(sample.note)
        callback = job.addCallback(sample.note)
        inner = callback.addCallbacks(sample.note)
        for each in callback, inner, inner.success:
            self.assertEqual(PENDING, each.status)
        self.assertIs(self.queue, callback.queue)

    def test_nowhere(self):
        """A job that was not put has no queue."""
        self.assertIsNone(Job(sample.note).queue)

    def test_own_parent(self):
        """__parent__ may be set apart from where the job is."""
        job = Job(sample.note)
        job.__parent__ = self.root
        self.assertIs(self.root, job.__parent__)
        self.assertIsNone(job.parent)

    def test_quota_names(self):
        """Quotas can be named until the job is claimed."""
        self.queue.quotas.create('a')
        job = Job(sample.note)
        with self.assertRaises(TypeError):
            job.quota_names = 'a'
        job.quota_names = ['a']
        self.queue.put(job)
        with self.assertRaisesRegex(ValueError, "no quota 'b'"):
            job.quota_names = ['b']
        self.queue.quotas.create('b')
        job.quota_names = ['a', 'b']
        self.assertEqual([job], list(self.queue))
        self.queue.remove(job)
        job()
        with self.assertRaises(BadStatusError):
            job.quota_names = []


class Again(base.QueueCase):

    def test_copy(self):
        """A copy makes the same call, and has no callbacks."""
        job = Job.bind(sample.note, 1, a=2)
        job.priority = 5
        job.annotations['x'] = 1
        job.addCallback(sample.note)
        copy = job.again()
        self.assertIs(copy, copy.args[0])
        self.assertEqual(1, copy.args[1])
        self.assertEqual({'a': 2}, dict(copy.kwargs))
        self.assertEqual(5, copy.priority)
        self.assertEqual({'x': 1}, dict(copy.annotations))
        self.assertEqual([], list(copy.callbacks))

    def test_method(self):
        """Also of a method."""
        counter = Counter()
        copy = Job(counter.add, 2).again()
        self.assertEqual(counter.add, copy.callable)


class Direct(base.QueueCase):

    def test_result(self):
        """Calling a job gives its result, and commits."""
        job = self.root['job'] = Job(operator.mul, 21, 2)
        transaction.commit()
        self.assertEqual(42, job())
        transaction.abort()
        self.assertEqual(COMPLETED, job.status)
        self.assertEqual(42, job.result)
        self.assertLess(job.active_start, job.active_end)

    def test_more(self):
        """Arguments of the call are added."""
        self.assertEqual((1, 5), Job(sample.note, 1)(5))
        self.assertEqual(9, Job(int, '10')(base=9))

    def test_twice(self):
        """A job is called once."""
        job = Job(sample.note)
        job()
        with self.assertRaisesRegex(BadStatusError, 'NEW or ASSIGNED'):
            job()

    def test_local(self):
        """The running job is known in its thread, and afterwards not."""
        job = self.root['job'] = Job(sample.has_job)
        transaction.commit()
        self.assertTrue(job())
        self.assertIsNone(local.getJob())

    def test_without_database(self):
        """A job that is in no database can be called as well."""
        self.assertEqual(6, Job(operator.mul, 2, 3)())

    def test_fail(self):
        """A job can fail without being called."""
        job = self.root['job'] = Job(sample.note)
        callback = job.addCallback(sample.describe_result)
        transaction.commit()
        job.fail(KeyError('x'))
        self.assertIsInstance(job.result.value, KeyError)
        self.assertEqual('Failure', callback.result)
        with self.assertRaises(BadStatusError):
            job.fail()

    def test_expire(self):
        """A result can be dropped."""
        job = Job(operator.mul, 2, 3)
        job.expire()
        self.assertFalse(job.expired)
        job()
        job.expire()
        self.assertIsNone(job.result)
        self.assertTrue(job.expired)

    def test_order(self):
        """A job cannot go back to a state."""
        job = Job(sample.note)
        job()
        with self.assertRaisesRegex(
                BadStatusError, 'Completed cannot come to the state Active'):
            job.start(job.active_end)
        self.assertNotEqual(ACTIVE, job.status)
