"""Properties as user code writes them: arguments, links, single names."""
from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Callable
from typing import Any
from unittest import mock

from kazoo.exceptions import NoNodeError

import zc.zk
import zc.zk.scripts
from zc.zk.tests.base import ZooKeeperCase
from zc.zk.tests.base import wait_for


TREE = """
/service
  a = 1
/other
  b = 2
  broken => /gone
"""
BAD_LINKS = {
    'no node': '/gone a',
    'no such property': '/service z',
    'no word': ' ',
    'three words': '/service a b',
    'no text': 3,
    'a list': ['/service'],
    'null': None,
    'above the root': '../../service a',
    'a circle': '. x',
    'broken itself': '/other broken',
}


class Case(ZooKeeperCase):

    tree = TREE

    def setUp(self) -> None:
        super().setUp()
        self.client = self.zk()
        self.properties = self.client.properties('/service')

    def held(self, path: str = '/service') -> dict[str, Any]:
        """Return what the node holds."""
        return self.client.get_properties(path)


class ArgumentTests(Case):

    def test_data_by_keyword_are_the_mapping(self) -> None:
        """data= is what the first argument is, as in zc.zk 2.1."""
        self.properties.update(data={'b': 2}, c=3)
        self.assertEqual(self.held(), {'a': 1, 'b': 2, 'c': 3})
        self.properties.set(data={'a': 1, 'b': 1}, b=2)
        self.assertEqual(self.held(), {'a': 1, 'b': 2})
        self.properties.replace(data=[('c', 3)])
        self.assertEqual(self.held(), {'c': 3})
        self.properties.set(data=None)
        self.assertEqual(self.held(), {})

    def test_registrations_take_data_by_keyword(self) -> None:
        """The same goes for a registration's update."""
        self.client.register('/service', 'example.com:80')
        registration = self.client.registrations['/service/example.com:80']
        registration.update(data={'x': 1}, y=2)
        registration.update(self=3)
        held = self.held('/service/example.com:80')
        del held['pid']
        self.assertEqual(held, {'x': 1, 'y': 2, 'self': 3})

    def test_any_other_name_can_be_a_keyword(self) -> None:
        """A property may have the name of a method's own argument."""
        self.properties.update(self=1)
        self.properties.update({'data': 2, 'if_version': 3})
        self.assertEqual(
            self.held(), {'a': 1, 'self': 1, 'data': 2, 'if_version': 3})


class BadLinkTests(Case):

    def refused(self, write: Callable[[Any], Any]) -> None:
        """Check that all bad links are refused, and nothing is written."""
        before = self.client.get('/service')
        for what, target in BAD_LINKS.items():
            with self.subTest(what):
                with self.assertRaises(zc.zk.BadPropertyLink) as caught:
                    write(target)
                self.assertIsInstance(caught.exception, ValueError)
                self.assertEqual(
                    ('/service', 'x', target),
                    (caught.exception.path, caught.exception.name,
                     caught.exception.target))
                self.assertEqual(before, self.client.get('/service'))

    def test_set(self) -> None:
        """set refuses a property link that leads to no value."""
        self.refused(lambda target: self.properties.set({'x =>': target}))

    def test_update(self) -> None:
        """update refuses it."""
        self.refused(lambda target: self.properties.update({'x =>': target}))

    def test_item(self) -> None:
        """So does item assignment, with an object that does not watch."""
        properties = self.client.properties('/service', watch=False)

        def assign(target: Any) -> None:
            properties['x =>'] = target

        self.refused(assign)
        self.assertEqual({'a': 1}, dict(properties))

    def test_replace(self) -> None:
        """So does replace."""
        self.refused(
            lambda target: self.properties.replace({'x =>': target}))

    def test_script(self) -> None:
        """zookeeper_set_property refuses it with one line."""
        before = self.client.get('/service')
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors), \
                self.assertRaises(SystemExit) as caught:
            zc.zk.scripts.set_property([
                self.connection_string, '/service', "x =>='/gone a'"])
        self.assertEqual(1, caught.exception.code)
        self.assertRegex(
            errors.getvalue(), r'^.*bad property link.*/gone.*\n$')
        self.assertEqual(before, self.client.get('/service'))

    def test_good_links_are_written(self) -> None:
        """Links to other nodes, this one and what is written with them."""
        self.properties.update({'b =>': '/other', 'c =>': '. a'})
        self.assertEqual({'a': 1, 'b': 2, 'c': 1}, dict(self.properties))
        self.properties.set({'new': 5, 'x =>': '. new', 'y =>': '. x'})
        self.assertEqual({'new': 5, 'x': 5, 'y': 5}, dict(self.properties))

    def test_registrations(self) -> None:
        """A registration refuses what can be no link; the rest may come."""
        bad = {'x =>': '/a b c'}
        with self.assertRaises(zc.zk.BadPropertyLink):
            self.client.register('/service', 'h:80', **bad)
        self.assertIsNone(self.client.exists('/service/h:80'))
        self.client.register('/service', 'h:80', **{'x =>': '/later a'})
        registration = self.client.registrations['/service/h:80']
        with self.assertRaises(zc.zk.BadPropertyLink):
            registration.update(bad)
        self.assertEqual('/later a', self.held('/service/h:80')['x =>'])
        with self.assertRaises(zc.zk.ValueNotStorable):
            registration.update({1: 2})

    def test_links_of_others_may_be_broken(self) -> None:
        """A link that broke does not hinder an update of other names."""
        properties = self.client.properties('/other')
        properties['b'] = 3
        self.assertEqual({'b': 3, 'broken =>': '/gone'}, self.held('/other'))
        with self.assertRaises(zc.zk.BadPropertyLink):
            properties.set(properties.copy())

    def test_hidden_links_are_not_looked_at(self) -> None:
        """A property of the same name hides a link, whatever it holds."""
        self.properties.set({'x': 1, 'x =>': '/gone'})
        self.assertEqual(1, self.properties['x'])

    def test_imports(self) -> None:
        """An import refuses what can be no link; targets may come later."""
        before = self.client.export_tree()
        for text, message in (
                ("/new\n/service\n  'x =>' = 3\n",
                 'bad property link at /service: x => 3: .*needed'),
                ("/new\n/service\n  'x =>' = '/a b c'\n", 'a b c: .*needed'),
                ('/new\n/service\n  x => ../../a\n', 'above the root')):
            for dry_run in True, False:
                with self.subTest(text, dry_run=dry_run):
                    with self.assertRaisesRegex(ValueError, message):
                        self.client.import_tree(text, dry_run=dry_run)
                    self.assertEqual(before, self.client.export_tree())
        self.client.import_tree('/new\n  x => /later a\n  y -> /later\n')
        self.client.create('/later', '{"a":7}')
        self.assertEqual(7, self.client.properties('/new')['x'])


