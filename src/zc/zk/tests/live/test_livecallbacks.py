"""Callbacks of Children and Properties, and what ends them."""
from __future__ import annotations

import logging
import threading
from typing import Any

from kazoo.exceptions import NoNodeError

import zc.zk
from zc.zk.tests.base import wait_for
from zc.zk.tests.live.livecase import Case


class CallbackTests(Case):

    def test_once_for_each_change(self) -> None:
        """A callback runs at once, and then once for each change."""
        @self.client.properties('/service')
        def watched(properties: Any) -> None:
            self.calls.append(dict(properties))

        self.client.set('/service', '{"a":2}')
        self.client.set('/service', '{"a":2}')
        self.assertEqual(self.calls, [{'a': 1}, {'a': 2}])
        self.assertIsInstance(watched, zc.zk.Properties)

    def test_added_and_removed(self) -> None:
        """A callback that takes them gets what came and went."""
        @self.client.children('/service/providers')
        def watched(
            children: Any, added: Any = None, removed: Any = None
        ) -> None:
            self.calls.append((sorted(added), sorted(removed)))

        self.client.create('/service/providers/three')
        self.client.delete('/service/providers/one')
        self.assertEqual(self.calls, [
            (['one', 'two'], []), (['three'], []), ([], ['one'])])
        self.assertTrue(watched.current)

    def test_a_raising_callback_is_dropped_and_logged(self) -> None:
        """An error drops the callback; the others go on."""
        children = self.client.children('/service')

        def bad(children: Any) -> None:
            self.calls.append('bad')
            if len(self.calls) > 1:
                raise ValueError('mine')

        children(bad)
        children(lambda children: self.calls.append('good'))
        with self.assertLogs('zc.zk', logging.ERROR) as logs:
            self.client.create('/service/x')
        self.client.create('/service/y')
        self.assertEqual(self.calls, ['bad', 'good', 'bad', 'good', 'good'])
        self.assertIn('mine', logs.output[0])

    def test_an_error_in_the_first_call_is_the_callers(self) -> None:
        """What the first call raises goes to the caller."""
        children = self.client.children('/service')
        with self.assertRaises(ZeroDivisionError):
            children(lambda children: 1 / 0)

    def test_cancel_watch_is_quiet(self) -> None:
        """CancelWatch drops a callback without a line in the log."""
        def once(children: Any) -> None:
            self.calls.append(1)
            raise zc.zk.CancelWatch()

        def twice(children: Any) -> None:
            self.calls.append(2)
            if self.calls.count(2) == 2:
                raise zc.zk.CancelWatch()

        children = self.client.children('/service')
        with self.assertNoLogs('zc.zk', logging.WARNING):
            children(once)(twice)
            self.client.create('/service/x')
            self.client.create('/service/y')
        self.assertEqual(self.calls, [1, 2, 2])

    def test_a_type_error_inside_is_not_taken_for_a_signature(self) -> None:
        """A callback that raises TypeError is called once, and logged."""
        def bad(*args: Any) -> None:
            self.calls.append(args)
            if len(self.calls) > 1:
                raise TypeError('inside')

        children = self.client.children('/service/providers')(bad)
        with self.assertLogs('zc.zk', logging.ERROR):
            self.client.create('/service/providers/x')
        self.assertEqual(self.calls, [(children,), (children,)])

    def test_a_blocking_callback_does_not_hold_up_the_data(self) -> None:
        """While a callback blocks, data are fresh and waits end."""
        go = threading.Event()
        self.addCleanup(go.set)
        entered = threading.Event()

        def blocking(children: Any) -> None:
            if 'x' in children:
                entered.set()
                go.wait(20)

        children = self.client.children('/service')(blocking)
        # Not through the test's clients, which would wait for callbacks.
        thread = threading.Thread(
            target=lambda: self.client.create('/service/x'),
            name='zc.zk test')
        thread.start()
        self.assertTrue(entered.wait(20))
        self.assertTrue(children.wait(lambda found: 'x' in found, 20))
        thread.join()
        go.set()

    def test_a_callback_may_write_what_it_watches(self) -> None:
        """A callback that changes its own node sees the change."""
        @self.client.properties('/service')
        def watched(properties: Any) -> None:
            self.calls.append(properties['a'])
            if properties['a'] < 4:
                properties['a'] += 1

        wait_for(lambda: watched['a'] == 4)
        self.client.set('/service', '{"a":9}')
        self.assertEqual(self.calls, [1, 2, 3, 4, 9])

    def test_a_callback_may_close_the_client(self) -> None:
        """Closing from a callback ends everything, and hangs nobody."""
        zk = self.zk()
        closed = threading.Event()

        @zk.children('/service')
        def watched(children: Any) -> None:
            if 'x' in children:
                zk.close()
                closed.set()

        self.client.create('/service/x')
        self.assertTrue(closed.wait(20))
        self.assertEqual(zk.client.state, 'LOST')
        self.assertTrue(watched.watch)

    def test_no_callbacks_without_watching(self) -> None:
        """An object that does not watch takes no callbacks or waits."""
        properties = self.client.properties('/service', watch=False)
        with self.assertRaisesRegex(TypeError, 'without watching'):
            properties(lambda properties: None)
        with self.assertRaisesRegex(TypeError, 'without watching'):
            properties.wait(bool)
        self.assertFalse(properties.current)


