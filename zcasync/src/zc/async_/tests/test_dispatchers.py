"""Dispatchers in processes of their own, on a ZEO server."""
import signal

import transaction
import ZODB.POSException

import zc.zk
import zc.zk.testing
from zc.async_ import testing
from zc.async_._stored import members
from zc.async_.interfaces import ACTIVE
from zc.async_.interfaces import KEY
from zc.async_.interfaces import AbortedError
from zc.async_.interfaces import DatabaseOpened
from zc.async_.job import Job
from zc.async_.job import NeverRetry
from zc.async_.subscribers import QueueInstaller
from zc.async_.tests import base
from zc.async_.tests import ledger
from zc.async_.tests.processes import Server
from zc.async_.tests.processes import dispatcher


class ProcessCase(base.ComponentCase):

    level = 2

    def setUp(self):
        super().setUp()
        members.watch_again()
        self.server = Server(self.directory)
        self.addCleanup(self.server.kill)
        self.db = self.server.open()
        self.addCleanup(self.db.close)
        QueueInstaller()(DatabaseOpened(self.db))
        self.connection = self.db.open()
        self.addCleanup(self.connection.close)
        self.addCleanup(transaction.abort)
        self.queue = self.connection.root()[KEY]['']

    def dispatcher(self, name, *options, uuid=None):
        """Start a dispatcher, and wait until it is active."""
        before = self.active()
        process = dispatcher(
            name, self.directory, self.server.port, uuid, *options)
        self.addCleanup(process.kill)
        self.wait(lambda: self.active() - before, process)
        return process

    def active(self):
        """Return the activations there are."""
        return {(each.UUID, each.fence.number)
                for each in self.queue.dispatchers.active()}

    def wait(self, condition, process=None):
        def text():
            return process.output()[-3000:] if process else 'never'
        try:
            return testing.wait_until(condition, 'never', 60)
        except AssertionError:
            raise AssertionError(text()) from None

    def entry(self, seconds=0.0, retry=None):
        """Put a job that adds to an entry."""
        entry = self.connection.root()['entry'] = ledger.Entry(0, False)
        self.connection.add(entry)
        entry.job = self.queue.put(
            Job(entry.work, self.path('starts'), seconds), retry=retry)
        callback = entry.job.addCallback(entry.called_back)
        transaction.commit()
        return entry, callback

    def starts(self):
        """Return how often the job began."""
        try:
            with open(self.path('starts')) as stream:
                return len(stream.readlines())
        except FileNotFoundError:
            return 0


class Killed(ProcessCase):

    def test_sibling(self):
        """A sibling does the jobs of one that was killed."""
        first = self.dispatcher('first')
        entry, callback = self.entry(seconds=1)
        testing.wait_for_start(entry.job)
        self.wait(self.starts)
        first.kill()
        self.dispatcher('second')
        self.assertEqual(0, testing.wait_for_result(entry.job, 60))
        self.assertEqual((1, 1), (entry.calls, entry.callbacks))
        self.assertEqual(2, self.starts())

    def test_restart(self):
        """One that is started again on the same host need not wait."""
        first = self.dispatcher('first', '--death', '3600')
        entry, callback = self.entry(seconds=1)
        testing.wait_for_start(entry.job)
        first.kill()
        self.dispatcher('again', '--death', '3600', uuid='first')
        self.assertEqual(0, testing.wait_for_result(entry.job, 60))
        self.assertEqual((1, 1), (entry.calls, entry.callbacks))

    def test_never(self):
        """A job that is never retried does not start twice."""
        first = self.dispatcher('first')
        entry, callback = self.entry(seconds=3600, retry=NeverRetry)
        testing.wait_for_start(entry.job)
        self.wait(self.starts)
        first.kill()
        self.dispatcher('second')
        failure = testing.wait_for_result(entry.job, 60)
        self.assertIsInstance(failure.value, AbortedError)
        self.assertEqual((0, 1), (entry.calls, entry.callbacks))
        self.assertEqual(1, self.starts())

    def test_same_uuid(self):
        """A second process with the same UUID does not start."""
        self.dispatcher('first')
        other = dispatcher('other', self.directory, self.server.port, 'first')
        self.addCleanup(other.kill)
        self.assertEqual(1, other.process.wait(60))
        self.assertIn('Another process runs a dispatcher with the UUID in',
                      other.output())


