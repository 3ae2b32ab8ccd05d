import threading
from unittest import mock

import transaction
from ZODB.Connection import Connection

from zc.async_.interfaces import COMPLETED
from zc.async_.job import Job
from zc.async_.tests import base
from zc.async_.tests import sample


def committed_twice(counter):
    counter.add()
    transaction.commit()
    transaction.begin()
    return counter.value


def with_hook():
    """A job whose transaction has a hook that runs after the commit."""
    transaction.get().addAfterCommitHook(sample.note)


class Requests(base.DispatcherCase):
    """How often a worker asks the storage what is new."""

    size = 5

    def polls(self, *calls):
        """Return how often workers ask what is new, for each job."""
        count = []
        poll = Connection.newTransaction

        def counting(*args, **kwargs):
            if threading.current_thread().name.startswith('zc.async main'):
                count.append(1)
            return poll(*args, **kwargs)

        dispatcher = self.start(poll_interval=600)
        found = []
        with mock.patch.object(Connection, 'newTransaction', counting):
            for call in calls:
                del count[:]
                job = self.put(Job(*call))
                self.result(job)
                self.wait(lambda: not self.agents(dispatcher)['main'])
                found.append(len(count))
                self.assertEqual(COMPLETED, job.status)
        return found

    def test_polls(self):
        """A worker asks what is new once for each job."""
        counter = self.root['counter'] = sample.Counter()
        transaction.commit()
        self.assertEqual([1, 1], self.polls((counter.add,), (len, 'abc')))

    def test_polls_again(self):
        """After the commit, too, where somebody may look then."""
        counter = self.root['counter'] = sample.Counter()
        transaction.commit()
        # With objects as its result, with a hook, with a commit of its own.
        self.assertEqual([2, 2, 3], self.polls(
            (sample.note, counter), (with_hook,),
            (committed_twice, counter)))
