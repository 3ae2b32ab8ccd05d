import os
import socket
import tempfile
import unittest

from zc.zk._run.notify import Receiver
from zc.zk._run.notify import tell


class NotifyTests(unittest.TestCase):

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, 'notify')

    def test_received(self):
        """What was sent comes in lines; nothing is waited for."""
        receiver = Receiver(self.path)
        self.assertEqual([], receiver.received())
        tell('READY=1\nSTATUS=fine', {'NOTIFY_SOCKET': self.path})
        tell('STOPPING=1', {'NOTIFY_SOCKET': self.path})
        self.assertEqual(
            ['READY=1', 'STATUS=fine', 'STOPPING=1'], receiver.received())
        receiver.close()
        self.assertFalse(os.path.exists(self.path))

    def test_rubbish(self):
        """Bytes that are no text do no harm."""
        receiver = Receiver(self.path)
        self.addCleanup(receiver.close)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.sendto(b'\xff\n\0READY=1', self.path)
        self.assertEqual(['\ufffd', '\0READY=1'], receiver.received())

    def test_nobody(self):
        """Nobody needs to listen."""
        for environ in ({}, {'NOTIFY_SOCKET': self.path},
                        {'NOTIFY_SOCKET': 'relative'},
                        {'NOTIFY_SOCKET': '@zczk-nobody'}):
            with self.subTest(environ):
                self.assertIsNone(tell('READY=1', environ))
