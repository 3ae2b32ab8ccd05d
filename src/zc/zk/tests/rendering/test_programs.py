"""What is rendered, in the programs that it is for.

They must be installed: haproxy, nginx and promtool.
"""
from __future__ import annotations

import contextlib
import http.client
import http.server
import io
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest.mock

from zc.zk import _zczk
from zc.zk.tests import base
from zc.zk.tests.base import wait_for
from zc.zk.tests.realserver import free_ports
from zc.zk.tests.servercase import ServerCase


PROVIDERS = '/s/providers'
HAPROXY = '''\
global
    stats socket {directory}/stats expose-fd listeners level admin
defaults
    mode http
    timeout connect 10s
    timeout client 60s
    timeout server 60s
frontend front
    bind 127.0.0.1:{port}
    default_backend s_providers
'''
# HAProxy drops a signal that comes while it reloads: this waits for the end.
RELOAD = '''\
import os, signal, socket, time

def worker():
    with socket.socket(socket.AF_UNIX) as stats:
        try:
            stats.connect('{directory}/stats')
            stats.sendall(b'show info\\n')
            text = stats.makefile().read()
        except OSError:
            return None
    return [line for line in text.splitlines() if line.startswith('Pid:')]

before = worker()
while worker() in (before, None, []):
    os.kill({pid}, signal.SIGUSR2)
    again = time.monotonic() + 5
    while worker() in (before, None, []) and time.monotonic() < again:
        time.sleep(0.02)
'''
NGINX = '''\
pid {directory}/nginx.pid;
error_log stderr;
events {{ }}
http {{
    access_log off;
    include {directory}/upstreams.conf;
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://s_providers; }}
        location /t {{ proxy_pass http://t; }}
    }}
}}
'''
PROMETHEUS = '''\
scrape_configs:
- job_name: all
  file_sd_configs:
  - files: [{directory}/targets.json]
'''


def program(name):
    """Return the path of a program, which is often not on the PATH."""
    found = shutil.which(name) or shutil.which(
        name, path='/usr/sbin:/usr/local/sbin:/opt/homebrew/bin')
    if found is None:
        raise AssertionError(f'{name} is not installed')
    return found


class Case(ServerCase):

    level = 2

    def setUp(self):
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.zk.import_tree('/s\n  /providers\n/t\n')
        self.port, = free_ports(1)

    def file(self, name, text):
        path = self.directory / name
        path.write_text(text.format(directory=self.directory, port=self.port))
        return str(path)

    def words(self, template, output, *words):
        return ['-z', self.server.connection_string, 'render', template,
                str(self.directory / output), '-s', PROVIDERS, *words]

    def render(self, template, output, *words):
        with contextlib.redirect_stderr(io.StringIO()) as errors:
            _zczk.main(self.words(
                template, output, '-s', '/t', '--once', *words))
        self.assertIn(' is left out: ', errors.getvalue())

    def checks(self, *command):
        done = subprocess.run(command, capture_output=True, text=True,
                              check=False, timeout=60)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stdout + done.stderr


class Checked(Case):
    """Each program takes its file, whatever was registered."""

    def setUp(self):
        super().setUp()
        for name, data in (
                ('10.0.0.7:80', b'{"weight":0.3,"version":"1\\"\\n}"}'),
                ('[2001:db8::1]:80', b'{"weight":7,"zone":["x",{"y":1}]}'),
                ('web.invalid:80', b'{"version":null}'),
                ('10.0.0.8:80', b'{"weight":0}'),
                ('10.0.0.8:080', b'\xff'), ('0.0.0.0:80', b''),
                ('unix:80', b''), ('a b:80', b''), ('a"b:80', b''),
                ('a;}b{:80', b''), ('$x:80', b''), ('#x:80', b''),
                ("'x:80", b''), ('a\\b:80', b''), ('name', b''),
                ('x\u00a0y:80', b''), ('fd@3:80', b''), ('-x:80', b''),
                ('10.0.0.9:0', b'')):
            self.other.create(f'{PROVIDERS}/{name}', data)

    def test_haproxy(self):
        """haproxy -c."""
        main = self.file('haproxy.cfg', HAPROXY)
        self.render('@haproxy', 'backends.cfg')
        backends = str(self.directory / 'backends.cfg')
        self.checks(program('haproxy'), '-c', '-f', main, '-f', backends)
        self.assertEqual(4, pathlib.Path(backends).read_text().count(
            '    server '))
        self.render('@haproxy', 'tcp.cfg', '--set', 'mode=tcp')
        main = self.file('haproxy.cfg', HAPROXY.replace('http', 'tcp'))
        self.checks(program('haproxy'), '-c', '-f', main,
                    '-f', str(self.directory / 'tcp.cfg'))

    def test_nginx(self):
        """nginx -t; a name that cannot be resolved would stop it."""
        main = self.file('nginx.conf', NGINX)
        self.render('@nginx', 'upstreams.conf')
        self.checks(program('nginx'), '-t', '-c', main,
                    '-p', str(self.directory))

    def test_prometheus(self):
        """promtool check config, which reads the targets too."""
        main = self.file('prometheus.yml', PROMETHEUS)
        self.render('@prometheus', 'targets.json')
        self.assertIn('SUCCESS', self.checks(
            program('promtool'), 'check', 'config', main))
        (self.directory / 'targets.json').write_text('[{"targets": 1}]')
        with self.assertRaises(AssertionError):
            self.checks(program('promtool'), 'check', 'config', main)


