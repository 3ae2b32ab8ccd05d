"""The system of docs/start/ten-minutes.rst works as the page says."""
from __future__ import annotations

import contextlib
import io
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import textwrap
import unittest
import urllib.request
from unittest import mock

import zc.zk
from zc.zk import _zczk
from zc.zk.testing import wait_until
from zc.zk.tests.sources import ROOT


PAGE = ROOT / 'docs' / 'start' / 'ten-minutes.rst'
FILE = re.compile(r'into ``(\S+)``::\n\n((?:   [^\n]*\n|\n)+)')
COMMAND = re.compile(r'^   \$ ([^\n]+)\n((?:   [^$\n][^\n]*\n)*)', re.M)
CURL = 'curl "http://$(zczk ls /shop/providers)/"'
BIN = pathlib.Path(sys.executable).parent


class Shop(unittest.TestCase):

    def setUp(self) -> None:
        text = PAGE.read_text(encoding='utf-8')
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        for name, content in FILE.findall(text):
            (self.directory / name).write_text(
                textwrap.dedent(content), encoding='utf-8')
        self.commands: list[tuple[str, str]] = COMMAND.findall(text)
        self.environment = {
            **os.environ, 'PATH': f'{BIN}:{os.environ["PATH"]}'}

    def start(self, command: str) -> subprocess.Popen[str]:
        """Start what stays until it is stopped."""
        process = subprocess.Popen(
            shlex.split(command), cwd=self.directory, env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.terminate)
        return process

    def run_(self, command: str) -> str:
        """Run what ends by itself, in this process, and return its output."""
        _, *arguments = shlex.split(command)
        out = io.StringIO()
        with mock.patch.dict(os.environ, self.environment):
            with contextlib.redirect_stdout(out):
                _zczk.main(arguments)
        return out.getvalue()

    def test_commands(self) -> None:
        """Each command does what is said of it."""
        zk: zc.zk.ZooKeeper | None = None
        for command, shown in self.commands:
            with self.subTest(command):
                if command.startswith('pip '):
                    continue
                if command.startswith('zczk server '):
                    process = self.start(command.replace('2181', '0'))
                    assert process.stdout is not None
                    process.stdout.readline()       # what it is for
                    connection = process.stdout.readline().strip()
                    self.environment['ZC_ZK_CONNECTION_STRING'] = connection
                    zk = zc.zk.ZooKeeper(connection, connect_timeout=60)
                    self.addCleanup(zk.close)
                    continue
                assert zk is not None
                if command == 'zczk web':
                    page = self.start(f'{command} --port 0').stdout
                    assert page is not None
                    self.assertRegex(page.readline(), '^http://127')
                    continue
                if command.startswith(('python ', 'zczk run ')):
                    self.start(command)
                    name = re.findall(r'(stock|price|shop)\.py', command)[0]
                    path = f'/{name}/providers'
                    with zk.children(path) as servers:
                        self.assertTrue(servers.wait(len, 60), path)
                elif command == CURL:
                    [address] = self.run_('zczk ls /shop/providers').split()
                    self.wait_for_answer(address, textwrap.dedent(shown))
                else:
                    self.assertEqual('', shown)
                    self.run_(command)

    def wait_for_answer(self, address: str, wanted: str) -> None:
        """Ask until a changed setting shows: soon, not at once."""
        wait_until(lambda: self.ask(address) == wanted, 60, wanted)

    def ask(self, address: str) -> str:
        with urllib.request.urlopen(
                f'http://{address}/', timeout=60) as answer:
            text: str = answer.read().decode()
        return text

    def test_found(self) -> None:
        """The page has what the other test is about."""
        self.assertEqual(
            ['price.py', 'shop.py', 'shop.txt', 'stock.py'],
            sorted(path.name for path in self.directory.iterdir()))
        self.assertEqual(12, len(self.commands))
        self.assertEqual(2, sum(
            command == CURL for command, _ in self.commands))
