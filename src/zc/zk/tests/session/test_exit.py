"""What a process leaves behind that exits without closing anything."""
from __future__ import annotations

import subprocess
import sys
import unittest

from kazoo.client import KazooClient

from zc.zk.testing import Server
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for


PROGRAM = """
import os
import sys
import zc.zk
zk = [zc.zk.ZooKeeper(sys.argv[1], 60.0) for _ in range(2)]
for i, each in enumerate(zk):
    each.register('/s', ('h', i + 1))
    children = each.children('/s')
print('ready', flush=True)
sys.stdin.readline()
"""
FORK = """
pid = os.fork()
if not pid:
    sys.exit()
os.waitpid(pid, 0)
print(all([each.registrations and each.exists('/s') for each in zk]))
sys.stdout.flush()
sys.stdin.readline()
"""


class ExitTests(unittest.TestCase):

    def setUp(self) -> None:
        self.server = Server(max_session_timeout=60.0).start()
        self.addCleanup(self.server.stop)
        self.other = KazooClient(self.server.connection_string)
        self.other.start()
        self.addCleanup(self.other.close)
        self.addCleanup(self.other.stop)
        self.other.create('/s')

    def run_program(self, program: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, '-c', program, self.server.connection_string],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        assert process.stdout is not None
        self.assertEqual('ready\n', process.stdout.readline())
        self.assertEqual(2, len(self.other.get_children('/s')))
        return process

    def go_on(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        process.stdin.write('\n')
        process.stdin.flush()

    def test_nodes_go_at_once(self) -> None:
        """A registered server's node goes with its process."""
        process = self.run_program(PROGRAM)
        self.go_on(process)
        self.assertEqual(0, process.wait(DEADLINE))
        self.assertEqual([], self.other.get_children('/s'))

    def test_with_a_word(self) -> None:
        """They say before that they leave: they are written to."""
        program = PROGRAM.replace("'/s', ('h'", "'/s', acl=zc.zk."
                                  "OPEN_ACL_UNSAFE, address=('h'")
        process = self.run_program(program)
        told: list[tuple[str, str]] = []
        for name in 'h:1', 'h:2':
            self.other.get('/s/' + name, lambda event: told.append(
                (event.type, event.path)))
        self.go_on(process)
        self.assertEqual(0, process.wait(DEADLINE))
        self.assertEqual([], self.other.get_children('/s'))
        wait_for(lambda: sorted(told) == [
            ('CHANGED', '/s/h:1'), ('CHANGED', '/s/h:2')])

    def test_after_an_error(self) -> None:
        """So it does when the program ends with an exception."""
        process = self.run_program(PROGRAM + 'raise SystemExit(3)\n')
        self.go_on(process)
        self.assertEqual(3, process.wait(DEADLINE))
        self.assertEqual([], self.other.get_children('/s'))

    def test_a_server_that_hangs(self) -> None:
        """A server that does not answer does not keep the process."""
        process = self.run_program(PROGRAM)
        self.server.pause()
        self.addCleanup(self.server.resume)
        self.go_on(process)
        self.assertEqual(0, process.wait(DEADLINE))

    def test_a_child_process(self) -> None:
        """A child that exits leaves its parent's sessions alone."""
        process = self.run_program(PROGRAM + FORK)
        self.go_on(process)
        assert process.stdout is not None
        self.assertEqual('True\n', process.stdout.readline())
        self.assertEqual(2, len(self.other.get_children('/s')))
        self.go_on(process)
        self.assertEqual(0, process.wait(DEADLINE))
        self.assertEqual([], self.other.get_children('/s'))
