"""Live objects show what their own client wrote, as soon as it returns."""
from __future__ import annotations

import threading
import unittest
import unittest.mock
from collections.abc import Callable
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionLoss
from kazoo.protocol.states import Callback

import zc.zk
from zc.zk._live import engine as _watches
from zc.zk._live.properties import _PropertiesTracker
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for
from zc.zk.tests.realserver import RealServer
from zc.zk.tests.servercase import ServerCase


TREE = """
/s
  a = 1
  /providers
/t
  b = 1
"""
#: A write that is seen late is seen late nearly each time.
ROUNDS = 20


class Shows:
    """Each way to write, on the server that the case has."""

    zk: zc.zk.ZooKeeper
    assertEqual: Callable[..., None]
    assertTrue: Callable[..., None]

    def test_create_and_delete(self) -> None:
        """Children have what was created, and lack what was deleted."""
        children = self.zk.children('/s')
        for i in range(ROUNDS):
            self.zk.create(f'/s/{i}')
            self.assertEqual(len(children), i + 2)
        for i in range(ROUNDS):
            self.zk.delete(f'/s/{i}')
            self.assertEqual(len(children), ROUNDS - i)

    def test_kinds_of_create(self) -> None:
        """So with numbers, parents on the way, and the stat."""
        children = self.zk.children('/s')
        providers = self.zk.children('/s/providers')
        path = self.zk.create('/s/n', sequence=True)
        self.assertEqual(['n0000000001', 'providers'], list(children))
        self.assertTrue(path.endswith('/n0000000001'))
        self.zk.create('/s/x/y/z', makepath=True)
        self.assertEqual(['n0000000001', 'providers', 'x'], list(children))
        self.zk.create('/s/providers/p', ephemeral=True, include_data=True)
        self.assertEqual(['p'], list(providers))
        self.zk.delete('/s/x', recursive=True)
        self.assertEqual(['n0000000001', 'providers'], list(children))

    def test_a_node_that_goes_and_comes(self) -> None:
        """Properties are gone with their node, and back with it."""
        properties = self.zk.properties('/t')
        for i in range(ROUNDS):
            self.zk.delete('/t')
            self.assertTrue(properties.deleted)
            self.zk.create('/t', f'{{"b":{i}}}')
            self.assertEqual({'b': i}, dict(properties))

    def test_set_and_update(self) -> None:
        """Properties have what was set, through whichever object."""
        properties = self.zk.properties('/t')
        other = self.zk.properties('/t')
        for i in range(ROUNDS):
            self.zk.set('/t', f'{{"b":{i}}}')
            self.assertEqual({'b': i}, dict(properties))
            other.update(c=i)
            self.assertEqual({'b': i, 'c': i}, dict(properties))
            other.set(d=i)
            self.assertEqual({'d': i}, dict(properties))

    def test_links(self) -> None:
        """What stands behind a link shows when the link was made."""
        self.zk.ln('/s', '/t/l')
        properties = self.zk.properties('/t/l')
        self.assertEqual({'a': 1}, dict(properties))
        self.zk.ln('/s/providers', '/t/l')
        self.assertEqual({}, dict(properties))

    def test_registration(self) -> None:
        """A registered server is among the children until it is not."""
        children = self.zk.children('/s/providers')
        for i in range(ROUNDS):
            self.zk.register('/s/providers', ('1.2.3.4', i + 1))
            name = f'1.2.3.4:{i + 1}'
            self.assertEqual([name], list(children))
            node = f'/s/providers/{name}'
            properties = self.zk.properties(node)
            self.zk.registrations[node].update(a=i)
            self.assertEqual(i, properties['a'])
            self.zk.unregister('/s/providers', ('1.2.3.4', i + 1))
            self.assertEqual([], list(children))
            self.assertTrue(properties.deleted)

    def test_trees(self) -> None:
        """An import shows, and so does what deletes a tree."""
        children = self.zk.children('/s')
        names = [self.zk.properties('/s'), self.zk.properties('/t')]
        for i in range(ROUNDS):
            self.zk.import_tree(
                f'/s\n  a = {i}\n  /providers\n  /n\n/t\n  b = {i}\n',
                trim=False)
            self.assertEqual(['n', 'providers'], list(children))
            self.assertEqual([{'a': i}, {'b': i}], [dict(p) for p in names])
            self.zk.delete_recursive('/s/n')
            self.assertEqual(['providers'], list(children))

    def test_many_objects(self) -> None:
        """So with more objects than are read one by one."""
        paths = [f'/s/{i}' for i in range(50)]
        for path in paths:
            self.zk.create(path, '{"a":0}')
        objects = self.zk.all_properties(paths)
        for i in range(1, ROUNDS):
            self.zk.import_tree('/s\n  a = 1\n  /providers\n' + ''.join(
                f'  /{n}\n    a = {i}\n' for n in range(50)), trim=False)
            self.assertEqual([i] * 50, [each['a'] for each in objects])

    def test_in_a_callback(self) -> None:
        """A callback sees what it wrote itself."""
        children = self.zk.children('/s')
        seen: list[Any] = []

        def watch(properties: Any) -> None:
            if properties['b'] > 1:
                self.zk.create(f'/s/{properties["b"]}')
                seen.append(list(children))

        watched = self.zk.properties('/t')(watch)
        for i in range(2, 5):
            self.zk.set('/t', f'{{"b":{i}}}')
            wait_for(lambda i=i: len(seen) == i - 1)    # type: ignore
        self.assertEqual([
            ['2', 'providers'], ['2', '3', 'providers'],
            ['2', '3', '4', 'providers']], seen)
        self.assertEqual(4, watched['b'])


