"""What tests of scripts share: running one, and files for it."""
from __future__ import annotations

import contextlib
import io
import os
import pathlib
import shutil
import tempfile
import textwrap
import unittest
from collections.abc import Callable
from typing import Any
from unittest import mock

from zc.zk.tests.base import ZooKeeperCase


#: Two services, with links that hold and one that is broken.
SYSTEM = textwrap.dedent('''\
    /cms : z4m cms
      threads = 3
      db -> /retail/databases/main
      /providers
    /retail
      threads => /cms threads
      /providers
      /databases
        main -> /elsewhere/main
''')


class Terminal(io.StringIO):
    """Text that is shown to, or comes from, someone at a terminal."""

    def isatty(self) -> bool:
        return True


class ScriptMixin(unittest.TestCase):
    """Runs scripts in this process."""

    def setUp(self) -> None:
        super().setUp()
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory)
        self.directory = pathlib.Path(directory)
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith('ZC_ZK_')}
        patch = mock.patch.dict(os.environ, clean, clear=True)
        patch.start()
        self.addCleanup(patch.stop)

    def file(self, text: str | bytes, name: str = 'tree.txt') -> str:
        """Write a file and return its name."""
        path = self.directory / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    def run_script(
        self,
        script: Callable[..., Any],
        *args: str,
        stdin: str | io.StringIO = '',
        out: io.StringIO | None = None,
        err: io.StringIO | None = None,
    ) -> tuple[int, str, str]:
        """Run a script; return its status, its output and its errors."""
        out = io.StringIO() if out is None else out
        err = io.StringIO() if err is None else err
        if isinstance(stdin, str):
            stdin = io.StringIO(stdin)
        status: Any = 0
        with contextlib.redirect_stdout(out), \
                contextlib.redirect_stderr(err), \
                mock.patch('sys.stdin', stdin):
            try:
                self.assertIsNone(script(list(args)))
            except SystemExit as e:
                status = e.code
        return status, out.getvalue(), err.getvalue()


class ScriptCase(ScriptMixin, ZooKeeperCase):
    """Runs scripts on a server of the test's own."""

    def failed(self, message: str, *args: Any, **keywords: Any) -> None:
        """Check that a script fails with one line that says so."""
        status, out, err = self.run_script(*args, **keywords)
        self.assertEqual((status, out, err), (1, '', message + '\n'))