class Registered(ProcessCase):

    def test_killed(self):
        """ZooKeeper tells of one that was killed; pings never would."""
        zookeeper = zc.zk.testing.Server(tick_time=0.5)
        zookeeper.start()
        self.addCleanup(zookeeper.stop)
        with zc.zk.ZooKeeper(zookeeper.connection_string) as zk:
            zk.import_tree('/jobs\n')
        options = '--death', '3600', '--zk', zookeeper.connection_string
        first = self.dispatcher('first', *options)
        entry, callback = self.entry(seconds=3)
        testing.wait_for_start(entry.job)
        self.wait(self.starts)
        first.kill()
        self.dispatcher('second', *options)
        self.assertEqual(0, testing.wait_for_result(entry.job, 60))
        self.assertEqual((1, 1), (entry.calls, entry.callbacks))
        self.assertEqual(2, self.starts())


class Stopped(ProcessCase):

    def test_fenced(self):
        """One that was stopped commits nothing of what was taken over."""
        first = self.dispatcher('first')
        entry, callback = self.entry(seconds=0.5)
        testing.wait_for_start(entry.job)
        self.wait(self.starts)
        first.send(signal.SIGSTOP)
        self.assertEqual(ACTIVE, entry.job.status)
        self.dispatcher('second')
        self.assertEqual(0, testing.wait_for_result(entry.job, 60))
        first.send(signal.SIGCONT)
        self.wait(lambda: 'was given to another dispatcher' in first.output(),
                  first)
        transaction.begin()
        self.assertEqual((1, 1), (entry.calls, entry.callbacks))
        # It is active again, and works.
        self.wait(lambda: len(self.active()) == 2, first)

    def test_not_noticed(self):
        """One that is back in time goes on."""
        first = self.dispatcher('first', '--death', '3600')
        self.dispatcher('second', '--death', '3600')
        entry, callback = self.entry(seconds=0.5)
        testing.wait_for_start(entry.job)
        first.send(signal.SIGSTOP)
        first.send(signal.SIGCONT)
        self.assertEqual(0, testing.wait_for_result(entry.job, 60))
        self.assertEqual(1, self.starts())


class ServerRestarted(ProcessCase):

    def test_restart(self):
        """Jobs go on when a killed server is back."""
        self.dispatcher('first', '--death', '3600')
        entry, callback = self.entry(seconds=1)
        testing.wait_for_start(entry.job)
        self.wait(self.starts)
        self.server.kill()
        self.server.start()
        self.assertEqual(0, self.result(entry.job))
        self.assertEqual((1, 1), (entry.calls, entry.callbacks))

    def result(self, job):
        """Wait for a result while the server may be away."""
        def completed():
            try:
                return job.status == 'completed-status'
            except ZODB.POSException.StorageError:
                return False
        self.wait(completed)
        return job.result


class FullDisk(ProcessCase):

    def test_full(self):
        """Jobs wait while the server's disk is full, and go on after that."""
        first = self.dispatcher('first', '--death', '3600')
        entry, callback = self.entry(seconds=1)
        testing.wait_for_start(entry.job)
        self.wait(self.starts)
        self.server.fill_disk()
        # Its commit failed, so that it is called again.
        self.wait(lambda: self.starts() > 1, first)
        self.assertEqual(ACTIVE, entry.job.status)
        self.server.make_room()
        self.assertEqual(0, testing.wait_for_result(entry.job, 60))
        self.assertEqual((1, 1), (entry.calls, entry.callbacks))


class Terminated(ProcessCase):

    def test_drain(self):
        """One that is ended gives its jobs time, then hands them back."""
        first = self.dispatcher('first', '--drain', '60')
        entry, callback = self.entry(seconds=0.5)
        testing.wait_for_start(entry.job)
        self.assertEqual(0, first.end())
        transaction.begin()
        self.assertEqual((0, 1), (entry.job.result, entry.calls))
        self.assertEqual(set(), self.active())
