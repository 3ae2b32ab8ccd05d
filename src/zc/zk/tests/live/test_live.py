"""Children and Properties: reading, callbacks, updates, links, deletion."""
from __future__ import annotations

import gc
import logging
import threading
from typing import Any

from kazoo.exceptions import BadVersionError
from kazoo.exceptions import NoNodeError

import zc.zk
from zc.zk.tests.base import ZooKeeperCase
from zc.zk.tests.base import wait_for


TREE = """
/service
  a = 1
  /providers
    /one
    /two
/other
  b = 2
  /three
/lb
  providers -> /service/providers
"""


class Case(ZooKeeperCase):

    tree = TREE

    def setUp(self) -> None:
        super().setUp()
        self.client = self.zk()
        self.calls: list[Any] = []


class ReadingTests(Case):

    def test_children_are_sorted_names(self) -> None:
        """Iteration, length, membership and data agree, sorted."""
        children = self.client.children('/service/providers')
        self.assertEqual(list(children), ['one', 'two'])
        self.assertEqual(children.data, ['one', 'two'])
        self.assertEqual(len(children), 2)
        self.assertIn('one', children)
        self.assertNotIn('x', children)

    def test_properties_are_a_mapping(self) -> None:
        """Properties have what mappings have."""
        properties = self.client.properties('/service')
        self.assertEqual(dict(properties), {'a': 1})
        self.assertEqual(properties.get('z', 5), 5)
        self.assertEqual(len(properties), 1)
        with self.assertRaises(KeyError):
            properties['z']
        self.assertEqual(properties, {'a': 1})
        self.assertEqual(hash(properties), hash(properties))

    def test_a_missing_node_is_an_error_with_its_path(self) -> None:
        """Neither kind of object can be made for a missing node."""
        for make in self.client.children, self.client.properties:
            with self.assertRaisesRegex(NoNodeError, '^/nope$'):
                make('/nope')
        with self.assertRaisesRegex(NoNodeError, '^/nope$'):
            self.client.properties('/nope', watch=False)
        self.assertEqual(wait_for(
            lambda: self.client._engine.watch_count() == 0), True)

    def test_data_that_are_not_text_are_an_error(self) -> None:
        """Properties of a node with other bytes name the node."""
        self.client.create('/bytes', b'\xff\xfe')
        with self.assertRaisesRegex(zc.zk.DataError, '/bytes'):
            self.client.properties('/bytes')

    def test_repr_tells_the_path(self) -> None:
        """The representation has the kind, the path, some names and how
        many there are, and no values.
        """
        children = self.client.children('/service')
        self.assertEqual(
            '<zc.zk.Children(/service) 1: providers>', repr(children))
        for i in range(5):
            self.client.create(f'/service/{i}\u202e')
        self.assertEqual(
            '<zc.zk.Children(/service) 6: 0\\u202e, 1\\u202e, 2\\u202e, '
            '3\\u202e, 4\\u202e, ...>', repr(children))
        children.close()
        self.assertTrue(repr(children).endswith(', ... (not current)>'))
        properties = self.client.properties('/service')
        properties.set({'password': 's3cret', 'user': 'u'})
        self.assertEqual('<zc.zk.Properties(/service) 2: password, user>',
                         repr(properties))
        self.assertEqual(
            '<zc.zk.Children(/other/three) 0>',
            repr(self.client.children('/other/three')))
        once = self.client.properties('/other', watch=False)
        self.assertEqual('<zc.zk.Properties(/other) 1: b>', repr(once))

    def test_many_at_once(self) -> None:
        """The bulk calls give objects that follow changes like others."""
        first, second = self.client.all_properties(['/service', '/other'])
        one, two = self.client.all_children(['/service', '/lb/providers'])
        self.client.set('/other', '{"b":3}')
        self.client.create('/service/providers/new')
        self.assertEqual((first['a'], second['b']), (1, 3))
        self.assertEqual(list(one), ['providers'])
        self.assertEqual(list(two), ['new', 'one', 'two'])
        with self.assertRaisesRegex(NoNodeError, '/nope'):
            self.client.all_children(['/service', '/nope'])

    def test_objects_on_one_path_share_a_watch(self) -> None:
        """A hundred objects of one node need one watch."""
        objects = [self.client.children('/service') for _ in range(100)]
        self.assertEqual(self.client._engine.watch_count(), 1)
        self.client.create('/service/x')
        self.assertTrue(all('x' in each for each in objects))


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


