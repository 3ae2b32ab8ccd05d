"""Tests of _importing: the script import."""
from __future__ import annotations

import json
import os
import textwrap
from unittest import mock

from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_acl
from kazoo.security import make_digest_acl

from zc.zk import scripts
from zc.zk._transfer import importer
from zc.zk._tree import ending
from zc.zk.tests.scripted import ScriptCase
from zc.zk.tests.scripted import Terminal


FOO = '''\
/fooservice
  database = '/databases/foomain'
  favorite_color = 'red'
  threads = 1
  /providers
'''


class ImportTests(ScriptCase):

    def load(self, text, *args, **keywords):
        return self.run_script(
            scripts.import_, *args, stdin=text, **keywords)

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

    def test_nobody_to_ask(self):
        """Without a terminal, trim deletes nothing unless it is told to."""
        text = FOO.replace('  /providers\n', '')
        status, out, err = self.load(text, '-t', self.connection_string)
        self.assertEqual((1, '', (
            'trim deletes 1 node:\n  /fooservice/providers\n'
            'zookeeper_import: there is no terminal to ask whether to delete '
            '1 node: add --yes\n')), (status, out, err))
        self.assertTrue(self.zk().exists('/fooservice/providers'))
        self.assertEqual(
            (0, '', ''), self.load(FOO, '-t', self.connection_string))

    def load_pipe(self, text, *args):
        """Import from a pipe, as /bin/sh connects two programs."""
        reading, writing = os.pipe()
        with open(writing, 'w') as file:
            file.write(text)
        with open(reading) as file, mock.patch('sys.stdin', file):
            return self.run_script(
                scripts.import_, *args, stdin=file)

    def test_half_a_text(self):
        """Trim takes text from a pipe only with the mark at its end."""
        zk = self.zk()
        half = FOO.replace('  /providers\n', '')
        for options in ('-ty', '-t'):
            status, out, err = self.load_pipe(
                half, options, self.connection_string)
            self.assertEqual((1, ''), (status, out))
            self.assertEqual(
                f'zookeeper_import: <stdin>: {ending.doubt(half, True)}\n',
                err)
        self.assertTrue(zk.exists('/fooservice/providers'))
        # Without trim, nothing would be deleted.
        self.assertEqual(0, self.load_pipe(half, self.connection_string)[0])
        self.assertEqual(
            (0, '', 'trim deletes 1 node:\n  /fooservice/providers\n'),
            self.load_pipe(f'{half}{ending.WHOLE}\n', '-ty',
                           self.connection_string))
        self.assertFalse(zk.exists('/fooservice/providers'))

    def test_half_a_text_in_a_dry_run(self):
        """A dry run shows all, and says why the import would fail."""
        half = FOO.replace('  /providers\n', '')
        self.assertEqual(
            (0, 'would delete /fooservice/providers.\n',
             'without -d, this fails: <stdin>: '
             f'{ending.doubt(half, True)}\n'),
            self.load_pipe(half, '-dt', self.connection_string))

    def test_nodes_left_out(self):
        """What an export left out is not trimmed, wherever it is read."""
        zk = self.zk()
        zk.create('/fooservice/z', b'\xff')
        status, text, err = self.run_script(
            scripts.export, self.connection_string)
        self.assertEqual(1, status)
        zk.set('/fooservice/z', b'{}')
        status, out, err = self.load(text, '-ty', self.connection_string)
        self.assertEqual(
            (1, '', 'zookeeper_import: <stdin>: '
             f'{ending.doubt(text, False)}\n'), (status, out, err))
        self.assertTrue(zk.exists('/fooservice/z'))

    def test_no_text(self):
        """Trim leaves nodes that text cannot describe, and all below."""
        zk = self.zk()
        zk.create('/fooservice/a', b'')
        zk.create('/fooservice/a/b', b'\xff')
        zk.create('/fooservice/a/b/c', b'')
        zk.create('/fooservice/n', b'{"x": NaN}')
        why = 'not deleted because text cannot describe'
        self.assertEqual(self.load(FOO, '-ty', self.connection_string), (0, (
            f'/fooservice/a/b {why} its data.\n'
            f'/fooservice/a {why} the data of a node below it.\n'
            f'/fooservice/n {why} its data.\n'), ''))
        self.assertEqual(b'\xff', zk.get('/fooservice/a/b')[0])
        self.assertTrue(zk.exists('/fooservice/a/b/c'))
        # Nor is such a node overwritten.
        self.failed(
            'zookeeper_import: data of /fooservice/a/b: not UTF-8 text (byte '
            '0 of 1)', scripts.import_, self.connection_string,
            stdin='/fooservice\n  /a\n    /b\n')

    def answer(self, *actions):
        """Return a terminal at which someone acts before each yes."""
        actions = list(actions)

        class Slow(Terminal):
            def readline(self):
                action = actions.pop(0)
                action()
                return 'y\n'

        return Slow()

    def test_changed_after_the_question(self):
        """When something changes after the question, it comes again."""
        zk = self.zk()
        file = self.file(FOO.replace('  /providers\n', ''))
        terminal = self.answer(
            lambda: zk.set('/fooservice/providers', '{"x":1}'),
            lambda: None)
        question = ('trim deletes 1 node:\n  /fooservice/providers\n'
                    'Delete 1 node? [y/N] ')
        self.assertEqual(
            (0, '', f'{question}The tree has changed meanwhile.\n{question}'),
            self.run_script(scripts.import_, '-t', self.connection_string,
                            file, stdin=terminal, err=Terminal()))
        self.assertFalse(zk.exists('/fooservice/providers'))

    def test_made_anew_after_the_question(self):
        """A node that was deleted and made anew is another node."""
        zk = self.zk()

        def make_anew():
            zk.delete('/fooservice/providers')
            zk.create('/fooservice/providers', '{"x":1}')

        def stop():
            raise KeyboardInterrupt

        file = self.file(FOO.replace('  /providers\n', ''))
        status, out, err = self.run_script(
            scripts.import_, '-t', self.connection_string, file,
            stdin=self.answer(make_anew, stop), err=Terminal())
        self.assertEqual((130, ''), (status, out))
        self.assertIn('The tree has changed meanwhile.\n', err)
        self.assertTrue(zk.exists('/fooservice/providers'))

    def test_changed_while_it_is_applied(self):
        """What changes even later stays, and the import fails."""
        zk = self.zk()
        file = self.file(FOO.replace('  /providers\n', ''))
        plain = importer.Import.apply

        def apply(work):
            zk.set('/fooservice/providers', '{"x":1}')
            return plain(work)

        with mock.patch.object(importer.Import, 'apply', apply):
            status, out, err = self.run_script(
                scripts.import_, '-t', self.connection_string, file,
                stdin=self.answer(lambda: None), err=Terminal())
        self.assertEqual(1, status)
        self.assertIn('/fooservice/providers was not deleted: another '
                      'client changed it', err)
        self.assertEqual(
            {'x': 1}, zk.get_properties('/fooservice/providers'))

    def test_trim(self):
        """Before it trims, an import says what goes, stays and breaks."""
        zk = self.zk()
        zk.import_tree(textwrap.dedent('''\
            /a
              /b
                /providers
              /c
                /providers
            /lb
              b -> /a/b
              c -> /a/c/providers
        '''))
        zk.register('/a/b/providers', '1.2.3.4:80')
        self.assertEqual(
            self.load('/a\n', '-ty', self.connection_string), (0, textwrap.
            dedent('''\
            Not deleting /a/b/providers/1.2.3.4:80 because it's ephemeral.
            /a/b/providers not deleted due to ephemeral descendent.
            /a/b not deleted due to ephemeral descendent.
            '''), textwrap.dedent('''\
            trim deletes 2 nodes:
              /a/c/providers
              /a/c
            these stay, since they are ephemeral, as live servers are:
              /a/b/providers/1.2.3.4:80
            these links would break:
              /lb c -> (leads to /a/c/providers, which does not exist)
            ''')))
        self.assertFalse(zk.exists('/a/c'))
        # Nothing is said when nothing goes.
        self.assertEqual(
            self.load('/lb\n  b -> /a/b\n  c -> /a/c/providers\n', '-t',
                      self.connection_string),
            (0, '', ''))

    def test_trim_beside_secrets(self):
        """Nodes elsewhere that may not be read are no matter to a trim."""
        zk = self.zk()
        zk.create('/secret', '{"x ->": "/y"}')
        zk.create('/secret/below', '{}')
        zk.client.set_acls('/secret', [make_digest_acl('u', 'p', all=True)])
        self.assertEqual(
            self.load(FOO.replace('  /providers\n', ''), '-ty',
                      self.connection_string),
            (0, '', 'trim deletes 1 node:\n  /fooservice/providers\n'))
        zk.client.add_auth('digest', 'u:p')
        zk.client.set_acls('/secret', OPEN_ACL_UNSAFE)

    def test_many(self):
        """Long lists are cut short."""
        self.zk().import_tree(
            '/a\n' + ''.join(f'  /n{number:02}\n' for number in range(25)))
        err = self.load('/a\n', '-ty', self.connection_string)[2]
        self.assertEqual(len(err.splitlines()), 22)
        self.assertTrue(err.endswith('  and 5 more\n'))

    def test_trim_asks(self):
        """On a terminal, trim goes on only after a yes."""
        zk = self.zk()
        file = self.file(FOO.replace('  /providers\n', ''))
        question = ('trim deletes 1 node:\n  /fooservice/providers\n'
                    'Delete 1 node? [y/N] ')
        for answer in ('', '\n', 'n\n', 'nay\n'):
            status, out, err = self.run_script(
                scripts.import_, '-t', self.connection_string, file,
                stdin=Terminal(answer), err=Terminal())
            self.assertEqual(
                (status, out, err), (1, '', question + 'zookeeper_import: '
                                     'nothing was done\n'))
            self.assertTrue(zk.exists('/fooservice/providers'))
        self.assertEqual(self.run_script(
            scripts.import_, '-t', self.connection_string, file,
            stdin=Terminal('y\n'), err=Terminal()), (0, '', question))
        self.assertFalse(zk.exists('/fooservice/providers'))

    def test_yes(self):
        """With --yes it does not ask."""
        file = self.file('/fooservice\n')
        status, out, err = self.run_script(
            scripts.import_, '-t', '--yes', self.connection_string, file,
            stdin=Terminal(), err=Terminal())
        self.assertEqual(status, 0)
        self.assertNotIn('?', err)
        self.assertFalse(self.zk().exists('/fooservice/providers'))

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
                (130, '', 'zookeeper_import: interrupted after 2 nodes or '
                 'more; the same import completes it\n'),
                self.run_script(scripts.import_, self.connection_string,
                                stdin='/a\n'))
