"""Children and Properties at the end of links."""
from __future__ import annotations

import zc.zk
from zc.zk.tests.live.livecase import Case


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
