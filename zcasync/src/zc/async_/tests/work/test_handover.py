import datetime
import threading
from unittest import mock

import transaction
from ZEO.Exceptions import ClientDisconnected
from ZODB.Connection import Connection
from ZODB.POSException import ConflictError

from zc.async_._perform.claim import Claim
from zc.async_._rules import pace
from zc.async_._stored.members import DispatcherAgents
from zc.async_._work.handover import Handover
from zc.async_._work.member import lost
from zc.async_.interfaces import ACTIVE
from zc.async_.interfaces import PENDING
from zc.async_.job import Backoff
from zc.async_.job import Job
from zc.async_.job import NeverRetry
from zc.async_.job import RetryCommonForever
from zc.async_.tests import base
from zc.async_.tests import sample


class Early(base.DispatcherCase):
    """Jobs that are claimed before a thread is free."""

    size = 1

    def setUp(self):
        super().setUp()
        self.counter = self.root['counter'] = sample.Counter()
        transaction.commit()
        # However slow the machine is, all jobs are short ...
        for name, value in ('AHEAD', 1e9), ('LONGEST', 1e9):
            patch = mock.patch.object(pace, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def paced(self):
        """Start a dispatcher that knows how long jobs take."""
        dispatcher = self.start(look_interval=0.05)
        for job in [self.queue.put(self.counter.add) for _ in range(9)]:
            transaction.commit()
            self.result(job)
        pool = dispatcher.queues['']['main']
        self.wait(lambda: pool.ahead() == pace.MOST)
        self.wait(lambda: not self.agents(dispatcher)['main'])
        return dispatcher

    def blocked(self, dispatcher, *put):
        """Put jobs behind one that waits for this test.

        :param put: how to put each of the others
        """
        blocker = self.queue.put(
            Job(base.wait_for_go, id(self)), priority=1)
        jobs = [self.queue.put(self.counter.add, **options)
                for options in put]
        transaction.commit()
        self.wait_for_job()
        self.wait(lambda: blocker.status == ACTIVE)
        return blocker, jobs

    def test_claimed(self):
        """They are claimed together, start later, and have their effects.
        """
        dispatcher = self.paced()
        blocker, jobs = self.blocked(dispatcher, *[{}] * 3)
        self.wait(lambda: {ACTIVE} == {job.status for job in jobs})
        [active] = dispatcher.getActiveJobIds()
        self.assertIn('wait_for_go', dispatcher.getJobInfo(*active)['call'])
        self.go.set()
        for job in jobs:
            self.result(job)
            self.assertLessEqual(blocker.active_end, job.active_start)
        self.assertEqual(12, self.counter.value)

    def test_few_commits(self):
        """A job costs hardly more than one commit then."""
        dispatcher = self.paced()
        member = dispatcher._members['']
        before = member.claims
        _, jobs = self.blocked(dispatcher, *[{}] * 39)
        self.go.set()
        for job in jobs:
            self.result(job)
        self.assertLess(member.claims - before, 20)
        self.assertEqual(48, self.counter.value)

    def test_most(self):
        """Not more of them than a thread gets soon."""
        dispatcher = self.paced()
        _, jobs = self.blocked(dispatcher, *[{}] * (pace.MOST + 2))
        self.wait(lambda: [job.status for job in jobs].count(ACTIVE)
                  == pace.MOST)
        self.assertEqual(2, len(self.queue))

    def test_not_claimed(self):
        """Some wait for a free thread in the queue."""
        self.queue.quotas.create('quota', 5)
        transaction.commit()
        dispatcher = self.paced()
        job = Job(self.counter.add)
        job.quota_names = ['quota']
        self.queue.put(job)
        minute = datetime.timedelta(minutes=1)
        _, [never, late] = self.blocked(
            dispatcher, {'retry': NeverRetry}, {'begin_by': minute})
        self.assertEqual([PENDING] * 3, [
            each.status for each in (job, never, late)])
        self.go.set()
        for each in job, never, late:
            self.result(each)
        self.assertEqual(12, self.counter.value)

    def test_back(self):
        """If no thread becomes free, they wait for another dispatcher."""
        dispatcher = self.paced()
        blocker, jobs = self.blocked(dispatcher, *[{}] * 3)
        self.wait(lambda: {ACTIVE} == {job.status for job in jobs})
        pace.LONGEST = 0.0
        self.wait(lambda: {PENDING} == {job.status for job in jobs})
        # They were not interrupted: they had not begun.
        self.assertEqual([None] * 3, [job._retry_policy for job in jobs])
        self.start(own=False)
        for job in jobs:
            self.result(job)
        self.assertEqual(ACTIVE, blocker.status)
        self.assertEqual(12, self.counter.value)

    def test_back_later(self):
        """They are handed back even if the database fails meanwhile."""
        self.logs()
        dispatcher = self.paced()
        _, jobs = self.blocked(dispatcher, *[{}] * 3)
        self.wait(lambda: {ACTIVE} == {job.status for job in jobs})
        failures = [ClientDisconnected()]
        room = Handover.room

        def failing(pool, *args):
            if any(member._done.get('main') for member in members) and (
                    failures):
                raise failures.pop()
            return room(pool, *args)

        members = list(dispatcher._members.values())
        with mock.patch.object(Handover, 'room', failing):
            pace.LONGEST = 0.0
            self.wait(lambda: {PENDING} == {job.status for job in jobs})
        self.assertEqual([], failures)

    def test_stop(self):
        """A dispatcher that stops hands them back at once."""
        dispatcher = self.paced()
        _, jobs = self.blocked(dispatcher, *[{}] * 3)
        self.wait(lambda: {ACTIVE} == {job.status for job in jobs})
        dispatcher.stop(drain=base.SECONDS)
        # It gives the one that runs the time to end.
        self.assertTrue(dispatcher.wait_until_stopping(base.SECONDS))
        self.go.set()
        self.assertTrue(dispatcher.wait_until_stopped(base.SECONDS))
        transaction.begin()
        self.assertEqual([PENDING] * 3, [job.status for job in jobs])
        self.assertEqual([None] * 3, [job._retry_policy for job in jobs])
        self.assertEqual(9, self.counter.value)

    def test_stop_again(self):
        """They were not interrupted either if that takes two attempts."""
        self.logs()
        dispatcher = self.paced()
        _, jobs = self.blocked(dispatcher, *[{}] * 3)
        self.wait(lambda: {ACTIVE} == {job.status for job in jobs})
        failures = [ConflictError(), ClientDisconnected()]
        deactivate = DispatcherAgents.deactivate

        def failing(agents):
            deactivate(agents)
            if failures:
                raise failures.pop(0)

        with mock.patch.object(DispatcherAgents, 'deactivate', failing):
            dispatcher.stop(drain=base.SECONDS)
            self.assertTrue(dispatcher.wait_until_stopping(base.SECONDS))
            self.go.set()
            self.assertTrue(dispatcher.wait_until_stopped(base.SECONDS))
        self.assertEqual([], failures)
        transaction.begin()
        self.assertEqual([PENDING] * 3, [job.status for job in jobs])
        self.assertEqual([None] * 3, [job._retry_policy for job in jobs])

    def test_taken_over(self):
        """Those of a dispatcher that was taken for dead run once."""
        logged = self.logs()
        dispatcher = self.paced()
        _, jobs = self.blocked(dispatcher, *[{}] * 3)
        self.wait(lambda: {ACTIVE} == {job.status for job in jobs})
        self.agents(dispatcher).deactivate()
        transaction.commit()
        self.go.set()
        for job in jobs:
            self.result(job)
        self.assertEqual(12, self.counter.value)
        self.assertIn('taken for dead', str(logged))


class Lost(base.QueueCase):
    """What was claimed by a commit without a reply."""

    def test_claimed_before(self):
        """A thread that has the job from an older claim does not count."""
        job = self.put(sample.note)
        pool = Handover(lambda: None)
        job.token = 1
        pool.submit(Claim(
            (job._p_oid, ''), 1, (b'', ''), 1, threading.Event(), {}))
        self.assertEqual([], lost([job], pool))
        job.token = 2
        self.assertEqual([job], lost([job], pool))


class Eligible(base.QueueCase):

    def test_policies(self):
        """Jobs with policies of ours may be claimed early."""
        for policy, expected in [
                (None, True), (RetryCommonForever, True), (Backoff(), True),
                (NeverRetry, False), (sample.note, False),
                ('named', False)]:
            job = self.put(sample.note, retry_policy_factory=policy)
            self.assertIs(expected, job.claimed_early, policy)

    def test_interrupted(self):
        """One that was interrupted may not: it may be what kills."""
        job = self.put(sample.note)
        job.count_interruption()
        self.assertFalse(job.claimed_early)


class Requests(base.QueueCase):
    """What claims ask the storage."""

    def test_prefetch(self):
        """The jobs of a claim are asked for at one time."""
        jobs = [self.queue.put(Job(sample.note, number))
                for number in range(5)]
        transaction.commit()
        self.connection.cacheMinimize()
        with mock.patch.object(Connection, 'prefetch') as prefetch:
            taken = self.queue.claim_many(3, ahead=1)
        [[oids]] = [call.args for call in prefetch.call_args_list]
        self.assertEqual([job._p_oid for job in taken], oids)
        self.assertEqual(jobs[:4], sorted(taken, key=lambda job: job.args[0]))
