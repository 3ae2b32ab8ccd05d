import uuid

import transaction
import ZODB

from zc.async_._stored.base import get_id
from zc.async_.agent import Agent
from zc.async_.interfaces import KEY
from zc.async_.tests import base
from zc.async_.tests import sample


class OtherNames(base.QueueCase):
    """Two processes that call the same database differently."""

    def reopen(self, name):
        """Open the database under a name; return its queue."""
        transaction.abort()
        self.connection.close()
        storage = self.db.storage
        # The storage stays open: what is stored is what counts.
        self.db = ZODB.DB(storage, database_name=name)
        self.connection = self.db.open()
        self.root = self.connection.root()
        self.queue = self.root[KEY]['']
        return self.queue

    def job(self):
        return self.connection.get(self.oid)

    def setUp(self):
        super().setUp()
        agents = self.queue.dispatchers.register(uuid.UUID(int=1))
        agents.activate()
        agent = agents['main'] = Agent()
        job = self.queue.put(sample.note)
        transaction.commit()
        agent.claim_started(1)
        transaction.commit()
        self.oid = job._p_oid

    def test_cancel(self):
        """A request to cancel counts under any name of the database."""
        self.queue.cancel(self.job())
        transaction.commit()
        queue = self.reopen('main')
        self.assertTrue(queue.live.cancelled(get_id(self.job())))
        queue.live.discard(self.job())
        self.assertEqual(0, len(queue.live))

    def test_progress(self):
        """Progress is seen under any name of the database."""
        self.queue.live.of(self.job()).progress = 1, 2, ''
        transaction.commit()
        for name in 'main', '', 'other':
            queue = self.reopen(name)
            self.assertEqual((1, 2, ''), queue.live.get(self.job()).progress)

    def test_waiting(self):
        """A job that waits is let go under any name of the database."""
        self.queue.waiting.add(self.job())
        transaction.commit()
        queue = self.reopen('main')
        queue.waiting.discard(self.job())
        self.assertEqual(0, len(queue.waiting))
