"""Tests of documents: nodes, children, and what is looked for."""
from __future__ import annotations

import unittest

from zc.zk._web import documents
from zc.zk._web.branch import TreeCopy
from zc.zk.tests.web.test_branch import state


class Nodes(unittest.TestCase):

    def setUp(self):
        self.branch = TreeCopy()
        self.branch.load({
            '/': state(), '/a': state(x=1, token='t', **{
                'one ->': '/b', 'two ->': '/a/one/c', 'none ->': '/nowhere',
                'odd ->': 7, 'loop ->': '/a/loop/x', 'up ->': '../..'}),
            '/b': state(x=2, password='p', **{
                'x2 =>': '/a x', 'plain =>': '/b password',
                'far =>': '/b plain', 'key =>': '/a x', 'x =>': '/a',
                'text =>': '/secret string_value', 'bad =>': '/b none'}),
            '/b/c': state(), '/b/c/providers': state(),
            '/secret': state(data=b'pssst'), '/bin': state(data=b'\xff\x00'),
        })

    def node(self, path):
        return documents.node(self.branch, path)

    def test_links(self):
        """Links are resolved step by step, or it is said why not."""
        links = {each['name']: each for each in self.node('/a')['links']}
        self.assertEqual(
            {'name': 'one', 'target': '/b', 'steps': ['/b']}, links['one'])
        self.assertEqual(['/a/one/c', '/b/c'], links['two']['steps'])
        self.assertIn('there is no node', links['none']['error'])
        self.assertIn('circular', links['loop']['error'])
        self.assertEqual('7', links['odd']['target'])
        self.assertIn('error', links['odd'])
        self.assertIn('above the root', links['up']['error'])
        self.assertEqual({'x': 1, 'token': {'hidden': True}},
                         self.node('/a')['properties'])

    def test_property_links(self):
        """A value behind links is hidden if any name on the way says so."""
        links = {each['name']: each
                 for each in self.node('/b')['property_links']}
        self.assertEqual(1, links['x2']['value'])
        for name in 'plain', 'far', 'key', 'text':
            self.assertEqual({'hidden': True}, links[name]['value'], name)
        self.assertIn('hides it', links['x']['error'])
        self.assertIn('no property', links['bad']['error'])

    def test_raw(self):
        """Data are text, base64, or hidden where there are secrets."""
        for path, raw, encoding in (
                ('/a', {'hidden': True}, 'utf-8'),
                ('/b/c', '', 'utf-8'),
                ('/secret', {'hidden': True}, 'utf-8'),
                ('/bin', '/wA=', 'base64')):
            node = self.node(path)
            self.assertEqual((raw, encoding), (node['raw'], node['encoding']))
        self.assertIn('not UTF-8', self.node('/bin')['error'])
        data = b'\xffpassword\0sesame'
        self.assertEqual(
            {'raw': {'hidden': True}, 'encoding': 'base64'},
            documents.raw(data, {}, 'bin'))

    def test_not_there(self):
        """A node that is not there is said to be so."""
        self.assertEqual({'path': '/no', 'exists': False}, self.node('/no'))

    def test_long_numbers(self):
        """Numbers that JavaScript would round are text."""
        self.assertEqual('0x1', self.node('/a')['stat']['czxid'])
        self.assertEqual(0, self.node('/a')['stat']['ephemeralOwner'])

    def test_secret(self):
        """A secret is given when it is asked for by its name."""
        for path, name, value in (
                ('/a', 'token', {'value': 't'}),
                ('/b', 'far', {'value': 'p'}),
                ('/b', 'bad', None), ('/b', 'nothing', None),
                ('/no', 'x', None), ('/secret', '', {'value': 'pssst'}),
                ('/bin', '', {'value': '/wA='})):
            self.assertEqual(
                value, documents.secret(self.branch, path, name))

    def test_children(self):
        """Children come in pages, also behind one that went."""
        first = documents.children(self.branch, '/', '', 2)
        self.assertEqual((['a', 'b'], 'b', 4), (
            [each['name'] for each in first['children']], first['next'],
            first['total']))
        self.assertTrue(first['children'][0]['link'])
        rest = documents.children(self.branch, '/', 'b', 2)
        self.assertEqual((['bin', 'secret'], None), (
            [each['name'] for each in rest['children']], rest['next']))
        self.assertEqual(['bin', 'secret'], [
            each['name'] for each in documents.children(
                self.branch, '/', 'bb', 9)['children']])
        self.assertFalse(documents.children(
            self.branch, '/no', '', 2)['exists'])
        self.assertTrue(documents.children(
            self.branch, '/b', '', 2)['children'][0]['service'])


class Searches(unittest.TestCase):

    items = [('/a', b'{"Greeting": "Hello World", "password": "sesame"}'),
             ('/a/hello', b''), ('/b', b'{"n": [1, {"deep": "hello"}]}'),
             ('/c', '{"x": "Gr\\u00fc\\u00dfe"}'.encode('ascii')),
             ('/d', b'hello there'), ('/token', b'hello'), ('/e', b'\xff')]

    def found(self, words, limit=100):
        return [each['path'] for each in documents.search(
            self.items, words, limit)['found']]

    def test_words(self):
        """All words must be in the path, or in it and a property."""
        self.assertEqual(
            ['/a', '/a/hello', '/b', '/d'], self.found('hello'))
        self.assertEqual(['/a'], self.found('HELLO world'))
        self.assertEqual(['/a', '/a/hello'], self.found('/a hello'))
        self.assertEqual(['/c'], self.found('gr\xfc\xdfe'))
        self.assertEqual([], self.found('  '))

    def test_secrets(self):
        """What a secret is cannot be found out by searching."""
        self.assertEqual([], self.found('sesame'))
        self.assertEqual([], self.found('sesam'))
        self.assertEqual(
            [{'path': '/a', 'name': 'password', 'value': {'hidden': True}}],
            documents.search(self.items, 'password', 9)['found'])

    def test_pages(self):
        """It tells where to go on."""
        found = documents.search(self.items, 'hello', 2)
        self.assertEqual('/a/hello', found['next'])

    def test_long_values(self):
        """Of a long value, what is around the word is shown."""
        item = ('/x', b'"' + b'y' * 5000 + b'needle' + b'z' * 5000 + b'"')
        value = documents.search([item], 'needle', 9)['found'][0]['value']
        self.assertIn('needle', value)
        self.assertLess(len(value), 200)