class EmbeddedTests(Shows, ServerCase):

    def setUp(self) -> None:
        super().setUp()
        self.zk.import_tree(TREE)


class RealTests(Shows, unittest.TestCase):

    level = 2

    def setUp(self) -> None:
        server = RealServer().start()
        self.addCleanup(server.close)
        self.zk = zc.zk.ZooKeeper(server.connection_string)
        self.addCleanup(self.zk.close)
        self.zk.import_tree(TREE)


class HandedInTests(Shows, ServerCase):

    def setUp(self) -> None:
        super().setUp()
        client = KazooClient(self.server.connection_string)
        client.start()
        self.addCleanup(client.close)
        self.addCleanup(client.stop)
        self.zk = zc.zk.ZooKeeper(client)
        self.addCleanup(self.zk.close)
        self.zk.import_tree(TREE)


class WaitingTests(ServerCase):

    def setUp(self) -> None:
        super().setUp()
        self.zk.import_tree(TREE)
        patcher = unittest.mock.patch.object(
            _watches, 'SETTLE_SECONDS', 10 * DEADLINE)
        patcher.start()
        self.addCleanup(patcher.stop)

    def in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        thread = threading.Thread(target=function, args=args, daemon=True)
        thread.start()
        return thread

    def test_only_for_what_is_looked_at(self) -> None:
        """Without live objects about it, a write waits for nothing."""
        engine = self.zk._engine
        with unittest.mock.patch.object(
                engine._moments, 'wait', side_effect=AssertionError):
            self.zk.import_tree(TREE)
            objects = [self.zk.children('/t'), self.zk.properties('/s')]
            self.zk.register('/s/providers', ('1.2.3.4', 1))
            self.zk.create('/s/n')
            self.zk.set('/s/n', '')
            self.zk.properties('/s', watch=False).update(a=2)
            self.zk.delete('/s/n')
            self.zk.unregister('/s/providers', ('1.2.3.4', 1))
            with self.assertRaises(AssertionError):
                self.zk.create('/t/n')
        self.assertEqual(2, len(objects))

    def test_not_without_a_connection(self) -> None:
        """A connection that is lost ends the waiting."""
        children = self.zk.children('/s')
        with self.zk._engine._io:       # nothing is read meanwhile
            thread = self.in_thread(self.zk.create, '/s/n')
            wait_for(lambda: self.zk._engine._moments._awaited)
            self.server.refuse()
            thread.join(DEADLINE)
            self.assertFalse(thread.is_alive())
        self.assertFalse(children.current)

    def test_not_beyond_close(self) -> None:
        """Closing the client ends it too."""
        self.assertTrue(self.zk.children('/s').current)
        children = self.zk.children('/s')
        with self.zk._engine._io:
            thread = self.in_thread(self.zk.create, '/s/n')
            wait_for(lambda: self.zk._engine._moments._awaited)
            self.zk.close()
            thread.join(DEADLINE)
            self.assertFalse(thread.is_alive())
        self.assertFalse(children.current)

    def test_not_in_kazoos_thread(self) -> None:
        """A watch function of kazoo may write, and holds up nobody."""
        children = self.zk.children('/s')
        done = threading.Event()

        def watch(event: Any) -> None:
            self.zk.create('/s/n')
            done.set()

        self.zk.get('/t', watch)
        self.other.set('/t', b'')
        self.assertTrue(done.wait(DEADLINE))
        wait_for(lambda: 'n' in children)

    def test_for_watches_that_are_being_set(self) -> None:
        """A write shows that came between the reading of many nodes and
        the setting of their watches, too.
        """
        engine, bulk = self.zk._engine, self.zk._bulk
        for i in range(5):
            self.zk.create(f'/s/{i}')
        objects = self.zk.all_children([f'/s/{i}' for i in range(5)])
        read, written, stuck = [threading.Event() for _ in range(3)]
        asked: list[Any] = []
        found: list[Any] = []
        real_read, real_ask = bulk.read, engine._ask
        self.addCleanup(stuck.set)

        def slow_read(wanted: Any) -> Any:
            result = real_read(wanted)
            read.set()
            written.wait(DEADLINE)
            return result

        def ask(function: Any) -> None:
            asked.append(function)
            real_ask(function)

        def write() -> None:
            self.zk.create('/s/4/mine')
            found.append(list(objects[4]))

        # The thread is held by this; so it takes all five together.
        held, go = threading.Event(), threading.Event()
        self.addCleanup(go.set)

        def hold() -> None:
            held.set()
            go.wait(DEADLINE)

        engine.when_settled(hold)
        self.assertTrue(held.wait(DEADLINE))
        for i in range(5):
            self.other.create(f'/s/{i}/other')
        wait_for(lambda: engine._mailbox.waiting() >= 5)
        bulk.read = slow_read           # type: ignore[method-assign]
        engine._ask = ask               # type: ignore[method-assign]
        go.set()
        self.assertTrue(read.wait(DEADLINE))
        thread = self.in_thread(write)
        wait_for(lambda: self.other.exists('/s/4/mine'))
        wait_for(lambda: engine._mailbox.waiting())     # what `write` asks
        bulk.read = real_read               # type: ignore[method-assign]
        self.zk.client.handler.dispatch_callback(
            Callback('watch', stuck.wait, (DEADLINE,)))
        written.set()
        wait_for(lambda: len(asked) == 2 or found)
        stuck.set()
        thread.join(DEADLINE)
        self.assertEqual([['mine', 'other']], found)


