"""The watch engine: reconnects, failures, threads, endings."""
from __future__ import annotations

import gc
import logging
import threading
import unittest
import unittest.mock
from typing import Any

from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import KazooException
from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_digest_acl

import zc.zk
from zc.zk._live import engine
from zc.zk._live.messages import Event
from zc.zk._session.wire import Create
from zc.zk.tests.base import wait_for
from zc.zk.tests.servercase import ServerCase


class Case(ServerCase):

    def setUp(self) -> None:
        super().setUp()
        self.calls: list[Any] = []
        self.zk._bulk.commit([
            Create('/a', b'{"x":1}', OPEN_ACL_UNSAFE),
            Create('/a/one', b'', OPEN_ACL_UNSAFE),
            Create('/b', b'{"y":1,"up ->":"/a"}', OPEN_ACL_UNSAFE)])

    def cut(self) -> None:
        """Cut the connections, and wait until all is well again."""
        self.server.refuse()
        wait_for(lambda: not self.zk.client.connected)
        self.server.refuse(False)
        wait_for(lambda: self.zk.client.connected)
        wait_for(lambda: self.other.connected)
        wait_for(lambda: self.zk._engine.current)


class ReconnectTests(Case):

    def test_unchanged_calls_nobody(self) -> None:
        """After a reconnect, what did not change calls no callback."""
        children = self.zk.children('/a')(self.calls.append)
        kept = self.zk.properties('/a')(self.calls.append)
        self.calls.clear()
        self.cut()
        self.other.set('/b', b'{"y":2}')
        properties = self.zk.properties('/b')
        wait_for(lambda: properties['y'] == 2)
        self.assertEqual(self.calls, [])
        self.assertTrue(kept.current and children.current)

    def test_changes_made_during_the_outage(self) -> None:
        """What changed between disconnection and reconnection shows."""
        properties = self.zk.properties('/a')
        children = self.zk.children('/a')
        late = self.zk.children('/b')
        self.server.drop_connections(self.zk.client.client_id[0])
        # The race is on: some of these come before the reconnection.
        for i in range(20):
            self.other.set('/a', b'{"x":%d}' % i)
            self.other.create(f'/a/n{i}')
        wait_for(lambda: properties['x'] == 19)
        wait_for(lambda: len(children) == 21)
        self.other.create('/b/late')
        wait_for(lambda: list(late) == ['late'])

    def test_a_new_session(self) -> None:
        """Watches go over to a new session."""
        properties = self.zk.properties('/a')
        session = self.zk.client.client_id[0]
        self.server.expire(session)
        wait_for(lambda: self.zk.client.connected
                 and self.zk.client.client_id[0] != session)
        wait_for(lambda: properties.current)
        self.other.set('/a', b'{"x":2}')
        wait_for(lambda: properties['x'] == 2)

    def test_staleness_shows(self) -> None:
        """current is false without a connection; data stay readable."""
        properties = self.zk.properties('/a')
        self.assertTrue(properties.current)
        self.server.refuse()
        wait_for(lambda: not properties.current)
        self.assertEqual(dict(properties), {'x': 1})
        self.server.refuse(False)
        wait_for(lambda: properties.current)

    def test_no_object_without_a_connection(self) -> None:
        """Making an object while the client is closed is an error."""
        self.zk.children('/a')
        self.zk.close()
        with self.assertRaises(KazooException):
            self.zk.children('/b')

    def test_threads_do_not_grow(self) -> None:
        """A thousand objects need as many threads as one."""
        self.zk.children('/a')(lambda each: None)
        before = threading.active_count()
        paths = [f'/a/{i}' for i in range(1000)]
        for batch in self.zk._bulk.batches(
                [Create(path, b'', OPEN_ACL_UNSAFE) for path in paths]):
            self.zk._bulk.commit(batch)
        objects: list[Any] = [
            *self.zk.all_children(paths), *self.zk.all_properties(paths)]
        for each in objects:
            each(lambda each: None)
        self.cut()
        wait_for(lambda: threading.active_count() <= before, 'few threads')
        self.other.set('/a/999', b'{"z":1}')
        wait_for(lambda: dict(objects[-1]) == {'z': 1})


