"""The watch engine: values computed from nodes, kept fresh.

A tracker (see `tracker`) is a pure function of what some nodes hold.  The
engine keeps those nodes in memory with one server watch each, however many
trackers use them, reads what is missing or stale in bulk, and computes a
tracker again when one of its nodes changed.  It must not know what trackers
compute.

Threads: kazoo's threads only put messages into the engine's mailbox.  One
watch thread refreshes.  A callback thread (see `calls`) runs callbacks.  A
tracker is first computed in its maker's thread.  `_io` is held around all
use of the cache: an event that comes while nodes are read is handled
afterwards, so none is lost and a value read earlier never replaces one read
later.
"""
from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable

from kazoo.exceptions import ConnectionClosedError
from kazoo.exceptions import KazooException
from kazoo.protocol.states import Callback
from kazoo.protocol.states import EventType
from kazoo.protocol.states import KazooState
from kazoo.protocol.states import WatchedEvent
from kazoo.protocol.states import ZnodeStat

from .._session.requests import Bulk
from .._session.wire import DATA
from .._worker.mailbox import Mailbox
from .._worker.moments import Moments
from .cache import NodeCache
from .calls import Calls
from .computation import Computation
from .messages import CaughtUp
from .messages import Drop
from .messages import Event
from .messages import Later
from .messages import Look
from .messages import Message
from .messages import Touch
from .outages import Outages
from .tracker import Tracker
from .view import Key


logger = logging.getLogger(__name__)

#: How long to wait before reading again what could not be read, in seconds:
#: no watch tells when a permission comes back.
RETRY_SECONDS = 30.0
#: The same after trouble with the connection that passed by itself.
RECONNECT_RETRY_SECONDS = 0.2
#: How long `close` waits for a thread, in seconds.
CLOSE_SECONDS = 1.0
#: The longest to wait until a write shows, in seconds: as while someone's
#: own watch function blocks kazoo's thread.
SETTLE_SECONDS = 5.0
#: The longest to wait for events that have come but were not passed on, in
#: seconds: someone's own watch function may wait for this very thread.
HEAR_SECONDS = 1.0
#: How many watches are taken away at a time while others wait.
SWEEP = 500


