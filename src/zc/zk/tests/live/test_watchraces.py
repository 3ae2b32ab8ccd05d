"""The watch engine, where several things happen at once."""
from __future__ import annotations

import gc
import threading
import unittest.mock
import weakref
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionClosedError
from kazoo.exceptions import OperationTimeoutError
from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_digest_acl

import zc.zk
from zc.zk._live import calls
from zc.zk._live import engine as _watches
from zc.zk._live.messages import Event
from zc.zk._live.tracker import Tracker
from zc.zk.errors import BadPropertyLink
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for
from zc.zk.tests.live import test_engine


SECRET = [make_digest_acl('x', 'y', all=True)]


class Case(test_engine.Case):

    def settle(self) -> None:
        done = threading.Event()
        self.zk._engine.when_settled(done.set)
        self.assertTrue(done.wait(DEADLINE))

    def settle_calls(self) -> None:
        done = threading.Event()
        self.zk._engine.call(done.set)
        self.assertTrue(done.wait(DEADLINE))

    def wait_dropped(self, reference: weakref.ref[Any]) -> None:
        gc.collect()
        self.assertIsNone(reference())


class ReconnectTests(Case):

    def test_lost_again_while_watches_are_armed(self) -> None:
        """A second disconnection is made up for, whenever it comes."""
        properties = self.zk.properties('/a')
        cache = self.zk._engine._cache
        real = cache.rearm
        session = self.zk.client.client_id[0]
        cuts = [1]

        def rearm(zxid: int) -> None:
            real(zxid)
            if cuts:
                cuts.pop()
                self.server.drop_connections(session)
                wait_for(lambda: not self.zk._engine._outages.connected)

        cache.rearm = rearm         # type: ignore[method-assign]
        self.server.drop_connections(session)
        wait_for(lambda: not cuts)
        wait_for(lambda: properties.current)
        self.other.set('/a', b'{"x":2}')
        wait_for(lambda: properties['x'] == 2)

    def test_made_without_a_connection(self) -> None:
        """With a client that connects later, data become current."""
        client = KazooClient(self.server.connection_string)
        zk = zc.zk.ZooKeeper(client)
        self.addCleanup(zk.close)
        client.start()
        self.addCleanup(client.close)
        self.addCleanup(client.stop)
        properties = zk.properties('/a')
        wait_for(lambda: properties.current)

    def test_connected_while_it_is_made(self) -> None:
        """A connection that comes in the middle of all is noticed."""
        client = KazooClient(self.server.connection_string)
        real = _watches.Engine.session_changed
        first = ['LOST']

        def session_changed(engine: _watches.Engine, state: str) -> None:
            if state in first:
                first.clear()
                client.start()
                wait_for(lambda: engine._outages.connected)
            real(engine, state)

        with unittest.mock.patch.object(
                _watches.Engine, 'session_changed', session_changed):
            zk = zc.zk.ZooKeeper(client)
            self.addCleanup(client.close)
            self.addCleanup(client.stop)
            self.addCleanup(zk.close)
        properties = zk.properties('/a')
        wait_for(lambda: properties.current)

    def test_current_in_spite_of_a_failed_refresh(self) -> None:
        """A refresh that fails once delays being current, no more."""
        properties = self.zk.properties('/a')
        cache = self.zk._engine._cache
        real = cache.fetch
        failures = [OperationTimeoutError()] * 3

        def fetch(keys: Any) -> None:
            if keys and failures:
                raise failures.pop()
            real(keys)

        cache.fetch = fetch         # type: ignore[method-assign]
        self.server.refuse()
        wait_for(lambda: not self.zk.client.connected)
        self.zk._engine._mailbox.put(Event('CHANGED', '/a'))
        self.server.refuse(False)
        wait_for(lambda: not failures)
        wait_for(lambda: properties.current)


class FailureTests(Case):

    def test_permission_given_back(self) -> None:
        """What may not be read is tried again without an event."""
        patcher = unittest.mock.patch.object(
            _watches, 'RETRY_SECONDS', 0.05)
        patcher.start()
        self.addCleanup(patcher.stop)
        properties = self.zk.properties('/a')
        self.settle()
        self.other.add_auth('digest', 'x:y')
        self.other.set_acls('/a', SECRET)
        with self.assertLogs('zc.zk', 'WARNING'):
            # A change of the ACL is no event: another one is made up.
            self.zk._engine._mailbox.put(Event('CHANGED', '/a'))
            wait_for(lambda: properties.error is not None)
        self.other.set_acls('/a', list(OPEN_ACL_UNSAFE))
        wait_for(lambda: properties.error is None)

    def test_a_callback_that_exits(self) -> None:
        """sys.exit in a callback ends that callback only."""
        def leave(properties: Any) -> None:
            if properties['x'] == 2:
                raise SystemExit

        exiting = self.zk.properties('/a')(leave)
        children = self.zk.children('/a')(
            lambda each: self.calls.append(list(each)))
        self.assertTrue(children.current)
        self.calls.clear()
        with self.assertLogs('zc.zk', 'ERROR'):
            self.other.set('/a', b'{"x":2}')
            wait_for(lambda: exiting['x'] == 2)
            self.other.create('/a/two')
            wait_for(lambda: self.calls)

    def test_the_watch_thread_outlives_a_fault(self) -> None:
        """A fault in sweeping does not end the thread."""
        properties = self.zk.properties('/a')
        with unittest.mock.patch(
                'zc.zk._live.cache.remove_watches',
                side_effect=ZeroDivisionError):
            with self.assertLogs('zc.zk', 'ERROR'):
                self.zk.children('/b')
                gc.collect()
                self.settle()
        self.other.set('/a', b'{"x":2}')
        wait_for(lambda: properties['x'] == 2)


