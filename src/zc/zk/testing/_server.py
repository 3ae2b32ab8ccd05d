"""A ZooKeeper server on a socket, for tests: threads, sockets and the clock.

One daemon thread, made by `start`, does everything; the public methods hand
their work to it and wait.  What requests mean is the business of _database.
"""
from __future__ import annotations

import logging
import os
import secrets
import selectors
import socket
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any
from typing import TypeVar

from . import _words
from ._connection import Handshake
from ._connection import ProtocolError
from ._connection import Request
from ._connection import Word
from ._connection import format_connected
from ._connection import format_event
from ._connection import format_reply
from ._database import Database
from ._faults import Fault
from ._faults import Faults
from ._faults import Kind
from ._jute import JuteError
from ._peer import Peer
from ._sessions import SessionInfo


__all__ = ['Server']

T = TypeVar('T')

logger = logging.getLogger(__name__)

#: ZooKeeper's unit of time, in seconds; it has 2 or 3 in production, where
#: networks are slow.  Sessions time out after 2 to 20 of them.
TICK_TIME = 0.5
#: How long a connection may be without a session, in seconds.
HANDSHAKE_TIMEOUT = 10.0
#: How many connections may be without a session; then the oldest goes.
MAX_WITHOUT_SESSION = 500
#: How long no connection is accepted after that failed, in seconds: the
#: process may have no more file descriptors.
ACCEPT_PAUSE = 0.1
_BACKLOG = 128

