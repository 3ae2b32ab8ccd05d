"""Recursive watches, beside kazoo's own on the same nodes."""
from kazoo.exceptions import MarshallingError
from kazoo.exceptions import UnimplementedError
from kazoo.protocol.states import Callback
from kazoo.protocol.states import EventType
from kazoo.protocol.states import KazooState

from zc.zk._session.recursive import add_recursive
from zc.zk._session.recursive import can_recurse
from zc.zk._session.recursive import remove_recursive
from zc.zk._session.requests import Bulk
from zc.zk._session.watches import remove_watches
from zc.zk._session.watches import set_watches
from zc.zk._session.wire import ADD_WATCH
from zc.zk._session.wire import DATA
from zc.zk._session.wire import SET_WATCHES2
from zc.zk.tests.base import wait_for
from zc.zk.tests.bulkcase import Case
from zc.zk.tests.servercase import ServerCase


class Recursive(Case):

    def setUp(self):
        super().setUp()
        self.events = []
        self.kazoos = []
        self.other = self.zk()

    def watcher(self, event):
        self.events.append((event.type, event.path))

    def kazoo(self, event):
        self.kazoos.append((event.type, event.path))

    def seen(self, events=None):
        """Return the events so far, and forget them."""
        self.client.sync('/')
        done = self.client.handler.event_object()
        self.client.handler.dispatch_callback(
            Callback('watch', done.set, ()))
        done.wait(20)
        events = self.events if events is None else events
        found = list(events)
        del events[:]
        return found

    def add(self):
        add_recursive(self.bulk, '/a', self.watcher)
        self.addCleanup(
            remove_recursive, self.bulk, '/a', self.watcher, True)

    def change(self):
        """Change the node and those below it; return the events of that."""
        self.other.set('/a', b'1')
        self.other.create('/a/n', b'')
        self.other.set('/a/n', b'2')
        self.other.create('/a/n/o', b'')
        self.other.delete('/a/n/o')
        self.other.delete('/a/n')
        return [(EventType.CHANGED, '/a'), (EventType.CREATED, '/a/n'),
                (EventType.CHANGED, '/a/n'), (EventType.CREATED, '/a/n/o'),
                (EventType.DELETED, '/a/n/o'), (EventType.DELETED, '/a/n')]

    def test_events(self):
        """Each change of the node and of those below it is told, each time.
        """
        self.add()
        for _ in range(2):
            expected = self.change()
            self.assertEqual(expected, self.seen())
        self.other.create('/ab', b'')
        self.assertEqual([], self.seen())

    def test_remove(self):
        """After it was removed, nothing is told, and nothing stays."""
        self.add()
        remove_recursive(self.bulk, '/a', self.watcher, True)
        self.change()
        self.assertEqual([], self.seen())
        self.assertEqual({}, dict(self.zk_loop().recursive))
        self.assertEqual(set(), self.zk_loop().armed)

    def zk_loop(self):
        return self.client._connection

    def test_two_functions(self):
        """A watch stays while another function wants it."""
        self.add()
        add_recursive(self.bulk, '/a', self.kazoo)
        remove_recursive(self.bulk, '/a', self.watcher, True)
        expected = self.change()
        self.assertEqual([], self.seen())
        self.assertEqual(expected, self.seen(self.kazoos))

    def test_kazoos_watches_afterwards(self):
        """Watches for the next change of the same node end nothing, and
        fire as they always do.
        """
        self.add()
        self.client.get('/a', watch=self.kazoo)
        self.client.get_children('/a', watch=self.kazoo)
        expected = self.change()
        self.assertEqual(expected, self.seen())
        self.assertEqual([(EventType.CHANGED, '/a'), (EventType.CHILD, '/a')],
                         self.seen(self.kazoos))
        self.client.exists('/a', watch=self.kazoo)
        self.change()
        self.assertEqual([(EventType.CHANGED, '/a')], self.seen(self.kazoos))
        self.assertEqual(expected, self.seen())

    def test_kazoos_watches_before(self):
        """So do those that were there before."""
        self.client.get('/a', watch=self.kazoo)
        self.client.get_children('/a', watch=self.kazoo)
        self.add()
        expected = self.change()
        self.assertEqual(expected, self.seen())
        self.assertEqual([(EventType.CHANGED, '/a'), (EventType.CHILD, '/a')],
                         self.seen(self.kazoos))

    def test_kazoos_watches_when_removed(self):
        """And those that are there when it is removed."""
        self.add()
        self.client.get('/a', watch=self.kazoo)
        self.client.get_children('/a', watch=self.kazoo)
        remove_recursive(self.bulk, '/a', self.watcher, True)
        self.change()
        self.assertEqual([(EventType.CHANGED, '/a'), (EventType.CHILD, '/a')],
                         self.seen(self.kazoos))

    def test_watches_in_bulk(self):
        """Watches that are set or removed in bulk end nothing either."""
        self.add()
        set_watches(self.bulk, self.bulk.current_zxid(), self.kazoo,
                    ['/a', '/a/b'], [], ['/a'])
        expected = self.change()
        self.assertEqual(expected, self.seen())
        self.assertEqual([(EventType.CHANGED, '/a'), (EventType.CHILD, '/a')],
                         self.seen(self.kazoos))
        set_watches(self.bulk, self.bulk.current_zxid(), self.kazoo,
                    ['/a'], [], [])
        remove_watches(self.bulk, self.kazoo, [(DATA, '/a')])
        self.change()
        self.assertEqual(expected, self.seen())
        self.assertEqual([], self.seen(self.kazoos))

    def test_set_again(self):
        """It can be set again, with the other watches of its node; what
        these missed fires at once.
        """
        zxid = self.bulk.current_zxid()
        self.other.set('/a', b'missed')
        self.other.create('/a/missed', b'')
        set_watches(self.bulk, zxid, self.watcher, ['/a', '/a/b'], [],
                    ['/a'], ['/a'])
        self.addCleanup(
            remove_recursive, self.bulk, '/a', self.watcher, True)
        self.assertEqual(
            {(EventType.CHANGED, '/a'), (EventType.CHILD, '/a')},
            set(self.seen()))
        expected = self.change()
        self.assertEqual(expected, self.seen())

    def test_set_again_with_kazoos(self):
        """Watches that kazoo set before on the new connection still fire.
        """
        self.client.get('/a', watch=self.kazoo)
        self.client.get_children('/a', watch=self.kazoo)
        set_watches(self.bulk, self.bulk.current_zxid(), self.watcher,
                    [], [], [], ['/a'])
        self.addCleanup(
            remove_recursive, self.bulk, '/a', self.watcher, True)
        expected = self.change()
        self.assertEqual(expected, self.seen())
        self.assertEqual([(EventType.CHANGED, '/a'), (EventType.CHILD, '/a')],
                         self.seen(self.kazoos))

    def test_kazoos_loop(self):
        """A client with a connection loop of kazoo's has none."""
        self.assertTrue(can_recurse(self.bulk))
        self.assertFalse(can_recurse(Bulk(self.outside())))


