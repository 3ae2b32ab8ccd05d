"""Tests of set_property: the script that changes properties."""
from __future__ import annotations

import os

from zc.zk import scripts
from zc.zk.tests.scripted import ScriptCase


class SetPropertyTests(ScriptCase):

    def change(self, *args):
        return self.run_script(scripts.set_property, *args)

    def test_set_property(self):
        """Properties are set, others stay."""
        zk = self.zk()
        self.assertEqual(self.change(
            self.connection_string, '/fooservice', 'threads=4', 'debug=True',
            "comment='ok'", 'n=-1+3', 'l=[1, "é"]'), (0, '', ''))
        self.assertEqual(zk.get_properties('/fooservice'), {
            'database': '/databases/foomain', 'favorite_color': 'red',
            'threads': 4, 'debug': True, 'comment': 'ok', 'n': 2,
            'l': [1, 'é']})
        os.environ['ZC_ZK_CONNECTION_STRING'] = self.connection_string
        self.assertEqual(self.change('', '/fooservice', 'threads=5'),
                         (0, '', ''))
        self.assertEqual(
            zk.get_properties('/fooservice')['threads'], 5)
        self.assertEqual(self.change('', '/fooservice', 'threads = 6'),
                         (0, '', ''))
        self.assertEqual(
            zk.get_properties('/fooservice')['threads'], 6)

    def test_faults(self):
        """Bad expressions and paths are said in one line."""
        script, host = scripts.set_property, self.connection_string
        self.failed("zookeeper_set_property: x=f: 'f' is not a value: a "
                    'string needs quotes', script, host, '/fooservice', 'x=f')
        self.failed('zookeeper_set_property: x=: an expression is missing',
                    script, host, '/fooservice', 'x=')
        self.failed('zookeeper_set_property: there is no node /none',
                    script, host, '/none', 'x=1')
        for args in ([], [host], [host, '/a'], [host, '/a', 'x'],
                     [host, '/a', '=1'], [host, host, '/a', 'x=1'],
                     ['/a', 'x=1'], [host, '/a', 'x=1', '--delete', 'x']):
            self.assertEqual(self.change(*args)[0], 2, args)

    def test_delete(self):
        """Properties are removed, others stay."""
        zk = self.zk()
        self.assertEqual((0, '', ''), self.change(
            self.connection_string, '/fooservice', '--delete', 'threads',
            'x=1', '-D', 'database'))
        self.assertEqual(
            {'favorite_color': 'red', 'x': 1},
            zk.get_properties('/fooservice'))
        self.failed(
            'zookeeper_set_property: /fooservice has no property threads',
            scripts.set_property, self.connection_string, '/fooservice',
            'y=1', '--delete', 'threads')
        self.assertEqual(
            {'favorite_color': 'red', 'x': 1},
            zk.get_properties('/fooservice'))

    def test_links(self):
        """The path may lead through links."""
        zk = self.zk()
        zk.import_tree('/a\n  b -> /fooservice')
        self.change(self.connection_string, '/a/b', 'threads=7')
        self.assertEqual(7, zk.get_properties('/fooservice')['threads'])
