"""Servers that people run, behind launchers, under load.

Those of uvicorn, gunicorn and hypercorn are there where these are: .ci/run
installs them.
"""
from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import sys
import threading
import unittest
from collections import Counter

import httpx

import zc.zk.httpx
from zc.zk.tests.run.launchercase import LauncherCase
from zc.zk.tests.run.launchercase import fetch
from zc.zk.tests.run.launchercase import is_running
from zc.zk.tests.run.launchercase import loaded
from zc.zk.tests.run.launchercase import wait_for


ASGI = '''
    import os

    async def app(scope, receive, send):
        if scope['type'] == 'lifespan':
            while True:
                message = await receive()
                await send({'type': message['type'] + '.complete'})
                if message['type'] == 'lifespan.shutdown':
                    return
        body = str(os.getpid()).encode()
        await send({'type': 'http.response.start', 'status': 200,
                    'headers': [(b'content-length', b'%d' % len(body))]})
        await send({'type': 'http.response.body', 'body': body})
    '''
WSGI = '''
    import os

    def app(environ, start_response):
        body = str(os.getpid()).encode()
        start_response('200 OK', [('Content-Length', str(len(body)))])
        return [body]
    '''
HTTP_SERVER = (sys.executable, '-m', 'http.server', '--bind', '{host}',
               '{port}')
ROUNDS = 10


class Requests:
    """Requests of httpx to the service's name, in some threads.

    :ivar results: how many ended how: 'ok', or what else
    """

    def __init__(self, case):
        self.results = Counter()
        self._providers = case.zk.providers('/web/providers')
        self._client = httpx.Client(
            mounts={'http://web': zc.zk.httpx.Transport(self._providers)})
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._run)
                         for _ in range(4)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *args):
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        self._client.close()
        self._providers.close()

    def _run(self):
        while not self._stopped.wait(0.01):
            try:
                self._client.get('http://web/').raise_for_status()
            except httpx.HTTPError as e:
                self.results[repr(e)] += 1
            else:
                self.results['ok'] += 1


@contextlib.contextmanager
def requested(case):
    """Have requests of httpx come meanwhile; none may fail."""
    with Requests(case) as load:
        wait_for(lambda: load.results, 'the first answer')
        yield load
        before = load.results['ok']
        wait_for(lambda: load.results['ok'] > before, 'the last answer')
    case.assertEqual(['ok'], list(load.results))


class Servers(LauncherCase):
    """Steps of tests, for any command."""

    def start(self, command, *options):
        launcher = self.launch(
            '--drain', '0.5', '--check', 'http:/', *options, '--', *command)
        launcher.wait_for('registered as')
        return launcher

    def restart_one_after_another(self, command, loaded=loaded):
        """Restart two launchers in turns, under load."""
        launchers = [self.start(command), self.start(command)]
        with loaded(self) as load:
            for _ in range(ROUNDS):
                launcher = launchers.pop(0)
                launcher.send()
                self.assertEqual(0, launcher.wait(), launcher.output)
                launchers.append(self.start(command))
        return load.results

    def take_over(self, command, loaded=loaded):
        """Send SIGHUP again and again, under load."""
        launcher = self.start(command)
        [address] = self.providers()
        with loaded(self) as load:
            for count in range(1, ROUNDS + 1):
                launcher.send(signal.SIGHUP)
                launcher.wait_for('has taken over', count)
        self.assertEqual([address], self.providers())
        launcher.send()
        self.assertEqual(0, launcher.wait(), launcher.output)
        return load.results


class BindsItself(Servers):

    def test_restarts(self):
        """In ten rolling restarts, no connection is refused."""
        self.restart_one_after_another(HTTP_SERVER)

    def test_hangup(self):
        """SIGHUP is refused: two cannot bind the same port."""
        launcher = self.start(HTTP_SERVER)
        launcher.send(signal.SIGHUP)
        launcher.wait_for('SIGHUP is ignored')
        [address] = self.providers()
        self.assertIn(b' 200 ', fetch(address)[:14])

    def test_accepts(self):
        """Without a check, it is ready when it accepts."""
        launcher = self.launch('--', *HTTP_SERVER)
        launcher.wait_for('registered as')
        [address] = self.providers()
        self.assertIn(b' 200 ', fetch(address)[:14])


class Installed(Servers):

    level = 2
    command: tuple[str, ...] = ()

    def setUp(self):
        super().setUp()
        self.write('asgi.py', ASGI)
        self.write('wsgi.py', WSGI)

    def test_restarts(self):
        """In ten rolling restarts, no connection is refused."""
        self.restart_one_after_another(self.command)

    def test_hand_over(self):
        """In ten hand-overs, no connection is refused."""
        self.take_over(self.command)

    def test_one_node(self):
        """There is one node, and all processes end with the launcher."""
        launcher = self.start(self.command)
        [address] = self.providers()
        seen = set()
        threads = [
            threading.Thread(target=lambda: seen.add(
                int(fetch(address).rpartition(b'\n')[2])))
            for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        launcher.send()
        self.assertEqual(0, launcher.wait(), launcher.output)
        wait_for(lambda: not any(map(is_running, seen)), 'the ends')

    def test_killed(self):
        """After kill -9 of the launcher, nothing of the server runs on."""
        launcher = self.start(self.command, '--session-timeout', '1')
        [address] = self.providers()
        pid = int(fetch(address).rpartition(b'\n')[2])
        launcher.send(signal.SIGKILL)
        launcher.wait()
        wait_for(lambda: not is_running(pid), 'the end of the server')
        self.wait_for_providers(0)


class Uvicorn(Installed):

    command = (sys.executable, '-m', 'uvicorn', 'asgi:app', '--fd', '{fd}')

    def test_requests_restarted(self):
        """In ten rolling restarts, no request of zc.zk.httpx fails."""
        self.restart_one_after_another(self.command, requested)

    def test_requests_handed_over(self):
        """In ten hand-overs, no request of zc.zk.httpx fails."""
        self.take_over(self.command, requested)


class Gunicorn(Installed):

    command = (sys.executable, '-m', 'gunicorn', 'wsgi:app',
               '--workers', '2', '--bind', 'fd://{fd}')

    def test_unix(self):
        """An old gunicorn leaves the file of the socket to the new one."""
        path = os.path.join(self.directory, 'web.sock')
        launcher = self.start(self.command, '--unix', path)
        launcher.send(signal.SIGHUP)
        launcher.wait_for('has taken over')
        launcher.wait_for('Shutting down: Master')
        self.assertTrue(os.path.exists(path))
        launcher.send()
        self.assertEqual(0, launcher.wait(), launcher.output)
        self.assertFalse(os.path.exists(path))


class Hypercorn(Installed):

    command = (sys.executable, '-m', 'hypercorn', 'asgi:app',
               '--bind', 'fd://{fd}')


def test_suite():
    loader = unittest.defaultTestLoader
    suite = unittest.TestSuite([loader.loadTestsFromTestCase(BindsItself)])
    for case in (Uvicorn, Gunicorn, Hypercorn):
        if importlib.util.find_spec(case.__name__.lower()):
            suite.addTests(loader.loadTestsFromTestCase(case))
    return suite
