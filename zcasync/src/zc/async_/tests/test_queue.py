import threading

import transaction
import ZODB.interfaces
import ZODB.POSException

from zc.async_ import local
from zc.async_._perform.perform import perform
from zc.async_._stored.base import get_id
from zc.async_._stored.times import now
from zc.async_.interfaces import KEY
from zc.async_.job import Job
from zc.async_.queue import Queue
from zc.async_.tests import base
from zc.async_.tests import sample


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
        later = self.queue.put(sample.note, begin_after=now() + base.HOUR)
        self.assertFalse(self.queue.ready())
        self.assertIsNone(self.queue.claim())
        soon = self.queue.put(sample.note)
        self.assertTrue(self.queue.ready())
        self.assertEqual([soon, later], list(self.queue))
        past = self.queue.put(sample.note, begin_after=now() - base.HOUR)
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
        job = self.put(sample.note, begin_after=now() + base.HOUR)
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