class UpdateTests(Case):

    def test_update_keeps_other_writers_keys(self) -> None:
        """update merges into what is there, not into what was read."""
        first = self.client.properties('/service', watch=False)
        second = self.zk().properties('/service', watch=False)
        first.update(x=1)
        second.update({'y': 2}, z=3)
        first['w'] = 4
        self.assertEqual(self.client.get_properties('/service'),
                         dict(a=1, x=1, y=2, z=3, w=4))
        self.assertEqual(dict(first), dict(a=1, x=1, y=2, z=3, w=4))

    def test_many_writers(self) -> None:
        """Of many threads' updates to one node none is lost."""
        def work(zk: zc.zk.ZooKeeper, number: int) -> None:
            properties = zk.properties('/service')
            for i in range(20):
                properties.update({f'{number}-{i}': 1})

        threads = [threading.Thread(target=work, args=(self.zk(), number))
                   for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(self.client.get_properties('/service')), 81)

    def test_set_replaces(self) -> None:
        """set leaves only what it was given; keywords win."""
        properties = self.client.properties('/service')
        properties.set({'x': 1, 'y': 1}, y=2)
        self.assertEqual(dict(properties), {'x': 1, 'y': 2})
        properties.set()
        self.assertEqual(self.client.get('/service')[0], b'{}')

    def test_any_name_can_be_a_property(self) -> None:
        """Property names are free of the methods' own names."""
        properties = self.client.properties('/service')
        properties.update(self=1, if_version=3)
        properties.update({'data': 2})
        self.assertEqual(
            dict(properties), dict(a=1, self=1, data=2, if_version=3))

    def test_replace_fails_when_the_node_changed(self) -> None:
        """replace raises when another writer came first."""
        properties = self.client.properties('/service')
        version = properties.version
        properties.replace(b=1)
        self.assertEqual(dict(properties), {'b': 1})
        with self.assertRaisesRegex(BadVersionError, '/service'):
            properties.replace({'c': 1}, if_version=version)
        self.assertEqual(dict(properties), {'b': 1})

    def test_a_value_that_json_cannot_hold(self) -> None:
        """Such a value is refused by name, and nothing is written."""
        properties = self.client.properties('/service')
        with self.assertRaisesRegex(
                zc.zk.ValueNotStorable, "'x' of /service"):
            properties['x'] = object()
        with self.assertRaises(TypeError):      # as with zc.zk 2.1
            properties['x'] = object()
        self.assertEqual(self.client.get_properties('/service'), {'a': 1})

    def test_writes_through_a_link_write_the_real_node(self) -> None:
        """An update through a link lands where the link leads."""
        self.client.ln('/other', '/lb/x')
        self.client.properties('/lb/x')['c'] = 3
        self.assertEqual(
            self.client.get_properties('/other'), {'b': 2, 'c': 3})

    def test_own_writes_are_read_at_once(self) -> None:
        """Data show a write of this process when it returns."""
        properties = self.client.properties('/service')
        result = []

        def work() -> None:
            properties['a'] = 2
            result.append(properties['a'])

        # In a thread whose writes the test does not wait for.
        thread = threading.Thread(target=work, name='zc.zk test')
        thread.start()
        thread.join()
        self.assertEqual(result, [2])


class LinkTests(Case):

    def setUp(self) -> None:
        super().setUp()
        self.children = self.client.children('/lb/providers')
        self.children(lambda *args: self.calls.append(
            (self.children.real_path, list(self.children)) if args else ()))

    def test_a_link_is_followed(self) -> None:
        """real_path is where the link leads."""
        self.assertEqual(self.children.path, '/lb/providers')
        self.assertEqual(self.children.real_path, '/service/providers')
        self.assertEqual(list(self.children), ['one', 'two'])

    def test_repointed(self) -> None:
        """A link that is pointed elsewhere moves path and data."""
        self.client.ln('/other', '/lb/providers')
        self.assertEqual(self.calls[1:], [('/other', ['three'])])
        self.client.create('/other/four')
        self.assertEqual(list(self.children), ['four', 'three'])
        self.client.create('/service/providers/not-ours')
        self.assertEqual(len(self.calls), 3)

    def test_shadowed(self) -> None:
        """A real node hides the link for as long as it is there."""
        self.client.create('/lb/providers')
        self.client.delete('/lb/providers')
        self.assertEqual(
            self.calls[1:],
            [('/lb/providers', []), ('/service/providers', ['one', 'two'])])

    def test_removed_and_added(self) -> None:
        """Without the link there is no node; with it there is again."""
        self.client.set('/lb', '{}')
        self.assertTrue(self.children.deleted)
        self.assertEqual(list(self.children), [])
        self.assertEqual(
            repr(self.children), 'DELETED: zc.zk.Children(/lb/providers)')
        self.client.ln('/other', '/lb/providers')
        self.assertFalse(self.children.deleted)
        self.assertEqual(self.calls[1:], [(), ('/other', ['three'])])

    def test_looped_and_unlooped(self) -> None:
        """Links in a circle are no node, until they are none."""
        self.client.ln('/lb/loop', '/lb/providers')
        self.client.ln('/lb/providers', '/lb/loop')
        self.assertTrue(self.children.deleted)
        self.assertIsInstance(self.children.error, zc.zk.LinkLoop)
        self.client.ln('/other', '/lb/loop')
        self.assertEqual(self.children.real_path, '/other')

    def test_node_on_the_way_deleted_and_recreated(self) -> None:
        """The node that has the link may go and come back."""
        self.client.delete('/lb')
        self.assertTrue(self.children.deleted)
        self.client.create('/lb', '{"providers ->":"/other"}')
        self.assertEqual(self.children.real_path, '/other')

    def test_through_many_hops(self) -> None:
        """A change at the end of a chain of links arrives."""
        self.client.create('/chain')
        for hop in range(20):
            target = f'/chain/{hop - 1}' if hop else '/other'
            self.client.ln(target, f'/chain/{hop}')
        children = self.client.children('/chain/19')
        self.assertEqual(children.real_path, '/other')
        self.client.ln('/service', '/chain/0')
        self.assertEqual(children.real_path, '/service')
        self.assertEqual(list(children), ['providers'])

    def test_below_a_link(self) -> None:
        """A link in the middle of a path is followed as well."""
        children = self.client.children('/lb/providers/one')
        self.assertEqual(children.real_path, '/service/providers/one')
        self.client.create('/other/one')
        self.client.create('/other/one/x')
        self.client.ln('/other', '/lb/providers')
        self.assertEqual(list(children), ['x'])


