"""HTTP manners over zope.server's channel.

A channel belongs to the thread of the engine's loop; while requests of it
are worked on (``async_mode`` is false), it belongs to the worker thread,
and the loop leaves it alone.  Knows no ZooKeeper and no options but the
limits in ``adj``.
"""
from __future__ import annotations

import logging
import socket
import sys
import threading
from time import time
from typing import Any

from zope.server.buffers import OverflowableBuffer
from zope.server.http.httpserverchannel import HTTPServerChannel

from ._request import RequestParser
from ._response import ClientGone
from ._response import Task


logger = logging.getLogger('zc.zkzopeserver.http')

# Seconds in which a client can read why it was refused, before what it
# still sends makes the kernel reset the connection.
_LINGER = 2.0


class Output:
    """Bytes that wait to be sent; large ones wait in a file.

    zope.server's own buffer never lets go of what was sent, so that a
    connection that is kept alive grows for as long as it lives.

    :param overflow: the largest size to keep in memory, in bytes
    """

    def __init__(self, overflow: int) -> None:
        self._overflow = overflow
        self._memory = bytearray()
        self._file: Any = None          # behind what is in memory

    def __len__(self) -> int:
        return len(self._memory) + (len(self._file) if self._file else 0)

    def append(self, data: bytes) -> None:
        """Add at the end."""
        if self._file is None:
            if len(self._memory) + len(data) <= self._overflow:
                self._memory += data
                return
            self._file = OverflowableBuffer(0)
        self._file.append(data)

    def get(self, size: int) -> bytes | bytearray:
        """Return up to `size` bytes from the beginning."""
        if self._memory:
            return (self._memory[:size] if len(self._memory) > size
                    else self._memory)
        if self._file is None:
            return b''
        found: bytes = self._file.get(size)
        return found

    def skip(self, size: int, allow_prune: int = 0) -> None:
        """Drop `size` bytes from the beginning, all of them just got."""
        if self._memory:
            del self._memory[:size]
        else:
            self._file.skip(size)
            if not len(self._file):
                self.close()

    def close(self) -> None:
        """Drop everything."""
        self._memory = bytearray()
        if self._file is not None:
            self._file.close()
            self._file = None


class Channel(HTTPServerChannel):
    """One connection."""

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
    _asked_since = 0.0                  # when the present request began

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
        if not self.async_mode or self.outbuf:
            return False
        if self.will_close:
            return now > self._deadline
        request = self.proto_request
        return request is None or not request.started

    def expire(self, now: float, timeout: float) -> None:
        """Close the connection if nothing happened for `timeout` seconds."""
        if not self.async_mode:
            return
        since = self.last_activity
        if self._asked_since and not self._in_body():
            # A header that comes byte by byte is no activity.
            since = self._asked_since
        if now - since > timeout or (
                self._deadline and now > self._deadline):
            self.close()

    def _in_body(self) -> bool:
        request = self.proto_request
        return request is not None and request.body_rcv is not None

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
        return not self.outbuf

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
        if self.will_close and not self.outbuf:
            self._hang_up()

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
        super().close()

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
                if request.started and not self._asked_since:
                    self._asked_since = self.last_activity
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
            if self.running_tasks:
                return
            self.running_tasks = True
        self.set_sync()
        self.server.addTask(self)

    # In a worker's thread.

    def service(self) -> None:
        """Do all tasks of this channel, then give it back to the loop."""
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
        self.outbuf.append(data)
        if len(self.outbuf) >= self.adj.send_bytes:
            self.send_now()
        return len(data)

    def send_now(self) -> None:
        """Send as much as the kernel takes.

        :raises ClientGone: when there is nobody to read it
        """
        try:
            while self.outbuf and self._flush_some():
                pass
        except OSError:
            self._lost = True
            self.outbuf.close()
            raise ClientGone() from None

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
