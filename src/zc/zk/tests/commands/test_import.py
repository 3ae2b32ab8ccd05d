"""The script import, except for trimming."""
from __future__ import annotations

import json
import os
from unittest import mock

from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_acl

from zc.zk import scripts
from zc.zk.tests.commands.importcase import FOO
from zc.zk.tests.commands.importcase import ImportCase


class ImportTests(ImportCase):

    def test_arguments(self):
        """The first argument is the connection, then file and path."""
        name = self.file('/x\n')
        host = self.connection_string
        os.environ['ZC_ZK_CONNECTION_STRING'] = host
        for args, path in [
                ([host, name, '/fooservice'], '/fooservice/x'),
                ([host, name], '/x'),
                (['', name, '/fooservice'], '/fooservice/x'),
                (['', name], '/x'),
                ([host, '-', '/fooservice'], '/fooservice/x'),
                ([host, '-'], '/x'), ([host], '/x'), (['', '-'], '/x'),
                ([], '/x'), ([''], '/x')]:
            with self.subTest(args):
                self.assertEqual(
                    self.load('/x\n', '-d', *args),
                    (0, f'add {path}\n', ''))

    def test_dry_run(self):
        """A dry run prints what an import would do, and does nothing."""
        host = self.connection_string
        self.assertEqual(
            self.load('/x\n/y', '-d', host, '-', '/fooservice'),
            (0, 'add /fooservice/x\nadd /fooservice/y\n', ''))
        self.zk().import_tree(
            '/provision\n  /node1\n  /node2\n', '/fooservice')
        self.assertEqual(
            self.load('/provision\n/y', '-dt', host, '-', '/fooservice'),
            (0, 'would delete /fooservice/provision/node1.\n'
             'would delete /fooservice/provision/node2.\n'
             'add /fooservice/y\n', ''))

    def test_dry_run_json(self):
        """As JSON, each step is an object on a line."""
        status, out, err = self.load(
            '/fooservice\n  threads = 1\n/a', '-d', '--json', '-t',
            self.connection_string)
        self.assertEqual((status, err), (0, ''))
        self.assertEqual([json.loads(line) for line in out.splitlines()], [
            {'path': '/a', 'step': 'add', 'new': {}},
            {'path': '/fooservice', 'step': 'change', 'old': {
                'database': '/databases/foomain', 'favorite_color': 'red',
                'threads': 1}, 'new': {'threads': 1}},
            {'path': '/fooservice/providers', 'step': 'delete'}])
        self.assertEqual(
            self.load('', '--json', self.connection_string)[0], 2)

    def test_import(self):
        """An import makes the tree and names what it left."""
        host = self.connection_string
        zk = self.zk()
        self.assertEqual(
            self.load(FOO.replace('= 1', '= 2').replace(
                '/providers', '/new'), host),
            (0, 'extra path not trimmed: /fooservice/providers\n',
             'properties that the import removed or changed:\n'
             '  /fooservice threads change from 1 to 2\n'))
        self.assertEqual(
            zk.get_properties('/fooservice')['threads'], 2)
        self.assertEqual(
            self.load('/fooservice\n  /new\n  threads = 2', '-T', host)[:2],
            (0, ''))
        self.assertTrue(zk.exists('/fooservice/providers'))

    def test_what_others_set(self):
        """Properties that the text does not have go, and each is named."""
        zk = self.zk()
        zk.properties('/fooservice').update({'cap': 3, 'l ->': '/x'})
        text = FOO.replace("'red'", "'blue'")
        lines = ['/fooservice remove property cap = 3',
                 '/fooservice favorite_color change from red to blue',
                 '/fooservice remove link l -> /x']
        dry = self.load(text, '-d', self.connection_string)
        self.assertEqual(
            (0, ''.join(line + '\n' for line in lines), ''), dry)
        self.assertEqual(
            (0, '', 'properties that the import removed or changed:\n'
             + ''.join(f'  {line}\n' for line in lines)),
            self.load(text, self.connection_string))
        # What is added takes nothing away.
        self.assertEqual(
            (0, '', ''), self.load(text.replace('  /', '  z = 1\n  /'),
                                   self.connection_string))

    def test_live_servers(self):
        """Live servers are no extra paths."""
        zk = self.zk()
        zk.register('/fooservice/providers', '1.2.3.4:80')
        zk.create('/fooservice/providers/x', '')
        for options in ([], ['-d']):
            self.assertEqual(
                (0, 'extra path not trimmed: /fooservice/providers/x\n', ''),
                self.load(FOO, *options, self.connection_string))

    def test_links(self):
        """The path may lead through links."""
        self.zk().import_tree('/a\n  b -> /fooservice')
        self.assertEqual(
            (0, 'add /fooservice/providers/x\n', ''),
            self.load('/x', '-d', self.connection_string, '-',
                      '/a/b/providers'))

    def test_path_for_a_connection(self):
        """A path or - as first argument is wrong usage, with a hint."""
        for first in ('/fooservice', '-'):
            status, out, err = self.load('/x', first)
            self.assertEqual((2, ''), (status, out))
            self.assertIn("'' stands for the one in $ZC_ZK_CONNEC", err)

    def test_absolute_file(self):
        """As in 2.1, a file with an absolute name is the second argument,
        and there is no need for a port.
        """
        name = self.file('/x')
        found = []

        def zookeeper(connection, **keywords):
            found.append(connection)
            raise KeyboardInterrupt

        with mock.patch('zc.zk._commands.connection.ZooKeeper', zookeeper):
            self.run_script(scripts.import_, 'zk1', name)
            self.load('/x', 'localhost')
            self.load('/x', '')
        self.assertEqual(['zk1', 'localhost', None], found)

    def test_permission(self):
        """A permission goes to all imported nodes, as bits or letters."""
        zk = self.zk()
        host = self.connection_string
        self.assertEqual(self.load('/a\n', '-p', '15', host), (0, '', ''))
        self.assertEqual(
            zk.client.get_acls('/a')[0],
            [make_acl('world', 'anyone', read=True, write=True, create=True,
                      delete=True)])
        self.load('/b', '-p', 'rcda', host)
        self.assertEqual(
            zk.client.get_acls('/b')[0],
            [make_acl('world', 'anyone', read=True, create=True, delete=True,
                      admin=True)])
        self.load('/b', '--permission', 'cdrwa', host)
        self.assertEqual(zk.client.get_acls('/b')[0], OPEN_ACL_UNSAFE)
        for bad in ('0', '32', 'x', '', 'rwx'):
            status, out, err = self.load('/c', '-p', bad, host)
            self.assertEqual(status, 2)
            self.assertIn('letters of cdrwa or an integer from 1 to 31', err)

    def test_faults(self):
        """What goes wrong is said in one line, with file, line, column."""
        host = self.connection_string
        name = self.file('/a\n  x = f\n')
        self.failed(f"zookeeper_import: {name}:2:7: 'f' is not a value: a "
                    "string needs quotes: 'x = f'",
                    scripts.import_, host, name)
        self.failed('zookeeper_import: <stdin>:1:1: '
                    "can't import properties above imported nodes: 'x = 1'",
                    scripts.import_, host, stdin='x = 1')
        self.failed('zookeeper_import: there is no node /none',
                    scripts.import_, host, '-', '/none', stdin='/x')
        name = self.file(b'/a\n  x = "\xff"')
        self.failed(f'zookeeper_import: {name}: not UTF-8 text (byte 10)',
                    scripts.import_, host, name)
        name = str(self.directory / 'none')
        self.failed(f'zookeeper_import: {name}: No such file or directory',
                    scripts.import_, host, name)

    def test_byte_order_mark(self):
        """A mark that editors put before UTF-8 text is left out."""
        name = self.file('\ufeff/a\n')
        self.assertEqual(
            self.run_script(scripts.import_, '-d', self.connection_string,
                            name), (0, 'add /a\n', ''))

    def test_interrupted(self):
        """Who interrupts an import hears how far it came."""
        def apply(bulk, plan, acl, applied, progress):
            applied += ['/a', '/b']
            raise KeyboardInterrupt

        with mock.patch('zc.zk._transfer.commit.apply', apply):
            self.assertEqual(
                (130, '', 'zookeeper_import: interrupted: 2 nodes were '
                 'written or deleted, perhaps more; the same import '
                 'completes it\n'),
                self.run_script(scripts.import_, self.connection_string,
                                stdin='/a\n'))
