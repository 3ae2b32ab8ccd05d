import datetime
import threading

import transaction
import ZODB.interfaces
import ZODB.POSException

from zc.async_ import instanceuuid
from zc.async_ import local
from zc.async_._perform.perform import perform
from zc.async_._stored.base import get_id
from zc.async_._stored.times import now
from zc.async_.interfaces import KEY
from zc.async_.interfaces import PENDING
from zc.async_.interfaces import IQueue
from zc.async_.job import Job
from zc.async_.queue import Queue
from zc.async_.queue import Queues
from zc.async_.tests import base
from zc.async_.tests import sample


HOUR = datetime.timedelta(hours=1)


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


class Order(base.QueueCase):

    def test_first(self):
        """Jobs are claimed in the order in which they were put."""
        jobs = [self.queue.put(Job(sample.note, n)) for n in range(50)]
        transaction.commit()
        self.assertEqual(jobs, list(self.queue))
        self.assertEqual(jobs, [self.queue.claim() for _ in jobs])
        self.assertIsNone(self.queue.claim())
        self.assertEqual('x', self.queue.claim(default='x'))
        self.assertFalse(self.queue)

    def test_index(self):
        """A queue can be read like a list."""
        jobs = [self.queue.put(Job(sample.note, n)) for n in range(5)]
        self.assertIs(jobs[0], self.queue[0])
        self.assertIs(jobs[4], self.queue[-1])
        with self.assertRaises(IndexError):
            self.queue[5]
        with self.assertRaises(IndexError):
            self.queue[-6]

    def test_pull(self):
        """pull and remove take a job out, which can be put again."""
        one, two, three = [
            self.queue.put(Job(sample.note, n)) for n in range(3)]
        self.assertIs(two, self.queue.pull(1))
        self.assertIsNone(two.assignerUUID)
        self.queue.remove(three)
        with self.assertRaisesRegex(LookupError, 'does not wait'):
            self.queue.remove(three)
        self.assertEqual([one], list(self.queue))
        self.queue.put(two)
        self.assertEqual([one, two], list(self.queue))
        self.queue.pull()
        self.queue.pull()
        with self.assertRaises(IndexError):
            self.queue.pull()

    def test_priority(self):
        """A higher priority goes first."""
        low = self.queue.put(Job(sample.note), priority=-1)
        usual = self.queue.put(sample.note)
        high = self.queue.put(sample.note, priority=5)
        self.assertEqual([high, usual, low], list(self.queue))
        self.assertEqual([high, usual, low],
                         [self.queue.claim() for _ in range(3)])

    def test_begin_after(self):
        """A job waits for its time, and then has its place by it."""
        later = self.queue.put(sample.note, begin_after=now() + HOUR)
        self.assertFalse(self.queue.ready())
        self.assertIsNone(self.queue.claim())
        soon = self.queue.put(sample.note)
        self.assertTrue(self.queue.ready())
        self.assertEqual([soon, later], list(self.queue))
        past = self.queue.put(sample.note, begin_after=now() - HOUR)
        self.assertEqual({soon, past}, {
            self.queue.claim(), self.queue.claim()})
        self.assertIsNone(self.queue.claim())

    def test_put_back(self):
        """A job that is put back is at the front."""
        jobs = [self.queue.put(Job(sample.note, n)) for n in range(3)]
        first = self.queue.claim()
        self.queue.putBack(first)
        self.assertEqual(jobs, list(self.queue))

    def test_filter(self):
        """A filter passes over jobs."""
        one, two = [self.queue.put(Job(sample.note, n)) for n in range(2)]
        self.assertIs(two, self.queue.claim(lambda job: job.args[0] == 1))
        self.assertIsNone(self.queue.claim(lambda job: False))
        self.assertEqual([one], list(self.queue))

    def test_turn(self):
        """Dispatchers that begin at different places get all jobs."""
        jobs = {self.queue.put(Job(sample.note, n)) for n in range(100)}
        got = []
        for turn in range(10):
            got += self.queue.claim_many(10, turn=turn / 10)
        self.assertEqual(jobs, set(got))
        self.assertEqual(100, len(got))


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
        self.queue.put(late, begin_after=now() - 2 * HOUR, begin_by=HOUR)
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


