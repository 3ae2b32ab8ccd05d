"""Launchers as real processes, with a small server of the tests' own."""
from __future__ import annotations

import os
import pathlib
import signal
import sys

from zc.zk.tests.run.launchercase import LauncherCase
from zc.zk.tests.run.launchercase import fetch
from zc.zk.tests.run.launchercase import is_running
from zc.zk.tests.run.launchercase import loaded
from zc.zk.tests.run.launchercase import wait_for


class Start(LauncherCase):

    def test_registered_when_it_accepts(self):
        """The node comes when the child accepts, and is the launcher's."""
        launcher = self.serve('--properties', "version = '1.2'")
        [address] = self.providers()
        [child] = launcher.children()
        self.assertTrue(fetch(address).endswith(str(child).encode()))
        found = self.zk.get_properties(f'/web/providers/{address}')
        self.assertEqual(
            {'version': '1.2', 'pid': launcher.popen.pid}, found)

    def test_listening_parent_proves_nothing(self):
        """A child that does not accept is never ready."""
        launcher = self.launch(
            '--ready-timeout', '1', '--', sys.executable, 'server.py',
            '{fd}', 'silent')
        self.assertEqual(2, launcher.wait())
        self.assertIn('is not ready after 1 s', launcher.output)
        self.assertNotIn('registered as', launcher.output)

    def test_notify(self):
        """READY=1 makes it ready, and nothing else with --check notify."""
        self.serve('--check', 'notify', words=['notify'])
        self.assertEqual(1, len(self.providers()))

    def test_unix(self):
        """A Unix-domain socket is registered, and removed at the end."""
        path = os.path.join(self.directory, 'web.sock')
        launcher = self.serve('--unix', path, '--check', 'http:/')
        self.assertEqual(
            ['unix:' + path.replace('/', '%2F')], self.providers())
        self.assertTrue(os.path.exists(path))
        launcher.send()
        self.assertEqual(0, launcher.wait(), launcher.output)
        self.assertFalse(os.path.exists(path))

    def test_inherited(self):
        """A socket that systemd passes is served."""
        before = [sys.executable, '-c', '''if True:
            import os, socket, sys
            sock = socket.create_server(('127.0.0.1', 0))
            if sock.fileno() != 3:
                os.dup2(sock.fileno(), 3)
            os.set_inheritable(3, True)
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1')
            os.execv(sys.argv[1], sys.argv[1:])
            ''']
        launcher = self.launch(
            '--inherited', '--', sys.executable, 'server.py', '{fd}',
            before=before)
        launcher.wait_for('registered as')
        [address] = self.providers()
        self.assertIn(b' 200 ', fetch(address))

    def test_advertise(self):
        """Advertised addresses are registered instead."""
        launcher = self.serve('--advertise', 'www.example.com:80',
                              '--advertise', '[2001:db8::1]:81')
        self.assertEqual(['[2001:db8::1]:81', 'www.example.com:80'],
                         self.providers())
        self.assertIn('registered as', launcher.output)

    def test_monitor(self):
        """--monitor answers, and the node says where."""
        self.serve('--monitor', '127.0.0.1:0')
        self.assertRegex(self.properties()['monitor'], r'^127\.0\.0\.1:\d+$')

    def test_no_path(self):
        """If the path is missing, it ends with 2 and says so."""
        launcher = self.launch(
            '--path', '/nowhere', '--', sys.executable, 'server.py', '{fd}')
        self.assertEqual(2, launcher.wait())
        self.assertIn('there is no node /nowhere', launcher.output)
        self.assertFalse(any(map(is_running, launcher.children())))

    def test_wait(self):
        """With --wait, it registers when that becomes possible."""
        launcher = self.launch(
            '--wait', '--path', '/later', '--', sys.executable, 'server.py',
            '{fd}')
        launcher.wait_for('there is no node /later')
        self.zk.create('/later')
        launcher.wait_for('registered as')


