"""Tests of _exporting: the script export."""
from __future__ import annotations

import contextlib
import io
import json
import os
import stat
from unittest import mock

from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_digest_acl

from zc.zk import scripts
from zc.zk._commands import export
from zc.zk._tree import ending
from zc.zk._tree.parser import parse_tree
from zc.zk.errors import TreeSyntaxError
from zc.zk.tests.scripted import ScriptCase


FOO = '''\
/fooservice
  database = '/databases/foomain'
  favorite_color = 'red'
  threads = 1
  /providers
'''


class ExportTests(ScriptCase):

    def export(self, *args, **keywords):
        return self.run_script(
            scripts.export, self.connection_string, *args, **keywords)

    def test_export(self):
        """A tree is printed, whole or below a path."""
        self.assertEqual(self.export(), (0, FOO, ''))
        self.assertEqual(self.export('/fooservice/providers'),
                         (0, '/providers\n', ''))
        self.assertEqual(self.export('/fooservice/'), (0, FOO, ''))

    def test_ephemeral(self):
        """Ephemeral nodes are printed on request."""
        self.zk().register('/fooservice/providers', '1.2.3.4:80')
        self.assertEqual(self.export(), (0, FOO, ''))
        for args in (['-e'], ['--ephemeral']):
            self.assertIn('      pid = ', self.export(*args)[1])
        self.assertIn(
            '  /1.2.3.4:80\n',
            self.run_script(scripts.export, '-e', self.connection_string,
                            '/fooservice/providers')[1])

    def test_name(self):
        """The top node may get another name."""
        self.assertEqual(self.export('/fooservice/providers', '-n', 'x'),
                         (0, '/x\n', ''))
        self.failed("zookeeper_export: bad path 'a/b': a node name must not "
                    "hold '/'", scripts.export, self.connection_string,
                    '-n', 'a/b')
        self.assertEqual(2, self.export('--name', '')[0])

    def test_output(self):
        """The output may go to a file."""
        name = self.file('old')
        os.chmod(name, 0o640)
        self.assertEqual(self.export(f'-o{name}'), (0, '', ''))
        with open(name) as file:
            self.assertEqual(file.read(), FOO)
        self.assertEqual(stat.S_IMODE(os.stat(name).st_mode), 0o640)
        self.assertEqual(os.listdir(self.directory), ['tree.txt'])
        self.assertEqual(self.export('--output', '-'), (0, FOO, ''))

    def test_new_file(self):
        """A new file gets the permissions that any new file gets."""
        name = str(self.directory / 'new')
        self.assertEqual(self.export('-o', name), (0, '', ''))
        umask = os.umask(0)
        os.umask(umask)
        self.assertEqual(
            stat.S_IMODE(os.stat(name).st_mode), 0o666 & ~umask)

    def test_link(self):
        """What a symbolic link leads to is replaced, not the link."""
        name = self.file('old')
        link = str(self.directory / 'link')
        os.symlink('tree.txt', link)
        self.assertEqual(self.export('-o', link), (0, '', ''))
        self.assertTrue(os.path.islink(link))
        with open(name) as file:
            self.assertEqual(file.read(), FOO)

    def test_no_regular_file(self):
        """A device is written to, not replaced."""
        self.assertEqual(self.export('-o', os.devnull), (0, '', ''))
        self.assertTrue(stat.S_ISCHR(os.stat(os.devnull).st_mode))

    def test_whole_or_not_at_all(self):
        """A file keeps its content when the export fails."""
        name = self.file('old')
        zk = self.zk()
        zk.create('/z', acl=[make_digest_acl('u', 'p', all=True)])
        self.failed(
            'zookeeper_export: no permission at /z',
            scripts.export, self.connection_string, '-o', name)
        zk.client.add_auth('digest', 'u:p')
        zk.delete('/z')
        with open(name) as file:
            self.assertEqual(file.read(), 'old')
        self.assertEqual(os.listdir(self.directory), ['tree.txt'])

    def test_no_text(self):
        """Nodes that are not text are comments, named, and no error."""
        zk = self.zk()
        zk.create('/fooservice/b', b'\xff\xfe')
        zk.create('/fooservice/b/c', b'{"x":1}')
        zk.create('/fooservice/b/d', b'{"x":[NaN]}')
        zk.create('/fooservice/n\u202e', b'{"y":Infinity}')
        text = FOO.replace('  /providers\n', '''\
  # /b: 2 bytes, not UTF-8 text (byte 0 of 2)
  #   /c
  #     x = 1
  #   /d: 11 bytes, property 'x': JSON has no nan
  # /n\\u202e: 14 bytes, property 'y': JSON has no inf
  /providers
''')
        err = '''\
left out, since text cannot describe them:
  /fooservice/b: not UTF-8 text (byte 0 of 2)
  /fooservice/b/c: it is below a node that is left out
  /fooservice/b/d: it is below a node that is left out
  /fooservice/n\\u202e: property 'y': JSON has no inf
'''
        self.assertEqual(
            (1, f'{text}{ending.PARTIAL}\n', err), self.export())
        name = str(self.directory / 'o')
        self.assertEqual((1, '', err), self.export('-o', name))
        with open(name) as file:
            self.assertEqual(f'{text}{ending.PARTIAL}\n', file.read())
        self.assertEqual(parse_tree(FOO), parse_tree(text))
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            zk.print_tree()
        self.assertEqual(text, out.getvalue())

    def test_many_left_out(self):
        """Of very many nodes that are left out, only some are named."""
        zk = self.zk()
        for number in range(4):
            zk.create(f'/z{number}', b'\xff')
        with mock.patch.object(export, 'MOST_LEFT_OUT', 2):
            status, out, err = self.export()
        self.assertEqual(
            ['  /z0: not UTF-8 text (byte 0 of 1)',
             '  /z1: not UTF-8 text (byte 0 of 1)', '  and 2 more'],
            err.splitlines()[1:])

    def test_links(self):
        """The path may lead through links."""
        self.zk().import_tree('/a\n  b -> /fooservice')
        self.assertEqual(
            (0, '/providers\n', ''), self.export('/a/b/providers'))
        self.assertEqual(
            (0, FOO.replace('fooservice', 'b'), ''), self.export('/a/b'))

    def test_pipe(self):
        """Text ends with a mark if, and only if, it goes into a pipe."""
        reading, writing = os.pipe()
        with open(reading) as pipe:
            with open(writing, 'w') as out, \
                    contextlib.redirect_stdout(out):
                scripts.export([self.connection_string])
            self.assertEqual(f'{FOO}{ending.WHOLE}\n', pipe.read())

    def test_stopped(self):
        """An export that fails half way ends with what no import takes."""
        zk = self.zk()
        zk.create('/z', acl=[make_digest_acl('u', 'p', all=True)])
        status, out, err = self.export()
        zk.client.add_auth('digest', 'u:p')
        zk.delete('/z')
        self.assertEqual(
            (1, f'{FOO}{ending.STOPPED}\n',
             'zookeeper_export: no permission at /z\n'), (status, out, err))
        with self.assertRaises(TreeSyntaxError):
            parse_tree(out)

    def test_json(self):
        """JSON is an object a line."""
        status, out, err = self.export('--json', '/fooservice')
        self.assertEqual(
            [json.loads(line)['path'] for line in out.splitlines()],
            ['/fooservice', '/fooservice/providers'])

    def test_json_without_text(self):
        """As JSON, a node that is not text has no properties, but an error.
        """
        self.zk().create('/z', b'\xff')
        status, out, err = self.export('--json', '/z')
        self.assertEqual(1, status)
        self.assertEqual(
            {'path': '/z', 'properties': None, 'size': 1,
             'ephemeral': False, 'error': 'not UTF-8 text (byte 0 of 1)'},
            json.loads(out))
        self.assertIn('\n  /z: not UTF-8', err)
        self.zk().set('/z', b'{"x": NaN}')
        status, out, err = self.export('--json', '/z')
        self.assertEqual(
            (1, "property 'x': JSON has no nan"),
            (status, json.loads(out)['error']))

    def test_default_connection(self):
        """The connection comes from the environment if it is not given."""
        os.environ['ZC_ZK_CONNECTION_STRING'] = self.connection_string
        self.assertEqual(self.run_script(scripts.export), (0, FOO, ''))
        self.assertEqual(self.run_script(scripts.export, '', '/fooservice'),
                         (0, FOO, ''))
        status, out, err = self.run_script(scripts.export, '/fooservice')
        self.assertEqual((2, ''), (status, out))
        self.assertIn("'' stands for the one in $ZC_ZK_CONNECTION", err)

    def test_faults(self):
        """What goes wrong is said in one line."""
        self.failed('zookeeper_export: there is no node /none',
                    scripts.export, self.connection_string, '/none')
        self.failed("zookeeper_export: bad path '/a/../..': it leads above "
                    'the root',
                    scripts.export, self.connection_string, '/a/../..')
        name = str(self.directory / 'none' / 'x')
        self.failed(f'zookeeper_export: {name}: No such file or directory',
                    scripts.export, self.connection_string, '-o', name)
        self.zk().client.set_acls(
            '/fooservice', [make_digest_acl('u', 'p', all=True)])
        self.failed('zookeeper_export: no permission at /fooservice',
                    scripts.export, self.connection_string)
        other = self.zk()
        other.client.add_auth('digest', 'u:p')
        other.client.set_acls('/fooservice', OPEN_ACL_UNSAFE)

    def test_usage(self):
        """Wrong usage has status 2."""
        for args in (['/a', '/b'], ['--none'], ['x:1', '/a', '/b']):
            status, out, err = self.run_script(scripts.export, *args)
            self.assertEqual((status, out), (2, ''))
            self.assertIn('usage: zookeeper_export', err)

    def test_help(self):
        """Each script's help has examples and the exit status."""
        for script in (scripts.export, scripts.import_,
                       scripts.set_property, scripts.validate, scripts.diff,
                       scripts.graph, scripts.delete):
            status, out, err = self.run_script(script, '--help')
            self.assertEqual((status, err), (0, ''))
            self.assertIn('\nexamples:\n  zookeeper_', out)
            self.assertIn('\nexit status: 0 ', out)
            self.assertIn('CONNECTION', out)

    def test_nothing_steers_a_terminal(self):
        """Escape sequences in nodes are printed as text."""
        zk = self.zk()
        zk.create('/esc', json.dumps({
            'a\x1b[2J': '\x1b]0;x\x07', 'type': '\x1b[1m', 'b ->': '\x9b'}))
        out = self.export()[1]
        self.assertTrue(out.replace('\n', '').isprintable())
        out = self.run_script(
            scripts.import_, '-d', self.connection_string,
            stdin='/esc\n')[1]
        self.assertEqual(len(out.splitlines()), 3)
        self.assertTrue(out.replace('\n', '').isprintable())
