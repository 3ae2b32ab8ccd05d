"""Tests of _command: connecting, and what a process of a script does."""
from __future__ import annotations

import errno
import importlib.metadata
import io
import os
import signal
import socket
import subprocess
import sys
import threading
from unittest import mock

from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_digest_acl

from zc.zk import scripts
from zc.zk import tls
from zc.zk._commands import connection
from zc.zk._commands import options
from zc.zk._commands.command import perform
from zc.zk._tree import ending
from zc.zk.client import ZooKeeper
from zc.zk.testing import Server
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.certificates import Certificates
from zc.zk.tests.scripted import ScriptMixin


# A device without room; not all systems have it
FULL = [('export', '> /dev/full', 1,
         'zookeeper_export: No space left on device\n')
        ] if os.path.exists('/dev/full') else []


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
            run('export', host, '/é', env=ascii_only),
            (0, text + '# end of tree\n', ''))
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

    def test_copy_through_a_pipe(self):
        """Half a tree is never taken for the whole at a pipe's other end.
        """
        def copy():
            done = subprocess.run(
                ['/bin/sh', '-c', '"$0" -c "$1" "$3" /src | '
                 '"$0" -c "$2" -ty "$3" - /dst', sys.executable,
                 'from zc.zk import scripts; scripts.export()',
                 'from zc.zk import scripts; scripts.import_()',
                 self.server.connection_string], stderr=subprocess.PIPE,
                check=False, text=True, timeout=DEADLINE)
            return done.returncode, done.stderr

        with ZooKeeper(self.server.connection_string) as zk:
            zk.import_tree('/src\n  /a\n  /b\n  /c\n'
                           '/dst\n  /src\n    /c\n    /d\n')
            zk.set('/src/b', b'\xff')
            before = zk.export_tree('/dst')
            status, error = copy()
            self.assertEqual(1, status)
            self.assertIn('left nodes out', error)
            # No permission: the export stops half way.
            zk.client.set_acls('/src/b', [
                make_digest_acl('u', 'p', all=True)])
            status, error = copy()
            self.assertEqual(1, status)
            self.assertIn('zookeeper_export: no permission at /src/b', error)
            self.assertIn(f"'{ending.STOPPED}'", error)
            self.assertEqual(before, zk.export_tree('/dst'))
            zk.client.add_auth('digest', 'u:p')
            zk.client.set_acls('/src/b', OPEN_ACL_UNSAFE)
            zk.set('/src/b', b'')
            self.assertEqual(
                (0, 'trim deletes 1 node:\n  /dst/src/d\n'), copy())
            self.assertEqual(zk.export_tree('/src'),
                             zk.export_tree('/dst/src'))

    def test_interrupts(self):
        """However often someone presses Ctrl-C, there is one line."""
        # A measurement of coverage does not bear that in its own code.
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith('COVERAGE_')}
        with socket.create_server(('127.0.0.1', 0)) as silent:
            silent.settimeout(DEADLINE)
            host = f'127.0.0.1:{silent.getsockname()[1]}'
            process = subprocess.Popen(
                [sys.executable, '-c', 'import zc.zk.scripts\n'
                 'zc.zk.scripts.export()', host], stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, env=environment)
            connection, _ = silent.accept()
            with connection, process:
                while process.poll() is None:
                    process.send_signal(signal.SIGINT)
                self.assertEqual(
                    (130, b'', b'zookeeper_export: interrupted\n'),
                    (process.returncode, *process.communicate()))

    def test_version(self):
        """Each script tells the version of its package."""
        version = importlib.metadata.version('zc.zk')
        for name in scripts.__all__:
            script = f'zookeeper_{name.rstrip("_")}'
            self.assertEqual(
                (0, f'{script} (zc.zk) {version}\n', ''),
                self.run_script(getattr(scripts, name), '--version'))

    def test_usage_errors(self):
        """Arguments cannot steer the terminal that shows a usage error."""
        for args in (['--\x1b[2J'], ['h:1', '/', 'x\x1b[2J'],
                     ['--timeout=\x9b', 'h:1']):
            status, out, err = self.run_script(scripts.export, *args)
            self.assertEqual((2, ''), (status, out))
            self.assertTrue(err.replace('\n', '').isprintable(), err)

    def test_timeout(self):
        """How long to try is a number of seconds."""
        for bad in ('0', '-1', 'x', 'nan', 'inf', '1e99'):
            status, out, err = self.run_script(
                scripts.export, f'--timeout={bad}', 'h:1')
            self.assertEqual((2, ''), (status, out))
            self.assertIn('a positive number of seconds is needed', err)
        with socket.create_server(('127.0.0.1', 0)) as silent:
            host = f'127.0.0.1:{silent.getsockname()[1]}'
            threads = set(threading.enumerate())
            status, out, err = self.run_script(
                scripts.export, '--timeout=0.1', host)
        # kazoo's own, which notice soon that the socket is closed
        for thread in set(threading.enumerate()) - threads:
            thread.join(DEADLINE)
        self.assertEqual((1, ''), (status, out))
        self.assertIn('no session within 0.1 seconds', err)

    def test_wait(self):
        """With --wait, no refusal ends the wait for a server."""
        found = []

        def zookeeper(connection, wait, connect_timeout, handler):
            found.append((wait, handler.impatient))
            raise KeyboardInterrupt

        with mock.patch('zc.zk._commands.connection.ZooKeeper', zookeeper):
            self.run_script(scripts.export, 'h:1', '--wait')
            self.run_script(scripts.export, 'h:1')
        self.assertEqual([(True, False), (False, True)], found)

    def test_no_server(self):
        """Where no server is, that is said in one line."""
        self.server.stop()

        host = self.server.connection_string
        self.assertEqual(
            (1, '', "zookeeper_export: can't connect to ZooKeeper at "
             f"{host!r}: no session (Connection refused)\n"),
            self.run_script(scripts.export, host, '--timeout', '1000000'))
        self.assertEqual(
            (1, '', "zookeeper_export: can't connect to ZooKeeper at "
             "'no.invalid:1': no session (cannot resolve 'no.invalid')\n"),
            self.run_script(
                scripts.export, 'no.invalid:1', '--timeout', '1000000'))

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
                     ['--auth', 'digest:/none'],
                     ['--auth', 'digest:u:s3cret'],
                     ['--auth', 'digest:/s3cret'],
                     ['--auth', 'digest:no/s3cret']):
            status, out, err = self.run_script(scripts.export, host, *args)
            self.assertEqual((status, out), (1, ''))
            self.assertEqual(len(err.splitlines()), 1)
            self.assertNotIn('s3cret', err)
        self.assertEqual(
            (1, '', f'zookeeper_export: {secret}x: '
             'No such file or directory\n'),
            self.run_script(
                scripts.export, '--auth', f'digest:{secret}x', host))
        with open(secret, 'wb') as file:
            file.write(b'\xff')
        self.assertEqual(
            (1, '', f'zookeeper_export: {secret}: not UTF-8 text\n'),
            self.run_script(
                scripts.export, '--auth', f'digest:{secret}', host))

    def test_sasl(self):
        """The scheme sasl is for kazoo's SASL, not for ZooKeeper's auth."""
        secret = self.file('u:s3cret\n', 'secret')
        parser = options.Parser('it', '', '', '')
        options.add_connection_options(parser)
        found = connection.connection_keywords(parser.parse_args(
            ['--auth', f'sasl:{secret}', '--auth', f'digest:{secret}']))
        self.assertEqual(
            {'auth_data': [('digest', 'u:s3cret')],
             'sasl_options': {'mechanism': 'DIGEST-MD5', 'username': 'u',
                              'password': 's3cret'}}, found)
        secret = self.file('s3cret\n', 'secret')
        status, out, err = self.run_script(
            scripts.export, '--auth', f'sasl:{secret}',
            self.server.connection_string)
        self.assertEqual(
            'zookeeper_export: the credential for sasl must be '
            'USER:PASSWORD\n', err)

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
        with Server() as server, ZooKeeper(server.connection_string) as zk:
            zk.create('/a', b'')
            host = server.connection_string
            for script, redirection, status, error in (
                    ('export', '>&-', 1, 'zookeeper_export: the standard '
                     'output is closed\n'),
                    ('export', '2>&- >&-', 1, ''),
                    ('export', '<&- >&-', 1, 'zookeeper_export: the '
                     'standard output is closed\n'),
                    *FULL,
                    ('import_', '<&-', 1, 'zookeeper_import: the standard '
                     'input is closed\n')):
                done = subprocess.run(
                    ['/bin/sh', '-c', f'"$0" -c "$1" "$2" {redirection}',
                     sys.executable,
                     f'from zc.zk import scripts; scripts.{script}()', host],
                    check=False, stderr=subprocess.PIPE, text=True)
                self.assertEqual(
                    (status, error), (done.returncode, done.stderr))

    def test_lost_output(self):
        """What was found and could not be said is no success, nor a mere
        difference.
        """
        class Full(io.StringIO):
            def flush(self):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        class Gone(io.StringIO):
            def flush(self):
                raise BrokenPipeError

        call = mock.Mock()
        call.name = 'x'
        for out, status, failed, expected, error in (
                (Full(), 0, 2, 2, 'x: No space left on device\n'),
                (Full(), 1, 2, 2, 'x: No space left on device\n'),
                (Full(), 1, 1, 1, ''),
                (Full(), 130, 2, 130, ''),
                (Gone(), 0, 2, 2, ''), (Gone(), 1, 2, 2, ''),
                (Gone(), 130, 2, 130, '')):
            with self.subTest(type(out).__name__, status=status), \
                    mock.patch('sys.stdout', out), \
                    mock.patch('sys.stderr', io.StringIO()) as err, \
                    mock.patch('zc.zk._commands.streams.abandon_output'), \
                    self.assertRaises(SystemExit) as raised:
                perform(lambda call, status=status: status, call, failed,
                        False)
            self.assertEqual(
                (expected, error), (raised.exception.code, err.getvalue()))

    def test_tls(self):
        """The options for TLS reach the client."""
        found = []

        def zookeeper(connection, **keywords):
            for name in ('wait', 'connect_timeout', 'handler'):
                del keywords[name]
            found.append((connection, keywords))
            raise KeyboardInterrupt

        made = Certificates(self.directory / 'made')
        ca, client, key, both = map(str, [
            made.authority, made.client, made.client_key, made.server])
        with mock.patch('zc.zk._commands.connection.ZooKeeper', zookeeper):
            for args in (['--tls-ca', ca], ['--tls-cert', both],
                         ['--tls-cert', client, '--tls-key', key,
                          '--tls-any-host']):
                status, out, err = self.run_script(
                    scripts.export, 'h:1', *args)
                self.assertEqual(
                    (status, err), (130, 'zookeeper_export: interrupted\n'))
        self.assertEqual(found, [
            ('h:1', {'use_ssl': True, 'check_hostname': True, 'ca': ca}),
            ('h:1', {'use_ssl': True, 'check_hostname': True,
                     'certfile': both, 'keyfile': both}),
            ('h:1', {'use_ssl': True, 'check_hostname': False,
                     'certfile': client, 'keyfile': key})])
        locked = str(self.directory / 'locked')
        subprocess.run(
            ['openssl', 'rsa', '-aes256', '-passout', 'pass:x', '-in', key,
             '-out', locked], check=True, stderr=subprocess.DEVNULL)
        unfit = 'no certificate (PEM) in it whose key, not encrypted, is in'
        for args, said in [
                (['--tls-ca', '/none'], '/none: No such file or directory'),
                (['--tls-ca', key], f'{key}: no certificate (PEM) in it'),
                (['--tls-cert', client], f'{client}: {unfit} the same file'),
                (['--tls-cert', client, '--tls-key', both],
                 f'{client}: {unfit} {both}'),
                (['--tls-cert', client, '--tls-key', locked],
                 f'{client}: {unfit} {locked}'),
                (['--tls-key', key], '--tls-key needs --tls-cert'),
                (['--tls-any-host'], '--tls-any-host needs --tls-ca or '
                 '--tls-cert: without both, there is no TLS')]:
            with self.subTest(args):
                self.assertEqual(
                    (1, '', f'zookeeper_export: {said}\n'),
                    self.run_script(scripts.export, 'h:1', *args))
        with self.assertRaisesRegex(ValueError, 'needs a certificate'):
            tls.keywords(key=key)