class WaitTests(Case):

    def test_wait_for_a_change(self) -> None:
        """wait returns true when the predicate comes to hold."""
        other = self.zk()
        children = self.client.children('/service/providers')
        thread = threading.Thread(
            target=lambda: other.create('/service/providers/z'))
        thread.start()
        self.assertTrue(children.wait(lambda found: len(found) == 3, 20))
        thread.join()

    def test_wait_gives_up(self) -> None:
        """wait returns false at its deadline."""
        children = self.client.children('/service/providers')
        self.assertFalse(children.wait(lambda found: False, 0.01))

    def test_wait_ends_when_the_object_is_closed(self) -> None:
        """Nothing is waited for on an object that follows no more."""
        with self.client.children('/service') as children:
            pass
        self.assertFalse(children.wait(lambda found: False))


class DeletionTests(Case):

    def test_a_deleted_node_is_empty(self) -> None:
        """Data are cleared, updates fail, callbacks get no argument."""
        properties = self.client.properties('/lb')

        @properties
        def any_number(*args: Any) -> None:
            self.calls.append(args)

        @properties
        def one(properties: Any) -> None:
            self.calls.append('one')

        self.calls.clear()
        self.client.delete('/lb')
        self.assertEqual(self.calls, [()])
        self.assertEqual(dict(properties), {})
        self.assertEqual(properties.copy(), {})
        self.assertTrue(properties.deleted)
        for write in (properties.update, properties.set, properties.replace):
            with self.assertRaisesRegex(NoNodeError, '/lb'):
                write(a=1)
        with self.assertRaises(KeyError):
            properties['a']
        self.assertEqual(properties.real_path, '/lb')

    def test_a_node_that_comes_back_is_followed(self) -> None:
        """After a deletion, a new node of the path is picked up."""
        properties = self.client.properties('/lb')
        children = self.client.children('/lb')
        properties(lambda *args: self.calls.append(len(args)))
        self.client.delete('/lb')
        self.client.create('/lb', '{"x":1}')
        self.client.create('/lb/y')
        self.assertEqual(dict(properties), {'x': 1})
        self.assertEqual(list(children), ['y'])
        self.assertEqual(self.calls, [1, 0, 1])

    def test_parents_may_go_too(self) -> None:
        """A path of which several nodes are gone can come back."""
        children = self.client.children('/service/providers/one')
        self.client.delete_recursive('/service')
        self.assertTrue(children.deleted)
        self.client.create('/service')
        self.client.create('/service/providers')
        self.assertTrue(children.deleted)
        self.client.create('/service/providers/one')
        self.assertFalse(children.deleted)

    def test_bad_data_keep_the_last_good(self) -> None:
        """Data that cannot be read are logged; the last stay."""
        properties = self.client.properties('/service')
        with self.assertLogs('zc.zk', logging.WARNING) as logs:
            self.client.set('/service', b'\xff')
        self.assertEqual(dict(properties), {'a': 1})
        self.assertFalse(properties.current)
        self.assertIn('/service', logs.output[0])
        self.client.set('/service', b'{"a":3}')
        self.assertEqual(dict(properties), {'a': 3})
        self.assertTrue(properties.current)
