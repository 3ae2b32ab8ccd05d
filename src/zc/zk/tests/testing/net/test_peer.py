"""Tests of _peer: a socket and its buffers."""
from __future__ import annotations

import socket
import unittest

from ....testing.net.peer import HIGH_WATER
from ....testing.net.peer import MAX_UNSENT
from ....testing.net.peer import Peer


class PeerTest(unittest.TestCase):

    def setUp(self):
        sock, self.other = socket.socketpair()
        self.addCleanup(sock.close)
        self.addCleanup(self.other.close)
        sock.setblocking(False)
        self.peer = Peer(sock, '127.0.0.1', 1.0)

    def test_receive(self):
        """What comes goes to the connection."""
        self.assertTrue(self.peer.receive())
        self.other.send(b'xy')
        self.assertTrue(self.peer.receive())
        self.assertEqual(2, self.peer.connection.pending)

    def test_gone(self):
        """It notices that the other side has gone."""
        self.other.close()
        self.assertFalse(self.peer.receive())
        self.peer.queue(b'x')
        self.assertFalse(self.peer.send())

    def test_broken(self):
        """A broken socket is like one that was closed."""
        self.peer.socket.close()
        self.assertFalse(self.peer.receive())

    def test_send(self):
        """What cannot be sent yet is kept."""
        self.assertTrue(self.peer.queue(bytes(HIGH_WATER)))
        self.assertFalse(self.peer.stalled)
        self.assertTrue(self.peer.queue(b'x'))
        self.assertTrue(self.peer.stalled)
        received = 0
        while self.peer.unsent:
            self.assertTrue(self.peer.send())
            self.assertTrue(self.peer.send())
            received += len(self.other.recv(1 << 20))
        while received <= HIGH_WATER:
            received += len(self.other.recv(1 << 20))
        self.assertEqual(HIGH_WATER + 1, received)

    def test_too_much(self):
        """It says when more is unsent than may be."""
        self.assertTrue(self.peer.queue(bytes(MAX_UNSENT)))
        self.assertFalse(self.peer.queue(b'x'))

    def test_close(self):
        """To close twice does no harm."""
        self.peer.close()
        self.peer.close()
        self.assertEqual(b'', self.other.recv(1))
