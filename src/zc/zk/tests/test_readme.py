"""The first two programs of README.rst work as they stand there."""
from __future__ import annotations

import re
import subprocess
import sys
import textwrap

import zc.zk
from zc.zk.testing import wait_until
from zc.zk.tests.servercase import ServerCase
from zc.zk.tests.sources import ROOT


PROGRAM = re.compile(r'::\n\n((?:  [^\n]+\n)+)')


class Programs(ServerCase):

    def test_request(self) -> None:
        """The request of the second one is answered by the first one."""
        connection = self.server.connection_string
        programs = [
            textwrap.dedent(text).replace('127.0.0.1:2181', connection)
            for text in PROGRAM.findall(
                (ROOT / 'README.rst').read_text(encoding='utf-8'))[:2]]
        server = subprocess.Popen(
            [sys.executable, '-c', programs[0]], cwd=ROOT / 'demo',
            stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        with zc.zk.ZooKeeper(connection) as zk:
            wait_until(
                lambda: zk.client.exists('/fooservice/providers'), 60)
            servers = zk.children('/fooservice/providers')
            self.assertTrue(servers.wait(len, 60))
        done = subprocess.run(
            [sys.executable, '-c', programs[1]], capture_output=True,
            text=True, timeout=60)
        self.assertEqual(('200\n', ''), (done.stdout, done.stderr))
