"""Tests of render: files from the tree, kept fresh."""
from __future__ import annotations

import importlib.util
import json
import pathlib
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import unittest.mock

import zc.zk
from zc.zk._rendering import command
from zc.zk._rendering import keeper
from zc.zk._rendering import shipping
from zc.zk.tests.base import wait_for
from zc.zk.tests.servercase import ServerCase
from zc.zk.tests.zczk.zczkcase import AS_IN_A_TERMINAL
from zc.zk.tests.zczk.zczkcase import ZczkCase


class Once(ZczkCase):

    def setUp(self):
        super().setUp()
        self.make('/s : web\n  v = 1\n  /providers\n/l\n  s -> /s\n')
        self.client = self.zk()
        self.client.register(
            '/s/providers', '1.2.3.4:80', version='1.2', zone='a"\n}')
        self.output = self.directory / 'out'

    def renders(self, template, *words):
        found = self.zczk('render', template, str(self.output), '--once',
                          *words)
        self.assertEqual((0, '', ''), found)
        return self.output.read_text()

    def test_own(self):
        """A template of one's own."""
        file = self.file("{{ mine }}{% for path in services %} {{ path }}:"
                         "{{ servers(path)[0].port }}{% endfor %}\n\n"
                         "{{ properties('/l/s').v }} {{ children('/s') | "
                         "join }} {{ providers('/s/providers') | length }}")
        self.assertEqual(
            'a=b /s/providers:80 /l/s/providers:80\n1 providers 1',
            self.renders(file, '--set', 'mine=a=b', '-s', '/s/providers/',
                         '-s', '/l/s/providers'))

    def test_output(self):
        """The text may go to the standard output."""
        self.assertEqual((0, 'a1', ''), self.zczk(
            'render', self.file("a{{ properties('/s').v }}"), '-', '--once'))

    def test_run(self):
        """A command runs when the file was written."""
        runs = self.directory / 'runs'
        words = ['--run', f'echo x >> {shlex.quote(str(runs))}']
        for _ in range(2):
            self.renders(self.file('a'), *words)
            self.assertEqual('x\n', runs.read_text())

    def test_show(self):
        """Templates of ours can be looked at."""
        for name in shipping.names():
            status, out, error = self.zczk('render', '--show', name)
            self.assertEqual((0, ''), (status, error))
            self.assertIn(f'zczk render {name} ', out)

    def test_prometheus(self):
        """Targets, with labels; what others wrote is a string."""
        self.zk().register('/s/providers', '[::1]:81', version=2)
        self.assertEqual([
            {'targets': ['1.2.3.4:80'], 'labels': {
                'service': '/s/providers', 'version': '1.2',
                'zone': 'a"\n}'}},
            {'targets': ['[::1]:81'], 'labels': {
                'service': '/s/providers', 'version': '2'}},
        ], json.loads(self.renders('@prometheus', '-s', '/s/providers')))

    def test_envoy(self):
        """Endpoints of clusters; a server that drains is said to."""
        self.zk().register('/s/providers', '[::1]:81', weight=0)
        self.make('/t\n')
        found = json.loads(self.renders(
            '@envoy', '-s', '/s/providers', '-s', '/t'))
        first, second = found['resources']
        self.assertEqual('/s/providers', first['cluster_name'])
        self.assertEqual([
            ('1.2.3.4', 80, 'HEALTHY', 100), ('::1', 81, 'DRAINING', 1),
        ], [(*each['endpoint']['address']['socket_address'].values(),
             each['health_status'], each['load_balancing_weight'])
            for each in first['endpoints'][0]['lb_endpoints']])
        self.assertEqual([{'lb_endpoints': []}], second['endpoints'])

    def test_haproxy(self):
        """A backend for each service."""
        self.zk().register('/s/providers', '[::1]:81', weight=0)
        text = self.renders('@haproxy', '-s', '/s/providers')
        self.assertIn('backend s_providers\n    mode http\n', text)
        self.assertIn('retry-on', text)
        self.assertTrue(text.endswith(
            '    server 1.2.3.4:80 1.2.3.4:80 weight 100\n'
            '    server ::1:81 [::1]:81 weight 0\n\n'), text)
        self.assertNotIn('retry-on', self.renders(
            '@haproxy', '-s', '/s/providers', '--set', 'mode=tcp'))

    def test_nginx(self):
        """An upstream for each service, which is never without servers."""
        self.zk().register('/s/providers', '[::1]:81', weight=0)
        self.make('/t\n')
        self.assertEqual(
            'upstream s_providers {\n'
            '    server 1.2.3.4:80 weight=100;\n'
            '    server [::1]:81 down;\n}\n\n'
            'upstream t {\n    server 127.0.0.1:1 down;\n}\n\n',
            self.renders('@nginx', '-s', '/s/providers', '-s', '/t'))

    def test_hostile(self):
        """A name that is no address gets into no file, and is named."""
        zk = self.zk()
        for name in '1.2.3.4:80; }', 'a" b:80', 'x\u00a0y:80', '0.0.0.0:80':
            zk.create(f'/s/providers/{name}', b'{"version": "\\n\\"}"}')
        for name in shipping.names():
            status, out, error = self.zczk(
                'render', name, str(self.output), '--once', '-s',
                '/s/providers')
            self.assertEqual((0, ''), (status, out))
            self.assertEqual(4, error.count(' is left out: it is no HOST'))
            self.assertTrue(error.replace('\n', '').isprintable())
            text = self.output.read_text()
            self.assertIn('1.2.3.4', text)
            self.assertNotIn('0.0.0.0', text)
            self.assertNotIn('a"', text.replace('"zone": "a', ''))
            self.assertNotIn('80; }', text)

    def test_empty(self):
        """A service without servers keeps a file that is there."""
        self.renders('@nginx', '-s', '/s/providers')
        before = self.output.read_text()
        self.client.unregister('/s/providers', '1.2.3.4:80')
        words = ('render', '@nginx', str(self.output), '--once', '-s',
                 '/s/providers')
        status, out, error = self.zczk(*words)
        self.assertEqual((1, ''), (status, out))
        self.assertIn('stays as it is, since there are no servers', error)
        self.assertEqual(before, self.output.read_text())
        self.assertEqual((0, '', ''), self.zczk(*words, '--allow-empty'))
        self.assertNotEqual(before, self.output.read_text())

    def test_wrong(self):
        """What is wrong is said in a line."""
        for words, status, says in (
                (('@none', 'x'), 2, 'zczk render: there is no template '
                 '@none; there are @envoy, @haproxy, @nginx, @prometheus'),
                (('/none.j2', 'x'), 2,
                 'zczk render: /none.j2: No such file or directory'),
                (('@nginx', '/none/x'), 2,
                 'zczk render: /none/x: No such file or directory'),
                (('@nginx', '/dev/null'), 2,
                 'zczk render: /dev/null: not a regular file'),
                (('@nginx',), 2, 'a TEMPLATE and an OUTPUT are needed'),
                (('--show',), 2, 'one TEMPLATE is needed'),
                (('@nginx', 'x', '--set', '1=2'), 2,
                 "NAME=VALUE is needed, not '1=2'"),
                (('@nginx', 'x', '--quiet', '-1'), 2,
                 "a number of seconds is needed, not '-1'"),
                (('@nginx', 'x', '-s', '/none'), 2,
                 ': there is no node /none')):
            with self.subTest(words):
                found, out, error = self.zczk('render', *words, '--once')
                self.assertEqual((status, ''), (found, out))
                self.assertIn(says, error)
        _, _, error = self.zczk('render', '@nginx', '-')
        self.assertIn('- as OUTPUT needs --once', error)

    def test_without_jinja(self):
        """Without Jinja2 it says what to install."""
        with unittest.mock.patch.object(
                importlib.util, 'find_spec', return_value=None):
            self.assertEqual((
                2, '', "zczk render: this needs Jinja2: pip install "
                "'zc.zk[render]'\n"), self.zczk('render', '@nginx', 'x'))

    def test_warnings(self):
        """A line is told once, and not more than so many."""
        with unittest.mock.patch.object(command, '_complain') as complain, \
                unittest.mock.patch.object(command, 'MOST_WARNINGS', 2):
            warn = command._warnings('zczk render')
            for line in 'a', 'a', 'b', 'c', 'a':
                warn(line)
        self.assertEqual(['a', 'b'], [
            call[0][1] for call in complain.call_args_list])


