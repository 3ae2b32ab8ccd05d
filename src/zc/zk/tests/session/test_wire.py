"""Bulk requests and replies as bytes."""
from __future__ import annotations

import struct
import unittest

from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError
from kazoo.protocol import serialization
from kazoo.protocol.states import ZnodeStat
from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import READ_ACL_UNSAFE

from zc.zk._session import wire


STAT = ZnodeStat(*range(11))
PACKED_STAT = struct.pack('!qqqqiiiqiiq', *STAT)


def header(type_: int, done: bool = False) -> bytes:
    return struct.pack('!iBi', type_, done, -1)


def text(value: str) -> bytes:
    encoded = value.encode('utf-8')
    return struct.pack('!i', len(encoded)) + encoded


class TransactionTests(unittest.TestCase):

    def test_as_kazoo_packs_it(self) -> None:
        """A transaction has the bytes that kazoo's own would have."""
        acl = [*OPEN_ACL_UNSAFE, *READ_ACL_UNSAFE]
        ours = wire.pack_ops('/root', [
            wire.Create('/a', b'x', acl),
            wire.Create('/é', b'', OPEN_ACL_UNSAFE, True),
            wire.SetData('/', b'y', 3),
            wire.Delete('/b', -1),
            wire.CheckVersion('/c', 0)])
        theirs = serialization.Transaction([
            serialization.Create('/root/a', b'x', acl, 0),
            serialization.Create('/root/é', b'', OPEN_ACL_UNSAFE, 1),
            serialization.SetData('/root', b'y', 3),
            serialization.Delete('/root/b', -1),
            serialization.CheckVersion('/root/c', 0)]).serialize()
        self.assertEqual(ours, bytes(theirs))

    def test_results(self) -> None:
        """Each operation's result is read, and each error."""
        reply = (b'head' + header(1) + text('/a') + header(5) + PACKED_STAT
                 + header(2) + header(13)
                 + header(-1) + struct.pack('!i', -102) + header(-1, True))
        found = wire.read_multi(reply, 4)
        self.assertEqual(found[:4], ['/a', STAT, True, True])
        self.assertIsInstance(found[4], NoAuthError)


class ReadTests(unittest.TestCase):

    def test_request(self) -> None:
        """A multi-read names types and full paths, and leaves no watches."""
        self.assertEqual(
            wire.pack_reads('/r', [('data', '/a'), ('children', '/')]),
            header(4) + text('/r/a') + b'\0'
            + header(8) + text('/r') + b'\0' + header(-1, True))

    def test_reply(self) -> None:
        """Data, children and errors come in order, with the reply's size."""
        reply = (header(4) + text('x') + PACKED_STAT
                 + header(4) + struct.pack('!i', -1) + PACKED_STAT
                 + header(8) + struct.pack('!i', 2) + text('a') + text('é')
                 + header(8) + struct.pack('!i', 0)
                 + header(-1) + struct.pack('!i', -101) + header(-1, True))
        found, size = wire.read_multi_read(reply, 0)
        self.assertEqual(
            found[:4], [(b'x', STAT), (b'', STAT), ['a', 'é'], []])
        self.assertIsInstance(found[4], NoNodeError)
        self.assertEqual(size, len(reply))

    def test_truncated(self) -> None:
        """A reply that ends early is an error, not a wrong answer."""
        reply = header(4) + text('x') + PACKED_STAT + header(-1, True)
        for end in range(len(reply)):
            with self.assertRaises(struct.error):
                wire.read_multi_read(reply[:end], 0)


class WatchTests(unittest.TestCase):

    def test_set_watches(self) -> None:
        """Three vectors of paths behind the zxid."""
        self.assertEqual(
            wire.pack_watches(7, [[b'/a'], [], [b'/b', b'/c']]),
            struct.pack('!q', 7) + struct.pack('!i', 1) + text('/a')
            + struct.pack('!i', 0)
            + struct.pack('!i', 2) + text('/b') + text('/c'))

    def test_remove_watches(self) -> None:
        """Data watches are of type 2, child watches of type 1."""
        for kind, number in (('data', 2), ('children', 1)):
            self.assertEqual(
                wire.pack_remove_watches(kind, b'/a'),
                text('/a') + struct.pack('!i', number))

    def test_a_request_shows_no_data(self) -> None:
        """kazoo logs requests: what they hold must not be in the log."""
        request = wire.Request(14, b'secret', wire.read_nothing)
        self.assertEqual(repr(request), '<request 14, 6 bytes>')
        self.assertIsNone(request.deserialize(b'', 0))
