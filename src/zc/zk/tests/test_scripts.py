"""Tests of scripts: export, import and set_property."""
from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import textwrap
from unittest import mock

from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_acl
from kazoo.security import make_digest_acl

from zc.zk import scripts
from zc.zk.client import ZooKeeper
from zc.zk.testing import Server
from zc.zk.tests.scripted import ScriptCase
from zc.zk.tests.scripted import ScriptMixin
from zc.zk.tests.scripted import Terminal


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
        zk.create('/z', b'\xff')
        self.failed(
            'zookeeper_export: data of /z: not UTF-8 text (byte 0 of 1)',
            scripts.export, self.connection_string, '-o', name)
        with open(name) as file:
            self.assertEqual(file.read(), 'old')
        self.assertEqual(os.listdir(self.directory), ['tree.txt'])

    def test_json(self):
        """JSON is an object a line."""
        status, out, err = self.export('--json', '/fooservice')
        self.assertEqual(
            [json.loads(line)['path'] for line in out.splitlines()],
            ['/fooservice', '/fooservice/providers'])

    def test_default_connection(self):
        """The connection comes from the environment if it is not given."""
        os.environ['ZC_ZK_CONNECTION_STRING'] = self.connection_string
        self.assertEqual(self.run_script(scripts.export), (0, FOO, ''))
        self.assertEqual(self.run_script(scripts.export, '/fooservice'),
                         (0, FOO, ''))

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
                       scripts.graph):
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