class Handler(http.server.BaseHTTPRequestHandler):

    def do_GET(self):
        self.send_response(200)
        text = b'%d' % self.server.server_address[1]
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args):
        pass


class Behind(http.server.ThreadingHTTPServer):
    """A server behind HAProxy, which comes and goes."""

    daemon_threads = True
    request_queue_size = 100

    def __init__(self):
        super().__init__(('127.0.0.1', 0), Handler)
        self.name = f'127.0.0.1:{self.server_address[1]}'
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,))
        self.thread.start()

    def end(self):
        self.shutdown()
        self.thread.join(60)
        self.server_close()


class Rolling(Case):

    def test_rolling(self):
        """Behind HAProxy, three servers come and go, with and without a
        word, and no request fails.
        """
        # Each step starts three programs.
        patch = unittest.mock.patch.object(base, 'DEADLINE', 90.0)
        patch.start()
        self.addCleanup(patch.stop)
        behind = {}

        def come():
            server = Behind()
            behind[server.name] = server
            self.zk.register(PROVIDERS, server.name)

        def go(name, word):
            if word:
                self.zk.unregister(PROVIDERS, name)
                wait_for(lambda: name not in backends.read_text())
            behind.pop(name).end()
            if not word:
                self.zk.unregister(PROVIDERS, name)

        self.addCleanup(lambda: [each.end() for each in behind.values()])
        for _ in range(3):
            come()
        main = self.file('haproxy.cfg', HAPROXY)
        backends = self.directory / 'backends.cfg'
        _zczk.main(self.words('@haproxy', 'backends.cfg', '--once'))
        haproxy = self.start(
            program('haproxy'), '-W', '-db', '-f', main, '-f', str(backends))
        self.start(
            sys.executable, '-c', 'from zc.zk import _zczk\n_zczk.main()',
            *self.words(
                '@haproxy', 'backends.cfg', '--quiet', '0.2',
                '--run', f'{sys.executable} {self.reload(haproxy.pid)}',
                '--check',
                f'{program("haproxy")} -c -q -f {main} -f {{}}'))
        wait_for(lambda: self.ask() in behind)
        served, failed = [], []
        stop = threading.Event()

        def load():
            while not stop.is_set():
                found = self.ask()
                (served if found.startswith('127.0.0.1:') else failed).append(
                    found)

        clients = [threading.Thread(target=load) for _ in range(4)]
        for client in clients:
            client.start()
        try:
            for turn in range(4):
                name = next(iter(behind))
                come()
                newest = list(behind)[-1]
                wait_for(lambda newest=newest: newest in (
                    backends.read_text()) and newest in served[-50:])
                go(name, word=turn % 2 == 0)
                wait_for(lambda name=name: name not in backends.read_text())
        finally:
            stop.set()
            for client in clients:
                client.join(60)
        self.assertEqual([], failed)
        self.assertEqual(7, len(set(served)))

    def reload(self, pid):
        """Return a script that has HAProxy take its new file."""
        path = self.directory / 'reload.py'
        path.write_text(RELOAD.format(directory=self.directory, pid=pid))
        return path

    def start(self, *words):
        process = subprocess.Popen(
            words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait, 60)
        self.addCleanup(process.send_signal, signal.SIGTERM)
        return process

    def ask(self):
        """Return who answered, or why nobody did."""
        connection = http.client.HTTPConnection(
            '127.0.0.1', self.port, timeout=60)
        try:
            connection.request('GET', '/')
            response = connection.getresponse()
            text = response.read().decode()
            if response.status != 200:
                return f'{response.status} {text}'
            return f'127.0.0.1:{text}'
        except (OSError, http.client.HTTPException) as e:
            return repr(e)
        finally:
            connection.close()
