"""Brings a life about: children, signals and registrations of one server.

Runs in the main thread, which starts the children: Linux ends a child when
the thread ends that started it.  What follows on what is in `life`.
"""
from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from typing import Any
from typing import NamedTuple

from . import notify
from .child import Child
from .child import Program
from .events import Events
from .life import Life
from .life import Phase
from .life import Policy
from .presence import Left
from .presence import Presence
from .presence import Refused
from .presence import Registered
from .processes import Processes


#: Seconds that the end of the ZooKeeper session may take.
CLOSE_SECONDS = 3.0
ENDS = (signal.SIGTERM, signal.SIGINT)
#: Signals that are the command's affair.
PASSED = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT, signal.SIGWINCH)


class _Signal(NamedTuple):
    number: int


class _Ended(NamedTuple):
    child: Child
    status: int


class _Checked(NamedTuple):
    child: Child
    reason: str


class Supervisor:
    """Runs one server from its start to its end.

    :param command: what to run
    :param policy: what the options say
    :param make_presence: makes what registers, from the function to tell
    """

    def __init__(
        self,
        command: Program,
        policy: Policy,
        make_presence: Callable[[Callable[[Any], None]], Presence],
    ) -> None:
        self._command = command
        self._events = Events()
        self._processes = Processes()
        self._life = Life(self, policy, random.random)
        self._directory = tempfile.mkdtemp(prefix='zczk-run-')
        self._count = 0
        self._presence = make_presence(self._events.post)

    def run(self) -> int:
        """Run it; return the exit status."""
        before = {number: signal.signal(number, self._signalled)
                  for number in (*ENDS, *PASSED, signal.SIGHUP,
                                 signal.SIGCHLD)
                  # What is ignored here, as SIGHUP by nohup, stays so.
                  if signal.getsignal(number) is not signal.SIG_IGN
                  or number == signal.SIGCHLD}
        self._events.wake_by_signals()
        try:
            self._life.begin(time.monotonic())
            while self._life.phase is not Phase.ENDED:
                due = self._life.due()
                timeout = due and max(0.0, due - time.monotonic())
                for event in self._events.wait(timeout):
                    self._happened(event)
                self._life.tick(time.monotonic())
            return self._life.status
        finally:
            self._processes.kill_all()
            self._presence.close(CLOSE_SECONDS)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._events.wake_by_signals(False)
            self._events.close()
            shutil.rmtree(self._directory, ignore_errors=True)

    def reason(self) -> str:
        """Return why the server is down; empty if it is up."""
        return self._life.reason

    def _signalled(self, number: int, frame: Any) -> None:
        self._events.post(_Signal(number))

    def _happened(self, event: Any) -> None:
        now = time.monotonic()
        life = self._life
        if isinstance(event, _Signal):
            self._signal(event.number, now)
        elif isinstance(event, _Ended):
            event.child.stop_checks()
            if event.child.receiver is not None:
                self._events.remove(event.child.receiver)
                event.child.receiver.close()
            life.ended(now, event.child, event.status)
        elif isinstance(event, _Checked):
            life.checked(now, event.child, event.reason)
        elif isinstance(event, Registered):
            self._tell('READY=1')
        elif isinstance(event, Left):
            life.left(now)
        elif isinstance(event, Refused):
            life.refused(now, event.reason)
        else:
            child, line = event
            if line == 'READY=1':
                life.ready(now, child)

    def _signal(self, number: int, now: float) -> None:
        if number == signal.SIGCHLD:
            self._processes.reap()
        elif number in ENDS:
            self._tell('STOPPING=1')
            self._life.end(now)
        elif number == signal.SIGHUP:
            self._life.hand_over(now)
        elif self._life.current is not None:
            self._life.current.send(number)

    def _tell(self, text: str) -> None:
        """Tell systemd, or whoever started us, how far we are."""
        notify.tell(text, os.environ)

    # Hands

    def start(self) -> Child:
        """Start the command."""
        self._count += 1
        child: list[Child] = []
        made = Child(
            self._command, self._processes,
            os.path.join(self._directory, f'notify-{self._count}'),
            lambda process: self._events.post(
                _Ended(child[0], process.status or 0)),
            lambda child, reason: self._events.post(_Checked(child, reason)))
        child.append(made)
        if made.receiver is not None:
            self._events.add(made.receiver, made)
        return made

    def terminate(self, child: Child) -> None:
        """Ask a child to end."""
        child.terminate()

    def kill(self, child: Child) -> None:
        """Kill a child."""
        child.kill()

    def enter(self) -> None:
        """Register."""
        self._presence.enter()

    def leave(self) -> None:
        """Unregister."""
        self._presence.leave()

    def mark(self, up: bool) -> None:
        """Tell ZooKeeper whether the server is up."""
        self._presence.mark(up)
