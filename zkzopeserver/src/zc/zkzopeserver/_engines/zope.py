"""The engine on zope.server: its asyncore loop and a pool of threads.

The loop runs in the thread that calls `ZopeEngine.run`; applications run in
the pool.  Knows no ZooKeeper.
"""
from __future__ import annotations

import asyncore
import logging
import socket
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from time import monotonic
from time import time
from typing import Any

from zope.server.adjustments import Adjustments
from zope.server.dualmodechannel import the_trigger
from zope.server.http.wsgihttpserver import WSGIHTTPServer

from .._options.table import Options
from .channel import ZopeChannel
from .environ import constant_part
from .environ import environment
from .pace import Pace
from .response import Task


logger = logging.getLogger('zc.zkzopeserver')

# Seconds between looks at idle connections, and the longest that the loop
# sleeps: everything else wakes it.
_LOOK = 0.5

# Seconds that a connection which has asked nothing yet is waited for when
# the server finishes: its request may be on the way.
_GRACE = 0.5

# Connections accepted in one go, lest a flood keep the others waiting.
_ACCEPT = 64


class Lead:
    """Which thread runs asyncore's loop.

    All zope.servers of a process share asyncore's map of sockets, and so
    does whatever else uses asyncore: one loop serves all of them.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._taken = False
        self._queue: deque[object] = deque()

    @property
    def wanted(self) -> bool:
        """Whether somebody waits to have the lead for a moment."""
        return bool(self._queue)

    def take_or_wait(self, timeout: float) -> bool:
        """Take the lead if nobody has it, or wait for a change."""
        with self._changed:
            if self._taken or self._queue:
                self._changed.wait(timeout)
                return False
            self._taken = True
            return True

    def notify(self) -> None:
        """Wake those who wait, who have something else to do now."""
        with self._changed:
            self._changed.notify_all()
        if not the_trigger._closed:
            the_trigger.pull_trigger()

    def __enter__(self) -> None:
        """Take the lead when it is our turn."""
        me = object()
        with self._changed:
            self._queue.append(me)
        self.notify()
        with self._changed:
            while self._taken or self._queue[0] is not me:
                self._changed.wait()
            self._queue.popleft()
            self._taken = True

    def __exit__(self, *error: object) -> None:
        with self._changed:
            self._taken = False
            self._changed.notify_all()


_lead = Lead()


class Pool:
    """Threads that do tasks in the order in which they come.

    :param count: the number of threads
    """

    def __init__(self, count: int) -> None:
        self._tasks: SimpleQueue[Any] = SimpleQueue()
        self._count = count
        for number in range(count):
            threading.Thread(
                target=self._work, name=f'zc.zkzopeserver worker {number}',
                daemon=True).start()

    def addTask(self, task: Any) -> None:
        """Have a thread call ``task.service()``."""
        self._tasks.put(task)

    @property
    def others_wait(self) -> bool:
        """Whether any task waits for a thread."""
        return not self._tasks.empty()

    def shutdown(self) -> None:
        """Let the threads end when all tasks are done."""
        for _ in range(self._count):
            self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                task.service()
            except BaseException:
                logger.exception('a worker could not finish a request')


class Server(WSGIHTTPServer):
    """zope.server's WSGI server, on a socket that listens already."""

    channel_class = ZopeChannel

    def __init__(
        self, application: Any, listener: socket.socket, options: Options
    ) -> None:
        self.application = application
        self.adj = _adjustments(options)
        self.port = listener.getsockname()[1]
        self.server_name = options.host or socket.gethostname()
        self._environ = constant_part(
            self.server_name, self.port, self.SERVER_IDENT)
        self.task_dispatcher = Pool(options.threads)
        self.hit_log = None
        self.verbose = 0
        self.logger = logger
        self.channels: set[ZopeChannel] = set()
        #: How slow clients may be.
        self.pace = Pace(options.header_timeout, options.idle_timeout,
                         options.min_body_rate)
        #: Whether clients are asked to go.
        self.retired = False
        self._full_until = 0.0
        # zope.server's own __init__ would make a socket, IPv4 only.  Last,
        # since a loop may be running already.
        self.accepting = True
        asyncore.dispatcher.__init__(self, listener)
        self.accepting = True

    def make_environ(self, task: Task) -> dict[str, Any]:
        """Return the WSGI environment of a request."""
        channel = task.channel
        environ = environment(
            task.request_data, self._environ, channel.addr[0])
        environ['CHANNEL_CREATION_TIME'] = str(channel.creation_time)
        return environ

    def readable(self) -> bool:
        return (self.accepting
                and len(self.channels) < self.adj.connection_limit
                and time() >= self._full_until)

    def handle_accept(self) -> None:
        for _ in range(_ACCEPT):
            if (len(self.channels) >= self.adj.connection_limit
                    or not self._accept()):
                break

    def accept_rest(self) -> None:
        """Accept all that the kernel has accepted for us."""
        while self._accept():
            pass

    def _accept(self) -> bool:
        """Accept a connection; return whether there may be another."""
        try:
            connection, address = self.socket.accept()
        except BlockingIOError:
            return False
        except ConnectionAbortedError:
            return True
        except OSError as e:
            # Out of file descriptors, most likely.
            logger.error('cannot accept a connection: %s', e.strerror)
            self._full_until = time() + _LOOK
            return False
        connection.setblocking(False)
        try:
            for option in self.adj.socket_options:
                connection.setsockopt(*option)
        except OSError:
            connection.close()          # it has gone already
        else:
            self.channel_class(self, connection, address, self.adj)
        return True

    handle_accepted = None

    def handle_error(self) -> None:
        logger.exception('unexpected error while accepting a connection')


