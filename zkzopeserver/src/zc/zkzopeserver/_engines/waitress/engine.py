"""The engine on waitress: its wasyncore loop and its pool of threads.

The loop runs in the thread that calls `WaitressEngine.run`; applications run
in waitress's threads.  Knows no ZooKeeper.
"""
from __future__ import annotations

import logging
import selectors
import socket
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import create_server

from ..._options.table import Options
from ..pace import Pace
from .request import WaitressRequest
from .response import Answer
from .response import Refused
from .response import checked


logger = logging.getLogger('zc.zkzopeserver')

# waitress warns of each request that has to wait for a thread.  Under load
# that fills the log and halves the rate.  A level that the user set is kept.
_queue_logger = logging.getLogger('waitress.queue')

# Seconds that the loop sleeps at most.
_LOOK = 1.0

# Seconds that a connection which has asked nothing yet is waited for when
# the server finishes: its request may be on the way.
_GRACE = 0.5

# How many connections in a row may fail to be accepted: by then it is no
# fault of single ones.
_ACCEPT_FAILURES = 10

# Seconds in which a client can read why it was refused.
_LINGER = 2.0

# Bytes of responses that are kept for one client, mostly in a temporary file,
# before a thread waits for the client.  waitress's default is 16 MB, and the
# only thread would wait for each client that downloads more.
_SPOOL = 64 << 20


class WaitressChannel(HTTPChannel):
    """One connection."""

    task_class = Answer
    error_task_class = Refused
    parser_class: Any = WaitressRequest
    request: Any = None
    fresh = True                        # nothing has been asked yet
    linger = False                      # the client must read why it goes
    _deadline = 0.0                     # for the client to go, lingering
    _stuck = 0.0                        # its last activity, not reading
    _stuck_since = 0.0
    _slow: Any = None                   # the request that is coming
    _slow_since = 0.0                   # when its header or body began
    _slow_body = False                  # which of them it is

    def service(self) -> None:
        self.fresh = False
        super().service()

    def writable(self) -> bool:
        found = bool(super().writable())
        if found and self.requests and self.total_outbufs_len:
            # While a thread sends, there is nothing to do here.  To look
            # again and again would keep Python's lock from that thread.  It
            # pulls the trigger if it cannot send all.
            if not self.outbuf_lock.acquire(False):
                return False
            self.outbuf_lock.release()
        return found

    def received(self, data: bytes) -> bool:
        if self._deadline:
            return False
        found: bool = super().received(data)
        request = self.request
        if request is not self._slow:
            self._restart(request)
        elif request is not None and not self._slow_body:
            if request.body_rcv is not None:
                self._restart(request)
        return found

    def _restart(self, request: Any) -> None:
        self._slow = request
        self._slow_since = monotonic()
        self._slow_body = (
            request is not None and request.body_rcv is not None)

    def expire(self, pace: Pace) -> None:
        """Close the connection of a client that is too slow."""
        if self._is_late(pace, monotonic()):
            self.abort()

    def _is_late(self, pace: Pace, now: float) -> bool:
        if self._deadline:
            return now > self._deadline
        if self.total_outbufs_len:
            # The client does not read, and a thread may wait for it.  The
            # last activity may be older than the response: the clock starts
            # when bytes are first seen waiting.
            if self._stuck != self.last_activity:
                self._stuck = self.last_activity
                self._stuck_since = now
            return now - self._stuck_since > pace.pause
        self._stuck = 0.0
        request = self._slow
        if request is None:
            return False
        if self.requests:
            # waitress does not read meanwhile: not the client's fault.
            self._slow_since = now
            return False
        if self._slow_body:
            return pace.body_is_late(
                self._slow_since, request.body_received, now)
        return pace.header_is_late(self._slow_since, now)

    def handle_close(self) -> None:
        if self.linger and not self._deadline and self.socket is not None:
            # If it is closed while the client still sends, the kernel resets
            # the connection, and the client may never read the response.
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            else:
                self._deadline = monotonic() + _LINGER
                self.will_close = False
                return
        if self.request is not None:
            self.request.close()
            self.request = None
        super().handle_close()

    def abort(self) -> None:
        """Close the connection at once."""
        self.linger = False
        self.handle_close()

    def is_idle(self) -> bool:
        """Tell whether no request is under way on this connection."""
        if self._deadline:
            return monotonic() > self._deadline
        request = self.request
        return not (
            self.requests or (request is not None and request.started)
            or self.total_outbufs_len)


