"""Writers in many processes never lose each other's properties."""
from __future__ import annotations

import os
import subprocess
import sys
import unittest

import zc.zk
from zc.zk.tests.realserver import RealServer


PROCESSES = 8
#: Of each process; ``UPDATES=1000`` in the environment for a longer run.
UPDATES = int(os.environ.get('UPDATES', '100'))
#: How long it may take on a busy machine, in seconds.
DEADLINE = 600.0


class UpdateTests(unittest.TestCase):

    level = 2

    def test_all_updates_are_there(self) -> None:
        """Eight processes update one node, and nothing is lost."""
        server = RealServer().start()
        self.addCleanup(server.close)
        with zc.zk.ZooKeeper(server.connection_string, 30.0) as zk:
            zk.create('/node', '{}')
            processes = [
                subprocess.Popen([
                    sys.executable, '-m', 'zc.zk.tests.updater',
                    server.connection_string, '/node', f'p{i}-',
                    str(UPDATES)])
                for i in range(PROCESSES)]
            for process in processes:
                self.addCleanup(process.kill)
            self.assertEqual(
                [process.wait(DEADLINE) for process in processes],
                [0] * PROCESSES)
            found = {name.removesuffix(' ->')
                     for name in zk.get_properties('/node')}
        self.assertEqual(found, {
            f'p{i}-{j}' for i in range(PROCESSES) for j in range(UPDATES)})
