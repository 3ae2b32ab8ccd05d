"""The sockets of a server: who is connected, what comes in and goes out.

Run by the server's thread alone.  What requests mean is the business of
_database, what bytes mean that of _connection.  Events are queued before the
reply to the request that caused them, whosever they are.
"""
from __future__ import annotations

import functools
import logging
import socket
from collections.abc import Callable

from .._faults import Faults
from .._faults import Kind
from ..protocol.connection import ClientRequest
from ..protocol.connection import Handshake
from ..protocol.connection import ProtocolError
from ..protocol.connection import Word
from ..protocol.connection import format_connected
from ..protocol.connection import format_event
from ..protocol.connection import format_reply
from ..protocol.jute import JuteError
from ..state.database import Database
from . import words
from .loop import READ
from .loop import WRITE
from .loop import SocketLoop
from .peer import Peer


logger = logging.getLogger(__name__)

#: How long a connection may be without a session, in seconds.
HANDSHAKE_TIMEOUT = 10.0
#: How many connections may be without a session; then the oldest goes.
MAX_WITHOUT_SESSION = 500
#: How long no connection is accepted after that failed, in seconds: the
#: process may have no more file descriptors.
ACCEPT_PAUSE = 0.1
_BACKLOG = 128


class Listener:
    """A listening socket and its connections.

    One noun, though it is long: whatever a connection, a session or a fault
    does changes the same tables of peers, in one thread.

    :param now: the clock
    """

    def __init__(
        self, database: Database, faults: Faults, now: Callable[[], float]
    ) -> None:
        self.peers: dict[Peer, None] = {}
        self._loop: SocketLoop
        self._database = database
        self._faults = faults
        self._now = now
        self._by_session: dict[int, Peer] = {}
        self._without_session: dict[Peer, None] = {}
        self._unflushed: dict[Peer, None] = {}
        self._listener: socket.socket | None = None
        self._accept_again = 0.0
        self._received = self._sent = 0

    # Time

    def wait(self) -> float:
        """Return for how many seconds there is nothing to do."""
        now = self._now()
        until = now + self._database.sessions.wait(now)
        for peer in self._without_session:
            until = min(until, peer.accepted + HANDSHAKE_TIMEOUT)
            break       # the others came later
        if self._accept_again:
            until = min(until, self._accept_again)
        return until - now

    def step(self) -> None:
        """Do what is due, and send what there is."""
        now = self._now()
        for id in self._database.expire(now):
            self._dismiss(id)
        self.queue_events()
        for peer in list(self._without_session):
            if peer.accepted + HANDSHAKE_TIMEOUT > now:
                break
            self.close(peer)
        if self._accept_again and now >= self._accept_again:
            self._accept_again = 0.0
            if self._listener is not None:
                self._loop.watch(self._listener, READ, self._on_accept)
        self.flush()

    # Connections

    def listen(
        self, loop: SocketLoop, host: str, port: int, refusing: bool
    ) -> int:
        """Listen at an address, or only hold it; return the port.

        :param loop: the loop to which all sockets belong from now on
        :param port: the port; 0: one that is free
        :raises OSError: it is not to be had
        """
        self._shut()
        self._loop = loop
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, kind)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setblocking(False)
            listener.bind(address)
            if not refusing:
                listener.listen(_BACKLOG)
                self._loop.watch(listener, READ, self._on_accept)
        except OSError:
            listener.close()
            raise
        self._listener = listener
        bound: int = listener.getsockname()[1]
        return bound

    def _shut(self) -> None:
        self._accept_again = 0.0
        if self._listener is not None:
            self._loop.unwatch(self._listener)
            self._listener.close()
            self._listener = None

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
                self._loop.unwatch(self._listener)
                return
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer = Peer(sock, address[0], self._now())
            self.peers[peer] = self._without_session[peer] = None
            peer.interest = READ
            self._loop.watch(
                sock, READ, functools.partial(self._on_ready, peer))
            if len(self._without_session) > MAX_WITHOUT_SESSION:
                self.close(next(iter(self._without_session)))

    def _on_ready(self, peer: Peer, mask: int) -> None:
        if peer not in self.peers:
            return      # closed since the selector saw it
        if mask & WRITE:
            self._unflushed[peer] = None
        if mask & READ:
            if peer.receive():
                self._handle_all(peer)
            else:
                self.close(peer)

    def _handle_all(self, peer: Peer) -> None:
        """Handle the messages that are complete."""
        self._unflushed[peer] = None
        try:
            while (peer in self.peers
                   and not (peer.closing or peer.stalled)):
                message = peer.connection.next_message()
                if message is None:
                    break
                self._received += 1
                if isinstance(message, ClientRequest):
                    self._handle(peer, message)
                elif isinstance(message, Handshake):
                    self._connect(peer, message)
                else:
                    self._answer_word(peer, message)
        except (ProtocolError, JuteError) as error:
            logger.info('%s: closed: %s', peer.address, error)
            self.close(peer)
        except Exception:
            logger.exception('%s: closed', peer.address)
            self.close(peer)

    def _connect(self, peer: Peer, handshake: Handshake) -> None:
        asked = handshake.request.session_id
        if asked in self._by_session:
            self.close(self._by_session[asked])
        response = self._database.connect(
            handshake.request, peer.address, self._now())
        if response is None:
            self.close(peer)
            return
        del self._without_session[peer]
        if response.session_id:
            peer.session_id = response.session_id
            self._by_session[peer.session_id] = peer
        else:
            peer.closing = True
        self._queue(peer, format_connected(
            response, handshake.read_only is None))

    def _handle(self, peer: Peer, request: ClientRequest) -> None:
        session = self._database.sessions.get(peer.session_id)
        if session is None:
            self.close(peer)
            return
        kinds = set()
        for fault in self._faults.take(request):
            kinds.add(fault.kind)
            if fault.call is not None:
                try:
                    fault.call(self._database)
                except Exception:
                    logger.exception('in a call before a request')
                self.queue_events()
        if Kind.DROP_REQUEST in kinds:
            self._flush_and_close(peer)
            return
        refused = self._faults.refused.get(request.type)
        if refused is None:
            reply = self._database.handle(session, request, self._now())
        else:
            reply = self._database.refuse(
                session, request, refused, self._now())
        self.queue_events()
        if Kind.DROP_REPLY in kinds:
            self._flush_and_close(peer)
            return
        if reply.close:
            peer.closing = True
        self._queue(peer, format_reply(reply))

    def _answer_word(self, peer: Peer, word: Word) -> None:
        clients = [f'/{each.address}(session {each.session_id:#x})'
                   for each in self.peers]
        self._queue(peer, words.answer(
            word.word, self._database,
            words.Traffic(self._received, self._sent, clients)))
        peer.closing = True

    def end_session(self, session_id: int, linger: bool) -> None:
        """End a session, as Database.end does, and its connection."""
        self._database.end(session_id, self._now(), linger)
        self._dismiss(session_id)
        self.queue_events()

    def _dismiss(self, session_id: int) -> None:
        """Close the connection of a session that has ended."""
        peer = self._by_session.get(session_id)
        if peer is not None:
            self._flush_and_close(peer)

    # Output

    def queue_events(self) -> None:
        """Queue the database's events for those whom they concern."""
        for session_id, event in self._database.take_events():
            peer = self._by_session.get(session_id)
            if peer is not None:
                self._queue(peer, format_event(event))

    def _queue(self, peer: Peer, data: bytes) -> None:
        self._sent += 1
        self._unflushed[peer] = None
        if not peer.queue(data):
            logger.warning('%s: closed: it does not read', peer.address)
            self.close(peer)

    def flush(self) -> None:
        """Send what can be sent, and handle what waited for that."""
        while self._unflushed:
            peer = next(iter(self._unflushed))
            del self._unflushed[peer]
            if peer not in self.peers:
                continue
            was_stalled = peer.stalled
            if peer.unsent and not peer.send():
                self.close(peer)
            elif peer.closing and not peer.unsent:
                self.close(peer)
            else:
                if was_stalled and not peer.stalled:
                    self._handle_all(peer)
                self._show_interest(peer)

    def _flush_and_close(self, peer: Peer) -> None:
        if peer.unsent:
            peer.send()
        self.close(peer)

    def _show_interest(self, peer: Peer) -> None:
        if peer not in self.peers:
            return
        interest = 0
        if peer.unsent:
            interest |= WRITE
        if not (peer.closing or peer.stalled):
            interest |= READ
        if interest and interest != peer.interest:
            self._loop.change(peer.socket, interest)
            peer.interest = interest

    def close(self, peer: Peer) -> None:
        """Close a connection; its session goes on."""
        if peer not in self.peers:
            return
        del self.peers[peer]
        self._without_session.pop(peer, None)
        if self._by_session.get(peer.session_id) is peer:
            del self._by_session[peer.session_id]
            self._database.disconnect(peer.session_id)
        self._loop.unwatch(peer.socket)
        peer.close()

    def close_all(self) -> None:
        """Close the connections and the listening socket."""
        for peer in list(self.peers):
            self.close(peer)
        self._shut()

    def forget(self) -> None:
        """Close without a word: the sockets are the parent process's."""
        for peer in self.peers:
            peer.socket.close()
        self.peers.clear()
        # Not unwatched: the parent's selector is the same one in the kernel.
        if self._listener is not None:
            self._listener.close()
            self._listener = None