class FailureTests(Case):

    def test_lost_permission_keeps_data(self) -> None:
        """A node that may not be read any more keeps its last data."""
        self.patch(engine, 'RETRY_SECONDS', 0.05)
        properties = self.zk.properties('/a')
        properties(lambda each: self.calls.append(dict(each)))
        self.other.set_acls('/a', [
            make_digest_acl('x', 'y', all=True)])
        with self.assertLogs('zc.zk', logging.WARNING):
            # A change of the ACL is no event: another one is made up.
            self.zk._engine._mailbox.put(Event('CHANGED', '/a'))
            wait_for(lambda: properties.error is not None)
        self.assertEqual(dict(properties), {'x': 1})
        self.assertFalse(properties.deleted)
        self.assertFalse(properties.current)

    def patch(self, owner: Any, name: str, value: Any) -> None:
        patcher = unittest.mock.patch.object(owner, name, value)
        patcher.start()
        self.addCleanup(patcher.stop)

    def test_a_connection_lost_while_reading_is_tried_again(self) -> None:
        """A refresh that fails is made up for."""
        properties = self.zk.properties('/a')
        real = self.zk._engine._cache.fetch
        failures = [ConnectionLoss()]

        def fetch(keys: Any) -> None:
            if keys and failures:
                raise failures.pop()
            real(keys)

        self.zk._engine._cache.fetch = fetch   # type: ignore[method-assign]
        self.other.set('/a', b'{"x":2}')
        wait_for(lambda: properties['x'] == 2)
        self.assertEqual(failures, [])

    def test_an_unexpected_error_is_logged(self) -> None:
        """A fault of the engine shows in the log, and the thread lives."""
        properties = self.zk.properties('/a')
        real = self.zk._engine._cache.fetch
        failures = [ZeroDivisionError()]

        def fetch(keys: Any) -> None:
            if keys and failures:
                raise failures.pop()
            real(keys)

        self.patch(engine, 'RETRY_SECONDS', 0.05)
        self.zk._engine._cache.fetch = fetch   # type: ignore[method-assign]
        with self.assertLogs('zc.zk', logging.ERROR):
            self.other.set('/a', b'{"x":2}')
            wait_for(lambda: properties['x'] == 2)

    def test_a_call_that_raises_is_logged(self) -> None:
        """The callback thread outlives what it calls."""
        done = threading.Event()
        with self.assertLogs('zc.zk', logging.ERROR):
            self.zk._engine.call(lambda: 1 / 0)     # type: ignore
            self.zk._engine.call(done.set)
            self.assertTrue(done.wait(20))


class EndingTests(Case):

    def test_threads_end(self) -> None:
        """close leaves no thread behind."""
        before = set(threading.enumerate())
        zk = zc.zk.ZooKeeper(self.server.connection_string)
        zk.children('/a')(lambda each: None)
        zk.register('/b', '1.2.3.4:5')
        self.other.create('/a/z')
        zk.close()
        wait_for(lambda: set(threading.enumerate()) <= before)

    def test_ten_thousand_made_and_dropped(self) -> None:
        """The server's watches are as many as before."""
        self.zk.get('/a')
        before = self.server.watch_count()
        paths = [f'/a/{i}' for i in range(2000)]
        for batch in self.zk._bulk.batches(
                [Create(path, b'', OPEN_ACL_UNSAFE) for path in paths]):
            self.zk._bulk.commit(batch)
        objects = self.zk.all_properties(paths)
        self.assertEqual(self.server.watch_count(), before + 2000)
        del objects
        gc.collect()
        wait_for(lambda: self.server.watch_count() == before)
        self.assertEqual(self.zk._engine.watch_count(), 0)

    def test_an_existing_client_stays_open(self) -> None:
        """With a client of the caller's, close ends only our part."""
        zk = zc.zk.ZooKeeper(self.other)
        zk.children('/a')
        zk.register('/b', '1.2.3.4:5')
        zk.close()
        self.assertTrue(self.other.connected)
        self.assertEqual(self.other.get_children('/b'), [])
        self.assertEqual(self.other.state_listeners, set())
