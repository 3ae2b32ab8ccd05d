"""README's opening: a server in one process, a request in another one."""
from __future__ import annotations

import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap
import unittest

import zc.zk
from zc.zk.testing import Server
from zc.zk.tests.base import wait_for


README = pathlib.Path(zc.zk.__file__).parents[3] / 'README.rst'
#: A literal block after a paragraph.
BLOCK = re.compile(r'::\n\n((?:  [^\n]*\n)+)')


class Opening(unittest.TestCase):

    def start(self, program: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, '-c', textwrap.dedent(program).replace(
                '127.0.0.1:2181', self.server.connection_string)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            cwd=self.directory)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def test_programs(self) -> None:
        """The two programs do what is said of them."""
        self.server = Server().start()
        self.addCleanup(self.server.stop)
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        register, request = BLOCK.findall(
            README.read_text(encoding='utf-8'))[:2]
        zk = zc.zk.ZooKeeper(self.server.connection_string)
        self.addCleanup(zk.close)
        zk.import_tree('/fooservice\n  /providers\n')
        self.start(register)
        wait_for(lambda: zk.get_children('/fooservice/providers'))
        output = self.start(request).stdout
        assert output is not None
        self.assertEqual('200\n', output.read())
