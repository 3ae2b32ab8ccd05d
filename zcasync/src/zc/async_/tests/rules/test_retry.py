import errno
import sqlite3
import unittest

import psycopg2.errors
import ZODB.POSException
from ZEO.Exceptions import ClientDisconnected
from ZEO.Exceptions import ServerException

from zc.async_._rules import retry
from zc.async_._rules.failure import Failure


class Kinds(unittest.TestCase):

    def test_away(self):
        """A lost connection is no conflict, although it is transient."""
        self.assertEqual(retry.AWAY, retry.kind(ClientDisconnected()))

    def test_conflict(self):
        """Conflicts of writes and of reads are tried again."""
        for error in (ZODB.POSException.ConflictError(),
                      ZODB.POSException.ReadConflictError()):
            self.assertEqual(retry.CONFLICT, retry.kind(error))

    def test_full(self):
        """A full disk counts as a database that is away, also a server's."""
        for error in (OSError(errno.ENOSPC, 'full'),
                      OSError(errno.EFBIG, 'too large'),
                      psycopg2.errors.DiskFull('full'),
                      sqlite3.OperationalError('database or disk is full'),
                      ServerException('builtins.OSError',
                                      (errno.ENOSPC, 'full'))):
            for each in error, Failure(error):
                self.assertEqual(retry.AWAY, retry.kind_of_commit(each))

    def test_not_full(self):
        """Other errors of a server are none of a disk."""
        for args in ((), ('builtins.OSError',), ('builtins.OSError', ()),
                     ('builtins.ValueError', (errno.ENOSPC, 'full')),
                     ('builtins.OSError', (errno.ENOENT, 'missing'))):
            self.assertIsNone(retry.kind_of_commit(ServerException(*args)))

    def test_sqlite_other(self):
        """Nor are other errors of SQLite."""
        self.assertIsNone(retry.kind_of_commit(
            sqlite3.OperationalError('no such table: x')))

    def test_other(self):
        """Other errors are the job's own."""
        self.assertIsNone(retry.kind(ValueError()))


class Commits(unittest.TestCase):

    def test_full_disk(self):
        """A full disk counts as a database that is away."""
        full = OSError(28, 'No space left on device')
        self.assertEqual(retry.AWAY, retry.kind_of_commit(full))
        self.assertEqual(retry.AWAY, retry.kind_of_commit(Failure(full)))
        self.assertIsNone(retry.kind_of_commit(OSError(2, 'x')))

    def test_stale_id(self):
        """An id that was given out twice counts as a conflict."""
        twice = ValueError('A different object already has the same oid')
        new = ZODB.POSException.ConflictError(
            serials=(b'\1' * 8, b'\0' * 8))
        old = ZODB.POSException.ConflictError(
            serials=(b'\1' * 8, b'\2' * 8))
        for error in twice, new, Failure(twice):
            self.assertTrue(retry.stale_id(error))
            self.assertEqual(retry.CONFLICT, retry.kind_of_commit(error))
        for error in old, ValueError('x'), KeyError():
            self.assertFalse(retry.stale_id(error))
        self.assertEqual(retry.CONFLICT, retry.kind_of_commit(old))


class Waits(unittest.TestCase):

    def test_pause(self):
        """Waits for a database grow to a limit."""
        waits = [retry.pause(count) for count in range(1, 100)]
        self.assertEqual(0.1, waits[0])
        self.assertEqual(sorted(waits), waits)
        self.assertEqual(30.0, waits[-1])

    def test_backoff(self):
        """Waits after errors double, up to the longest."""
        self.assertEqual(
            [1, 2, 4, 5, 5],
            [retry.backoff(count, 1, 5) for count in range(1, 6)])

    def test_chance(self):
        """Chance spreads a wait over its upper half."""
        self.assertEqual(2.0, retry.backoff(3, 1, 300, chance=0.0))
        self.assertEqual(3.0, retry.backoff(3, 1, 300, chance=0.5))

    def test_overflow(self):
        """Very many attempts wait the longest time."""
        self.assertEqual(300, retry.backoff(100000, 1.0, 300.0))