class Records(base.QueueCase):

    def failed(self):
        job = self.put(sample.fail)
        self.queue.claim()
        job.start(now())
        transaction.commit()
        with self.assertLogs('zc.async.events'):
            perform(job)
        self.queue.ended(job)
        return job

    def test_dead(self):
        """Jobs that failed are kept, the latest first, and put again."""
        one, two = self.failed(), self.failed()
        self.assertEqual([two, one], list(self.queue.dead))
        self.assertEqual(2, len(self.queue.dead))
        again = self.queue.retry(one)
        self.assertIn(again, self.queue)
        self.assertIs(sample.fail, again.callable)
        self.assertNotIn(one, self.queue.dead)
        with self.assertRaisesRegex(LookupError, 'not among the dead'):
            self.queue.retry(one)

    def test_dead_size(self):
        """Only so many are kept."""
        self.queue.dead.size = 2
        jobs = [self.failed() for _ in range(3)]
        self.assertEqual(jobs[:0:-1], list(self.queue.dead))

    def test_cancel_waiting(self):
        """A job that waits can be cancelled, also for a later time."""
        job = self.put(sample.note, begin_after=now() + HOUR)
        self.assertTrue(self.queue.cancel(job))
        self.assertIs(job, self.queue.claim())
        self.assertTrue(job.cancel_requested)

    def test_cancel_running(self):
        """A running job is asked, in a record of its own."""
        job = self.put(sample.note)
        self.queue.claim()
        job.start(now())
        transaction.commit()
        serial = job._p_serial
        self.assertTrue(self.queue.cancel(job))
        transaction.commit()
        self.assertEqual(serial, job._p_serial)
        self.assertTrue(self.queue.live.cancelled(get_id(job)))
        self.assertEqual(1, len(self.queue.live))
        self.assertEqual(1, len(list(self.queue.live.ids())))
        job.finish(1, now())
        self.queue.ended(job)
        self.assertEqual(0, len(self.queue.live))

    def running(self):
        """Return a running job, as two connections see it."""
        job = self.put(sample.note)
        self.queue.claim()
        job.start(now())
        transaction.commit()
        manager = transaction.TransactionManager()
        other = self.db.open(manager)
        self.addCleanup(other.close)
        self.addCleanup(manager.abort)
        return job, manager, other.get(job._p_oid)

    def test_cancel_and_progress(self):
        """A request to cancel does not conflict with the progress."""
        job, manager, same = self.running()
        queue = same._p_jar.root()[KEY]['']
        queue.live.of(same).progress = 1, 2, ''
        self.assertTrue(self.queue.cancel(job))
        transaction.commit()
        manager.commit()
        transaction.begin()
        self.assertTrue(self.queue.live.cancelled(get_id(job)))
        self.assertEqual((1, 2, ''), self.queue.live.get(job).progress)

    def test_cancel_and_end(self):
        """A job that ends while it is cancelled leaves nothing behind."""
        job, manager, same = self.running()
        same.finish(1, now())
        self.assertTrue(self.queue.cancel(job))
        manager.commit()
        with self.assertRaises(ZODB.POSException.ReadConflictError):
            transaction.commit()
        transaction.abort()
        self.assertFalse(self.queue.cancel(job))

    def test_annotation_and_end(self):
        """So does one that is annotated."""
        job, manager, same = self.running()
        same.finish(1, now())
        self.queue.live.of(job).annotations = {'a': 1}
        manager.commit()
        with self.assertRaises(ZODB.POSException.ReadConflictError):
            transaction.commit()
        transaction.abort()
        local.setLiveAnnotation('a', 2, job)
        transaction.begin()
        self.assertEqual({'a': 2}, dict(job.annotations))
        self.assertEqual(0, len(self.queue.live))

    def test_cancel_ended(self):
        """There is nothing to cancel about one that ended."""
        self.assertFalse(self.queue.cancel(self.failed()))


class Races(base.QueueCase):

    def race(self, work, count=4):
        """Run work in threads; return what each returned."""
        results = [None] * count
        barrier = threading.Barrier(count)

        def run(index):
            manager = transaction.TransactionManager()
            connection = self.db.open(manager)
            try:
                barrier.wait(60)
                results[index] = work(
                    index, manager, connection.root()['zc.async'][''])
            finally:
                manager.abort()
                connection.close()
        threads = [threading.Thread(target=run, args=(index,))
                   for index in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    def test_puts_and_claims(self):
        """No job is lost or claimed twice, whoever puts and claims."""
        got = []
        conflicts = []

        def work(index, manager, queue):
            done = 0
            while done < 60 if index % 2 else len(got) < 120:
                manager.begin()
                try:
                    if index % 2:
                        queue.put(Job(sample.note, index, done))
                        manager.commit()
                        done += 1
                    else:
                        jobs = queue.claim_many(3, turn=index / 8)
                        manager.commit()
                        got.extend(tuple(job.args) for job in jobs)
                except ZODB.POSException.ConflictError:
                    manager.abort()
                    conflicts.append('put' if index % 2 else 'claim')
            return done
        self.race(work)
        transaction.begin()
        self.assertEqual(0, len(self.queue))
        self.assertEqual(120, len(got))
        self.assertEqual(
            {(index, n) for index in (1, 3) for n in range(60)}, set(got))

    def test_claims_spare_puts(self):
        """A claim does not make a put fail, nor a put a claim."""
        for n in range(40):
            self.queue.put(Job(sample.note, n))
        transaction.commit()
        for turn in range(8):
            manager = transaction.TransactionManager()
            other = self.db.open(manager)
            queue = other.root()['zc.async']['']
            queue.put(sample.note)
            self.assertEqual(3, len(self.queue.claim_many(3, turn=turn / 8)))
            transaction.commit()
            manager.commit()
            other.close()


class Connections(base.ComponentCase):

    def test_iconnection(self):
        """A new object has the connection of its parent."""
        db = ZODB.DB(None)
        self.addCleanup(db.close)
        connection = db.open()
        queue = connection.root()['q'] = Queue()
        transaction.commit()
        job = Job(sample.note)
        job.parent = queue
        self.assertIs(connection, ZODB.interfaces.IConnection(job))
