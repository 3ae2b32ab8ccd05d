import unittest

from ZODB.utils import p64

from zc.async_._perform.stock import guard


class Storage:
    """Gives out ids as a ZEO client does."""

    def __init__(self):
        self._oids = []
        self.server = 0
        self.connected = 0

    def new_oid(self):
        while True:
            try:
                return self._oids.pop()
            except IndexError:
                pass
            self._oids[:0] = reversed(
                [p64(self.server + n) for n in range(1, 11)])
            self.server += 10

    def notify_connected(self, connection, info):
        self.connected += 1


class Database:

    def __init__(self, storage):
        self.storage = storage
        self.databases = {'': self}


class Stock(unittest.TestCase):

    def setUp(self):
        self.storage = Storage()
        guard(Database(self.storage))

    def take(self, count):
        return [self.storage.new_oid() for _ in range(count)]

    def test_usual(self):
        """Ids come in their order."""
        self.assertEqual([p64(n) for n in range(1, 26)], self.take(25))

    def test_restarted(self):
        """After a reconnection, no id comes that came before."""
        before = self.take(14)
        self.storage.server = 3
        self.storage.notify_connected(None, {})
        self.assertEqual(1, self.storage.connected)
        after = self.take(30)
        self.assertEqual(set(), set(before) & set(after))
        self.assertEqual(30, len(set(after)))
        # Ids that were in stock may be another client's now.
        self.assertNotIn(p64(15), after[:1])

    def test_unguarded(self):
        """Without the guard they would."""
        self.storage = Storage()
        before = self.take(14)
        self.storage.server = 3
        self.storage.notify_connected(None, {})
        self.assertTrue(set(before) & set(self.take(30)))

    def test_twice(self):
        """Guarding again changes nothing."""
        stock = self.storage._oids
        guard(Database(self.storage))
        self.assertIs(stock, self.storage._oids)

    def test_others(self):
        """Other storages are left alone."""
        storage = object()
        guard(Database(storage))