class ImportTests(ScriptCase):

    def load(self, text, *args, **keywords):
        return self.run_script(
            scripts.import_, *args, stdin=text, **keywords)

    def test_arguments(self):
        """Connection, file and path are told apart."""
        name = self.file('/x\n')
        host = self.connection_string
        os.environ['ZC_ZK_CONNECTION_STRING'] = host
        for args, path in [
                ([host, name, '/fooservice'], '/fooservice/x'),
                ([host, name], '/x'),
                ([name, '/fooservice'], '/fooservice/x'),
                ([name], '/x'),
                ([host, '-', '/fooservice'], '/fooservice/x'),
                ([host, '-'], '/x'), ([host], '/x'), (['-'], '/x'),
                ([], '/x'), (['-', '/fooservice'], '/fooservice/x')]:
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
            (0, 'extra path not trimmed: /fooservice/providers\n', ''))
        self.assertEqual(
            zk.get_properties('/fooservice')['threads'], 2)
        self.assertEqual(
            self.load('/fooservice\n  /new', '-T', host), (0, '', ''))
        self.assertTrue(zk.exists('/fooservice/providers'))

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
            self.load('/a\n', '-t', self.connection_string), (0, textwrap.
            dedent('''\
            Not deleting /a/b/providers/1.2.3.4:80 because it's ephemeral.
            /a/b/providers not deleted due to ephemeral descendent.
            /a/b not deleted due to ephemeral descendent.
            '''), textwrap.dedent('''\
            trim deletes 2 nodes:
              /a/c/providers
              /a/c
            these stay, since servers are live there:
              /a/b/providers/1.2.3.4:80
            these links would break:
              /lb c -> (leads to /a/c/providers, which does not exist)
            ''')))
        self.assertFalse(zk.exists('/a/c'))
        # Nothing is said when nothing goes.
        self.assertEqual(
            self.load('/lb\n  b -> /a/b\n', '-t', self.connection_string),
            (0, '', ''))

    def test_trim_beside_secrets(self):
        """Nodes elsewhere that may not be read are no matter to a trim."""
        zk = self.zk()
        zk.create('/secret', '{"x ->": "/y"}')
        zk.create('/secret/below', '{}')
        zk.client.set_acls('/secret', [make_digest_acl('u', 'p', all=True)])
        self.assertEqual(
            self.load('/fooservice\n', '-t', self.connection_string),
            (0, '', 'trim deletes 1 node:\n  /fooservice/providers\n'))
        zk.client.add_auth('digest', 'u:p')
        zk.client.set_acls('/secret', OPEN_ACL_UNSAFE)

    def test_many(self):
        """Long lists are cut short."""
        self.zk().import_tree(
            '/a\n' + ''.join(f'  /n{number:02}\n' for number in range(25)))
        err = self.load('/a\n', '-t', self.connection_string)[2]
        self.assertEqual(len(err.splitlines()), 22)
        self.assertTrue(err.endswith('  and 5 more\n'))

    def test_trim_asks(self):
        """On a terminal, trim goes on only after a yes."""
        zk = self.zk()
        file = self.file('/fooservice\n')
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
        self.failed(f"zookeeper_import: {name}:2:7: 'f' is no value: a "
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

        with mock.patch('zc.zk._apply.apply', apply):
            self.assertEqual(
                (130, '', 'zookeeper_import: interrupted after 2 nodes or '
                 'more; the same import completes it\n'),
                self.run_script(scripts.import_, self.connection_string,
                                stdin='/a\n'))


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
        self.assertEqual(self.change('/fooservice', 'threads=5'),
                         (0, '', ''))
        self.assertEqual(
            zk.get_properties('/fooservice')['threads'], 5)
        self.assertEqual(self.change('/fooservice', 'threads = 6'),
                         (0, '', ''))
        self.assertEqual(
            zk.get_properties('/fooservice')['threads'], 6)

    def test_faults(self):
        """Bad expressions and paths are said in one line."""
        script, host = scripts.set_property, self.connection_string
        self.failed("zookeeper_set_property: x=f: 'f' is no value: a string "
                    'needs quotes', script, host, '/fooservice', 'x=f')
        self.failed('zookeeper_set_property: x=: an expression is missing',
                    script, host, '/fooservice', 'x=')
        self.failed('zookeeper_set_property: there is no node /none',
                    script, host, '/none', 'x=1')
        for args in ([], [host], [host, '/a'], [host, '/a', 'x'],
                     [host, '/a', '=1'], [host, host, '/a', 'x=1']):
            self.assertEqual(self.change(*args)[0], 2, args)


class ConnectionTests(ScriptMixin):
    """Connecting for real, beside what tests emulate."""

    def setUp(self):
        super().setUp()
        self.server = Server().start()
        self.addCleanup(self.server.stop)

    def test_process(self):
        """As programs, scripts say what they have to in one line."""
        def run(script, *args, **keywords):
            done = subprocess.run(
                [sys.executable, '-c', 'import sys, zc.zk.scripts\n'
                 f'sys.exit(zc.zk.scripts.{script}())', *args],
                capture_output=True, encoding='utf-8', check=False,
                timeout=60, **keywords)
            return done.returncode, done.stdout, done.stderr
        host = self.server.connection_string
        text = "/é\n  x = 'é'\n"
        ascii_only = {**os.environ, 'PYTHONIOENCODING': 'ascii'}
        self.assertEqual(
            run('import_', host, input=text, env=ascii_only), (0, '', ''))
        self.assertEqual(
            run('export', host, '/é', env=ascii_only), (0, text, ''))
        self.assertEqual(
            run('export', host, '/none'),
            (1, '', 'zookeeper_export: there is no node /none\n'))
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(
            [sys.executable, '-c', 'import zc.zk.scripts\n'
             'zc.zk.scripts.export()', host], stdout=writing, check=False,
            stderr=subprocess.PIPE, timeout=60)
        os.close(writing)
        self.assertEqual((done.returncode, done.stderr), (1, b''))

    def test_no_server(self):
        """Where no server is, that is said in one line."""
        self.server.stop()

        def impatient(connection, **keywords):
            return ZooKeeper(connection, connect_timeout=0.3, **keywords)

        with mock.patch('zc.zk._command.ZooKeeper', impatient):
            status, out, err = self.run_script(
                scripts.export, '127.0.0.1:1')
        self.assertEqual((status, out), (1, ''))
        self.assertEqual(len(err.splitlines()), 1)
        self.assertIn("can't connect to ZooKeeper at '127.0.0.1:", err)

    def test_bad_connection_string(self):
        """What is no connection string is said in one line."""
        status, out, err = self.run_script(scripts.export, 'x:y')
        self.assertEqual((status, out), (1, ''))
        self.assertEqual(len(err.splitlines()), 1)

    def test_auth(self):
        """Credentials come from a file or the environment, never shown."""
        host = self.server.connection_string
        secret = self.file('u:s3cret\n', 'secret')
        with ZooKeeper(host) as zk:
            zk.create('/a', '{"x":1}', acl=[
                make_digest_acl('u', 's3cret', all=True)])
        text = '/a\n  x = 1\n'
        self.assertEqual(self.run_script(
            scripts.export, '--auth', f'digest:{secret}', host),
            (0, text, ''))
        os.environ['ZC_ZK_AUTH'] = 'digest:u:s3cret'
        self.assertEqual(self.run_script(scripts.export, host),
                         (0, text, ''))
        os.environ['ZC_ZK_AUTH'] = 's3cret'
        for args in ([], ['--auth', 'digest'], ['--auth', 'digest:'],
                     ['--auth', 'digest:/none']):
            status, out, err = self.run_script(scripts.export, host, *args)
            self.assertEqual((status, out), (1, ''))
            self.assertEqual(len(err.splitlines()), 1)
            self.assertNotIn('s3cret', err)
        with open(secret, 'wb') as file:
            file.write(b'\xff')
        self.assertEqual(
            (1, '', f'zookeeper_export: {secret}: not UTF-8 text\n'),
            self.run_script(
                scripts.export, '--auth', f'digest:{secret}', host))

    def test_chroot(self):
        """A path in the connection string that is not there is named."""
        with Server() as server:
            self.assertEqual(
                (1, '', 'zookeeper_export: there is no node /no/where, as '
                 'the connection string says\n'),
                self.run_script(
                    scripts.export, f'{server.connection_string}/no/where'))

    def test_closed_streams(self):
        """Streams that a shell has closed are no tracebacks."""
        with Server() as server:
            host = server.connection_string
            for script, redirection, status, error in (
                    ('export', '>&-', 0, ''),
                    ('export', '2>&- >&-', 0, ''),
                    ('import_', '<&-', 1, 'zookeeper_import: the standard '
                     'input is closed\n')):
                done = subprocess.run(
                    ['/bin/sh', '-c', f'"$0" -c "$1" "$2" {redirection}',
                     sys.executable,
                     f'from zc.zk import scripts; scripts.{script}()', host],
                    check=False, stderr=subprocess.PIPE, text=True)
                self.assertEqual(
                    (status, error), (done.returncode, done.stderr))

    def test_tls(self):
        """The options for TLS reach the client."""
        found = []

        def zookeeper(connection, **keywords):
            found.append((connection, keywords))
            raise KeyboardInterrupt

        name = self.file('x')
        with mock.patch('zc.zk._command.ZooKeeper', zookeeper):
            for args in (['--tls-ca', name],
                         ['--tls-cert', name, '--tls-key', name,
                          '--tls-any-host']):
                status, out, err = self.run_script(
                    scripts.export, 'h:1', *args)
                self.assertEqual(
                    (status, err), (130, 'zookeeper_export: interrupted\n'))
        self.assertEqual(found, [
            ('h:1', {'use_ssl': True, 'check_hostname': True, 'ca': name}),
            ('h:1', {'use_ssl': True, 'check_hostname': False,
                     'certfile': name, 'keyfile': name})])
        status, out, err = self.run_script(
            scripts.export, 'h:1', '--tls-ca', '/none')
        self.assertEqual(
            (status, err),
            (1, 'zookeeper_export: /none: No such file or directory\n'))
