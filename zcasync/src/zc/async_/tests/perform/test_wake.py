import transaction

from zc.async_._perform import wake
from zc.async_.queue import Queue
from zc.async_.tests import base
from zc.async_.tests import sample


class Wake(base.QueueCase):

    def setUp(self):
        super().setUp()
        self.woken = []
        wake.subscribe(self.woken.append)
        self.addCleanup(wake.unsubscribe, self.woken.append)

    def test_commit(self):
        """Subscribers are told once when puts are committed."""
        for _ in range(3):
            self.queue.put(sample.note)
        self.assertEqual([], self.woken)
        transaction.commit()
        self.assertEqual([self.db.database_name], self.woken)
        self.put(sample.note)
        self.assertEqual(2, len(self.woken))

    def test_abort(self):
        """They are not told when they are not."""
        self.queue.put(sample.note)
        transaction.abort()
        self.assertEqual([], self.woken)

    def test_error(self):
        """A subscriber that fails harms nobody."""
        def bad(name):
            raise ValueError
        log = self.logs()
        wake.subscribe(bad)
        self.addCleanup(wake.unsubscribe, bad)
        self.put(sample.note)
        self.assertEqual(1, len(self.woken))
        self.assertEqual(1, len(log.records))

    def test_no_database(self):
        """A queue that is in no database has nobody to wake."""
        Queue().put(sample.note)
        self.assertEqual([], self.woken)
