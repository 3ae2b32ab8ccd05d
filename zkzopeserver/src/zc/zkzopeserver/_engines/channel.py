"""HTTP manners over zope.server's channel.

A channel belongs to the thread of the engine's loop; while requests of it
are worked on (``async_mode`` is false), it belongs to the worker thread,
and the loop leaves it alone.  Knows no ZooKeeper and no options but the
limits in ``adj``.
"""
from __future__ import annotations

import logging
import select
import socket
import sys
import threading
from time import monotonic
from time import time
from typing import Any
from typing import NoReturn

from zope.server.http.httpserverchannel import HTTPServerChannel

from .output import Output
from .pace import Pace
from .request import RequestParser
from .response import ClientGone
from .response import Task


logger = logging.getLogger('zc.zkzopeserver.http')

# Seconds in which a client can read why it was refused, before what it
# still sends makes the kernel reset the connection.
_LINGER = 2.0

# Bytes that wait for one client before the thread that makes more of them
# waits too.  Less would make the only thread wait for anybody who downloads
# a film.
_SPOOL = 64 << 20

# The largest piece to spool at once, in bytes.
_PIECE = 1 << 20

# Milliseconds between looks at the clock while a thread waits so.
_WAIT = 500


class ZopeChannel(HTTPServerChannel):
    """One connection.

    One noun, though it is long: reading, waiting and ending replace methods
    of zope.server's channel, and share its state under one lock.
    """

    task_class = Task
    parser_class: Any = RequestParser

    outbuf: Any
    proto_request: Any = None
    running_tasks: bool = False
    tasks: list[Task]
    linger = False
    fresh = True                        # nothing has been asked yet
    _lost = False
    _deadline = 0.0                     # for the client to go, lingering
    _asked_since = 0.0                  # when its header or body began
    _asked_body = False                 # which of them it is

    def __init__(
        self, server: Any, conn: socket.socket, addr: Any, adj: Any
    ) -> None:
        self._lock = threading.Lock()
        self.server = server
        super().__init__(server, conn, addr, adj)
        self.outbuf.close()
        self.outbuf = Output(adj.outbuf_overflow)
        self.tasks = []

    def add_channel(self, map: Any = None) -> None:
        super().add_channel(map)
        self.server.channels.add(self)

    def del_channel(self, map: Any = None) -> None:
        super().del_channel(map)
        self.server.channels.discard(self)

    def check_maintenance(self, now: float) -> None:
        """Nothing: the engine looks after the connections."""

    # In the loop's thread.

    def is_idle(self, now: float) -> bool:
        """Tell whether nobody waits for anything on this connection."""
        if not self.async_mode or self.outbuf or self.tasks:
            return False
        if self.will_close:
            return now > self._deadline
        request = self.proto_request
        return request is None or not request.started

    def expire(self, now: float, pace: Pace) -> None:
        """Close the connection if the client is too slow."""
        if self.async_mode and self._is_late(now, pace):
            self.close()
        elif self._asked_since and (not self.async_mode or self.outbuf):
            # Nothing is read in the meantime, which is not its fault.
            self._asked_since = now

    def _is_late(self, now: float, pace: Pace) -> bool:
        if self._deadline:
            return now > self._deadline
        if now - self.last_activity > pace.pause:
            return True
        if not self._asked_since or self.outbuf:
            return False
        # What comes byte by byte is no activity.
        if self._asked_body:
            return pace.body_is_late(
                self._asked_since, self.proto_request.body_received, now)
        return pace.header_is_late(self._asked_since, now)

    def readable(self) -> bool:
        if not self.async_mode:
            return False
        if self.will_close:
            return self._deadline > 0
        request = self.proto_request
        if request is not None and request.wants_continue:
            self._continue()
        # What is not sent yet comes first: a client that has closed its
        # sending side still wants the answer.
        return not self.outbuf and not self.tasks

    def writable(self) -> bool:
        return self.async_mode and (
            bool(self.outbuf) or (self.will_close and not self._deadline))

    def handle_read(self) -> None:
        if not self.async_mode:
            return
        try:
            data = self.socket.recv(self.adj.recv_bytes)
        except BlockingIOError:
            return
        except OSError:
            data = b''
        if not data:
            self.close()
        elif not self.will_close:
            self.last_activity = time()
            self.received(data)

    def handle_write(self) -> None:
        if not self.async_mode:
            return
        try:
            if self._flush_some():
                self.last_activity = time()
        except OSError:
            self.close()
            return
        if self.outbuf:
            return
        if self.will_close:
            self._hang_up()
        elif self.tasks:
            self._resume()

    def _hang_up(self) -> None:
        if not self.linger:
            self.close()
            return
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.close()
        else:
            self._deadline = time() + _LINGER

    def handle_close(self) -> None:
        # The kernel may report an error while a worker has the channel,
        # which will notice when it writes.
        if self.async_mode:
            self.close()

    def close(self) -> None:
        """Close the connection, and let go of what was not finished."""
        if self.proto_request is not None:
            self.proto_request.close()
            self.proto_request = None
        self.cancel()
        super().close()

    def abandon(self) -> None:
        """Close the connection, whoever has it."""
        if self.async_mode:
            self.close()
            return
        try:
            # The worker notices when it writes.
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def handle_expt(self) -> None:
        """Nothing: urgent data are no part of HTTP."""

    def handle_error(self) -> None:
        if isinstance(sys.exc_info()[1], (KeyboardInterrupt, SystemExit)):
            raise
        logger.exception('unexpected error on a connection')
        self.handle_close()

    def received(self, data: bytes) -> None:
        """Take bytes from the client."""
        request = self.proto_request
        while data:
            if request is None:
                request = self.parser_class(self.adj)
            consumed = request.received(data)
            data = data[consumed:]
            if not request.completed:
                # Empty lines count: they, too, keep a connection.
                body = request.body_rcv is not None
                if not self._asked_since or body != self._asked_body:
                    self._asked_since = self.last_activity
                    self._asked_body = body
                self.proto_request = request
                continue
            self.proto_request = None
            self._asked_since = 0.0
            self.fresh = False
            self.handle_request(request)
            if request.error:
                break
            request = None

    def _continue(self) -> None:
        self.proto_request.wants_continue = False
        self.outbuf.append(b'HTTP/1.1 100 Continue\r\n\r\n')

    def queue_task(self, task: Task) -> None:
        """Have a worker do `task` after those that wait already."""
        with self._lock:
            self.tasks.append(task)
        self._resume()

    def _resume(self) -> None:
        """Have a worker do the tasks, if none does yet."""
        with self._lock:
            if self.running_tasks:
                return
            self.running_tasks = True
        self.set_sync()
        self.server.addTask(self)

    # In a worker's thread.

    def service(self) -> None:
        """Do the tasks of this channel, then give it back to the loop.

        Requests sent in one go take turns with those of other clients, and
        wait while their client does not read the answers.
        """
        while True:
            with self._lock:
                if not self.tasks:
                    self.running_tasks = False
                    # Still under the lock: the loop must not hand the
                    # next request to another worker before.
                    self._give_back(False)
                    return
                task = self.tasks.pop(0)
            task.service()
            if task.close_on_finish or self._lost:
                self.cancel()
                with self._lock:
                    self._give_back(True)
                return
            if not self.tasks:
                continue
            if len(self.outbuf) >= self.adj.send_bytes:
                # The kernel took no more.  The loop goes on with the tasks
                # when all is sent.
                with self._lock:
                    self.running_tasks = False
                    self.set_async()
                return
            if self.server.task_dispatcher.others_wait:
                try:
                    self.send_now()
                except ClientGone:
                    continue            # the next task notices
                self.server.addTask(self)
                return

    def _give_back(self, close: bool) -> None:
        try:
            self.send_now()
        except ClientGone:
            close = True
        if close:
            self.will_close = True
        self.set_async()

    def cancel(self) -> None:
        """Drop the tasks that wait."""
        with self._lock:
            tasks, self.tasks = self.tasks, []
        for task in tasks:
            task.request_data.close()

    def put(self, data: bytes) -> int:
        """Send `data`, now or later; return its length.

        :raises ClientGone: when there is nobody to read it
        """
        if self._lost:
            raise ClientGone()
        for start in range(0, len(data), _PIECE):
            self.outbuf.append(
                data if len(data) <= _PIECE else data[start:start + _PIECE])
            if len(self.outbuf) >= self.adj.send_bytes:
                self.send_now()
                if len(self.outbuf) > _SPOOL:
                    self._wait_for_client()
        return len(data)

    def _wait_for_client(self) -> None:
        """Wait until no more than `_SPOOL` bytes are left to be sent.

        :raises ClientGone: when the client reads nothing for too long
        """
        poll = select.poll()
        poll.register(self.socket, select.POLLOUT)
        until = monotonic() + self.adj.idle_timeout
        try:
            while len(self.outbuf) > _SPOOL:
                if poll.poll(_WAIT) and self._flush_some():
                    until = monotonic() + self.adj.idle_timeout
                elif monotonic() > until:
                    raise TimeoutError()
        except OSError:
            self._lose()

    def send_now(self) -> None:
        """Send as much as the kernel takes.

        :raises ClientGone: when there is nobody to read it
        """
        try:
            while self.outbuf and self._flush_some():
                pass
        except OSError:
            self._lose()

    def _lose(self) -> NoReturn:
        self._lost = True
        self.outbuf.close()
        raise ClientGone()

    # In both.

    def send(self, data: Any) -> int:
        try:
            sent: int = self.socket.send(data)
        except BlockingIOError:
            return 0
        return sent

    def _flush_some(self) -> int:
        if not self.outbuf:
            return 0
        if not self.connected:
            raise ConnectionResetError()
        sent = self.send(self.outbuf.get(self.adj.send_bytes))
        if sent:
            self.outbuf.skip(sent)
        return sent
