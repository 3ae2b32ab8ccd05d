import select
import socket
import unittest
from unittest import mock

from zc.zk._session.handler import PollHandler


class Select(unittest.TestCase):

    def setUp(self):
        self.handler = PollHandler()
        self.one, self.other = socket.socketpair()
        self.addCleanup(self.one.close)
        self.addCleanup(self.other.close)

    def select(self, rlist, wlist, timeout=0):
        return self.handler.select(rlist, wlist, [], timeout)

    def test_nothing(self):
        """Nothing is ready when nothing came, at the end of the timeout."""
        self.assertEqual(
            ([], [], []), self.select([self.one], []))
        self.assertEqual(([], [], []), self.select([self.one], [], 0.001))
        self.assertEqual(([], [], []), self.select([self.one], [], -1))

    def test_readable(self):
        """What came shows."""
        self.other.send(b'x')
        self.assertEqual(
            ([self.one], [], []), self.select([self.one, self.other], []))
        self.assertEqual(
            ([self.one], [], []), self.select([self.one], [], None))

    def test_writable(self):
        """A socket is ready to be written while its buffer has room."""
        self.assertEqual(([], [self.one], []), self.select([], [self.one]))
        self.other.send(b'x')
        self.assertEqual(([self.one], [self.one], []),
                         self.select([self.one], [self.one]))

    def test_numbers(self):
        """File descriptors may be numbers."""
        number = self.one.fileno()
        self.assertEqual(([], [number], []), self.select([], [number]))

    def test_hung_up(self):
        """A hang-up shows as ready, so that using the socket tells of it."""
        self.other.close()
        self.assertEqual(([self.one], [self.one], []),
                         self.select([self.one], [self.one]))

    def test_failed(self):
        """So does an error, also where only writing was asked for."""
        poller = mock.Mock()
        poller.poll.return_value = [(self.one.fileno(), select.POLLERR)]
        with mock.patch('select.poll', return_value=poller):
            self.assertEqual(
                ([], [self.one], []), self.select([], [self.one]))
            self.assertEqual(
                ([self.one], [], []), self.select([self.one], []))

    def test_decrypted(self):
        """What TLS has decrypted already counts, once."""
        tls = mock.Mock(wraps=self.one, pending=lambda: 3)
        other = mock.Mock(wraps=self.other, pending=lambda: 0)
        self.assertEqual(([tls], [], []), self.select([tls, other], [], None))
        self.other.send(b'x')
        self.assertEqual(([tls], [], []), self.select([tls, other], [], None))

    def test_closed(self):
        """A closed socket is an error, as kazoo expects of select."""
        self.one.close()
        with self.assertRaisesRegex(ValueError, 'closed socket'):
            self.select([self.one], [])

    def test_first_words(self):
        """A server gets less time for its first words than for others."""
        handler = PollHandler(patience=1.5)
        poller = mock.Mock()
        poller.poll.return_value = []
        base = PollHandler.__mro__[1]
        with mock.patch('select.poll', return_value=poller), \
                mock.patch.object(base, 'create_connection',
                                  return_value=self.one):

            def waits(rlist, wlist, timeout):
                handler.select(rlist, wlist, [], timeout)
                return poller.poll.call_args[0][0]

            self.assertEqual(10_000, waits([self.one], [], 10))
            handler.create_connection('somewhere')
            self.assertEqual(10_000, waits([], [self.one], 10))
            self.assertEqual(1_500, waits([self.one], [], 10))
            self.assertEqual(1_000, waits([self.one], [], 1))
            poller.poll.return_value = [(self.one.fileno(), select.POLLIN)]
            self.assertEqual(1_500, waits([self.one], [], 10))
            self.assertEqual(10_000, waits([self.one], [], 10))

    def test_like_kazoo(self):
        """It replaces a method that kazoo's handler still has."""
        base = PollHandler.__mro__[1]
        self.assertTrue(callable(base.select))
        self.assertEqual(([], [], []), base().select([self.one], [], [], 0))
