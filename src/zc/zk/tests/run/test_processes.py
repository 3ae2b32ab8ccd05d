import os
import signal
import subprocess
import sys
import tempfile
import unittest

from zc.zk._run import starter
from zc.zk._run.processes import Processes
from zc.zk.tests.base import wait_for


class ProcessesTests(unittest.TestCase):

    def setUp(self):
        self.processes = Processes()
        self.addCleanup(self.processes.kill_all)
        self.output = tempfile.TemporaryFile()
        self.addCleanup(self.output.close)

    def start(self, *command, **keywords):
        environ = {**os.environ, 'LISTEN_FDS': '1'}
        return self.processes.start(
            command, environ, output=self.output.fileno(), **keywords)

    def end(self, process):
        """Reap until the process has ended; return its status."""
        def ended():
            self.processes.reap()
            return process.ended.is_set()

        wait_for(ended)
        return process.status

    def text(self):
        return os.pread(self.output.fileno(), 4096, 0).decode()

    def test_status(self):
        """An exit status, or minus the signal's number, is told once."""
        told = []
        process = self.start('sh', '-c', 'exit 3', ended=told.append)
        self.assertEqual(3, self.end(process))
        self.assertEqual([process], told)
        self.assertEqual(-9, self.end(self.start('sh', '-c', 'kill -9 $$')))

    def test_group(self):
        """It has a process group of its own."""
        process = self.start(
            sys.executable, '-c', 'import os; print(os.getpgrp())')
        self.end(process)
        self.assertEqual(f'{process.pid}\n', self.text())

    def test_descriptor(self):
        """A descriptor comes as numbers 3 and 4, and is announced."""
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        process = self.start(
            'sh', '-c', 'echo $$ $LISTEN_PID >&3; echo again >&4', fd=writer)
        self.assertEqual(0, self.end(process))
        os.close(writer)
        self.assertEqual(
            f'{process.pid} {process.pid}\nagain\n',
            os.read(reader, 99).decode())

    def test_numbers(self):
        """The descriptor may have any number before."""
        for number in ('3', '4', '9'):
            with self.subTest(number):
                found = subprocess.run(
                    ['sh', '-c', f'exec "$0" "$@" {number}>&1',
                     sys.executable, '-I', '-S', starter.__file__,
                     str(os.getpid()), number,
                     'sh', '-c', 'ls /proc/$$/fd; echo x >&3; echo y >&4'],
                    stdout=subprocess.PIPE, text=True, check=True)
                self.assertEqual('0 1 2 3 4 x y'.split(),
                                 found.stdout.split())

    def test_nothing_else(self):
        """No other descriptor is handed on, and no signal is ignored."""
        leak = os.open(os.devnull, os.O_RDONLY)
        os.set_inheritable(leak, True)
        self.addCleanup(os.close, leak)
        process = self.start(
            'sh', '-c', 'ls /proc/$$/fd; grep SigIgn /proc/$$/status')
        self.assertEqual(0, self.end(process))
        *descriptors, _, ignored = self.text().split()
        self.assertEqual(['0', '1', '2'], descriptors)
        # Python's own are SIGPIPE and SIGXFSZ.
        bits = 1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1
        self.assertEqual(0, int(ignored, 16) & bits)

    def test_missing(self):
        """A command that is not there ends as in a shell."""
        self.assertEqual(127, self.end(self.start('no-such-command')))
        self.assertIn("'no-such-command': No such file", self.text())

    def test_kill(self):
        """kill takes what the process has started along."""
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        process = self.start(
            'sh', '-c', 'sleep 1000 & echo >&3; wait', fd=writer)
        os.close(writer)
        self.assertEqual(b'\n', os.read(reader, 1))
        process.kill()
        self.assertEqual(-9, self.end(process))
        # The pipe ends when nobody holds it.
        self.assertEqual(b'', os.read(reader, 1))

    def test_left_over(self):
        """What a process leaves behind ends with it."""
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        process = self.start('sh', '-c', 'sleep 1000 &', fd=writer)
        os.close(writer)
        self.assertEqual(0, self.end(process))
        self.assertEqual(b'', os.read(reader, 1))

    def test_gone(self):
        """A signal to a process that has ended does nothing."""
        process = self.start('true')
        self.end(process)
        process.send(signal.SIGTERM)
        process.kill()
        self.assertEqual(0, process.status)
