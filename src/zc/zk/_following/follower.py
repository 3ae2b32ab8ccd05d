"""Follows a branch of the live tree, and tells what happens in it, in order.

One thread for each follower reads, compares and calls the callback.  kazoo's
threads only note which nodes may have changed.  While a callback blocks,
what happens meanwhile is not kept: it is compared afterwards.  So memory is
what the nodes take, however much happens.
"""
from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from itertools import islice
from types import TracebackType

from kazoo.exceptions import KazooException
from kazoo.protocol.states import Callback
from kazoo.protocol.states import KazooState
from kazoo.protocol.states import WatchedEvent

from .._session.requests import Bulk
from .._tree import paths
from .._worker.mailbox import Mailbox
from .._worker.moments import Moments
from ..client import ZooKeeper
from .branch import LiveBranch
from .branch import Moved
from .happenings import Difference
from .happenings import Happening
from .happenings import NodeState
from .happenings import differences
from .watch import BranchWatch
from .watch import Dirty


logger = logging.getLogger(__name__)

#: How many happenings are told of in one call at most.
MOST_TOLD = 1_000
#: How many nodes may be noted as changed; more stand for all of them.
MOST_DIRTY = 50_000
#: How often to look for changes where no watch tells of them, in seconds.
POLL_SECONDS = 1.0
#: How many times as long as reading all nodes took to wait at least.
POLL_FACTOR = 5
#: How long to wait after an error of the connection, in seconds.
RETRY_SECONDS = 0.5
#: How long `close` waits for the thread, in seconds.
CLOSE_SECONDS = 5.0

Heard = Callable[[list[Happening]], object]
Told = Callable[[bool], object]


