"""A ZooKeeper server for tests: what its user sees, and its clock.

One daemon thread, made by `start`, does everything; the public methods hand
their work to it and wait.  What requests mean is the business of _database.
"""
from __future__ import annotations

import os
import secrets
import time
import weakref
from collections.abc import Callable
from typing import TypeVar

from .._tree.addresses import format_addr
from ._faults import Faults
from ._faults import Kind
from ._faults import StagedFault
from .net.loop import SocketLoop
from .net.service import Listener
from .protocol.codes import Code
from .state.database import Database
from .state.sessions import SessionInfo


__all__ = ['Server']

T = TypeVar('T')

#: ZooKeeper's unit of time, in seconds; it has 2 or 3 in production, where
#: networks are slow.  Sessions time out after 2 to 20 of them.
TICK_TIME = 0.5


class Server:
    """A ZooKeeper server in memory, for tests and development.

    It is a context manager.  If it is started again after `stop`, it has the
    same address, nodes and sessions.  One noun: each method hands a change
    to the thread that has the nodes.

    :param host: where to listen
    :param port: the port; 0: one that is free
    :param tick_time: the unit of ZooKeeper's time, in seconds
    :param min_session_timeout: the shortest session timeout that a client
        gets, in seconds; by default two ticks
    :param max_session_timeout: the longest; by default twenty ticks
    """

    def __init__(
        self,
        host: str = '127.0.0.1',
        port: int = 0,
        *,
        tick_time: float = TICK_TIME,
        min_session_timeout: float | None = None,
        max_session_timeout: float | None = None,
    ) -> None:
        self._host = host
        self._port = port
        shortest = (2 * tick_time if min_session_timeout is None
                    else min_session_timeout)
        longest = (20 * tick_time if max_session_timeout is None
                   else max_session_timeout)
        # Times of nodes are like the wall clock's, but never go back.
        self._epoch = time.time() - time.monotonic()
        self._database = Database(
            shortest, max(shortest, longest), secrets.token_bytes(16),
            self._now())
        self._faults = Faults()
        self._service = Listener(self._database, self._faults, self._now)
        self._loop: SocketLoop
        self._refusing = False
        self._running = False

    # For its user

    def start(self) -> Server:
        """Listen, and serve in a thread.

        :raises OSError: when the address cannot be used
        """
        if self._running:
            raise ValueError('the server is running')
        self._loop = SocketLoop()
        try:
            self._listen()
        except OSError:
            self._loop.stop()
            raise
        self._touch_sessions()
        self._running = True
        _running.add(self)
        self._loop.start(
            f'ZooKeeper server {self._port}', self._service.wait,
            self._service.step, self._service.close_all)
        return self

    def stop(self) -> None:
        """Close all connections and end the thread, if it runs."""
        if self._running:
            self._running = False
            _running.discard(self)
            self._loop.stop()

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    @property
    def address(self) -> tuple[str, int]:
        """The host and the port, which is known when it was started."""
        return self._host, self._port

    @property
    def connection_string(self) -> str:
        """The address in the form that clients take, ``host:port``."""
        return format_addr(self.address)

    def sessions(self) -> list[SessionInfo]:
        """Return the live sessions, oldest first."""
        database = self._database
        return self._call(lambda: [
            SessionInfo(each.id, each.timeout, each.connected,
                        tuple(database.tree.owned(each.id)))
            for each in database.sessions.all()])

    def watch_count(self) -> int:
        """Return how many watches there are.

        One made by addWatch counts twice: it is one of data and of children.
        """
        return self._call(lambda: len(self._database.watches))

    # Faults

    def drop_connections(self, session_id: int | None = None) -> None:
        """Close connections; the sessions go on.

        :param session_id: only the one of this session
        """
        def drop() -> None:
            for peer in list(self._service.peers):
                if session_id is None or peer.session_id == session_id:
                    self._service.close(peer)

        self._call(drop)

    def refuse(self, refusing: bool = True) -> None:
        """Close all connections and refuse new ones; or accept them again."""
        def change() -> None:
            self._refusing = refusing
            if self._running:
                self._listen()
            if refusing:
                for peer in list(self._service.peers):
                    self._service.close(peer)

        self._call(change)

    def expire(self, session_id: int, linger: bool = False) -> None:
        """End a session, as if its client had been silent for too long.

        :param linger: leave its ephemeral nodes until `release`
        :raises ValueError: there is no such session
        """
        def end() -> None:
            if self._database.sessions.get(session_id) is None:
                raise ValueError(f'there is no session {session_id:#x}')
            self._service.end_session(session_id, linger)

        self._call(end)

    def release(self, session_id: int) -> None:
        """Delete the ephemeral nodes of a session that was ended."""
        self._call(lambda: self._service.end_session(session_id, False))

    def drop_reply(
        self, opcode: int | None = None, path: str | None = None
    ) -> None:
        """Lose a reply: do the next matching request, then disconnect.

        :param opcode: what request (ZooDefs.OpCode); by default any that
            changes a node
        :param path: its path on the server, or one of them in a transaction
        """
        self._stage(StagedFault(Kind.DROP_REPLY, opcode, path))

    def drop_request(
        self, opcode: int | None = None, path: str | None = None
    ) -> None:
        """Lose a request: disconnect instead of doing the next matching one.

        :param opcode: as for `drop_reply`
        :param path: as for `drop_reply`
        """
        self._stage(StagedFault(Kind.DROP_REQUEST, opcode, path))

    def before(
        self,
        opcode: int | None,
        path: str | None,
        call: Callable[[Database], None],
    ) -> None:
        """Call something once, before the next matching request is done.

        :param opcode: as for `drop_reply`
        :param path: as for `drop_reply`
        :param call: is called in the server's thread with its database,
            whose ``create(path, data)``, ``set(path, data)`` and
            ``delete(path)`` write at once; it must not wait for a client
        """
        self._stage(StagedFault(Kind.CALL, opcode, path, call))

    def refuse_requests(
        self, opcode: int, error: int | None = Code.UNIMPLEMENTED
    ) -> None:
        """Answer all requests of one kind with an error, from now on.

        :param opcode: what request (ZooDefs.OpCode)
        :param error: a KeeperException.Code; by default the request is not
            known, as on an older server, which disconnects the client too;
            None: do such requests again
        """
        def change() -> None:
            if error is None:
                self._faults.refused.pop(opcode, None)
            else:
                self._faults.refused[opcode] = error

        self._call(change)

    def delay(
        self,
        seconds: float,
        opcode: int | None = None,
        path: str | None = None,
    ) -> None:
        """Be slow: wait before the next matching request is done.

        The requests of all clients wait with it.

        :param seconds: how long
        :param opcode: as for `drop_reply`
        :param path: as for `drop_reply`
        """
        self._stage(StagedFault(
            Kind.CALL, opcode, path, lambda database: time.sleep(seconds)))

    def heal(self) -> None:
        """Undo all faults: run, answer, and take connections again.

        Faults that wait for a request are forgotten.
        """
        self._call(self._faults.clear)
        if not self._running:
            self._refusing = False
            self.start()
            return
        self.resume()
        if self._refusing:
            self.refuse(False)

    def pause(self) -> None:
        """Hang: read bytes, but do not answer and do not expire sessions."""
        self._pause(True)

    def resume(self) -> None:
        """Go on after `pause`; time stood still for the sessions."""
        self._call(self._touch_sessions)
        self._pause(False)

    def _stage(self, fault: StagedFault) -> None:
        self._call(lambda: self._faults.add(fault))

    def _call(self, function: Callable[[], T]) -> T:
        """Do something in the thread, or here while there is none."""
        if not self._running:
            return function()

        def call() -> T:
            result = function()
            self._service.flush()
            return result

        return self._loop.call(call)

    def _pause(self, paused: bool) -> None:
        if not self._running:
            raise ValueError('the server is not running')
        self._loop.pause(paused)

    def _listen(self) -> None:
        self._port = self._service.listen(
            self._loop, self._host, self._port, self._refusing)

    def _touch_sessions(self) -> None:
        now = self._now()
        for session in self._database.sessions.all():
            session.touch(now)

    def _now(self) -> float:
        return self._epoch + time.monotonic()

    def _forget(self) -> None:
        """Let go of everything in a child process, which has no thread."""
        self._running = False
        self._service.forget()
        self._loop.forget()


_running: weakref.WeakSet[Server] = weakref.WeakSet()


def _after_fork() -> None:
    for server in list(_running):
        server._forget()
    _running.clear()


os.register_at_fork(after_in_child=_after_fork)
