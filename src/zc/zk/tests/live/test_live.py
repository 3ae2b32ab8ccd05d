"""Children and Properties: reading, callbacks, updates, links, deletion."""
from __future__ import annotations

import gc
import threading

from kazoo.exceptions import BadVersionError
from kazoo.exceptions import NoNodeError

import zc.zk
from zc.zk.tests.base import wait_for
from zc.zk.tests.live.livecase import Case


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