class End(LauncherCase):

    def test_signals(self):
        """SIGTERM and SIGINT take the node away, and the status is 0."""
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                launcher = self.serve()
                launcher.send(number)
                self.assertEqual(0, launcher.wait(), launcher.output)
                self.assertEqual([], self.providers())
                self.assertFalse(any(map(is_running, launcher.children())))

    def test_drain(self):
        """It serves until the drain is over."""
        launcher = self.serve('--drain', '3')
        [address] = self.providers()
        launcher.send()
        self.wait_for_providers(0)
        launcher.wait_for('took ')
        self.assertIn(b' 200 ', fetch(address))
        self.assertEqual(0, launcher.wait())

    def test_deaf(self):
        """A child that ignores SIGTERM is killed after --stop-timeout."""
        launcher = self.serve('--stop-timeout', '0.3', words=['deaf'])
        launcher.send()
        self.assertEqual(128 + signal.SIGKILL, launcher.wait())
        self.assertFalse(any(map(is_running, launcher.children())))

    def test_second_signal(self):
        """A second signal skips all waiting, up to SIGKILL."""
        launcher = self.serve(
            '--drain', '1000', '--stop-timeout', '1000', words=['deaf'])
        launcher.send()
        launcher.wait_for('took ')
        launcher.send(signal.SIGINT)
        self.assertEqual(128 + signal.SIGKILL, launcher.wait())
        self.assertFalse(any(map(is_running, launcher.children())))

    def test_passed_on(self):
        """Other signals go to the command, whose status is ours."""
        launcher = self.serve(words=['usr1'])
        launcher.send(signal.SIGUSR1)
        self.assertEqual(4, launcher.wait())
        self.assertEqual([], self.providers())

    def test_ends_with_its_status(self):
        """A child that ends ends the launcher, with its status."""
        launcher = self.launch('--', 'sh', '-c', 'exit 7', '{fd}')
        self.assertEqual(7, launcher.wait())

    def test_no_command(self):
        """A command that is not there is a failure."""
        launcher = self.launch('--', 'no-such-command', '{fd}')
        self.assertEqual(2, launcher.wait())
        self.assertIn("there is no command 'no-such-command'",
                      launcher.output)


class Killed(LauncherCase):

    def test_child(self):
        """kill -9 of the child: the node goes, and the status tells it."""
        launcher = self.serve()
        os.kill(launcher.children()[0], signal.SIGKILL)
        self.assertEqual(128 + signal.SIGKILL, launcher.wait())
        self.assertEqual([], self.providers())

    def test_restart(self):
        """With --restart, another child comes, and is registered anew."""
        launcher = self.serve('--restart')
        [address] = self.providers()
        os.kill(launcher.children()[0], signal.SIGKILL)
        launcher.wait_for('took ')
        launcher.wait_for('registered as', 2)
        self.assertEqual([address], self.providers())
        self.assertTrue(fetch(address).endswith(
            str(launcher.children()[1]).encode()))

    def test_launcher(self):
        """kill -9 of the launcher: the child ends, and the node goes with
        the session.
        """
        launcher = self.serve('--session-timeout', '1')
        [child] = launcher.children()
        launcher.send(signal.SIGKILL)
        launcher.wait()
        wait_for(lambda: not is_running(child), 'the end of the child')
        self.wait_for_providers(0)

    def test_both(self):
        """kill -9 of both: nothing runs, and a launcher that comes back to
        the same port does not wait for the old session.
        """
        launcher = self.serve('--session-timeout', '60')
        [address] = self.providers()
        [child] = launcher.children()
        launcher.send(signal.SIGKILL)
        os.kill(child, signal.SIGKILL)
        launcher.wait()
        wait_for(lambda: not is_running(child), 'the end of the child')
        node = f'/web/providers/{address}'
        old = self.zk.exists(node).ephemeralOwner
        launcher = self.serve('--port', address.partition(':')[2])
        self.assertEqual(
            launcher.popen.pid, self.zk.get_properties(node)['pid'])
        self.assertNotEqual(old, self.zk.exists(node).ephemeralOwner)

    def test_left_over(self):
        """What a command leaves behind is killed when it ends."""
        launcher = self.launch(
            '--', 'sh', '-c',
            'sleep 1000 & echo started $!; exit 3', '{fd}')
        self.assertEqual(3, launcher.wait())
        [child] = launcher.children()
        wait_for(lambda: not is_running(child), 'the end of what was left')


class HandOver(LauncherCase):

    def test_again_and_again(self):
        """In ten hand-overs under load, no connection is refused."""
        launcher = self.serve()
        with loaded(self):
            for count in range(1, 11):
                launcher.send(signal.SIGHUP)
                launcher.wait_for('has taken over', count)
        children = launcher.children()
        self.assertEqual(11, len(set(children)))
        wait_for(lambda: not any(map(is_running, children[:-1])),
                 'the ends of the old ones')
        self.assertEqual(1, launcher.output.count('registered as'))
        self.assertNotIn('took ', launcher.output)

    def test_the_old_one_proves_nothing(self):
        """An answer of the old child does not make the new one ready."""
        launcher = self.launch(
            '--ready-timeout', '2', '--check', 'http:/', '--', 'sh', '-c',
            'if [ -e again ]; then exec sleep 1000; fi; touch again; '
            f'exec {sys.executable} server.py {{fd}}')
        launcher.wait_for('registered as')
        launcher.send(signal.SIGHUP)
        launcher.wait_for('is not ready after 2 s')
        self.assertNotIn('has taken over', launcher.output)
        [address] = self.providers()
        self.assertIn(b' 200 ', fetch(address))

    def test_fails(self):
        """If the new child ends early, the old one goes on."""
        launcher = self.launch(
            '--', 'sh', '-c',
            'if [ -e again ]; then exit 5; fi; touch again; '
            f'exec {sys.executable} server.py {{fd}}')
        launcher.wait_for('registered as')
        launcher.send(signal.SIGHUP)
        launcher.wait_for('ended before it was ready (exit status 5)')
        [address] = self.providers()
        self.assertIn(b' 200 ', fetch(address))