class Process(ServerCase):
    """In a process of its own, until a signal."""

    def setUp(self):
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.output = self.directory / 'out'
        self.zk.import_tree('/s\n  n = 1\n')
        template = self.directory / 't.j2'
        template.write_text("{{ properties('/s').n }}")
        self.process = subprocess.Popen(
            [sys.executable, '-c', AS_IN_A_TERMINAL,
             '-z', self.server.connection_string, 'render', str(template),
             str(self.output), '--quiet', '0'],
            stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.process.stderr.close)
        self.addCleanup(self.process.wait, 60)
        self.addCleanup(self.process.kill)
        self.becomes('1')

    def becomes(self, text):
        wait_for(lambda: self.output.exists() and (
            self.output.read_text() == text), text)

    def ends(self, number):
        self.process.send_signal(number)
        found = self.process.wait(60), self.process.stderr.read()
        self.assertEqual(
            ['out', 't.j2'],
            sorted(each.name for each in self.directory.iterdir()))
        return found

    def test_terminated(self):
        """SIGTERM is how it ends as a daemon."""
        self.zk.properties('/s').update(n=2)
        self.becomes('2')
        self.assertEqual((0, ''), self.ends(signal.SIGTERM))

    def test_interrupted(self):
        """Ctrl-C ends it with a line."""
        self.assertEqual((130, 'zczk render: interrupted\n'),
                         self.ends(signal.SIGINT))

    def test_outage(self):
        """It goes on after an outage, in a new session too."""
        for session in self.server.sessions():
            if session.id not in (self.other.client_id[0],
                                  self.zk.client.client_id[0]):
                self.server.expire(session.id)
        self.other.set('/s', b'{"n":3}')
        self.becomes('3')
        self.assertEqual((0, ''), self.ends(signal.SIGTERM))


class InThread(ServerCase):
    """Called by a program, in a thread of its own."""

    def test_thread(self):
        """There it takes no signals."""
        made = []
        real = keeper.Fresh

        def make(*args):
            made.append(real(*args))
            return made[0]

        with tempfile.TemporaryDirectory() as directory, \
                unittest.mock.patch.object(keeper, 'Fresh', make):
            template = pathlib.Path(directory, 't.j2')
            output = pathlib.Path(directory, 'out')
            template.write_text('x')
            before = signal.getsignal(signal.SIGTERM)
            thread = threading.Thread(target=zc.zk._zczk.main, args=([
                '-z', self.server.connection_string, 'render',
                str(template), str(output)],))
            thread.start()
            self.addCleanup(thread.join, 60)
            wait_for(output.exists)
            made[0].stop()
            thread.join(60)
            self.assertFalse(thread.is_alive())
            self.assertEqual(before, signal.getsignal(signal.SIGTERM))