class WaitressEngine:
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
        channel_class: type[WaitressChannel] = WaitressChannel,
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
            # waitress counts its listener and its trigger too.
            connection_limit=options.max_connections + 2,
            channel_timeout=int(options.idle_timeout),
            cleanup_interval=1,
            outbuf_high_watermark=_SPOOL,
            recv_bytes=1 << 16,
        )
        # For our parser.
        self._server.adj.max_header_size = options.max_header_size
        self._server.adj.max_body_size = options.max_body_size
        self._server.channel_class = channel_class
        self._server.retired = False
        self._pace = Pace(options.header_timeout, options.idle_timeout,
                          options.min_body_rate)
        self._lock = threading.Lock()
        self._ended = False
        self._until: float | None = None        # when to give up, finishing

    def run(self) -> None:
        """Serve; see `zc.zkzopeserver._lifecycle.Engine`."""
        server = self._server
        poll = getattr(wasyncore, 'poll2', wasyncore.poll)
        try:
            look = monotonic()
            while self._until is None and server._fileno in self._sockets:
                poll(_LOOK, self._sockets)
                if monotonic() >= look:
                    look = monotonic() + _LOOK
                    self._expire()
            self._finish(poll)
        finally:
            server.task_dispatcher.set_thread_count(0)
            with self._lock:
                self._ended = True
                server.trigger.close()

    def _expire(self) -> None:
        for channel in list(self._server.active_channels.values()):
            channel.expire(self._pace)

    def retire(self) -> None:
        """Ask clients to go; see `zc.zkzopeserver._lifecycle.Engine`."""
        self._server.retired = True

    def finish(self, timeout: float) -> None:
        """Come to an end; see `zc.zkzopeserver._lifecycle.Engine`."""
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
            # Those that the kernel has accepted for us are ours.  One that
            # cannot be accepted, since its client has gone, ends nothing.
            failed = 0
            while failed < _ACCEPT_FAILURES and _waits(server.socket):
                known = len(channels)
                server.handle_accept()
                failed = 0 if len(channels) > known else failed + 1
            # Not the server's own close, which takes the trigger with it.
            wasyncore.dispatcher.close(server)
        grace = monotonic() + _GRACE
        while True:
            # A request that has come already is not missed: a look may take
            # long, so that only one that begins after the grace ends it.
            over = monotonic() > grace
            poll(0.0, self._sockets)
            for channel in list(channels.values()):
                if channel.is_idle() and (over or not channel.fresh):
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
            channel.abort()


def _waits(listener: socket.socket) -> bool:
    """Tell whether a connection waits to be accepted."""
    # Unlike `select`, it takes descriptors of any number.
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        return bool(selector.select(0))


#: What the runner makes an engine with; `traced` is for trace records.
engine_class = WaitressEngine


def traced() -> Callable[..., WaitressEngine]:
    """Return what makes an engine that writes trace records."""
    from .. import trace

    class TracedTask(Answer):
        def get_environment(self) -> dict[str, Any]:
            environ: dict[str, Any] = super().get_environment()
            environ.setdefault(trace.KEY, trace.TraceLog(id(self.channel)))
            return environ

    class TracedWaitressChannel(WaitressChannel):
        parser_class = trace.parser_factory(WaitressChannel.parser_class)
        task_class = TracedTask

    def make(
        application: Any, listener: socket.socket, options: Options
    ) -> WaitressEngine:
        return WaitressEngine(
            trace.traced(application), listener, options,
            TracedWaitressChannel)

    return make
