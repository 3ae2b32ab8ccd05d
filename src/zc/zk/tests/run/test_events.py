import os
import tempfile
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