class BrokenLaterTests(Case):

    def setUp(self) -> None:
        super().setUp()
        self.client.create('/there', '{"v":1}')
        self.properties.update({'v =>': '/there'})

    def test_other_values_stay(self) -> None:
        """A link that broke raises for its own name only."""
        self.client.delete('/there')
        self.assertEqual(1, self.properties['a'])
        self.assertEqual({'a', 'v'}, set(self.properties))
        self.assertIsNone(self.properties.error)
        with self.assertRaises(zc.zk.BadPropertyLink):
            self.properties['v']
        with self.assertRaises(zc.zk.BadPropertyLink):
            self.properties.get('v')

    def test_a_callback_hears_of_the_mending(self) -> None:
        """BadPropertyLink out of a callback is logged; it is not dropped."""
        calls: list[Any] = []

        @self.properties
        def called(properties: Any) -> None:
            calls.append(dict(properties))

        with self.assertLogs('zc.zk', logging.ERROR) as logs:
            self.client.delete('/there')
        self.assertIn('BadPropertyLink', logs.output[0])
        self.client.create('/there', '{"v":2}')
        self.assertEqual([{'a': 1, 'v': 1}, {'a': 1, 'v': 2}], calls)


class DeleteTests(Case):

    def test_one_goes_and_others_stay(self) -> None:
        """del takes one property away, for those that watch or do not."""
        for watch in True, False:
            properties = self.client.properties('/service', watch)
            properties.set(a=1, b=2)
            self.client.properties('/service', watch=False)['c'] = 3
            del properties['b']
            self.assertEqual({'a': 1, 'c': 3}, self.held())
            self.assertNotIn('b', properties)

    def test_another_writer_comes_first(self) -> None:
        """What another client writes meanwhile is kept."""
        others = [b'{"a":1,"b":2}']
        change = self.client.set

        def late(path: str, value: Any, version: int = -1) -> Any:
            if others:
                change(path, others.pop())
            return change(path, value, version)

        with mock.patch.object(self.client._nodes, 'set', late):
            del self.properties['a']
        self.assertEqual({'b': 2}, self.held())

    def test_missing(self) -> None:
        """A property that is not there is a KeyError, and nothing changes.
        """
        before = self.client.get('/service')
        with self.assertRaisesRegex(KeyError, "^'z'$"):
            del self.properties['z']
        self.assertEqual(before, self.client.get('/service'))

    def test_links(self) -> None:
        """A link goes under its own name, with the arrow."""
        self.properties.update({'v =>': '/other b'})
        with self.assertRaisesRegex(KeyError, "delete 'v =>' to remove it"):
            del self.properties['v']
        self.assertEqual(2, self.properties['v'])
        del self.properties['v =>']
        self.assertNotIn('v', self.properties)

    def test_no_node(self) -> None:
        """When the node is gone, there is nothing to delete from."""
        self.client.delete('/service')
        wait_for(lambda: self.properties.deleted)
        with self.assertRaises(NoNodeError):
            del self.properties['a']
