"""The examples in README.rst and below docs hold."""
from __future__ import annotations

import contextlib
import io
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import Any
from unittest import mock

import manuel.capture
import manuel.doctest
import manuel.testing
from zope.testing.renormalizing import OutputChecker

import zc.zk.scripts
import zc.zk.testing
from zc.zk import _zczk


ROOT = pathlib.Path(zc.zk.scripts.__file__).parents[3]

CHECKER = OutputChecker([
    (re.compile(r'pid = \d+'), 'pid = 9999'),
    (re.compile(r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d'), 'now'),
])


class Errors(io.StringIO):
    """The standard error, which nobody reads but for what it waits for."""

    def __init__(self) -> None:
        super().__init__()
        self.follows = threading.Event()

    def write(self, text: str) -> int:
        if 'following' in text:
            self.follows.set()
        return super().write(text)


def run(shown: str, meanwhile: Callable[[], Any] | None = None) -> None:
    """Run a script as it is shown, and compare what it prints, if shown.

    :param meanwhile: called in another thread when the script says that it
        follows something
    """
    lines = shown.strip().replace('\\\n', ' ').split('\n', 1)
    name, *arguments = shlex.split(lines[0].removeprefix('$ '))
    # comment='ok' in a shell is comment=ok: the examples keep the quotes.
    if name == 'zookeeper_set_property':
        arguments = lines[0].split()[2:]
    scripts: dict[str, Callable[..., None]] = {
        'zczk': _zczk.main,
        'zookeeper_export': zc.zk.scripts.export,
        'zookeeper_import': zc.zk.scripts.import_,
        'zookeeper_set_property': zc.zk.scripts.set_property}
    script = scripts[name]
    out = io.StringIO()
    file = None
    if '>' in arguments[-2:]:
        *arguments, _, file = arguments
    errors = Errors()
    if meanwhile is not None:
        threading.Thread(target=lambda: (
            errors.follows.wait(60) and meanwhile())).start()
    # Nobody reads what is written on the standard error, as questions are.
    with contextlib.redirect_stderr(errors):
        if len(lines) == 1 and file is None:
            script(arguments)
            return
        with contextlib.redirect_stdout(out):
            try:
                script(arguments)
            except SystemExit as e:
                # 1 says that something was found, which is shown.
                if e.code != 1 or not out.getvalue():
                    raise
    if file is not None:
        pathlib.Path(file).write_text(out.getvalue(), encoding='utf-8')
        return
    if not CHECKER.check_output(lines[1].strip(), out.getvalue().strip(), 0):
        print(out.getvalue())


class Started:
    """A process of a command as it is shown, and the lines that it prints.

    :param shown: the command and its first lines
    :param stream: where it prints them
    :ivar said: what it printed
    """

    def __init__(self, shown: str, stream: str = 'stdout') -> None:
        command, *lines = shown.strip().replace('\\\n', ' ').splitlines()
        streams: dict[str, Any] = {
            'stdout': subprocess.DEVNULL, stream: subprocess.PIPE}
        self._popen = subprocess.Popen(
            [sys.executable, '-c', 'from zc.zk._zczk import main; main()',
             *shlex.split(command)[2:]], text=True, **streams)
        output = getattr(self._popen, stream)
        self.said = [output.readline().strip() for _ in lines]
        for said, line in zip(self.said, lines, strict=True):
            # Ports and process ids are others here.
            if re.sub(r'\d+', '0', said) != re.sub(
                    r'\d+', '0', line.strip()):
                print(said)

    def end(self) -> None:
        """Have it end, as it should."""
        self._popen.terminate()
        self._popen.communicate(timeout=60)
        if self._popen.returncode:
            print(f'exit status {self._popen.returncode}')


def setUp(test: Any) -> None:
    directory = tempfile.mkdtemp()
    test.globs['_directory'] = directory
    test.globs['_home'] = os.getcwd()
    os.chdir(directory)
    test.globs['run'] = run
    test.globs['start'] = Started
    test.globs['_environment'] = mock.patch.dict(
        os.environ,
        ZC_ZK_CONNECTION_STRING='zookeeper.example.com:2181')
    test.globs['_environment'].start()
    zc.zk.testing.setUp(test)


def tearDown(test: Any) -> None:
    zc.zk.testing.tearDown(test)
    test.globs['_environment'].stop()
    os.chdir(test.globs['_home'])
    shutil.rmtree(test.globs['_directory'])


def test_suite() -> Any:
    documents = [ROOT / 'README.rst',
                 *sorted((ROOT / 'docs').rglob('*.rst'))]
    # It sets up servers of its own: see test_testing_doc.
    documents.remove(ROOT / 'docs' / 'testing.rst')
    return manuel.testing.TestSuite(
        manuel.doctest.Manuel(checker=CHECKER) + manuel.capture.Manuel(),
        *map(str, documents), setUp=setUp, tearDown=tearDown)