class Refusals(ServerCase):
    """A server that has no such watches."""

    def setUp(self):
        super().setUp()
        self.events = []
        self.zk.create('/a', b'')
        self.zk.create('/a/b', b'')
        self.bulk = self.zk._bulk
        self.loop = self.zk.client._connection

    def test_unknown(self):
        """A server that does not know the request says so."""
        states = []
        self.zk.client.add_listener(states.append)
        for opcode, call in (
                (ADD_WATCH, lambda: add_recursive(
                    self.bulk, '/a', self.events.append)),
                (SET_WATCHES2, lambda: set_watches(
                    self.bulk, 0, self.events.append, [], [], [], ['/a']))):
            self.server.refuse_requests(opcode)
            with self.assertRaises(UnimplementedError):
                call()
            # It disconnects as well, a moment later.
            wait_for(lambda: states == [
                KazooState.SUSPENDED, KazooState.CONNECTED])
            del states[:]
            self.assertEqual(set(), self.loop.armed)

    def test_refused(self):
        """Where it is refused, other watches of the node still fire."""
        for opcode, call in (
                (ADD_WATCH, lambda: add_recursive(
                    self.bulk, '/a', self.events.append)),
                (SET_WATCHES2, lambda: set_watches(
                    self.bulk, 0, self.events.append, [], [], [], ['/a']))):
            self.server.refuse_requests(opcode, MarshallingError.code)
            events = []
            self.zk.client.get('/a', watch=events.append)
            with self.assertRaises(MarshallingError):
                call()
            self.assertEqual(set(), self.loop.armed)
            self.other.set('/a', b'1')
            wait_for(lambda events=events: events)
