"""The processes that were started here, and those that were left to us.

`reap` runs in the main thread, after SIGCHLD; `start` in any.  As the first
process of a container, this one becomes the parent of all orphans, and is
the only one that can reap them.  Must not know what a process is for.
"""
from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence

from .._checks.probe import killed


_STARTER = str(pathlib.Path(__file__).with_name('starter.py'))


class Process:
    """One process, in a process group of its own.

    :ivar pid: its process id
    :ivar status: None while it runs; then its exit status, or minus the
        number of the signal that ended it
    :ivar ended: set when it has ended
    """

    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        self._popen = popen
        self.pid = popen.pid
        self.status: int | None = None
        self.ended = threading.Event()

    def send(self, number: int) -> None:
        """Send a signal to it."""
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, and all that it has started."""
        self._kill_group()
        self.send(signal.SIGKILL)

    def _kill_group(self) -> None:
        killed(self.pid)

    def _end(self, status: int) -> None:
        # Workers that outlive their master would go on accepting.
        self._kill_group()
        self.status = self._popen.returncode = status
        self.ended.set()


class Processes:
    """Starts processes, and reaps all children of this one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[int, Process] = {}
        self._told: dict[int, Callable[[Process], None]] = {}

    def start(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        fd: int | None = None,
        ended: Callable[[Process], None] | None = None,
        output: int | None = None,
    ) -> Process:
        """Start a command.

        It ends when the thread that started it ends, where the system can
        do that.

        :param environ: its environment
        :param fd: the descriptor that it gets as its descriptors 3 and 4
        :param ended: called in the thread that reaps
        :param output: where its output goes; by default where ours goes
        """
        passed = [] if fd is None else [fd]
        # -S and -I: a start takes some 20 ms instead of 50.
        arguments = [sys.executable, '-I', '-S', _STARTER, str(os.getpid()),
                     '-' if fd is None else str(fd), *command]
        # It must be known before it can be reaped.
        with self._lock:
            process = Process(subprocess.Popen(
                arguments, env=dict(environ), pass_fds=passed,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output))
            self._running[process.pid] = process
            if ended is not None:
                self._told[process.pid] = ended
        return process

    def reap(self) -> None:
        """Take note of all processes that have ended."""
        while True:
            with self._lock:
                try:
                    pid, status = os.waitpid(-1, os.WNOHANG)
                except ChildProcessError:
                    return
                if not pid:
                    return
                process = self._running.pop(pid, None)
                told = self._told.pop(pid, None)
                if process is not None:
                    process._end(os.waitstatus_to_exitcode(status))
            if process is not None and told is not None:
                told(process)

    def kill_all(self) -> None:
        """Kill all that still run, and wait for their ends."""
        with self._lock:
            running = list(self._running.values())
        for process in running:
            process.kill()
        for process in running:
            with contextlib.suppress(ChildProcessError):
                _, status = os.waitpid(process.pid, 0)
                process._end(os.waitstatus_to_exitcode(status))
