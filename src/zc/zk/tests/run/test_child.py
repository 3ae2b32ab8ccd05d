import pathlib
import sys
import unittest

from zc.zk._run.child import arguments
from zc.zk._run.child import environment
from zc.zk._run.sockets import Place
from zc.zk.tests.run.launchercase import LauncherCase


class ChildTests(unittest.TestCase):

    def test_arguments(self):
        """The place is filled in; other braces stay."""
        self.assertEqual(
            ['--fd=4', 'web1:81', '{x}', '{}', 'awk {print}', ''],
            arguments(['--fd={fd}', '{host}:{port}', '{x}', '{}',
                    'awk {print}', '{unix}'], Place('web1', 81)))
        self.assertEqual(
            ['0.0.0.0', '/a'],
            arguments(['{host}', '{unix}'], Place('', 81, '/a')))

    def test_environment(self):
        """What concerns our own parent is not handed on."""
        own = {'PATH': '/bin', 'LISTEN_FDS': '2', 'LISTEN_PID': '1',
               'LISTEN_FDNAMES': 'a:b', 'NOTIFY_SOCKET': '/run/systemd',
               'WATCHDOG_USEC': '1'}
        place = Place('web1', 81)
        self.assertEqual(
            {'PATH': '/bin', 'HOST': 'web1', 'PORT': '81'},
            environment(place, False, None, own))
        self.assertEqual(
            {'PATH': '/bin', 'HOST': 'web1', 'PORT': '81',
             'LISTEN_FDS': '1', 'NOTIFY_SOCKET': '/n'},
            environment(place, True, '/n', own))


class Passed(LauncherCase):

    def test_listen_fds(self):
        """A command that gets the socket is told so as by systemd."""
        for options, fd in [(('--listen-fds',), 'none'), ((), '{fd}'),
                            (('--listen-fds',), '{fd}')]:
            with self.subTest((*options, fd)):
                launcher = self.launch(
                    *options, '--check', 'notify', '--', 'sh', '-c',
                    'echo $$ $LISTEN_PID $LISTEN_FDS $PORT {port} {host} '
                    f'"${{HOME:+{{x}}}}" {fd}')
                launcher.wait()
                pid, listen, count, port, *rest = [
                    line for line in launcher.output.splitlines()
                    if ' 127.0.0.1 ' in line][0].split()
                self.assertEqual(
                    (pid, '1', port, '127.0.0.1', '{x}',
                     fd.format(fd=4)), (listen, count, *rest))

    def test_no_socket(self):
        """A command that binds the port itself is told of no socket."""
        launcher = self.launch(
            '--', 'sh', '-c', 'echo "<$LISTEN_PID$LISTEN_FDS>" {port}')
        launcher.wait()
        self.assertIn('<> ', launcher.output)

    def test_announced(self):
        """The socket that is announced is the one that {fd} names."""
        launcher = self.launch(
            '--', sys.executable, '-c', 'import os, socket\n'
            'socks = [socket.socket(fileno=fd) for fd in (3, {fd})]\n'
            'print("same", len({os.fstat(s.fileno()).st_ino '
            'for s in socks}), len({s.getsockname() for s in socks}))')
        launcher.wait()
        self.assertIn('same 1 1\n', launcher.output)

    def test_check(self):
        """A check by a command knows the server, and of no socket."""
        self.write('check.sh', '''
            echo $CHILD_PID $HOST $PORT $* "<$LISTEN_FDS$LISTEN_PID>" >> told
            ''')
        launcher = self.serve('--check', 'cmd:sh check.sh {host} {port}')
        launcher.wait_for('started ')
        [address] = self.providers()
        [child] = launcher.children()
        told = pathlib.Path(self.directory, 'told').read_text()
        self.assertEqual(
            [str(child), *2 * address.split(':'), '<>'],
            told.splitlines()[0].split())
