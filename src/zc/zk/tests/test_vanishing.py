"""Servers in processes of their own that end together, in several ways."""
from __future__ import annotations

import signal
import subprocess
import sys
import unittest
from collections.abc import Callable

import zc.zk
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for
from zc.zk.tests.realserver import RealServer


PATH = '/service/providers'
COUNT = 4
#: In seconds: long enough for a busy machine, shorter than a test waits.
SESSION_TIMEOUT = 8.0
#: Registers a server, and ends as the line says that it reads.
PROGRAM = """
import os
import signal
import sys
import zc.zk
zk = zc.zk.ZooKeeper(sys.argv[1], float(sys.argv[2]))
zk.register('/service/providers', ('127.0.0.1', int(sys.argv[3])))
print('ready', flush=True)
match sys.stdin.readline().strip():
    case 'close':
        zk.close()
    case 'unregister':
        zk.unregister('/service/providers', ('127.0.0.1', int(sys.argv[3])))
    case 'fork':
        if os.fork():
            os.wait()
    case 'error':
        raise SystemExit(1)
    case 'die':
        os.kill(os.getpid(), signal.SIGKILL)
"""


class Vanishing(unittest.TestCase):

    level = 2

    def setUp(self) -> None:
        self.server = RealServer().start()
        self.addCleanup(self.server.close)
        self.zk = self.connect()
        self.zk.import_tree('/service\n  /providers\n')

    def connect(self) -> zc.zk.ZooKeeper:
        zk = zc.zk.ZooKeeper(self.server.connection_string, SESSION_TIMEOUT)
        self.addCleanup(zk.close)
        return zk

    def start(self) -> list[subprocess.Popen[str]]:
        """Start servers, and wait until they are registered."""
        processes = []
        for number in range(COUNT):
            process = subprocess.Popen(
                [sys.executable, '-c', PROGRAM,
                 self.server.connection_string, str(SESSION_TIMEOUT),
                 str(number + 1)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                text=True)
            self.addCleanup(process.communicate)
            self.addCleanup(process.kill)
            processes.append(process)
        for process in processes:
            assert process.stdout is not None
            self.assertEqual('ready\n', process.stdout.readline())
        return processes

    def end(self, how: str) -> Callable[[subprocess.Popen[str]], None]:
        def end(process: subprocess.Popen[str]) -> None:
            assert process.stdin is not None
            process.stdin.write(how + '\n')
            process.stdin.flush()
        return end

    def watched(
        self, end: Callable[[subprocess.Popen[str]], None]
    ) -> tuple[zc.zk.Providers, set[str]]:
        """Return providers after all have ended so, and all states that
        they were seen in.
        """
        processes = self.start()
        providers = self.zk.providers(PATH)
        self.addCleanup(providers.close)
        self.assertEqual(COUNT, len(providers))
        states: set[str] = set()
        providers(lambda given: states.update(
            each.state.value for each in given))
        for process in processes:
            end(process)
        for process in processes:
            process.wait(DEADLINE)
        wait_for(lambda: not self.zk.get_children(PATH))
        # Another client's word comes after all that it has to say.
        self.zk.set('/service', '{"a": 1}')
        self.zk.settle(DEADLINE)
        return providers, states

    def test_on_purpose(self) -> None:
        """Servers that end together on purpose are not held."""
        for how in ('close', 'unregister', 'fork', 'error', 'exit'):
            with self.subTest(how):
                providers, states = self.watched(self.end(how))
                self.assertEqual([], list(providers))
                self.assertEqual({'ready'}, states)
                with self.assertRaises(zc.zk.NoProviders):
                    providers.choose()

    def test_killed(self) -> None:
        """Servers that are killed together are held, and dropped when they
        refuse a connection.
        """
        for end in (
            self.end('die'),
            lambda process: process.send_signal(signal.SIGTERM),
        ):
            providers, states = self.watched(end)
            self.assertEqual(
                ['stale'] * COUNT, [each.state.value for each in providers])
            self.assertEqual({'ready', 'stale'}, states)
            for _ in range(COUNT):
                providers.choose().failed(ConnectionRefusedError())
            self.assertTrue(providers.wait(
                lambda providers: not len(providers), DEADLINE))

    def test_zookeeper_away(self) -> None:
        """The list stays when ZooKeeper answers nothing, and is as before
        when it does.
        """
        processes = self.start()
        providers = self.zk.providers(PATH)
        names = [each.name for each in providers]
        self.server.kill()
        wait_for(lambda: not providers.current)
        self.assertEqual(names, [each.name for each in providers])
        self.assertIn(providers.choose().name, names)
        self.server.start()
        wait_for(lambda: providers.current and self.zk.state == 'CONNECTED')
        wait_for(lambda: sorted(self.zk.get_children(PATH)) == names)
        wait_for(lambda: [each.state.value for each in providers]
                 == ['ready'] * COUNT)
        self.assertEqual(names, [each.name for each in providers])
        for process in processes:
            self.assertIsNone(process.poll())
