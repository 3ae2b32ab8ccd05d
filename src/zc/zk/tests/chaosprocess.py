"""The chaos test's side of a worker process: start, hurt, listen.

One thread for each process reads what it reports; all else runs in the
thread of the test.
"""
from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from typing import Any

from zc.zk.tests.proxy import Proxy


# Seconds for the answer to a command, and for a clean end.
ANSWER_DEADLINE = 30.0


class Process:
    """A `chaosworker`, one life after the other.

    :param number: tells it from others
    :param proxy: its way to ZooKeeper
    :param shared: the path of the node that it updates
    :param session_timeout: in seconds
    :ivar address: what it registers, in every life
    :ivar seen: the last value of each kind of report, in this life
    :ivar acknowledged: the last acknowledged update of each life, by name
    """

    def __init__(
        self, number: int, proxy: Proxy, shared: str, session_timeout: float
    ) -> None:
        self.number = number
        self.proxy = proxy
        self.address = f'127.0.0.1:{1000 + number}'
        self.seen: dict[str, Any] = {}
        self.acknowledged: dict[str, int] = {}
        self.lives = 0
        self._shared = shared
        self._session_timeout = session_timeout
        self._news = threading.Condition()
        self._popen: subprocess.Popen[str] | None = None

    @property
    def name(self) -> str:
        """Its name in this life."""
        return f'w{self.number}.{self.lives}'

    def start(self) -> None:
        """Begin a life."""
        self.lives += 1
        seen: dict[str, Any] = {}
        self.seen = seen
        self._errors = tempfile.TemporaryFile('w+')
        self._popen = subprocess.Popen(
            [sys.executable, '-m', 'zc.zk.tests.chaosworker',
             self.proxy.connection_string, self.name, self.address,
             self._shared, str(self._session_timeout)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._errors, text=True)
        self._reader = threading.Thread(
            target=self._read, args=(self._popen, self.name, seen),
            daemon=True)
        self._reader.start()

    def _read(
        self, popen: subprocess.Popen[str], name: str, seen: dict[str, Any]
    ) -> None:
        assert popen.stdout is not None
        for line in popen.stdout:
            if not line.endswith('\n'):
                break           # killed in the middle
            with self._news:
                seen.update(json.loads(line))
                if 'acknowledged' in seen:
                    self.acknowledged[name] = seen['acknowledged']
                self._news.notify_all()

    def check(self) -> None:
        """Raise if it ended, or reported an error, by itself."""
        assert self._popen is not None
        error = self.seen.get('error')
        if error is not None or self._popen.poll() is not None:
            self._errors.seek(0)
            raise AssertionError(
                f'{self.name}: {error}\n{self._errors.read()[-4000:]}')

    def command(self, command: str, answer: str) -> Any:
        """Send a command and return the answer of that name."""
        assert self._popen is not None and self._popen.stdin is not None
        self._popen.stdin.write(command + '\n')
        self._popen.stdin.flush()
        with self._news:
            if not self._news.wait_for(
                    lambda: answer in self.seen, ANSWER_DEADLINE):
                raise AssertionError(f'{self.name}: no {answer}')
        return self.seen[answer]

    def suspend(self) -> None:
        """Stop it in its tracks."""
        assert self._popen is not None
        os.kill(self._popen.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        assert self._popen is not None
        os.kill(self._popen.pid, signal.SIGCONT)

    def leave(self) -> None:
        """Let it end by itself, cleanly."""
        assert self._popen is not None and self._popen.stdin is not None
        self._popen.stdin.close()
        status = self._popen.wait(ANSWER_DEADLINE)
        self._forget()
        if status:
            raise AssertionError(f'{self.name}: exit status {status}')

    def kill(self) -> None:
        """End it at once; nothing if it is not there."""
        if self._popen is not None:
            self._popen.kill()
            self._popen.wait()
            self._forget()

    def _forget(self) -> None:
        assert self._popen is not None
        # What it had said before its end still counts.
        self._reader.join()
        for stream in self._popen.stdin, self._popen.stdout, self._errors:
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self._popen = None
