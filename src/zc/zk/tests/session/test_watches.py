"""Watches in bulk."""

from kazoo.protocol.states import Callback
from kazoo.protocol.states import EventType

from zc.zk._session import requests
from zc.zk._session.watches import remove_watches
from zc.zk._session.watches import set_watches
from zc.zk._session.wire import CHILDREN
from zc.zk._session.wire import DATA
from zc.zk.tests.bulkcase import Case


class Watches(Case):

    def setUp(self):
        super().setUp()
        self.events = []
        self.other = self.zk()

    def watcher(self, event):
        self.events.append((event.type, event.path))

    def seen(self):
        """Return the events so far, sorted, and forget them."""
        # kazoo calls watchers one after the other, in one thread.
        self.client.sync('/')
        done = self.client.handler.event_object()
        self.client.handler.dispatch_callback(
            Callback('watch', done.set, ()))
        done.wait(20)
        found = sorted(self.events)
        del self.events[:]
        return found

    def test_later_changes(self):
        """What changes later fires once."""
        set_watches(
            self.bulk, self.bulk.current_zxid(), self.watcher,
            ['/a'], ['/no'], ['/a'])
        self.assertEqual([], self.seen())
        self.other.set('/a', b'1')
        self.assertEqual([(EventType.CHANGED, '/a')], self.seen())
        self.other.set('/a', b'2')
        self.other.set('/a/b', b'2')
        self.assertEqual([], self.seen())
        self.other.create('/a/d')
        self.other.create('/no')
        self.assertEqual([(EventType.CHILD, '/a'),
                          (EventType.CREATED, '/no')], self.seen())

    def test_earlier_changes(self):
        """What changed since the zxid fires at once; all else waits."""
        self.client.create('/gone')
        zxid = self.bulk.last_zxid
        self.other.set('/a/b', b'changed')
        self.other.create('/a/d')
        self.other.create('/came')
        self.other.delete('/gone')
        set_watches(
            self.bulk, zxid, self.watcher,
            ['/a', '/a/b', '/gone'], ['/no', '/came'],
            ['/a', '/a/b'])
        self.assertEqual([
            (EventType.CHANGED, '/a/b'), (EventType.CHILD, '/a'),
            (EventType.CREATED, '/came'), (EventType.DELETED, '/gone'),
        ], self.seen())
        self.other.set('/a', b'1')
        self.other.create('/a/b/e')
        self.other.create('/no')
        self.assertEqual([
            (EventType.CHANGED, '/a'), (EventType.CHILD, '/a/b'),
            (EventType.CREATED, '/no')], self.seen())

    def test_many(self):
        """Watches that fill several requests are all set, chroot included.
        """
        paths = [f'/n{number}' for number in range(30_000)]
        zxid = self.bulk.current_zxid()
        del self.requests[:]
        set_watches(self.bulk, zxid, self.watcher, [], paths, [])
        for request in self.requests:
            self.assertLess(len(request._payload), requests.JUTE_MAXBUFFER)
        self.assertGreater(len(self.types()), 1)
        for path in paths[0], paths[15_000], paths[-1]:
            self.other.create(path)
            self.assertEqual([(EventType.CREATED, path)], self.seen())

    def test_none(self):
        """No watches may be asked for."""
        set_watches(
            self.bulk, self.bulk.current_zxid(), self.watcher, [], [], [])
        self.assertEqual([], self.seen())

    def test_remove(self):
        """Watches that were taken away do not fire, nor wait anywhere."""
        set_watches(
            self.bulk, self.bulk.current_zxid(), self.watcher,
            ['/a'], ['/no'], ['/a'])
        remove_watches(
            self.bulk, self.watcher,
            [(DATA, '/a'), (DATA, '/no'), (CHILDREN, '/a')])
        self.assertFalse(self.client._data_watchers)
        self.assertFalse(self.client._child_watchers)
        self.other.set('/a', b'1')
        self.other.create('/a/d')
        self.other.create('/no')
        self.assertEqual([], self.seen())

    def test_remove_one_kind(self):
        """A node's other watch stays."""
        set_watches(
            self.bulk, self.bulk.current_zxid(), self.watcher,
            ['/a'], [], ['/a'])
        remove_watches(self.bulk, self.watcher, [(DATA, '/a')])
        self.other.set('/a', b'1')
        self.other.create('/a/d')
        self.assertEqual([(EventType.CHILD, '/a')], self.seen())

    def test_remove_shared(self):
        """A watch that another watcher shares stays in the server."""
        shared = []
        set_watches(
            self.bulk, self.bulk.current_zxid(), self.watcher,
            ['/a'], [], ['/a'])
        self.client.get('/a', watch=shared.append)
        self.client.get_children('/a', watch=shared.append)
        del self.requests[:]
        remove_watches(
            self.bulk, self.watcher, [(DATA, '/a'), (CHILDREN, '/a')])
        self.assertEqual([], self.types())
        self.other.set('/a', b'1')
        self.other.create('/a/d')
        self.assertEqual([], self.seen())
        self.assertEqual([EventType.CHANGED, EventType.CHILD],
                         sorted(event.type for event in shared))

    def test_remove_what_is_gone(self):
        """Taking away what is not there is well, and harms nobody."""
        remove_watches(
            self.bulk, self.watcher, [(DATA, '/a'), (CHILDREN, '/no')])
        self.assertIsNotNone(self.client.exists('/a'))

    def test_remove_disconnected(self):
        """So it is without a connection."""
        self.client.stop()
        remove_watches(self.bulk, self.watcher, [(DATA, '/a')])