def _adjustments(options: Options) -> Any:
    """Return zope.server's parameters, with our limits among them."""
    adj = Adjustments()
    adj.connection_limit = options.max_connections
    adj.max_header_size = options.max_header_size
    adj.max_body_size = options.max_body_size
    adj.idle_timeout = options.idle_timeout
    adj.recv_bytes = 1 << 16
    adj.send_bytes = 1 << 16
    return adj


class ZopeEngine:
    """Serves until it is told to finish.

    :param application: the WSGI application
    :param listener: a socket that listens
    :param options: the server's options
    :param server_class: the server, where it is a special one
    """

    def __init__(
        self,
        application: Any,
        listener: socket.socket,
        options: Options,
        server_class: Callable[..., Server] = Server,
    ) -> None:
        self._server = server_class(application, listener, options)
        self._until: float | None = None        # when to give up, finishing

    def run(self) -> None:
        """Serve; see `zc.zkzopeserver._lifecycle.Engine`."""
        server = self._server
        poll = getattr(asyncore, 'poll2', asyncore.poll)
        sockets = asyncore.socket_map
        try:
            while self._serves(sockets):
                if _lead.take_or_wait(_LOOK):
                    try:
                        self._loop(poll, sockets)
                    finally:
                        _lead.__exit__()
            self._finish(poll, sockets)
        finally:
            server.close()
            server.task_dispatcher.shutdown()

    def _serves(self, sockets: Any) -> bool:
        # The listener is also missing when somebody closed all of
        # asyncore's sockets, which stops any zope.server.
        return self._until is None and self._server._fileno in sockets

    def _loop(self, poll: Callable[..., None], sockets: Any) -> None:
        look = monotonic()
        while self._serves(sockets) and not _lead.wanted:
            poll(_LOOK, sockets)
            if monotonic() >= look:
                look = monotonic() + _LOOK
                self._expire(sockets)

    def retire(self) -> None:
        """Ask clients to go; see `zc.zkzopeserver._lifecycle.Engine`."""
        self._server.retired = True

    def finish(self, timeout: float) -> None:
        """Come to an end; see `zc.zkzopeserver._lifecycle.Engine`."""
        until = monotonic() + timeout
        self._server.retired = True
        if self._until is None or until < self._until:
            self._until = until
        _lead.notify()

    @staticmethod
    def _expire(sockets: Any) -> None:
        # All servers' connections: the others do not have the lead.
        now = time()
        for channel in list(sockets.values()):
            if isinstance(channel, ZopeChannel):
                channel.expire(now, channel.server.pace)

    def _finish(self, poll: Callable[..., None], sockets: Any) -> None:
        server = self._server
        with _lead:
            if server._fileno in sockets:
                # Those that the kernel has accepted for us are ours.
                server.accept_rest()
            server.close()
        grace = time() + _GRACE
        while True:
            with _lead:
                # A request that has come already is not missed: a look may
                # take long, so that only one after the grace ends it.
                over = time() > grace
                poll(0.0, sockets)
                now = time()
                for channel in list(server.channels):
                    if channel.is_idle(now) and (over or not channel.fresh):
                        channel.close()
                if not server.channels:
                    return
                left = (self._until or 0) - monotonic()
                if left <= 0:
                    break
                poll(min(left, 0.1), sockets)
        logger.warning('gave up %s connections with requests in work',
                       len(server.channels))
        for channel in list(server.channels):
            channel.abandon()


#: What the runner makes an engine with; `traced` is for trace records.
engine_class = ZopeEngine


def traced() -> Callable[..., ZopeEngine]:
    """Return what makes an engine that writes trace records."""
    from . import trace

    class TracedZopeChannel(ZopeChannel):
        parser_class: Any = trace.parser_factory(ZopeChannel.parser_class)

    class TracedServer(Server):
        channel_class = TracedZopeChannel

        def make_environ(self, task: Task) -> dict[str, Any]:
            environ = super().make_environ(task)
            environ[trace.KEY] = trace.TraceLog(id(task.channel))
            return environ

    def make(
        application: Any, listener: socket.socket, options: Options
    ) -> ZopeEngine:
        return ZopeEngine(
            trace.traced(application), listener, options, TracedServer)

    return make