class BranchFollower:
    """Follows a node and all below it.

    What is there at first is no happening: `snapshot` has it.  What was
    missed while there was no connection is told of when there is one again.

    One noun, though it is long: the thread and what it knows of the branch.

    :param path: a real path; there may be no node yet
    :param heard: called with happenings, in their order, at most 1,000 at
        once, in the follower's thread
    :param told: called in the same thread with True when all that is there
        is known, and with False when the connection is lost
    :param recursive: whether to use a persistent recursive watch where the
        server has it; without, nodes are compared every second or less
        often
    """

    def __init__(
        self,
        zk: ZooKeeper,
        path: str,
        heard: Heard,
        *,
        told: Told | None = None,
        recursive: bool = True,
    ) -> None:
        self._zk = zk       # keeps the connection alive
        client = zk.client
        self._client = client
        bulk = Bulk(client)
        self._branch = LiveBranch(bulk, path)
        self._heard = heard
        self._told = told or (lambda current: None)
        self._dirty = Dirty(MOST_DIRTY)
        self._watch = BranchWatch(bulk, path, self._on_event, recursive)
        self._mailbox: Mailbox[None] = Mailbox(
            f'zc.zk follows {path}', self._handle, self._due)
        # Held when the next three change, and by those who read them
        # elsewhere.
        self._changing = threading.Condition()
        self._nodes: dict[str, NodeState] = {}
        self._last = 0
        self._current = False
        self._closed = False
        self._moments = Moments()
        # Connections are counted, to know for which the watch was set.
        self._connection = 0
        self._watched: int | None = None
        self._polled = 0        # the zxid before the last reading
        self._due_at: float | None = None

    def start(self) -> BranchFollower:
        """Begin to follow; `wait` tells when all nodes are known."""
        self._mailbox.start()
        self._client.add_listener(self._session_changed)
        self._mailbox.put(None)
        return self

    def __enter__(self) -> BranchFollower:
        return self.start()

    def __exit__(
        self,
        type_: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Follow no longer, from any thread.  No callback starts after it.
        """
        with self._changing:
            if self._closed:
                return
            self._closed = True
            self._current = False
            self._changing.notify_all()
        self._moments.give_up()
        self._client.remove_listener(self._session_changed)
        self._mailbox.close()
        self._mailbox.join(CLOSE_SECONDS)
        self._watch.remove()

    # What is known

    @property
    def path(self) -> str:
        """The path of the branch."""
        return self._branch.path

    @property
    def current(self) -> bool:
        """Whether there is a connection and nothing was missed."""
        return self._current

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    @property
    def last(self) -> int:
        """The id of the last happening; 0: there was none."""
        return self._last

    def wait(self, timeout: float) -> bool:
        """Wait until all that is there is known.

        :param timeout: in seconds
        :returns: whether it is; not after `close`
        """
        with self._changing:
            self._changing.wait_for(
                lambda: self._current or self._closed, timeout)
            return self._current

    def get(self, path: str) -> NodeState | None:
        """Return what is known of a node."""
        with self._changing:
            return self._nodes.get(path)

    def count(self) -> int:
        """Return how many nodes there are."""
        return len(self._nodes)

    def snapshot(self) -> tuple[int, dict[str, NodeState]]:
        """Return the id of the last happening, and all nodes after it, by
        their paths.
        """
        with self._changing:
            return self._last, dict(self._nodes)

    def settle(self, timeout: float) -> bool:
        """Wait until all that has happened by now was told.

        :param timeout: in seconds
        :returns: whether it was in time; never in a callback, nor after
            `close`
        """
        if self._mailbox.on_thread():
            return False
        deadline = time.monotonic() + timeout
        bulk = Bulk(self._client)
        try:
            bulk.until(deadline).wait(self._client.sync_async('/'))
        except KazooException:
            return False

        def pass_events(done: Callable[[], None]) -> None:
            self._client.handler.dispatch_callback(
                Callback('watch', done, ()))

        def look(done: Callable[[], None]) -> None:
            if not self._watch.recursive:
                self._dirty.note_all()
            self._mailbox.put(None)
            self._mailbox.when_settled(done)

        return all(
            self._moments.wait(ask, deadline - time.monotonic())
            for ask in (self._unless_closed(pass_events),
                        self._unless_closed(look))) and self._current

    def _unless_closed(
        self, ask: Callable[[Callable[[], None]], None]
    ) -> Callable[[Callable[[], None]], None]:
        """Asked after `close` let all go on who waited, nothing is called
        any more, or not soon.
        """
        return lambda done: done() if self._closed else ask(done)

    # kazoo's threads, which must not wait

    def _session_changed(self, state: str) -> None:
        if state != KazooState.CONNECTED:
            self._connection += 1
        self._mailbox.put(None)

    def _on_event(self, event: WatchedEvent) -> None:
        if self._dirty.note(event):
            self._mailbox.put(None)

    # The follower's thread

    def _due(self) -> float | None:
        return self._due_at

    def _handle(self, messages: list[None]) -> None:
        connection = self._connection
        try:
            if self._client.connected:
                self._catch_up(connection)
        except KazooException as e:
            logger.debug('following %s is put off: %r', self.path, e)
            self._dirty.note_all()
            self._due_at = time.monotonic() + RETRY_SECONDS
        except BaseException:
            self._dirty.note_all()
            self._due_at = time.monotonic() + RETRY_SECONDS
            raise
        self._tell_state(
            self._watched == connection == self._connection
            and self._client.connected)

    def _catch_up(self, connection: int) -> None:
        """Read what may have changed, and tell of it."""
        watch, due_at = self._watch, self._due_at
        self._due_at = None
        if self._watched != connection:
            if watch.recursive:
                watch.set()
            self._dirty.note_all()
        if not watch.recursive and (
                due_at is None or time.monotonic() >= due_at):
            zxid = watch.zxid()
            if zxid != self._polled:
                self._polled = zxid
                self._dirty.note_all()
        begun = time.monotonic()
        self._read()
        self._watched = connection
        if not watch.recursive:
            now = time.monotonic()
            self._due_at = now + max(
                POLL_SECONDS, POLL_FACTOR * (now - begun))

    def _read(self) -> None:
        wanted = self._dirty.take()
        branch, nodes = self._branch, self._nodes
        if wanted is not None:
            wanted = [path for path in wanted if branch.has(path)]
            if not wanted:
                return
            try:
                found, unreadable = branch.read(wanted, nodes)
            except Moved:
                wanted = None
        if wanted is None:
            all_, unreadable = branch.read_all(nodes)
            if self._watched is None:
                # What is there at first did not happen.
                with self._changing:
                    self._nodes = all_
                return
            self._forget(unreadable)
            found = dict(all_)
            found.update(dict.fromkeys(nodes.keys() - all_.keys()))
        else:
            self._forget(unreadable)
        self._tell(list(differences(nodes, found)))

    def _forget(self, unreadable: list[str]) -> None:
        """Forget nodes that may not be read any more, and those below."""
        hidden = [path for path in unreadable if path in self._nodes]
        if hidden:
            with self._changing:
                for path in [
                        path for path in self._nodes
                        if any(paths.is_under(path, above)
                               for above in hidden)]:
                    del self._nodes[path]

    def _tell(self, found: list[Difference]) -> None:
        pending = iter(found)
        while chunk := list(islice(pending, MOST_TOLD)):
            now = time.time()
            happenings = []
            with self._changing:
                for what, path, old, new in chunk:
                    self._last += 1
                    happenings.append(
                        Happening(self._last, now, what, path, old, new))
                    if new is None:
                        del self._nodes[path]
                    else:
                        self._nodes[path] = new
                if self._closed:
                    return
            try:
                self._heard(happenings)
            except Exception:
                logger.exception('a callback for %s failed', self.path)

    def _tell_state(self, current: bool) -> None:
        with self._changing:
            if current == self._current or self._closed:
                return
            self._current = current
            self._changing.notify_all()
        self._told(current)
