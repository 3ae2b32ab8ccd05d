"""Tests of words: what servers of ZooKeeper say of themselves."""
from __future__ import annotations

import socket
import threading
import unittest

from zc.zk._doctor import words
from zc.zk._doctor.rules.reach import Outcome
from zc.zk.testing import Server
from zc.zk.tests.doctor.doctorcase import refusing


class Words(unittest.TestCase):

    def test_server(self):
        """A server tells its version and mode; one that is down does not.
        """
        with Server() as server:
            up, down = words.ask_all([server.address, refusing(self)], 30)
        self.assertEqual(('standalone', '3.8.0', True),
                         (up.mode, up.version, up.serving))
        self.assertEqual((Outcome.REFUSED, '', False),
                         (down.outcome, down.answer, down.serving))

    def test_another(self):
        """Whatever else listens there, no more than a part is read."""
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)

        def serve():
            for _ in range(2):
                sock = listener.accept()[0]
                try:
                    while True:
                        sock.sendall(b'\0' * 65_536)
                except OSError:
                    sock.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        peer = words.ask(listener.getsockname(), 30)
        self.assertEqual((Outcome.ACCEPTED, None),
                         (peer.outcome, peer.serving))
        self.assertLessEqual(len(peer.answer), 2 * words.LONGEST)
        thread.join(30)
