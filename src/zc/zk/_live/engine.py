"""The watch engine: values computed from nodes, kept fresh.

A `Tracker` is a pure function of what some nodes hold.  The engine keeps
those nodes in memory with one server watch each, however many trackers use
them, reads what is missing or stale in bulk, and computes a tracker again
when one of its nodes changed.  It must not know what trackers compute.

Threads: kazoo's threads only put on the engine's queue.  One watch thread
refreshes.  A callback thread (see `_calls`) runs callbacks.  A tracker is
first computed in its maker's thread.  `_io` is held around all use of the
cache: an event that comes while nodes are read is handled afterwards, so
none is lost and a value read earlier never replaces one read later.
"""
from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from typing import Any

from kazoo.exceptions import ConnectionClosedError
from kazoo.exceptions import KazooException
from kazoo.exceptions import NoNodeError
from kazoo.protocol.states import Callback
from kazoo.protocol.states import EventType
from kazoo.protocol.states import KazooState
from kazoo.protocol.states import WatchedEvent
from kazoo.protocol.states import ZnodeStat

from .._printable import printable
from .._session.requests import Bulk
from .._session.wire import DATA
from .._worker import queues
from .._worker.moments import Moments
from .cache import Key
from .cache import Missing
from .cache import NodeCache
from .cache import View
from .cache import forget_frames
from .calls import Calls


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
#: How many watches are taken away at a time while others wait.
SWEEP = 500


class Tracker:
    """A value computed from nodes; subclasses say how.

    :param path: of the node that it is about
    :cvar kind: DATA or CHILDREN: what of it is most likely read first
    :cvar shown: whether users see its value
    :ivar snapshot: the newest value that could be computed, or None
    :ivar error: why there is no newer value, or None
    :ivar version: how often snapshot or error changed
    :ivar used: what was read for it
    """

    __slots__ = ('dropped', 'error', 'path', 'snapshot', 'used', 'version')

    kind = DATA
    shown = False

    def __init__(self, path: str) -> None:
        self.path = path
        self.snapshot: Any = None
        self.error: Exception | None = None
        self.version = 0
        self.used: Collection[Key] = ()
        self.dropped = False

    def compute(self, view: View) -> Any:
        """Return the value, from what `view` gives to read."""
        raise NotImplementedError

    def changed(self) -> None:
        """Called when the value changed; must not wait for anything."""
        raise NotImplementedError


