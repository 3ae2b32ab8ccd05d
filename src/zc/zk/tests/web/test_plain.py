"""Tests of plain: pages without scripts."""
from __future__ import annotations

import unittest

from zc.zk._web import plain


HOSTILE = '<script>alert(1)</script>"\'&\x1b[31m\u202e'


class Pages(unittest.TestCase):

    def page(self, **parts):
        node = {'path': '/a', 'exists': True, 'error': None,
                'properties': {}, 'links': [], 'property_links': [], **parts}
        return plain.tree(node, {
            'total': 2, 'next': HOSTILE, 'children': [
                {'name': HOSTILE, 'type': HOSTILE, 'ephemeral': True,
                 'children': 3}]}, '/mount/')

    def test_escaped(self):
        """What others wrote is text, wherever it stands."""
        text = self.page(
            path='/' + HOSTILE, error=HOSTILE,
            properties={HOSTILE: HOSTILE, 'n': {HOSTILE: [HOSTILE]}},
            links=[{'name': HOSTILE, 'target': HOSTILE,
                    'steps': ['/' + HOSTILE]},
                   {'name': 'b', 'target': HOSTILE, 'error': HOSTILE,
                    'steps': []}],
            property_links=[
                {'name': HOSTILE, 'target': HOSTILE, 'value': HOSTILE},
                {'name': 'c', 'target': HOSTILE, 'error': HOSTILE}])
        self.assertNotIn('<script', text)
        self.assertNotIn('\x1b', text)
        self.assertNotIn('\u202e', text)
        self.assertNotIn('"\'', text)
        self.assertIn('&lt;script&gt;', text)
        text.encode('utf-8')

    def test_surrogates(self):
        """What has no form in UTF-8 is written in another way."""
        self.page(properties={'\ud800': '\udfff'}).encode('utf-8')

    def test_content(self):
        """A page has properties, links, children, and the way up."""
        text = self.page(properties={'x': 1, 'key': {'hidden': True}}, links=[
            {'name': 'l', 'target': '/b', 'steps': ['/b']}])
        for part in ('<dt>x</dt><dd><code>1</code></dd>',
                     '<dt>key</dt><dd><em>hidden</em></dd>',
                     '<a href="/mount/plain/b">/b</a>',
                     '<a href="/mount/plain/">root</a>',
                     'href="/mount/static/page.css"', '<h1>/a</h1>',
                     '?after=%3Cscript%3E'):
            self.assertIn(part, text)

    def test_deep(self):
        """The way to a deep node is short: it would take the square of the
        depth.
        """
        self.assertLess(len(self.page(path='/a' * 5000)), 1_000_000)
        text = self.page(path='/a/b')
        self.assertIn('<a href="/mount/plain/a">a</a> / '
                      '<a href="/mount/plain/a/b">b</a>', text)
        self.assertNotIn('...', text)
        self.assertIn(' / ... / ', self.page(path='/a' * 50))

    def test_not_there(self):
        """A node that is not there is said to be so."""
        self.assertIn('There is no such node', self.page(exists=False))

    def test_login(self):
        """The page that asks for the token says when it is wrong."""
        self.assertNotIn('This is not', plain.login('/', False))
        self.assertIn('This is not', plain.login('/', True))
        self.assertIn('action="/m/login"', plain.login('/m/', False))