class PropertyLinkTests(Case):

    def setUp(self) -> None:
        super().setUp()
        self.client.set('/lb', '{"a =>":"/service","c =>":"/other b"}')
        self.properties = self.client.properties('/lb')
        self.properties(lambda *args: self.calls.append(
            dict(self.properties) if args else ()))

    def test_values_come_from_the_other_node(self) -> None:
        """Linked names are in the mapping like the node's own."""
        self.assertEqual(dict(self.properties), {'a': 1, 'c': 2})
        self.assertEqual(self.properties['c =>'], '/other b')
        self.assertIn('c =>', self.properties)
        self.assertIn('c', self.properties)
        self.assertEqual(len(self.properties), 2)

    def test_target_changed(self) -> None:
        """A change of the node at the other end calls callbacks."""
        self.client.set('/other', '{"b":5}')
        self.assertEqual(self.calls[1:], [{'a': 1, 'c': 5}])

    def test_target_deleted_and_recreated(self) -> None:
        """A missing target is an error that names it, until it is back."""
        self.client.delete('/other/three')
        self.calls.clear()
        self.properties._callbacks.clear()
        self.client.delete('/other')
        with self.assertRaisesRegex(
                zc.zk.BadPropertyLink, '/lb: c => /other b: .*/other'):
            self.properties['c']
        self.client.create('/other', '{"b":6}')
        self.assertEqual(self.properties['c'], 6)

    def test_link_repointed(self) -> None:
        """A property link that is changed leads elsewhere."""
        self.properties['c =>'] = '/service a'
        self.assertEqual(self.properties['c'], 1)

    def test_own_property_hides_the_link(self) -> None:
        """A property of the same name wins."""
        self.properties['a'] = 9
        self.assertEqual(self.properties['a'], 9)
        self.assertEqual(dict(self.properties), {'a': 9, 'c': 2})

    def test_without_watching(self) -> None:
        """Links are followed also when changes are not."""
        properties = self.client.properties('/lb', watch=False)
        self.assertEqual(dict(properties), {'a': 1, 'c': 2})

    def test_updates_keep_links(self) -> None:
        """An update writes links back as they were."""
        self.properties['z'] = 1
        self.assertEqual(self.client.get_properties('/lb'), {
            'a =>': '/service', 'c =>': '/other b', 'z': 1})


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


class CleaningTests(Case):

    def test_dropped_objects_leave_nothing(self) -> None:
        """With the last reference, watches and memory go."""
        engine = self.client._engine
        objects = [
            *self.client.all_children(['/service', '/lb/providers']),
            *self.client.all_properties(['/service', '/other'])]
        self.assertGreater(engine.watch_count(), 3)
        del objects
        gc.collect()
        wait_for(lambda: engine.watch_count() == 0)
        client = self.client.client
        wait_for(lambda: not any(
            engine._on_event in watchers
            for tables in (client._data_watchers, client._child_watchers)
            for watchers in list(tables.values())))

    def test_close_leaves_nothing(self) -> None:
        """close does the same while the object is still there."""
        with self.client.children('/service') as children:
            pass
        wait_for(lambda: self.client._engine.watch_count() == 0)
        self.client.create('/service/x')
        self.assertEqual(list(children), ['providers'])
        children.close()

    def test_a_callback_does_not_keep_its_object(self) -> None:
        """An object with callbacks goes as well."""
        self.client.children('/service')(lambda children: None)
        gc.collect()
        wait_for(lambda: self.client._engine.watch_count() == 0)