class Down(LauncherCase):

    OPTIONS = ('--check', 'http:/health', '--check-interval', '0.05')

    def test_state(self):
        """While it is down, its node says so, if another one is healthy."""
        self.zk.register('/web/providers', 'other:80')
        self.serve('--properties', 'weight = 5', *self.OPTIONS)
        [name] = set(self.providers()) - {'other:80'}
        properties = self.zk.properties(f'/web/providers/{name}')
        bad = pathlib.Path(self.directory, 'bad')
        bad.touch()
        self.assertTrue(properties.wait(
            lambda it: (it.get('weight'), it.get('healthy')) == (0, False),
            60))
        bad.unlink()
        self.assertTrue(properties.wait(
            lambda it: (it.get('weight'), it.get('healthy')) == (5, True),
            60))

    def test_last(self):
        """The last healthy one stays until another one comes."""
        launcher = self.serve(*self.OPTIONS)
        [name] = self.providers()
        pathlib.Path(self.directory, 'bad').touch()
        launcher.wait_for('no other provider')
        self.assertEqual({}, self.properties())
        self.zk.register('/web/providers', 'other:80')
        self.assertTrue(self.zk.properties(f'/web/providers/{name}').wait(
            lambda it: it.get('healthy') is False, 60))

    def test_even_the_last(self):
        """With --even-the-last, it goes in any case."""
        self.serve('--even-the-last', '--unregister-when-down', *self.OPTIONS)
        bad = pathlib.Path(self.directory, 'bad')
        bad.touch()
        self.wait_for_providers(0)
        bad.unlink()
        self.wait_for_providers(1)

    def test_zookeeper(self):
        """Trouble with ZooKeeper does not change what the checks say."""
        launcher = self.serve(*self.OPTIONS)
        self.server.stop()
        launcher.wait_for('connection to ZooKeeper suspended')
        [child] = launcher.children()
        launcher.send(signal.SIGHUP)
        launcher.wait_for('has taken over')
        self.assertNotIn('is down', launcher.output)
        self.server.start()
        launcher.wait_for('connection to ZooKeeper connected')


#: Makes a program what process 1 of a container is, as far as possible.
FIRST = [sys.executable, '-c', '''if True:
    import ctypes, os, subprocess, sys
    own = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child']
    if subprocess.run([*own, 'true'], stderr=subprocess.DEVNULL).returncode:
        # Not allowed.  A subreaper is to orphans what process 1 is.
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
        os.execv(sys.argv[1], sys.argv[1:])
    os.execvp(own[0], [*own, *sys.argv[1:]])
    ''']


class FirstProcess(LauncherCase):

    def first(self, launcher):
        """Return the id of the launcher, as it is from outside."""
        pid = launcher.popen.pid
        if b'unshare' not in pathlib.Path(
                f'/proc/{pid}/cmdline').read_bytes().split(b'\0')[0]:
            return pid
        return int(pathlib.Path(
            f'/proc/{pid}/task/{pid}/children').read_text())

    def test_signals(self):
        """It gets signals, and passes them on."""
        for number, status in [(signal.SIGTERM, 0), (signal.SIGINT, 0),
                               (signal.SIGUSR1, 4)]:
            with self.subTest(number):
                launcher = self.launch(
                    '--', sys.executable, 'server.py', '{fd}', 'usr1',
                    before=FIRST)
                launcher.wait_for('registered as')
                os.kill(self.first(launcher), number)
                self.assertEqual(status, launcher.wait(), launcher.output)
                self.assertEqual([], self.providers())

    def test_reaps(self):
        """It reaps processes that others left to it, as a container's
        first process must.
        """
        # A subreaper is to orphans what process 1 is.
        before = [sys.executable, '-c', '''if True:
            import ctypes, os, sys
            ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
            os.execv(sys.argv[1], sys.argv[1:])
            ''']
        launcher = self.launch(
            '--', 'sh', '-c',
            '(setsid sh -c "echo started \\$\\$; read x < fifo" &); '
            f'exec {sys.executable} server.py {{fd}}', before=before)
        os.mkfifo(os.path.join(self.directory, 'fifo'))
        launcher.wait_for('registered as')
        launcher.wait_for('started ', 2)
        parents = {}
        for pid in launcher.children():
            status = pathlib.Path(f'/proc/{pid}/status').read_text()
            parents[pid] = int(status.partition('PPid:')[2].split()[0])
        self.assertEqual({launcher.popen.pid}, set(parents.values()))
        with open(os.path.join(self.directory, 'fifo'), 'w') as fifo:
            fifo.write('end\n')
        wait_for(lambda: sum(
            os.path.exists(f'/proc/{pid}') for pid in parents) == 1,
            'the reaping')
        self.assertEqual(1, len(self.providers()))
