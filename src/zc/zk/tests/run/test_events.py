import os
import subprocess
import sys
import tempfile
import textwrap
import threading
import unittest

from zc.zk._run.events import Events
from zc.zk._run.notify import Receiver
from zc.zk._run.notify import tell


class EventsTests(unittest.TestCase):

    def setUp(self):
        self.events = Events()
        self.addCleanup(self.events.close)

    def test_order(self):
        """Events come in order, and once."""
        for each in range(3):
            self.events.post(each)
        self.assertEqual([0, 1, 2], self.events.wait(None))
        self.assertEqual([], self.events.wait(0))

    def test_thread(self):
        """An event of another thread ends the waiting."""
        thread = threading.Thread(target=self.events.post, args=('it',))
        thread.start()
        self.assertEqual(['it'], self.events.wait(None))
        thread.join()

    def test_signal_for_another_thread(self):
        """A signal that arrives in another thread ends the waiting."""
        done = subprocess.run([sys.executable, '-c', textwrap.dedent('''
            import signal, sys, threading
            from zc.zk._run.events import Events
            events = Events()
            events.wake_by_signals()
            signal.signal(signal.SIGUSR1, lambda *_: events.post('it'))
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
            def take():
                while sys._current_frames()[main].f_code.co_name != 'select':
                    pass
                signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])
                signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
            main = threading.get_ident()
            thread = threading.Thread(target=take)
            thread.start()
            found = []
            while not found:
                found = events.wait(None)
            print(found)
            ''')], capture_output=True, text=True, timeout=60, check=True)
        self.assertEqual("['it']\n", done.stdout)

    def test_many(self):
        """More events than a pipe holds are all there."""
        count = 100000
        for each in range(count):
            self.events.post(each)
        self.assertEqual(list(range(count)), self.events.wait(None))

    def test_receiver(self):
        """Lines that a receiver got come with its owner."""
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, 'notify')
            receiver = Receiver(path)
            self.events.add(receiver, 'owner')
            tell('READY=1\nSTATUS=x', {'NOTIFY_SOCKET': path})
            self.assertEqual([('owner', 'READY=1'), ('owner', 'STATUS=x')],
                             self.events.wait(None))
            self.events.remove(receiver)
            tell('READY=1', {'NOTIFY_SOCKET': path})
            self.assertEqual([], self.events.wait(0))
            receiver.close()
