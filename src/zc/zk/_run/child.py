"""One run of the command: its process, what it tells, and its checks.

Used in the main thread.  Decides nothing.
"""
from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

from .._checks import owners
from .._checks.check import NOTIFY
from .._checks.check import TCP
from .._checks.check import Check
from .._checks.check import filled
from .._checks.probe import probe
from .._checks.prober import Prober
from .notify import Receiver
from .processes import Process
from .processes import Processes
from .sockets import NAMED_FD
from .sockets import Place


class Program(NamedTuple):
    """What to run, and how to find out whether it works.

    :ivar words: the command, with ``{fd}``, ``{host}``, ``{port}`` and
        ``{unix}`` in it
    :ivar place: where it listens
    :ivar fd: the socket that is passed to it; None if it binds its own
    :ivar check: the check
    :ivar interval: seconds between checks; None: only until it is ready
    :ivar timeout: seconds that one may take
    """

    words: Sequence[str]
    place: Place
    fd: int | None
    check: Check
    interval: float | None
    timeout: float


def arguments(words: Sequence[str], place: Place) -> list[str]:
    """Return words with the place filled in."""
    return filled(words, {
        'fd': str(NAMED_FD), 'host': place.bind_host,
        'port': str(place.port), 'unix': place.unix or ''})


def environment(
    place: Place,
    passed: bool,
    notify: str | None,
    environ: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """Return the environment of the command.

    :param passed: whether a socket is passed, which is announced as
        systemd does
    :param notify: the path of the socket for sd_notify, if it is used
    :param environ: our own
    """
    found = {name: value for name, value in environ.items()
             # These speak of our own descriptors and our own parent.
             if name not in ('LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES',
                             'NOTIFY_SOCKET', 'WATCHDOG_PID',
                             'WATCHDOG_USEC')}
    found.update(HOST=place.bind_host, PORT=str(place.port))
    if notify is not None:
        found['NOTIFY_SOCKET'] = notify
    if passed:
        found['LISTEN_FDS'] = '1'
    return found


class Child:
    """One run of a command.

    :param command: what to run
    :param processes: starts it
    :param notify: the path of its socket for sd_notify
    :param ended: called, in the thread that reaps, with the process
    :param told: called, in any thread, with this and the result of a check
    """

    def __init__(
        self,
        command: Program,
        processes: Processes,
        notify: str,
        ended: Callable[[Process], None],
        told: Callable[[Child, str], None],
    ) -> None:
        # With another check, READY=1 says too little: gunicorn sends it
        # before its workers have loaded the application.
        self.receiver = (
            Receiver(notify) if command.check.kind == NOTIFY else None)
        environ = environment(
            command.place, command.fd is not None,
            None if self.receiver is None else notify)
        self._name = os.path.basename(command.words[0])
        self.process = processes.start(
            arguments(command.words, command.place), environ, command.fd,
            ended)
        self._prober: Prober | None = None
        if command.check.kind == NOTIFY:
            return
        pid = self.process.pid
        seen = (command.fd is not None and command.place.unix is None
                and owners.available())
        always = command.check.kind == TCP
        # A check gets no socket, nor what speaks of one.
        checking = environment(command.place, False, None)
        checking['CHILD_PID'] = str(pid)
        check = command.check._replace(
            command=tuple(arguments(command.check.command, command.place)))

        def run(words: Sequence[str], timeout: float) -> int | None:
            process = processes.start(
                words, checking, output=subprocess.DEVNULL)
            if not process.ended.wait(timeout):
                process.kill()
                return None
            return process.status

        def look(ready: bool) -> str:
            # Another child may answer in its place until it is ready.
            owner = pid if seen and (always or not ready) else None
            return probe(
                check, command.place.target, command.timeout, run, owner)

        self._prober = Prober(
            look, lambda reason: told(self, reason), command.interval)

    def send(self, number: int) -> None:
        """Send a signal to it."""
        self.process.send(number)

    def terminate(self) -> None:
        """Ask it to end, and check it no more."""
        self.stop_checks()
        self.send(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it, and all that it has started."""
        self.process.kill()

    def stop_checks(self) -> None:
        """Check it no more."""
        if self._prober is not None:
            self._prober.stop()

    def __str__(self) -> str:
        return f'{self._name} (process {self.process.pid})'