class Engine:
    """Keeps the trackers of one client fresh.

    One noun: a thread and its lock, and all that goes through them.

    :param bulk: reads and arms watches
    :param name: goes into the names of the threads
    :param persistent: whether to use persistent watches where possible
    """

    def __init__(
        self, bulk: Bulk, name: str, persistent: bool = True
    ) -> None:
        self._bulk = bulk
        self._cache = NodeCache(bulk, self._on_event, persistent)
        self._computation = Computation(self._cache, self.wake)
        # Held while ZooKeeper is asked, so the handler's own kind.
        self._io = bulk.client.handler.lock_object()
        self._mailbox: Mailbox[Message] = Mailbox(
            f'zc.zk watches {name}', self._handle, self._rest)
        self.calls = Calls(f'zc.zk callbacks {name}')
        self._moments = Moments()
        self._later: list[Tracker] = []     # to be computed when possible
        self._closed = False
        self._outages = Outages(bulk.client.connected)
        #: When to read again what could not be read.
        self._retry_at: float | None = None
        self.condition = threading.Condition()

    # For the owners of trackers

    def track(self, trackers: Collection[Tracker]) -> None:
        """Compute new trackers, and keep them fresh from now on.

        :raises KazooException: when the connection failed
        """
        if self._closed:
            raise ConnectionClosedError('closed')
        self._mailbox.start()
        with self._io:
            try:
                # Without this, each would be computed in vain at first.
                self._cache.fetch([
                    key for key in {
                        (each.kind, each.path): None for each in trackers}
                    if key not in self._cache])
                self._computation.run(trackers, first=True)
            except BaseException:
                for tracker in trackers:
                    self._computation.forget(tracker)
                raise
        cache = self._cache
        if cache.unused or cache.failed or cache.stale or cache.changed:
            self._mailbox.put(Look())

    def drop(self, tracker: Tracker) -> None:
        """Stop keeping `tracker` fresh.  Never blocks."""
        tracker.dropped = True
        self._mailbox.put(Drop(tracker))

    def track_later(self, tracker: Tracker) -> None:
        """Compute a new tracker as soon as that is possible."""
        self._mailbox.start()
        self._mailbox.put(Later(tracker))

    def touch(self, tracker: Tracker) -> None:
        """Have `tracker` count as changed, for a reason that no node has.
        """
        self._mailbox.put(Touch(tracker))

    def learn(self, path: str, data: bytes, stat: ZnodeStat) -> None:
        """Take in data that this process just wrote."""
        if not self._io.acquire(timeout=SETTLE_SECONDS):
            return      # reading takes long; the watch tells of it as well
        try:
            if self._cache.learn(path, data, stat):
                try:
                    self._computation.run(self._cache.users([(DATA, path)]))
                    return
                except KazooException:
                    # The watch thread reads what is missing.
                    self._cache.changed.add((DATA, path))
            elif self._cache.knows(path, stat.mzxid):
                return
        finally:
            self._io.release()
        self.settle([(DATA, path)])

    def settle(self, keys: Iterable[Key] | None = None) -> None:
        """Wait until live objects show what this client has written.

        A watch tells of a write before the reply to it comes.  So it is
        enough to wait until all events that have come were dealt with.

        :param keys: what was written, None for much; where no live object
            is about it, there is nothing to wait for
        """
        cache = self._cache
        if (not (self._outages.connected and len(cache)) or self._closed
                or (keys is not None
                    and not any(cache.shown(key) for key in keys))
                or self._mailbox.on_thread()
                or self._bulk.on_kazoos_thread()):
            return
        deadline = time.monotonic() + SETTLE_SECONDS
        again = True
        while again:
            armed = cache.armed
            again = self._moments.wait(
                self._ask, deadline - time.monotonic()) and (
                # Watches that were set meanwhile may have told of it late.
                cache.armed != armed)

    def _ask(self, function: Callable[[], None]) -> None:
        """Have `function` called when all events so far were dealt with."""
        if self._outages.connected and not self._closed:
            self._bulk.client.handler.dispatch_callback(Callback(
                'watch', self._mailbox.when_settled, (function,)))
        else:
            function()

    def call(self, function: Callable[[], None]) -> None:
        """Have the callback thread call `function`."""
        self.calls.put(function)

    def when_settled(self, function: Callable[[], None]) -> None:
        """Call `function` when all events so far were dealt with."""
        self._mailbox.when_settled(function)

    @property
    def thread(self) -> threading.Thread | None:
        """The watch thread, or None before it starts."""
        return self._mailbox.thread

    def close(self) -> None:
        """End the threads, from any thread."""
        self._closed = True
        self._mailbox.close()
        self._moments.give_up()
        self._mailbox.join(CLOSE_SECONDS)
        self.calls.close()
        self.wake()

    @property
    def current(self) -> bool:
        """Whether there is a connection, and nothing missed before it."""
        return (self._outages.over and not self._closed)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def watch_count(self) -> int:
        """Return how many nodes are watched."""
        return len(self._cache)

    # For kazoo's threads, which must not wait

    def session_changed(self, state: str) -> None:
        """Take note of the connection's state: a kazoo listener."""
        if state == KazooState.CONNECTED:
            self._outages.end()
        elif self._outages.begin(self._bulk.last_zxid):
            self._moments.give_up()
        self._mailbox.put(Look())

    def _on_event(self, event: WatchedEvent) -> None:
        if event.type != EventType.NONE:
            self._mailbox.put(Event(event.type, event.path))

    # The watch thread

    def _handle(self, messages: list[Message]) -> None:
        if self._retry_at is not None and time.monotonic() >= self._retry_at:
            self._retry_at = None
            with self._io:
                self._cache.note_failed()
        for message in messages:
            try:
                self._take(message)
            except Exception:
                logger.exception('watching failed')
        self._refresh()

    def _take(self, message: Message) -> None:
        match message:
            case Event():
                with self._io:
                    self._cache.note_event(message.type, message.path)
            case Drop():
                with self._io:
                    self._computation.forget(message.tracker)
            case Later():
                self._later.append(message.tracker)
            case Touch():
                with self._io:
                    self._computation.announce(message.tracker)
            case CaughtUp():
                self._outages.caught_up = message.outage

    def _rest(self) -> float | None:
        try:
            while self._cache.unused and not self._closed:
                with self._io:
                    self._cache.sweep(SWEEP, self._outages.connected)
        except Exception:
            logger.exception('removing watches failed')
        return self._retry_at

    def _retry(self, seconds: float) -> None:
        at = time.monotonic() + seconds
        self._retry_at = min(self._retry_at or at, at)

    def _refresh(self) -> None:
        """Arm watches anew and read what is stale, while connected."""
        cache, outages = self._cache, self._outages
        if outages.connected and not self._closed and (
                cache.stale or cache.changed or outages.watches_are_gone
                or self._later):
            try:
                with self._io:
                    self._rearm()
                    stale = [key for key in cache.stale if key in cache]
                    cache.fetch(stale)
                    if cache.silent(stale):
                        self._hear_all()
                    self._compute_changed()
                    cache.stale.clear()
                    self._computation.run([
                        each for each in self._later if not each.dropped])
                    self._later.clear()
            except KazooException as e:
                logger.debug('refresh put off: %r', e)
                self._retry(RECONNECT_RETRY_SECONDS)
            except Exception:
                logger.exception('refresh failed')
                self._retry(RETRY_SECONDS)
        if cache.failed and self._retry_at is None:
            self._retry(RETRY_SECONDS)
        if not cache.stale and outages.refreshed():
            self.wake()

    def _compute_changed(self) -> None:
        cache = self._cache
        while cache.changed:
            # Computing may read again, and find more.
            changed, cache.changed = cache.changed, set()
            try:
                self._computation.run(cache.users(changed))
            except BaseException:
                cache.changed |= changed
                raise

    def _hear_all(self) -> None:
        """Note the events that had come before the last reply was read.

        They tell apart who went with a word, and who without one.  All
        events of a transaction come before a reply that shows its effects,
        but they may still be in kazoo's queue, or in ours.
        """
        handler = self._bulk.client.handler
        passed = handler.event_object()
        handler.dispatch_callback(Callback('watch', passed.set, ()))
        passed.wait(HEAR_SECONDS)
        for message in self._mailbox.more():
            if isinstance(message, Event):
                self._cache.note_late(message.type, message.path)

    def _rearm(self) -> None:
        with self._outages.rearming() as since:
            if since is None:
                return
            zxid, outage = since
            self._cache.rearm(zxid)
        # What changed meanwhile stands in kazoo's queue by now: all is
        # fresh when that has come through ours.
        self._bulk.client.handler.dispatch_callback(
            Callback('watch', self._mailbox.put, (CaughtUp(outage),)))

    def wake(self) -> None:
        """Have those who wait for the condition look again."""
        with self.condition:
            self.condition.notify_all()