_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Server:
    """A ZooKeeper server in memory, for tests and a developer's desk.

    It can be used as a context manager.  Started again after `stop`, it has
    the same address, nodes and sessions.

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
        self._peers: dict[Peer, None] = {}
        self._by_session: dict[int, Peer] = {}
        self._without_session: dict[Peer, None] = {}
        self._unflushed: dict[Peer, None] = {}
        self._calls: deque[Callable[[], object]] = deque()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._paused = False
        self._refusing = False
        self._listener: socket.socket | None = None
        self._accept_again = 0.0
        self._received = self._sent = 0

    # For its user

    def start(self) -> Server:
        """Listen, and serve in a thread.

        :raises OSError: the address is not to be had
        """
        if self._thread is not None:
            raise ValueError('the server has been started')
        self._stopping = False
        self._selector = selectors.DefaultSelector()
        self._only_calls = selectors.DefaultSelector()
        self._listener = None
        try:
            self._listen()
        except OSError:
            self._selector.close()
            self._only_calls.close()
            raise
        self._waker, self._woken = socket.socketpair()
        for each in (self._waker, self._woken):
            each.setblocking(False)
        for selector in (self._selector, self._only_calls):
            selector.register(self._woken, _READ, self._on_call)
        self._touch_sessions()
        self._thread = threading.Thread(
            target=self._run, name=f'ZooKeeper server {self._port}',
            daemon=True)
        _started.add(self)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close all connections and end the thread; nothing if it ended."""
        thread = self._thread
        if thread is None:
            return
        self._thread = None
        self._stopping = True
        self._wake()
        if thread is not threading.current_thread():
            thread.join()

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
        """The address as clients take it, ``host:port``."""
        host = f'[{self._host}]' if ':' in self._host else self._host
        return f'{host}:{self._port}'

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
            for peer in list(self._peers):
                if session_id is None or peer.session_id == session_id:
                    self._close(peer)

        self._call(drop)

    def refuse(self, refusing: bool = True) -> None:
        """Refuse connections, and close those there are; or accept again."""
        def change() -> None:
            if refusing != self._refusing:
                self._refusing = refusing
                if self._thread is not None:
                    self._listen()
            if refusing:
                for peer in list(self._peers):
                    self._close(peer)

        self._call(change)

    def expire(self, session_id: int, linger: bool = False) -> None:
        """End a session, as if its client had been silent for too long.

        :param linger: leave its ephemeral nodes until `release`
        :raises ValueError: there is no such session
        """
        def end() -> None:
            if self._database.sessions.get(session_id) is None:
                raise ValueError(f'there is no session {session_id:#x}')
            self._end_session(session_id, linger)

        self._call(end)

    def release(self, session_id: int) -> None:
        """Delete the ephemeral nodes of a session that was ended."""
        self._call(lambda: self._end_session(session_id, False))

    def drop_reply(
        self, opcode: int | None = None, path: str | None = None
    ) -> None:
        """Lose a reply: do the next matching request, then disconnect.

        :param opcode: what request (ZooDefs.OpCode); by default any that
            changes a node
        :param path: its path on the server, or one of them in a transaction
        """
        self._stage(Fault(Kind.DROP_REPLY, opcode, path))

    def drop_request(
        self, opcode: int | None = None, path: str | None = None
    ) -> None:
        """Lose a request: disconnect instead of doing the next matching one.

        :param opcode: as for `drop_reply`
        :param path: as for `drop_reply`
        """
        self._stage(Fault(Kind.DROP_REQUEST, opcode, path))

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
        self._stage(Fault(Kind.CALL, opcode, path, call))

    def pause(self) -> None:
        """Hang: take bytes, but neither answer nor let sessions expire."""
        self._call(lambda: setattr(self, '_paused', True))

    def resume(self) -> None:
        """Go on after `pause`; time stood still for the sessions."""
        def change() -> None:
            self._paused = False
            self._touch_sessions()

        self._call(change)

    def _stage(self, fault: Fault) -> None:
        self._call(lambda: self._faults.add(fault))

    # Work for the thread

    def _call(self, function: Callable[[], T]) -> T:
        """Run a function in the server's thread, or here if there is none."""
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return function()
        done = threading.Event()
        result: list[Any] = []
        error: list[BaseException] = []

        def run() -> None:
            try:
                result.append(function())
                self._flush()
            except Exception as exception:
                error.append(exception)
            done.set()

        self._calls.append(run)
        self._wake()
        while not done.wait(1.0):
            if not thread.is_alive():
                raise RuntimeError('the server has ended')
        if error:
            raise error[0]
        value: T = result[0]
        return value

    def _wake(self) -> None:
        try:
            self._waker.send(b'\0')
        except BlockingIOError:
            pass        # it will wake anyway

    def _on_call(self, mask: int) -> None:
        self._woken.recv(4096)
        while self._calls:
            self._calls.popleft()()

    def _now(self) -> float:
        return self._epoch + time.monotonic()

    # The thread

    def _run(self) -> None:
        try:
            while not self._stopping:
                selector = self._selector
                wait: float | None = None
                if self._paused:
                    selector = self._only_calls
                else:
                    wait = self._wait()
                for key, mask in selector.select(wait):
                    key.data(mask)
                if not self._paused:
                    self._keep_time()
                self._flush()
        finally:
            self._close_all()

    def _wait(self) -> float:
        now = self._now()
        until = self._database.sessions.wait(now)
        for peer in self._without_session:
            until = min(until, peer.accepted + HANDSHAKE_TIMEOUT - now)
            break       # the others came later
        if self._accept_again:
            until = min(until, self._accept_again - now)
        return max(0.0, until)

    def _keep_time(self) -> None:
        now = self._now()
        for id in self._database.expire(now):
            self._dismiss(id)
        self._queue_events()
        for peer in list(self._without_session):
            if peer.accepted + HANDSHAKE_TIMEOUT > now:
                break
            self._close(peer)
        if self._accept_again and now >= self._accept_again:
            self._accept_again = 0.0
            if self._listener is not None and not self._refusing:
                self._selector.register(
                    self._listener, _READ, self._on_accept)

    def _touch_sessions(self) -> None:
        now = self._now()
        for session in self._database.sessions.all():
            session.touch(now)

    # Connections

    def _listen(self) -> None:
        """Open the listening socket, or close it and hold its port."""
        if self._listener is not None:
            if self._listener in self._selector.get_map():
                self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None
        self._accept_again = 0.0
        family, kind, _, _, address = socket.getaddrinfo(
            self._host, self._port, type=socket.SOCK_STREAM,
            flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, kind)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setblocking(False)
            listener.bind(address)
            if not self._refusing:
                listener.listen(_BACKLOG)
                self._selector.register(listener, _READ, self._on_accept)
        except OSError:
            listener.close()
            raise
        self._listener = listener
        self._port = listener.getsockname()[1]

    def _on_accept(self, mask: int) -> None:
        assert self._listener is not None
        while True:
            try:
                sock, address = self._listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                logger.warning('cannot accept connections: %s', error)
                self._accept_again = self._now() + ACCEPT_PAUSE
                self._selector.unregister(self._listener)
                return
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer = Peer(sock, address[0], self._now())
            self._peers[peer] = self._without_session[peer] = None
            peer.interest = _READ
            self._selector.register(
                sock, _READ, lambda mask, peer=peer: self._on_ready(
                    peer, mask))
            if len(self._without_session) > MAX_WITHOUT_SESSION:
                self._close(next(iter(self._without_session)))

    def _on_ready(self, peer: Peer, mask: int) -> None:
        if peer not in self._peers:
            return      # closed since the selector saw it
        if mask & _WRITE:
            self._unflushed[peer] = None
        if mask & _READ:
            if peer.receive():
                self._handle_all(peer)
            else:
                self._close(peer)

    def _handle_all(self, peer: Peer) -> None:
        """Handle the messages that are complete."""
        self._unflushed[peer] = None
        try:
            while (peer in self._peers
                   and not (peer.closing or peer.stalled)):
                message = peer.connection.next_message()
                if message is None:
                    break
                self._received += 1
                if isinstance(message, Request):
                    self._handle(peer, message)
                elif isinstance(message, Handshake):
                    self._connect(peer, message)
                else:
                    self._answer_word(peer, message)
        except (ProtocolError, JuteError) as error:
            logger.info('%s: closed: %s', peer.address, error)
            self._close(peer)
        except Exception:
            logger.exception('%s: closed', peer.address)
            self._close(peer)

    def _connect(self, peer: Peer, handshake: Handshake) -> None:
        asked = handshake.request.session_id
        if asked in self._by_session:
            self._close(self._by_session[asked])
        response = self._database.connect(
            handshake.request, peer.address, self._now())
        if response is None:
            self._close(peer)
            return
        del self._without_session[peer]
        if response.session_id:
            peer.session_id = response.session_id
            self._by_session[peer.session_id] = peer
        else:
            peer.closing = True
        self._queue(peer, format_connected(
            response, handshake.read_only is None))

    def _handle(self, peer: Peer, request: Request) -> None:
        session = self._database.sessions.get(peer.session_id)
        if session is None:
            self._close(peer)
            return
        kinds = set()
        for fault in self._faults.take(request):
            kinds.add(fault.kind)
            if fault.call is not None:
                try:
                    fault.call(self._database)
                except Exception:
                    logger.exception('in a call before a request')
                self._queue_events()
        if Kind.DROP_REQUEST in kinds:
            self._flush_and_close(peer)
            return
        reply = self._database.handle(session, request, self._now())
        self._queue_events()
        if Kind.DROP_REPLY in kinds:
            self._flush_and_close(peer)
            return
        if reply.close:
            peer.closing = True
        self._queue(peer, format_reply(reply))

    def _answer_word(self, peer: Peer, word: Word) -> None:
        clients = [f'/{each.address}(session {each.session_id:#x})'
                   for each in self._peers]
        self._queue(peer, _words.answer(
            word.word, self._database,
            _words.Traffic(self._received, self._sent, clients)))
        peer.closing = True

    def _end_session(self, session_id: int, linger: bool) -> None:
        self._database.end(session_id, self._now(), linger)
        self._dismiss(session_id)
        self._queue_events()

    def _dismiss(self, session_id: int) -> None:
        """Close the connection of a session that has ended."""
        peer = self._by_session.get(session_id)
        if peer is not None:
            self._flush_and_close(peer)

    # Output

    def _queue_events(self) -> None:
        for session_id, event in self._database.take_events():
            peer = self._by_session.get(session_id)
            if peer is not None:
                self._queue(peer, format_event(event))

    def _queue(self, peer: Peer, data: bytes) -> None:
        self._sent += 1
        self._unflushed[peer] = None
        if not peer.queue(data):
            logger.warning('%s: closed: it does not read', peer.address)
            self._close(peer)

    def _flush(self) -> None:
        """Send what can be sent, and handle what waited for that."""
        while self._unflushed:
            peer = next(iter(self._unflushed))
            del self._unflushed[peer]
            if peer not in self._peers:
                continue
            was_stalled = peer.stalled
            if peer.unsent and not peer.send():
                self._close(peer)
            elif peer.closing and not peer.unsent:
                self._close(peer)
            else:
                if was_stalled and not peer.stalled:
                    self._handle_all(peer)
                self._show_interest(peer)

    def _flush_and_close(self, peer: Peer) -> None:
        if peer.unsent:
            peer.send()
        self._close(peer)

    def _show_interest(self, peer: Peer) -> None:
        if peer not in self._peers:
            return
        interest = 0
        if peer.unsent:
            interest |= _WRITE
        if not (peer.closing or peer.stalled):
            interest |= _READ
        if interest and interest != peer.interest:
            key = self._selector.get_key(peer.socket)
            self._selector.modify(peer.socket, interest, key.data)
            peer.interest = interest

    def _close(self, peer: Peer) -> None:
        if peer not in self._peers:
            return
        del self._peers[peer]
        self._without_session.pop(peer, None)
        if self._by_session.get(peer.session_id) is peer:
            del self._by_session[peer.session_id]
            self._database.disconnect(peer.session_id)
        self._selector.unregister(peer.socket)
        peer.close()

    def _close_all(self) -> None:
        for peer in list(self._peers):
            self._close(peer)
        if self._listener is not None:
            self._listener.close()
        for each in (self._selector, self._only_calls,
                     self._waker, self._woken):
            each.close()
        _started.discard(self)

    def _forget(self) -> None:
        """Let go of everything in a child process: it has no thread."""
        self._thread = None
        for peer in self._peers:
            peer.socket.close()
        self._peers.clear()
        if self._listener is not None:
            self._listener.close()
        for each in (self._selector, self._only_calls,
                     self._waker, self._woken):
            each.close()


_started: weakref.WeakSet[Server] = weakref.WeakSet()


def _after_fork() -> None:
    for server in list(_started):
        server._forget()
    _started.clear()


os.register_at_fork(after_in_child=_after_fork)
