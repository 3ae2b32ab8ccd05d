"""Tests of _connection: bytes of a peer to messages, and answers to bytes."""
from __future__ import annotations

import unittest

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ....testing.protocol import connection as _connection
from ....testing.protocol import jute
from ....testing.protocol import records
from ....testing.protocol.codes import EventType
from ....testing.protocol.connection import MAX_HANDSHAKE
from ....testing.protocol.connection import MAX_REQUEST
from ....testing.protocol.connection import ClientRequest
from ....testing.protocol.connection import Handshake
from ....testing.protocol.connection import ProtocolError
from ....testing.protocol.connection import Reply
from ....testing.protocol.connection import ServerConnection
from ....testing.protocol.connection import WatchEvent
from ....testing.protocol.connection import Word
from ....testing.protocol.jute import integer


CONNECT = records.ConnectRequest(0, 7, 10_000, 1, bytes(16))


def framed(message: bytes) -> bytes:
    return integer.format(len(message)) + message


HANDSHAKE = framed(jute.format(CONNECT) + b'\0')
PING = framed(b'\xff\xff\xff\xfe\0\0\0\x0b')
SYNC = framed(b'\0\0\0\1\0\0\0\x09' + framed(b'/a'))


def messages(*pieces):
    """Return what a new connection makes of pieces."""
    connection = ServerConnection()
    found = []
    for piece in pieces:
        connection.receive(piece)
        while (message := connection.next_message()) is not None:
            found.append(message)
    return found


STREAM = HANDSHAKE + PING + SYNC
MEANT = [Handshake(CONNECT, False), ClientRequest(-2, 11, b''),
         ClientRequest(1, 9, framed(b'/a'))]


class MessagesTest(unittest.TestCase):

    def test_whole(self):
        """Messages that come together are told apart."""
        self.assertEqual(MEANT, messages(STREAM))

    def test_byte_by_byte(self):
        """Messages that come in pieces are put together."""
        self.assertEqual(MEANT, messages(
            *(STREAM[at:at + 1] for at in range(len(STREAM)))))

    def test_cut_anywhere(self):
        """It does not matter where the pieces end."""
        for at in range(len(STREAM)):
            self.assertEqual(MEANT, messages(STREAM[:at], STREAM[at:]))

    def test_rubbish_after_the_end(self):
        """What follows a record in its frame is left alone."""
        long = framed(jute.format(CONNECT) + b'\1rubbish')
        self.assertEqual([Handshake(CONNECT, True)], messages(long))

    def test_old_client(self):
        """Clients before 3.4 do not say whether they want to write."""
        self.assertEqual(
            [Handshake(CONNECT, None)],
            messages(framed(jute.format(CONNECT))))

    def test_word(self):
        """A four-letter word stands instead of a handshake."""
        self.assertEqual([Word('ruok')], messages(b'ruok\n'))
        self.assertEqual([Word('ruok')], messages(b'r', b'uo', b'k'))

    def test_word_later(self):
        """After the handshake it is a length, too large."""
        with self.assertRaisesRegex(ProtocolError, '^a request of 1920298859'):
            messages(HANDSHAKE, b'ruok')

    def test_lengths(self):
        """A request has jute.maxbuffer bytes at most, a handshake fewer."""
        for first, length in ((b'', MAX_HANDSHAKE + 1), (b'', -1),
                              (HANDSHAKE, MAX_REQUEST + 1), (HANDSHAKE, -1)):
            with self.assertRaisesRegex(
                    ProtocolError, f'^a request of {length} bytes$'):
                messages(first + integer.format(length))

    def test_largest(self):
        """A request of that size is taken."""
        data = b'\0\0\0\1\0\0\0\2' + bytes(MAX_REQUEST - 8)
        self.assertEqual(
            MAX_REQUEST - 8, len(messages(HANDSHAKE, framed(data))[1].payload))

    def test_no_header(self):
        """A request without a header, or a short handshake, is an error."""
        for pieces in ((HANDSHAKE, framed(b'\0\0\0\1')), (framed(b'hello'),),
                       (HANDSHAKE, framed(b''))):
            with self.assertRaises(ProtocolError):
                messages(*pieces)

    def test_pending(self):
        """It tells how much it holds."""
        connection = ServerConnection()
        connection.receive(HANDSHAKE + PING[:5])
        connection.next_message()
        self.assertEqual(5, connection.pending)
        self.assertIsNone(connection.next_message())

    @settings(deadline=None)
    @given(st.lists(st.binary(max_size=40), max_size=5))
    def test_rubbish(self, pieces):
        """Any bytes are messages or a ProtocolError."""
        for first in (b'', HANDSHAKE):
            try:
                messages(first, *pieces)
            except ProtocolError:
                pass


class FormatTest(unittest.TestCase):

    def test_connected(self):
        """The answer to an old client lacks a byte."""
        response = records.ConnectResponse(0, 4000, 5, bytes(16))
        data = jute.format(response)
        self.assertEqual(
            [framed(data + b'\0'), framed(data)],
            [_connection.format_connected(response, old)
             for old in (False, True)])

    def test_reply(self):
        """A reply is a header and a record, its bytes, or nothing."""
        head = b'\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0\0'
        for body, data in ((records.PathResponse('a'), b'\0\0\0\1a'),
                           (b'a', b'a'), (None, b'')):
            self.assertEqual(
                framed(head + data),
                _connection.format_reply(Reply(1, 2, 0, body)))

    def test_event(self):
        """An event is a reply to nothing."""
        self.assertEqual(
            framed(b'\xff' * 12 + b'\0\0\0\0'
                   b'\0\0\0\3\0\0\0\3\0\0\0\2/a'),
            _connection.format_event(WatchEvent(EventType.DATA_CHANGED, '/a')))