class ObjectTests(Case):

    def test_no_callback_starts_after_close(self) -> None:
        """Of several callbacks of an object that is closed meanwhile, the
        rest is not called.
        """
        running, go = threading.Event(), threading.Event()
        self.addCleanup(go.set)
        properties = self.zk.properties('/a')

        def block(each: Any) -> None:
            if each['x'] == 2:
                running.set()
                go.wait(DEADLINE)

        properties(block)
        properties(lambda each: self.calls.append(each['x']))
        self.other.set('/a', b'{"x":2}')
        self.assertTrue(running.wait(DEADLINE))
        closing = threading.Thread(target=properties.close)
        closing.start()
        wait_for(lambda: properties._tracker.dropped)
        go.set()
        closing.join(DEADLINE)
        self.settle_calls()
        self.assertEqual([1], self.calls)

    def test_no_callback_starts_after_close_of_the_client(self) -> None:
        """Nor of other objects, when one blocks while all are closed."""
        running, go = threading.Event(), threading.Event()
        self.addCleanup(go.set)

        def block(each: Any) -> None:
            if each['x'] == 2:
                running.set()
                go.wait(DEADLINE)

        first = self.zk.properties('/a')(block)
        second = self.zk.properties('/b')(
            lambda each: self.calls.append(each['y']))
        self.other.set('/a', b'{"x":2}')
        self.assertTrue(running.wait(DEADLINE))
        self.other.set('/b', b'{"y":2}')
        wait_for(lambda: second._called)
        with unittest.mock.patch.object(calls, 'CLOSE_SECONDS', 0.01):
            self.zk.close()
        thread = self.zk._engine.calls._thread
        assert thread is not None
        self.assertTrue(thread.is_alive())
        go.set()
        thread.join(DEADLINE)
        self.assertFalse(thread.is_alive())
        self.assertEqual([1], self.calls)
        self.assertFalse(first.current)

    def test_an_error_is_cleared_after_the_new_data_are_there(self) -> None:
        """Who sees that a node is back sees its new data."""
        seen = []

        class Watched(Tracker):

            @property
            def error(self) -> Any:
                return None

            @error.setter
            def error(self, error: Any) -> None:
                seen.append((error, self.snapshot))

            def changed(self) -> None:
                pass

        tracker = Watched('/a')
        seen.clear()
        self.zk._engine._computation._publish(
            tracker, 'new', None, True, False)
        self.assertEqual([(None, 'new')], seen)

    def test_made_after_close(self) -> None:
        """A closed object follows nothing, not even with a client it was
        given.
        """
        zk = zc.zk.ZooKeeper(self.other)
        zk.close()
        with self.assertRaises(ConnectionClosedError):
            zk.children('/a')

    def test_close_ends_wait_in_another_thread(self) -> None:
        """Who waits on an object that is closed is told."""
        properties = self.zk.properties('/a')
        waiting = threading.Event()
        ended = threading.Event()

        def work() -> None:
            properties.wait(lambda each: waiting.set())
            ended.set()

        threading.Thread(target=work, daemon=True).start()
        self.assertTrue(waiting.wait(DEADLINE))
        wait_for(lambda: self.zk._engine.condition._waiters)  # type: ignore
        properties.close()
        self.assertTrue(ended.wait(DEADLINE))

    def test_a_blocked_callback_makes_no_queue(self) -> None:
        """However much changes meanwhile, one call waits."""
        go = threading.Event()
        self.addCleanup(go.set)
        properties = self.zk.properties('/a')
        first = [1]

        def block(each: Any) -> None:
            if not first.pop() if first else True:
                go.wait(DEADLINE)

        properties(block)
        for i in range(2, 30):
            self.other.set('/a', b'{"x":%d}' % i)
            wait_for(lambda i=i: properties['x'] == i)   # type: ignore
        self.assertLessEqual(self.zk._engine.calls._queue.qsize(), 1)

    def test_a_change_of_type_alone(self) -> None:
        """1 and true are not the same."""
        properties = self.zk.properties('/a')(
            lambda each: self.calls.append(each['x']))
        self.other.set('/a', b'{"x":true}')
        wait_for(lambda: properties['x'] is True)
        wait_for(lambda: len(self.calls) == 2)


class LeakTests(Case):

    def test_an_error_from_a_property_link(self) -> None:
        """Raising the error of a link does not keep the object."""
        self.other.set('/b', b'{"z =>":"/nope"}')
        properties = self.zk.properties('/b')
        try:
            properties['z']
        except BadPropertyLink as e:
            self.assertIn('/nope', str(e))
        reference = weakref.ref(properties)
        del properties
        self.wait_dropped(reference)

    def test_a_node_that_may_not_be_read(self) -> None:
        """The error of a read does not keep its reader."""
        self.other.create('/c', b'{"z":1}', acl=SECRET)
        self.other.set('/b', b'{"z =>":"/c"}')

        def make() -> weakref.ref[Any]:
            properties = self.zk.properties('/b')
            return weakref.ref(properties)

        self.wait_dropped(make())
