"""kazoo's threads and sockets, with less waiting.

It runs in kazoo's connection thread.  It must not know what is sent.
"""
from __future__ import annotations

import math
import select
from typing import Any

from kazoo.handlers.threading import SequentialThreadingHandler


#: The shortest time that a server has for its first words on a new
#: connection, in seconds; it is a third of the session timeout if that is
#: longer, as with three servers.
SHORTEST_PATIENCE = 2.0


class PollHandler(SequentialThreadingHandler):
    """kazoo's threading handler with a cheaper ``select``.

    kazoo makes an epoll object for each call, which takes nearly half of
    its time on pipelined requests.

    A server that is just starting may accept a connection and never say
    anything on it.  With one server, kazoo would wait for it until the
    session is over; here there is time for more tries.

    :param patience: the longest to wait for a server's first words on a new
        connection, in seconds
    :param impatient: whether `start` gives up as soon as each server has
        refused a connection
    :ivar last_error: why the last connection could not be made, or None
    :ivar refused: the addresses that refused a connection
    """

    last_error: Exception | None = None

    def __init__(
        self, patience: float = math.inf, impatient: bool = False
    ) -> None:
        super().__init__()
        self.impatient = impatient
        self.refused: set[tuple[str, int]] = set()
        self._patience = patience
        self._silent: Any = None    # a connection without words so far

    def create_connection(self, *args: Any, **keywords: Any) -> Any:
        try:
            connection = super().create_connection(*args, **keywords)
        except Exception as e:
            # kazoo logs it, and tells nobody.
            self.last_error = e
            if isinstance(e, ConnectionRefusedError):
                address = keywords['address'] if not args else args[0]
                self.refused.add(address[:2])
            raise
        self.last_error = None
        self._silent = connection
        return connection

    def select(
        self,
        rlist: Any,
        wlist: Any,
        xlist: Any,
        timeout: float | None = None,
    ) -> tuple[list[Any], list[Any], list[Any]]:
        first_words = self._silent is not None and rlist == [self._silent]
        if first_words and timeout is not None:
            timeout = min(timeout, self._patience)
        poller = select.poll()
        wanted: dict[int, tuple[Any, int]] = {}
        for objects, mask in ((rlist, select.POLLIN), (wlist, select.POLLOUT)):
            for each in objects:
                fd = each if isinstance(each, int) else each.fileno()
                if fd < 0:
                    raise ValueError(f'closed socket: {each!r}')
                wanted[fd] = each, wanted.get(fd, (each, 0))[1] | mask
        for fd, (_, mask) in wanted.items():
            poller.register(fd, mask)
        # What TLS has decrypted already is in no socket's buffer.
        readable = [each for each in rlist
                    if hasattr(each, 'pending') and each.pending()]
        writable = []
        if readable:
            timeout = 0.0
        for fd, events in poller.poll(
                None if timeout is None else max(0.0, timeout) * 1000):
            each, mask = wanted[fd]
            # An error or a hang-up shows when the socket is used.
            failed = events & ~(select.POLLIN | select.POLLOUT)
            if mask & select.POLLIN and (events & select.POLLIN or failed):
                if each not in readable:
                    readable.append(each)
            if mask & select.POLLOUT and (events & select.POLLOUT or failed):
                writable.append(each)
        if first_words and readable:
            self._silent = None
        return readable, writable, []
