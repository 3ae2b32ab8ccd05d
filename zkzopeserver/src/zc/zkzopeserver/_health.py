"""The server's checks, and what ZooKeeper and the monitor are told of them.

`zc.zk.checks` checks, in a thread of its own; another one tells ZooKeeper,
so that nothing that ZooKeeper does or does not do changes the server's
health.  Knows no engine and no socket.
"""
from __future__ import annotations

import logging
import threading
from typing import Protocol

import zc.zk.checks
import zc.zk.monitor
from zc.zk.backoff import Backoff

from . import _sockets
from ._options.table import Options


logger = logging.getLogger('zc.zkzopeserver')

# Seconds between attempts to tell ZooKeeper, after errors.
FIRST_DELAY = 0.2
LAST_DELAY = 10.0


class Markable(Protocol):
    """What can be told how the server is."""

    def mark(self, up: bool) -> None:
        """Have the nodes say whether the server is up."""


class Checks:
    """Checks one server, and has its nodes say how it is.

    :param options: the server's options, with a check
    :param address: the (host, port) pair that its socket got
    :param presence: what is told
    """

    def __init__(
        self, options: Options, address: tuple[str, int], presence: Markable
    ) -> None:
        self._options = options
        self._presence = presence
        self._condition = threading.Condition()
        self._ready = False
        self._up = True
        self._asked = False         # something is to be told
        self._stopped = False
        self._said = ''
        host, port = address
        if _sockets.is_blank(host):
            host = '::1' if ':' in host else '127.0.0.1'
        self._address = host, port
        self._watch: zc.zk.checks.HealthWatch | None = None

    def start(self) -> None:
        """Begin to check."""
        options = self._options
        assert options.check is not None
        threading.Thread(target=self._run, daemon=True,
                         name='zc.zkzopeserver health').start()
        with self._condition:
            self._watch = zc.zk.checks.HealthWatch(
                options.check, self._address, zc.zk.checks.Pace(
                    options.check_interval, options.check_timeout,
                    options.down_after, options.up_after),
                self._observe)
        if options.monitor_server is not None:
            zc.zk.monitor.observe_check(options.path, self.reason)

    def stop(self) -> None:
        """Check no more, and tell nothing any more."""
        with self._condition:
            self._stopped = True
            self._condition.notify_all()
        if self._watch is not None:
            self._watch.stop()
        zc.zk.monitor.forget_check(self._options.path, self.reason)

    def wait(self) -> bool:
        """Wait until the server is ready, or the checks were stopped.

        :returns: whether it is ready, and they go on
        """
        with self._condition:
            self._condition.wait_for(lambda: self._ready or self._stopped)
            return not self._stopped

    def reason(self) -> str:
        """Return why the server is down; empty if it is up."""
        watch = self._watch
        return '' if watch is None else watch.reason

    # In the thread of the checks

    def _observe(self, reason: str) -> None:
        with self._condition:
            watch = self._watch
            assert watch is not None
            if not watch.ready:
                if reason != self._said:
                    self._said = reason
                    logger.warning(
                        'not registered before its check passes: %s', reason)
                return
            if not self._ready:
                logger.info('the check passes')
            elif watch.up != self._up and watch.up:
                logger.info('the server is up again')
            elif watch.up != self._up:
                logger.warning('the server is down: %s', watch.reason)
            # While it is down, others may have come up, whose healthy nodes
            # let this one's go.
            self._asked = (self._asked or watch.up != self._up
                           or not watch.up)
            self._ready, self._up = True, watch.up
            self._condition.notify_all()

    # The thread that tells ZooKeeper

    def _run(self) -> None:
        delays = Backoff(FIRST_DELAY, LAST_DELAY)
        delay: float | None = None
        said = ''
        while True:
            with self._condition:
                self._condition.wait_for(
                    lambda: self._asked or self._stopped, delay)
                if self._stopped:
                    return
                self._asked, up = False, self._up
            try:
                self._presence.mark(up)
            except Exception as e:
                reason = f'{type(e).__name__} {e}'.strip()
                if reason != said and not self._stopped:
                    said = reason
                    logger.warning(
                        'cannot tell ZooKeeper how the server is, trying '
                        'on: %s', reason)
                delay = delays.next()
            else:
                delay, said = None, ''
                delays.reset()
