"""The health of a server of this process, as its checks tell.

Runs in the thread of a prober.  Knows no ZooKeeper.
"""
from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from collections.abc import Sequence
from typing import NamedTuple

from . import owners
from .check import TCP
from .check import Check
from .check import filled
from .health import DOWN_AFTER
from .health import INTERVAL
from .health import TIMEOUT
from .health import UP_AFTER
from .health import Health
from .probe import killed
from .probe import probe
from .prober import Prober


class Pace(NamedTuple):
    """How often to check, and what follows.

    :ivar interval: seconds between two checks
    :ivar timeout: seconds that one may take
    :ivar down_after: failures in a row that mean that it is down
    :ivar up_after: successes in a row that mean that it is up again
    """

    interval: float = INTERVAL
    timeout: float = TIMEOUT
    down_after: int = DOWN_AFTER
    up_after: int = UP_AFTER


class HealthWatch:
    """Checks a server of this process until it is stopped.

    It is not ready before a check has passed; from then on, it is up or
    down.

    :param check: the check; one of `zc.zk.checks.TCP` passes when this
        process accepts a connection, where `zc.zk.checks.available` says
        that this can be told
    :param address: the (host, port) pair where the server can be reached
    :param pace: how often to check, and what follows
    :param told: called in the thread of the checks with each result: why
        the check failed, or an empty string
    :ivar ready: whether a check has passed
    :ivar up: whether the server is up
    :ivar reason: why it is not ready, or down; empty if it is up
    """

    def __init__(
        self,
        check: Check,
        address: tuple[str, int],
        pace: Pace,
        told: Callable[[str], None],
    ) -> None:
        host, port = address
        self._told = told
        self._health = Health(pace.down_after, pace.up_after)
        self._stopped = threading.Event()
        self.ready = False
        self.reason = 'it has not been checked yet'
        words = filled(check.command, {'host': host, 'port': str(port)})
        check = check._replace(command=tuple(words))
        owner = (os.getpid()
                 if check.kind == TCP and owners.available() else None)
        environ = {**os.environ, 'HOST': host, 'PORT': str(port)}

        def run(words: Sequence[str], timeout: float) -> int | None:
            return _run(words, environ, timeout)

        self._prober = Prober(
            lambda ready: probe(check, address, pace.timeout, run, owner),
            self._observe, pace.interval, 'zc.zk check')

    @property
    def up(self) -> bool:
        """Whether the server is ready, and not down."""
        return self.ready and self._health.up

    def stop(self) -> None:
        """Check no more, and tell nothing any more."""
        self._stopped.set()
        self._prober.stop()

    def _observe(self, reason: str) -> None:
        if self._stopped.is_set():
            return
        self.ready = self.ready or not reason
        if self.ready:
            self._health.observe(not reason)
        if self.up:
            self.reason = ''
        elif reason:
            self.reason = reason
        self._told(reason)


def _run(
    words: Sequence[str], environ: dict[str, str], timeout: float
) -> int | None:
    """Run a command; return its status, None when it took too long."""
    with subprocess.Popen(
            words, env=environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            # So that all that it starts can be killed with it.
            start_new_session=True) as process:
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            killed(process.pid)
            return None
