"""Dispatchers find each other by ZooKeeper (extra ``zk``).

A dispatcher is an ephemeral node, so its death shows when its session ends,
and a put wakes idle dispatchers on other machines at once.  These are hints:
the database alone says who has which job.

Uses what is public in zc.zk.  Its callbacks run in zc.zk's callback thread,
and only set flags; one thread of ours writes wake-ups.
"""
from __future__ import annotations

import contextlib
import secrets
import socket
import threading
import time
from collections.abc import Iterable
from typing import Any

from ._logs import log
from ._perform import wake
from ._rules.tuning import read
from .dispatcher import Dispatcher
from .subscribers import ThreadedDispatcherInstaller


__all__ = ['DispatcherInstaller', 'Presence', 'Waker']

#: What there is below the path.
TREE = '/dispatchers\n/wake\n'
#: Seconds that a dispatcher may be active without a node that we see: what
#: we hear from ZooKeeper may be later than what we read in the database.
GRACE = 1.0
#: Seconds between two wake-ups of one process.
SHORTEST = 0.01
#: Seconds before something is tried again that ZooKeeper refused.
AGAIN = 1.0


def _prepare(zk: Any, path: str) -> None:
    if not path.startswith('/'):
        raise ValueError(f'{path!r} is no path of a node.')
    zk.import_tree(TREE, path)


class Waker:
    """Tells the dispatchers at a path of puts in this process.

    :param zk: a `zc.zk.ZooKeeper` object
    :param path: the node that the dispatchers use; it must exist
    """

    def __init__(self, zk: Any, path: str) -> None:
        _prepare(zk, path)
        self._zk = zk
        self._path = f'{path.rstrip("/")}/wake'
        self._put = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(
            target=self._run, daemon=True, name='zc.async wake-ups')
        self._thread.start()
        wake.subscribe(self._on_put)

    def _on_put(self, name: str) -> None:
        self._put.set()

    def _run(self) -> None:
        number = 0
        while True:
            self._put.wait()
            if self._closed.is_set():
                return
            self._put.clear()
            number += 1
            try:
                self._zk.set(self._path, f'{{"put":{number}}}')
            except Exception:
                # Dispatchers look by themselves.
                log.info('A wake-up was not sent', exc_info=True)
                self._closed.wait(AGAIN)
            self._closed.wait(SHORTEST)

    def close(self) -> None:
        """Tell nothing more."""
        with contextlib.suppress(ValueError):
            wake.unsubscribe(self._on_put)
        self._closed.set()
        self._put.set()
        self._thread.join(AGAIN)


class Presence:
    """A dispatcher's node, and those of its siblings.

    :param zk: a `zc.zk.ZooKeeper` object, which it does not close
    :param path: the node that the dispatchers use; it must exist
    :param data: more properties of the dispatcher's node, for example the
        address of its monitor
    """

    def __init__(self, zk: Any, path: str, **data: Any) -> None:
        self._zk = zk
        self._path = path.rstrip('/') or '/'
        self._data = data
        self._dispatcher: Any = None
        self._node: str | None = None
        self._seen: frozenset[str] = frozenset()
        self._missing: dict[Any, float] = {}
        self._waker: Waker | None = None
        self._live: list[Any] = []
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    # In the dispatcher's thread

    def start(self, dispatcher: Any) -> None:
        """Register a dispatcher.  Returns at once."""
        self._dispatcher = dispatcher
        self._closed.clear()
        self._thread = threading.Thread(
            target=self._register, daemon=True, name='zc.async presence')
        self._thread.start()

    def present(self) -> bool:
        """Say whether the dispatcher's node is there."""
        node = self._node
        if node is None or self._zk.state != 'CONNECTED':
            return False
        registration = self._zk.registrations.get(node)
        return (registration is not None
                and registration.state == 'registered')

    def gone(self, active: Iterable[Any]) -> set[Any]:
        """Return the UUIDs of those whose nodes are gone.

        :param active: the agents of the active dispatchers
        """
        if not self.present():
            # We may be the one that is cut off.
            self._missing.clear()
            return set()
        missing = {}
        moment = time.monotonic()
        for agents in active:
            if agents.registered and str(agents.UUID) not in self._seen:
                who = agents.UUID, agents.fence.number
                missing[who] = self._missing.get(who, moment)
        self._missing = missing
        gone = {uuid for (uuid, _), since in missing.items()
                if moment - since >= GRACE}
        if len(gone) < len(missing) and self._dispatcher is not None:
            # The usual poll may be long after the time of grace.
            self._dispatcher.poll_within(GRACE)
        return gone

    def close(self) -> None:
        """Take the node away."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._waker is not None:
            self._waker.close()
            self._waker = None
        self._live = []
        node, self._node = self._node, None
        registration = None if node is None else (
            self._zk.registrations.get(node))
        if registration is not None:
            try:
                registration.unregister()
            except Exception:
                log.info('The node %s ends with its session', node,
                         exc_info=True)

    # In the thread that registers

    def _register(self) -> None:
        while not self._closed.is_set():
            try:
                self._register_once()
                self._dispatcher.wake()
                return
            except Exception:
                log.error('The dispatcher could not be registered at %s; it '
                          'claims nothing until it is', self._path,
                          exc_info=True)
                self._closed.wait(AGAIN)

    def _register_once(self) -> None:
        path = f'{self._path}/dispatchers'
        if self._waker is None:
            self._waker = Waker(self._zk, self._path)
        # A predecessor's node may still be there: each has its own name.
        name = f'{self._dispatcher.UUID}.{secrets.token_hex(4)}'
        self._zk.register(
            path, name, host=socket.gethostname(),
            activated=self._dispatcher.activated.isoformat(), **self._data)
        children = self._zk.children(path)
        children(self._changed)
        woken = self._zk.properties(f'{self._path}/wake')
        woken(self._woken)
        tuning = self._zk.properties(self._path)
        tuning(self._tuned)
        self._live = [children, woken, tuning]
        self._node = f'{path}/{name}'

    # In zc.zk's callback thread

    def _changed(self, children: Any = ()) -> None:
        self._seen = frozenset(
            name.partition('.')[0] for name in list(children))
        self._dispatcher.wake_for_poll()

    def _woken(self, properties: Any = ()) -> None:
        self._dispatcher.wake()


    def _tuned(self, properties: Any = ()) -> None:
        tuning = read(dict(properties))
        for text in tuning.wrong:
            log.error('At %s, %s', self._path, text)
        self._dispatcher.tune(tuning.intervals, tuning.sizes)


class DispatcherInstaller(ThreadedDispatcherInstaller):
    """Starts a dispatcher that is registered in ZooKeeper.

    The node at the path may have properties ``poll_interval``,
    ``look_interval``, ``drain`` and ``sizes``, which all dispatchers there
    follow while they run.

    :param zk: a `zc.zk.ZooKeeper` object
    :param path: the node that the dispatchers use; it must exist
    :param data: more properties of the dispatcher's node
    :param options: of `ThreadedDispatcherInstaller`
    """

    def __init__(self, zk: Any, path: str,
                 data: dict[str, Any] | None = None,
                 **options: Any) -> None:
        super().__init__(**options)
        self._zk = zk
        self._path = path
        self._node_data = data or {}

    def prepare(self, dispatcher: Dispatcher) -> None:
        """Give the dispatcher a node."""
        dispatcher.presence = Presence(
            self._zk, self._path, **self._node_data)
