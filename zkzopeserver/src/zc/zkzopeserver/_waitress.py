"""The engine on waitress: its wasyncore loop and its pool of threads.

The loop runs in the thread that calls `Engine.run`; applications run in
waitress's threads.  Knows no ZooKeeper.
"""
from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import create_server

from ._options import Options
from ._waitress_request import RequestParser
from ._waitress_response import Answer
from ._waitress_response import Refusal
from ._waitress_response import checked


logger = logging.getLogger('zc.zkzopeserver')

# waitress warns of each request that has to wait for a thread: under load
# that fills the log and halves the rate.  A level of one's own is kept.
_queue_logger = logging.getLogger('waitress.queue')

# Seconds that the loop sleeps at most.
_LOOK = 1.0

# Seconds that a connection which has asked nothing yet is waited for when
# the server finishes: its request may be on the way.
_GRACE = 0.5


class Channel(HTTPChannel):
    """One connection."""

    task_class = Answer
    error_task_class = Refusal
    parser_class: Any = RequestParser
    fresh = True                        # nothing has been asked yet

    def service(self) -> None:
        self.fresh = False
        super().service()

    def is_idle(self) -> bool:
        """Tell whether nobody waits for anything on this connection."""
        return not (
            self.requests or self.request is not None
            or self.total_outbufs_len)


class Engine:
    """Serves until it is told to finish.

    :param application: the WSGI application
    :param listener: a socket that listens
    :param options: the server's options
    :param channel_class: the class of connections, where it is special
    """

    def __init__(
        self,
        application: Any,
        listener: socket.socket,
        options: Options,
        channel_class: type[Channel] = Channel,
    ) -> None:
        if not _queue_logger.level:
            _queue_logger.setLevel(logging.ERROR)
        self._sockets: dict[int, Any] = {}
        self._server = create_server(
            checked(application),
            map=self._sockets,
            sockets=[listener],
            threads=options.threads,
            server_name=options.host or socket.gethostname(),
            # waitress counts its listener and its trigger too, and
            # refuses what is as large as a limit.
            connection_limit=options.max_connections + 2,
            max_request_header_size=options.max_header_size + 1,
            max_request_body_size=options.max_body_size + 1,
            channel_timeout=int(options.idle_timeout),
            cleanup_interval=1,
        )
        self._server.channel_class = channel_class
        self._server.retired = False
        self._lock = threading.Lock()
        self._ended = False
        self._until: float | None = None        # when to give up, finishing

    def run(self) -> None:
        """Serve; see `zc.zkzopeserver._life.Engine`."""
        server = self._server
        poll = getattr(wasyncore, 'poll2', wasyncore.poll)
        try:
            while self._until is None and server._fileno in self._sockets:
                poll(_LOOK, self._sockets)
            self._finish(poll)
        finally:
            server.task_dispatcher.set_thread_count(0)
            with self._lock:
                self._ended = True
                server.trigger.close()

    def retire(self) -> None:
        """Ask clients to go; see `zc.zkzopeserver._life.Engine`."""
        self._server.retired = True

    def finish(self, timeout: float) -> None:
        """Come to an end; see `zc.zkzopeserver._life.Engine`."""
        until = monotonic() + timeout
        self._server.retired = True
        if self._until is None or until < self._until:
            self._until = until
        with self._lock:
            if not self._ended:
                self._server.pull_trigger()

    def _finish(self, poll: Callable[..., None]) -> None:
        server = self._server
        channels = server.active_channels
        if server._fileno in self._sockets:
            # Those that the kernel has accepted for us are ours.
            known = -1
            while known < len(channels):
                known = len(channels)
                server.handle_accept()
            # Not the server's own close, which takes the trigger with it.
            wasyncore.dispatcher.close(server)
        grace = monotonic() + _GRACE
        while True:
            # A request that has come already is not missed.
            poll(0.0, self._sockets)
            for channel in list(channels.values()):
                if channel.is_idle() and (
                        not channel.fresh or monotonic() > grace):
                    channel.handle_close()
            if not channels:
                return
            left = (self._until or 0) - monotonic()
            if left <= 0:
                break
            poll(min(left, 0.1), self._sockets)
        logger.warning('gave up %s connections with requests in work',
                       len(channels))
        for channel in list(channels.values()):
            channel.handle_close()


def traced() -> Callable[..., Engine]:
    """Return what makes an engine that writes trace records."""
    from . import _trace

    class TracedTask(Answer):
        def get_environment(self) -> dict[str, Any]:
            environ: dict[str, Any] = super().get_environment()
            environ.setdefault(_trace.KEY, _trace.TraceLog(id(self.channel)))
            return environ

    class TracedChannel(Channel):
        parser_class = _trace.parser_factory(Channel.parser_class)
        task_class = TracedTask

    def make(
        application: Any, listener: socket.socket, options: Options
    ) -> Engine:
        return Engine(_trace.traced(application), listener, options,
                      TracedChannel)

    return make
