"""Checks of a server in this process: a socket that is answered or not."""
import os
import queue
import socket
import sys
import tempfile
import threading
import unittest

from zc.zk import checks
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for


class HealthWatchTests(unittest.TestCase):

    def setUp(self):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(self.listener.close)
        self.told = queue.SimpleQueue()

    def watch(self, text, timeout=DEADLINE, **pace):
        watch = checks.HealthWatch(
            checks.parse(text), self.listener.getsockname(),
            checks.Pace(0.01, timeout, **pace), self.told.put)
        self.addCleanup(watch._prober._thread.join, DEADLINE)
        self.addCleanup(watch.stop)
        return watch

    def wait_for(self, condition):
        """Wait for the result that makes a condition true."""
        while not condition(self.told.get(timeout=DEADLINE)):
            pass

    def test_command(self):
        """It is up and down as the results come, with the reason."""
        with tempfile.TemporaryDirectory() as directory:
            name = os.path.join(directory, 'good')
            watch = self.watch(f'cmd:test -e {name}', down_after=2)
            self.wait_for(bool)
            self.assertEqual((False, False, 'test ended with 1'),
                             (watch.ready, watch.up, watch.reason))
            with open(name, 'w'):
                pass
            self.wait_for(lambda _: watch.up)
            self.assertEqual((True, ''), (watch.ready, watch.reason))
            os.unlink(name)
            self.wait_for(lambda _: not watch.up)
            self.assertEqual((True, 'test ended with 1'),
                             (watch.ready, watch.reason))
            with open(name, 'w'):
                pass
            self.wait_for(lambda _: watch.up)

    def test_place(self):
        """A command learns where the server is, and prints nothing."""
        port = self.listener.getsockname()[1]
        self.watch(
            f'''cmd:{sys.executable} -c "import os, sys; sys.exit(not (
            os.environ['PORT'] == sys.argv[1] == '{port}'
            and os.environ['HOST'] == sys.argv[2] == '127.0.0.1'
            and os.fstat(1).st_rdev == os.stat('/dev/null').st_rdev))"
            {{port}} {{host}}''')
        self.assertEqual('', self.told.get(timeout=DEADLINE))

    def test_hanging_command(self):
        """A command that takes too long is killed, and what it started."""
        with tempfile.TemporaryDirectory() as directory:
            name = os.path.join(directory, 'pids')
            self.watch(f'cmd:sh -c "sleep 1000 & echo $! >> {name}; wait"',
                       0.5)
            self.assertEqual('sh did not end within 0.5 s',
                             self.told.get(timeout=DEADLINE))
            with open(name) as file:
                pid = int(file.readline())
            wait_for(lambda: not is_alive(pid))

    def test_missing_command(self):
        """A command that is not there is a reason."""
        watch = self.watch('cmd:/no/such/command')
        self.wait_for(bool)
        self.assertEqual(
            '/no/such/command cannot be run: No such file or directory',
            watch.reason)

    @unittest.skipUnless(checks.available(), 'needs /proc')
    def test_accepts(self):
        """tcp passes when this process accepts, not when it listens."""
        self.watch('tcp', 0.05)
        self.assertEqual(f'process {os.getpid()} accepts no connections',
                         self.told.get(timeout=DEADLINE))
        accepted = []

        def accept():
            try:
                while True:
                    accepted.append(self.listener.accept()[0])
            except OSError:
                pass        # the test is over

        thread = threading.Thread(target=accept)
        thread.start()
        self.addCleanup(thread.join, DEADLINE)
        self.addCleanup(self.listener.shutdown, socket.SHUT_RDWR)
        self.addCleanup(lambda: [each.close() for each in accepted])
        self.wait_for(lambda reason: not reason)

    def test_stop(self):
        """Nothing is told after it is stopped."""
        watch = self.watch('cmd:true')
        self.assertEqual('', self.told.get(timeout=DEADLINE))
        watch.stop()
        watch._prober._thread.join(DEADLINE)
        while not self.told.empty():
            self.told.get()
        watch._observe('late')
        self.assertTrue(self.told.empty())


def is_alive(pid):
    """Tell whether a process runs; a zombie does not."""
    try:
        with open(f'/proc/{pid}/stat') as file:
            return file.read().rpartition(')')[2].split()[0] != 'Z'
    except (FileNotFoundError, ProcessLookupError):
        return False