class OnceTests(ServerCase):
    """What a write changes is computed once, however often it is told."""

    def setUp(self) -> None:
        super().setUp()
        self.zk.import_tree(TREE)
        self.objects = [self.zk.properties('/s') for _ in range(5)]
        self.computed: list[str] = []
        real = _PropertiesTracker.compute

        def compute(tracker: _PropertiesTracker, view: Any) -> Any:
            self.computed.append(tracker.path)
            return real(tracker, view)

        patch = unittest.mock.patch.object(
            _PropertiesTracker, 'compute', compute)
        patch.start()
        self.addCleanup(patch.stop)

    def test_own_write(self) -> None:
        """The reply and the watch tell of it, and it is computed once."""
        for i in range(ROUNDS):
            self.computed.clear()
            self.zk.set('/s', f'{{"a":{i}}}')
            self.assertTrue(self.zk.settle(DEADLINE))
            self.assertEqual(['/s'] * 5, self.computed)
            self.assertEqual([i] * 5, [each['a'] for each in self.objects])

    def test_the_same_data_again(self) -> None:
        """Data that were written again have another version, and count."""
        data = self.zk.get('/s')[0]
        version = self.objects[0].version
        self.other.set('/s', data)
        self.assertTrue(self.zk.settle(DEADLINE))
        self.assertEqual(version + 1, self.objects[0].version)

    def test_made_anew(self) -> None:
        """A node that was made anew with the same data counts, too."""
        self.zk.delete('/t')
        self.zk.create('/t', '{"b":1}')
        properties = self.zk.properties('/t')
        self.other.delete('/t')
        self.other.create('/t', b'{"b":1}')
        self.assertTrue(self.zk.settle(DEADLINE))
        properties.replace(b=2)
        self.assertEqual({'b': 2}, dict(properties))

    def test_after_a_failure(self) -> None:
        """What could not be computed when it was written is, afterwards."""
        engine = self.zk._engine
        real = engine._computation.run
        failures = [ConnectionLoss()]

        def run(*args: Any, **keywords: Any) -> None:
            if failures:
                raise failures.pop()
            real(*args, **keywords)

        engine._computation.run = run           # type: ignore[method-assign]
        self.zk.set('/s', '{"a":7}')
        wait_for(lambda: self.objects[0]['a'] == 7)
        self.assertEqual([7] * 5, [each['a'] for each in self.objects])
