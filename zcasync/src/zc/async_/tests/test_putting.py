"""How jobs come into a queue."""

import transaction
import ZODB.interfaces
import ZODB.POSException

from zc.async_ import instanceuuid
from zc.async_._stored.times import now
from zc.async_.interfaces import PENDING
from zc.async_.interfaces import IQueue
from zc.async_.job import Job
from zc.async_.queue import Queue
from zc.async_.queue import Queues
from zc.async_.tests import base
from zc.async_.tests import sample


class Puts(base.QueueCase):

    def test_put(self):
        """put returns the job, which is pending."""
        job = self.put(sample.note)
        self.assertEqual(PENDING, job.status)
        self.assertEqual(1, len(self.queue))
        self.assertTrue(self.queue)
        self.assertIn(job, self.queue)
        self.assertEqual(
            self.db.databases, job._p_jar.db().databases)

    def test_uuid(self):
        """put notes which instance put it."""
        job = self.put(sample.note)
        self.assertEqual(instanceuuid.getUUID(), job.assignerUUID)
        self.assertIs(type(instanceuuid.getUUID()), type(job.assignerUUID))

    def test_twice(self):
        """A job that is in a queue is not put again."""
        job = self.put(sample.note)
        with self.assertRaisesRegex(ValueError, 'in a queue'):
            self.queue.put(job)

    def test_no_name(self):
        """A function that cannot be imported is refused at once."""
        def inner():
            """Not to be found from outside."""
        for function in inner, lambda: 1:
            with self.assertRaisesRegex(TypeError, 'can be imported by its'):
                self.queue.put(function)
        self.assertEqual(0, len(self.queue))

    def test_wrong_terms(self):
        """So are terms that a dispatcher could not read."""
        for terms in {'keep': 5}, {'timeout': 'x'}, {'priority': 'high'}:
            with self.subTest(str(terms)):
                with self.assertRaisesRegex(TypeError, 'must be'):
                    self.queue.put(sample.note, **terms)
        self.assertEqual(0, len(self.queue))

    def test_quota(self):
        """A job that names an unknown quota is refused."""
        job = Job(sample.note)
        job.quota_names = ['x']
        with self.assertRaisesRegex(ValueError, "no quota 'x'"):
            self.queue.put(job)

    def test_one_record(self):
        """A put writes the job and its place, and no counter."""
        storage = self.db.storage
        self.put(sample.note)       # makes the first bucket
        self.put(sample.note)
        records = [[record.oid for record in each] for each
                   in storage.iterator(self.db.lastTransaction())]
        self.assertLessEqual(len(records[-1]), 2)

    def test_adapter(self):
        """A persistent object and a connection adapt to the queue."""
        self.assertIs(self.queue, IQueue(self.root))
        self.assertIs(self.queue, IQueue(self.connection))

    def test_queues(self):
        """Only queues go into the collection of queues."""
        with self.assertRaisesRegex(ValueError, 'no queue'):
            Queues()['x'] = sample.Counter()
        queues = self.root['zc.async']
        other = queues['other'] = Queue()
        self.assertEqual('other', other.name)
        self.assertIs(queues, other.parent)
        del queues['other']
        self.assertIsNone(other.parent)
        queues['a'] = Queue()
        first = queues['a']
        queues['a'] = Queue()
        self.assertIsNone(first.parent)


class Quotas(base.QueueCase):

    def setUp(self):
        super().setUp()
        self.quota = self.queue.quotas.create('one')
        transaction.commit()

    def put_quota(self, *names):
        job = Job(sample.note)
        job.quota_names = names
        return self.queue.put(job)

    def test_filled(self):
        """While a job runs, others of its quota wait."""
        first = self.put_quota('one')
        second = self.put_quota('one')
        other = self.queue.put(sample.note)
        claimed = self.queue.claim()
        self.assertIs(first, claimed)
        claimed.start(now())
        self.assertIs(other, self.queue.claim())
        self.assertIsNone(self.queue.claim())
        self.assertIn(first, self.quota)
        self.assertIs(first, self.quota[0])
        claimed.finish(1, now())
        self.assertIs(second, self.queue.claim())

    def test_size(self):
        """A quota can take several, and be removed."""
        self.queue.quotas.create('two', 2)
        jobs = [self.put_quota('two') for _ in range(4)]
        for job in self.queue.claim_many(9):
            job.start(now())
        self.assertEqual(2, len(self.queue))
        self.queue.quotas.remove('two')
        self.assertEqual(jobs[2:], self.queue.claim_many(9))

    def test_order(self):
        """Jobs of a quota keep their order."""
        jobs = [self.put_quota('one') for _ in range(20)]
        got = []
        for _ in jobs:
            [job] = self.queue.claim_many(5, turn=0.3)
            got.append(job)
            job.start(now())
            job.finish(1, now())
        self.assertEqual(jobs, got)

    def test_add(self):
        """A quota refuses what does not belong to it."""
        job = Job(sample.note)
        for bad, text in (sample.note, 'no job'), (job, 'does not name'):
            with self.assertRaisesRegex(ValueError, text):
                self.quota.add(bad)
        job.quota_names = ['one']
        self.quota.add(job)
        self.quota.add(job)
        other = Job(sample.note)
        other.quota_names = ['one']
        with self.assertRaisesRegex(ValueError, 'filled'):
            self.quota.add(other)
        self.assertEqual(1, len(self.quota))
        self.assertEqual([job], list(self.quota))
        self.assertTrue(self.quota)

    def test_late(self):
        """A job that is too late does not wait for its quota."""
        first = self.put_quota('one')
        late = Job(sample.note)
        late.quota_names = ['one']
        self.queue.put(
            late, begin_after=now() - 2 * base.HOUR, begin_by=base.HOUR)
        self.queue.remove(first)
        self.queue.put(first)
        claimed = [self.queue.claim(), self.queue.claim()]
        self.assertEqual({first, late}, set(claimed))
        self.assertNotIn(late, self.quota)


class Unique(base.QueueCase):

    def test_waiting(self):
        """While one waits, it is returned instead of a second one."""
        job = self.put(sample.note, unique='a')
        self.assertIs(job, self.queue.put(sample.note, unique='a'))
        self.assertIsNot(job, self.queue.put(sample.note, unique='b'))
        self.assertEqual(2, len(self.queue))

    def test_claimed(self):
        """When it is claimed or removed, another one may be put."""
        for take in self.queue.claim, self.queue.pull:
            job = self.put(sample.note, unique='a')
            take()
            self.assertIsNot(job, self.queue.put(sample.note, unique='a'))
            self.queue.pull()

    def test_race(self):
        """A put that relies on a waiting job fails if that is claimed."""
        job = self.put(sample.note, unique='a')
        manager = transaction.TransactionManager()
        other = self.db.open(manager)
        self.addCleanup(other.close)
        root = other.root()
        root['data'] = 1
        root['zc.async'][''].put(sample.note, unique='a')
        self.assertIs(job, self.queue.claim())
        job.start(now())
        transaction.commit()
        with self.assertRaises(ZODB.POSException.ReadConflictError):
            manager.commit()
        manager.abort()