class Engine:
    """Keeps the trackers of one client fresh.

    :param bulk: reads and arms watches
    :param name: goes into the names of the threads
    """

    def __init__(self, bulk: Bulk, name: str) -> None:
        self._bulk = bulk
        self._name = name
        self._cache = NodeCache(bulk, self._on_event)
        self._io = threading.Lock()
        self._start_lock = threading.Lock()
        # Simple queues: their put may be called from a weak reference's
        # callback, in any thread, at any moment.
        self._queue: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        self.calls = Calls(f'zc.zk callbacks {name}')
        self._moments = Moments()
        self._watch_thread: threading.Thread | None = None
        self._closed = False
        self._connected = bulk.client.connected
        #: The last zxid seen before the connection went, until all watches
        #: are armed again.
        self._rearm_from: int | None = None if self._connected else 0
        #: When to read again what could not be read.
        self._retry_at: float | None = None
        # Outages are numbered: the last one, the last one after which all
        # missed events have come, and the one after which all is read.
        self._outage = 0 if self._connected else 1
        self._caught_up = 0
        self._fresh = 0
        self.condition = threading.Condition()

    # For the owners of trackers

    def track(self, trackers: Collection[Tracker]) -> None:
        """Compute new trackers, and keep them fresh from now on.

        :raises KazooException: when the connection failed
        """
        if self._closed:
            raise ConnectionClosedError('closed')
        self._start()
        with self._io:
            try:
                # Without this, each would be computed in vain at first.
                self._cache.fetch([
                    key for key in {
                        (each.kind, each.path): None for each in trackers}
                    if key not in self._cache])
                self._compute(trackers, first=True)
            except BaseException:
                for tracker in trackers:
                    self._forget(tracker)
                raise
        if self._cache.unused or self._cache.failed:
            self._queue.put(('look',))

    def drop(self, tracker: Tracker) -> None:
        """Stop keeping `tracker` fresh.  Never blocks."""
        tracker.dropped = True
        self._queue.put(('drop', tracker))

    def learn(self, path: str, data: bytes, stat: ZnodeStat) -> None:
        """Take in data that this process just wrote."""
        if not self._io.acquire(timeout=SETTLE_SECONDS):
            return      # reading takes long; the watch tells of it as well
        try:
            if self._cache.learn(path, data, stat):
                try:
                    self._compute(self._cache.users([(DATA, path)]))
                    return
                except KazooException:
                    pass        # the watch thread reads what is missing
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
        if (not (self._connected and len(cache)) or self._closed
                or (keys is not None
                    and not any(cache.shown(key) for key in keys))
                or threading.current_thread() is self._watch_thread
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
        if self._connected and not self._closed:
            self._bulk.client.handler.dispatch_callback(Callback(
                'watch', self._queue.put, (('after', function),)))
        else:
            function()

    def call(self, function: Callable[[], None]) -> None:
        """Have the callback thread call `function`."""
        self.calls.put(function)

    def after_all(self, function: Callable[[], None]) -> None:
        """Call `function` when all that was queued so far has been done."""
        if self._watch_thread is None or self._closed:
            function()
        else:
            self._queue.put(('after', function))

    @property
    def has_calls(self) -> bool:
        """Whether `call` was ever used."""
        return self.calls.started

    def close(self) -> None:
        """End the threads, from any thread."""
        with self._start_lock:
            self._closed = True
        self._queue.put(('stop',))
        self._moments.give_up()
        thread = self._watch_thread
        if thread not in (None, threading.current_thread()):
            thread.join(CLOSE_SECONDS)
        self.calls.close()
        self.wake()

    @property
    def current(self) -> bool:
        """Whether there is a connection, and nothing missed before it."""
        return (self._connected and self._fresh == self._outage
                and not self._closed)

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
            self._connected = True
        else:
            if self._connected:
                self._connected = False
                self._outage += 1
                if self._rearm_from is None:
                    self._rearm_from = self._bulk.last_zxid
                self._moments.give_up()
        self._queue.put(('state',))

    def _on_event(self, event: WatchedEvent) -> None:
        if event.type != EventType.NONE:
            self._queue.put(('event', event.type, event.path))

    # The watch thread

    def _start(self) -> None:
        if self._watch_thread is None:
            with self._start_lock:
                if self._watch_thread is None and not self._closed:
                    self._watch_thread = threading.Thread(
                        target=self._run, daemon=True,
                        name=f'zc.zk watches {self._name}')
                    self._watch_thread.start()

    def _run(self) -> None:
        while True:
            for item in self._next_items():
                if item[0] == 'stop':
                    return
                try:
                    self._handle(*item)
                except Exception:
                    logger.exception('watching failed')
            self._refresh()
            try:
                self._sweep()
            except Exception:
                logger.exception('removing watches failed')

    def _handle(self, what: str, *args: Any) -> None:
        if what == 'event':
            with self._io:
                self._cache.note_event(*args)
        elif what == 'drop':
            with self._io:
                self._forget(*args)
        elif what == 'after':
            # Not before what came with it was refreshed.
            self._refresh()
            args[0]()
        elif what == 'caught up':
            self._caught_up = args[0]

    def _next_items(self) -> list[tuple[Any, ...]]:
        timeout = None
        if self._retry_at is not None:
            timeout = max(0.0, self._retry_at - time.monotonic())
        items = []
        try:
            items.append(queues.get(self._queue, timeout))
            while True:
                items.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        if self._retry_at is not None and time.monotonic() >= self._retry_at:
            self._retry_at = None
            with self._io:
                self._cache.note_failed()
        return items

    def _retry(self, seconds: float) -> None:
        at = time.monotonic() + seconds
        self._retry_at = min(self._retry_at or at, at)

    def _refresh(self) -> None:
        """Arm watches anew and read what is stale, while connected."""
        cache = self._cache
        if self._connected and not self._closed and (
                cache.stale or self._rearm_from is not None):
            try:
                with self._io:
                    self._rearm()
                    stale = [key for key in cache.stale if key in cache]
                    cache.fetch(stale)
                    self._compute(cache.users(stale))
                    cache.stale.clear()
            except KazooException as e:
                logger.debug('refresh put off: %r', e)
                self._retry(RECONNECT_RETRY_SECONDS)
            except Exception:
                logger.exception('refresh failed')
                self._retry(RETRY_SECONDS)
        if cache.failed and self._retry_at is None:
            self._retry(RETRY_SECONDS)
        if self._fresh != self._caught_up and not cache.stale:
            self._fresh = self._caught_up
            self.wake()

    def _rearm(self) -> None:
        outage = self._outage
        zxid = self._rearm_from
        if zxid is None:
            return
        # Not afterwards: another disconnection may set it meanwhile.
        self._rearm_from = None
        try:
            self._cache.rearm(zxid)
        except BaseException:
            self._rearm_from = zxid
            raise
        # What changed meanwhile stands in kazoo's queue by now: all is
        # fresh when that has come through ours.
        self._bulk.client.handler.dispatch_callback(
            Callback('watch', self._queue.put, (('caught up', outage),)))

    def _sweep(self) -> None:
        while self._cache.unused and not self._closed:
            with self._io:
                self._cache.sweep(SWEEP, self._connected)

    # Reading and computing, with _io held

    def _compute(
        self, trackers: Iterable[Tracker], first: bool = False
    ) -> None:
        """Compute `trackers`, reading the nodes they turn out to need."""
        waiting = list(trackers)
        while waiting:
            missing: dict[Key, None] = {}
            again = []
            for tracker in waiting:
                view = self._cache.view()
                changed = True
                try:
                    snapshot, error = tracker.compute(view), None
                    changed = snapshot != tracker.snapshot
                except Missing as e:
                    missing.update(dict.fromkeys(e.keys))
                    again.append(tracker)
                    continue
                except Exception as e:
                    snapshot, error = None, e
                self._cache.use(tracker, tracker.used, view.used)
                # As a tuple: a set takes four times the memory.
                tracker.used = tuple(view.used)
                self._publish(tracker, snapshot, error, changed, first)
            self._cache.fetch(list(missing))
            waiting = again

    def _forget(self, tracker: Tracker) -> None:
        self._cache.use(tracker, tracker.used, ())
        tracker.used = ()

    def _publish(
        self,
        tracker: Tracker,
        snapshot: Any,
        error: Exception | None,
        changed: bool,
        first: bool,
    ) -> None:
        if error is not None or tracker.error is not None:
            changed = _differ(error, tracker.error)
        if error is not None and not first:
            forget_frames(error)
        # The snapshot first: who sees no error sees no older one.
        if error is None:
            tracker.snapshot = snapshot
        tracker.error = error
        if (error is not None and changed and not first
                and not isinstance(error, NoNodeError)):
            logger.warning('cannot follow a change: %s', printable(error))
        if changed and not first:
            tracker.version += 1
            tracker.changed()
            self.wake()

    def wake(self) -> None:
        """Have those who wait for the condition look again."""
        with self.condition:
            self.condition.notify_all()


def _differ(a: Exception | None, b: Exception | None) -> bool:
    return type(a) is not type(b) or (
        a is not None and b is not None and a.args != b.args)
