"""Runs ``zczk`` in processes that are quick to start.

A process imports all commands and is forked for each call: what a child does
from there on, up to the end of its interpreter, is what a new one would do.
"""
from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any


#: Where the standard output of a call may go, beside a file.
FULL, BROKEN, CLOSED = 'full', 'broken', 'closed'


class Spawner:
    """Starts calls of ``zczk``, one after the other.

    :param directory: for the output of the calls
    """

    def __init__(self, directory: pathlib.Path) -> None:
        self._directory = directory
        environ = {name: value for name, value in os.environ.items()
                   if not name.startswith('ZC_ZK_')}
        self._process = subprocess.Popen(
            [sys.executable, '-m', __name__], env=environ,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def call(
        self,
        words: Sequence[str],
        stdout: str = '',
        begun: Callable[[int], object] = lambda pid: None,
    ) -> tuple[int, str, str]:
        """Return the exit status, the output and the errors of a call.

        :param stdout: one of the constants above; by default, a file
        :param begun: called with the process id
        """
        out, err = self._directory / 'out', self._directory / 'err'
        out.write_bytes(b'')
        self._send(list(words), stdout, str(out), str(err))
        begun(self._receive())
        status = self._receive()
        return status, out.read_text('utf-8'), err.read_text('utf-8')

    def _send(self, *what: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + '\n')
        self._process.stdin.flush()

    def _receive(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())


def _serve() -> None:
    """Fork a child for each line; return in a child, to run the command."""
    # Whoever runs the tests may be in the background of a shell.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for line in sys.stdin:
        words, stdout, out, err = json.loads(line)
        pid = os.fork()
        if not pid:
            _redirect(stdout, out, err)
            sys.argv = ['zczk', *words]
            return
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
    sys.exit()


def _redirect(stdout: str, out: str, err: str) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(os.open(err, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
    if stdout == BROKEN:
        reader, writer = os.pipe()
        os.close(reader)
    else:
        writer = os.open('/dev/full' if stdout == FULL else out, os.O_WRONLY)
    os.dup2(writer, 1)
    os.close(null)
    os.close(writer)
    if stdout == CLOSED:
        os.close(1)
        sys.stdout = None


if __name__ == '__main__':
    from zc.zk._zczk import main
    from zc.zk._zczk.table import COMMANDS
    from zc.zk._zczk.table import load
    for _word in COMMANDS:
        load(_word)
    _serve()
    main()
