"""The chunked body alone: whole, byte by byte, and with rubbish after it."""
from __future__ import annotations

import unittest

from zc.zkzopeserver._engines.chunked import ChunkedReceiver
from zc.zkzopeserver._engines.refusal import Refusal


BODIES = [
    (b'0\r\n\r\n', b''),
    (b'2\r\nab\r\n3;x="y"\r\ncde\r\n0\r\n\r\n', b'abcde'),
    (b'a\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\nA: b\r\n\r\n', b'\r\n' * 5),
    (b'5\r\n0\r\n\r\n\r\n5\r\n\n\r\n\r\n\r\n0\r\n\r\n',
     b'0\r\n\r\n\n\r\n\r\n'),
    (b'1\r\na\r\n0;a=b\r\nA: b\r\nC:\r\n\r\n', b'a'),
]


class Buffer(bytearray):
    append = bytearray.extend           # type: ignore[assignment]


class ChunkedTests(unittest.TestCase):

    def receive(
        self, raw: bytes, limit: int = 100, step: int = 1 << 20
    ) -> tuple[ChunkedReceiver, int]:
        receiver = ChunkedReceiver(Buffer(), limit)
        taken = 0
        while taken < len(raw) and not receiver.completed:
            taken += receiver.received(raw[taken:taken + step])
        return receiver, taken

    def refused(self, raw: bytes, limit: int = 100) -> str:
        statuses = set()
        for step in (1, 3, 1 << 20):
            with self.assertRaises(Refusal) as caught:
                self.receive(raw, limit, step)
            statuses.add(caught.exception.status)
        self.assertEqual(1, len(statuses), statuses)
        return statuses.pop()

    def test_pieces(self):
        """A body is the same however it comes, and ends where it ends."""
        for raw, body in BODIES:
            for rest in (b'', b'x', b'\r\n', b'0\r\n\r\n', b'\r\n\r\n'):
                for step in (1, 2, 3, 4, 5, 7, 1 << 20):
                    receiver, taken = self.receive(raw + rest, step=step)
                    self.assertEqual(len(raw), taken, (raw, rest, step))
                    self.assertTrue(receiver.completed)
                    self.assertEqual(body, bytes(receiver.buf))
                    self.assertEqual(len(body), receiver.total)
                    self.assertEqual(0, receiver.received(b'0\r\n\r\n'))

    def test_not_too_soon(self):
        """No beginning of a body is taken for a whole one."""
        for raw, _ in BODIES:
            for end in range(len(raw)):
                self.assertFalse(self.receive(raw[:end])[0].completed)

    def test_malformed(self):
        """What is malformed is refused."""
        for raw in (
            b'x\r\n', b'-1\r\n', b'+1\r\n', b'0x1\r\n', b'\r\n', b'1 \r\na',
            b' 1\r\na', b'1\na', b'1\r\nab\r\n', b'1\r\na\n0\r\n\r\n',
            b'1;\r\r\na', b'1;a=\rb\r\na', b'1;a\0\r\na', b'1;a=b\nc\r\na',
            b'1' + b'0' * 16 + b'\r\n', b'0\r\nab\r\n\r\n',
            b'0\r\n: a\r\n\r\n', b'0\r\na: \0\r\n\r\n', b'0\r\na : b\r\n\r\n',
            b'0\r\n a: b\r\n\r\n', b'0\r\na: b\n\r\n', b'0\r\na: b\rc\r\n\r\n',
            b'0\r\nContent-Length: 1\r\n\r\n',
            b'0\r\nTransfer-Encoding: chunked\r\n\r\n', b'0\r\n\n',
        ):
            with self.subTest(raw):
                self.assertEqual('400 Bad Request', self.refused(raw))

    def test_limit(self):
        """A body over the limit is refused, and not kept."""
        self.assertEqual('413 Content Too Large',
                         self.refused(b'65\r\n' + b'x' * 101))
        self.assertEqual('413 Content Too Large',
                         self.refused(b'32\r\n' + b'x' * 50 + b'\r\n'
                                      b'33\r\n' + b'x' * 51))
        receiver = ChunkedReceiver(Buffer(), 100)
        with self.assertRaises(Refusal):
            receiver.received(b'65\r\n' + b'x' * 101)
        self.assertEqual(b'', receiver.buf)

    def test_extension_without_end(self):
        """An extension without end is refused."""
        self.assertEqual('400 Bad Request', self.refused(b'1;' + b'x' * 20000))

    def test_trailer_without_end(self):
        """So is a trailer without end."""
        self.assertEqual('400 Bad Request', self.refused(
            b'0\r\n' + (b'a: ' + b'x' * 1000 + b'\r\n') * 20))
