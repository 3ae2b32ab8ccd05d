"""What the page shows: the tree, its services, and the last events.

Any thread may ask.  The follower's thread brings what happened; it computes
what the open pages are told, and hands that to the hub.
"""
from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from itertools import islice
from typing import Any

from .._following import CAME
from .._following import WENT
from .._following import BranchFollower
from .._following import Happening
from .._following import NodeState
from .._tree import paths
from .._tree.graph import PROVIDERS
from ..client import ZooKeeper
from . import documents
from .branch import TreeCopy
from .cards import Cards
from .cards import Gone
from .hub import Hub
from .ring import NumberedEvent
from .ring import Ring
from .ring import moment


logger = logging.getLogger(__name__)

#: How long a request waits for the first reading of the tree, in seconds.
PATIENCE = 10.0
#: How many missed events a page is told of; one that missed more loads anew.
MOST_MISSED = 2_000
#: How many nodes a search looks at together.
AT_A_TIME = 2_000

Message = tuple[str, Any]


class NotRead(Exception):
    """The tree was not read yet."""


class Picture:
    """Follows the tree, and makes documents of it.

    :param zk: the connection
    :param hub: is given what open pages are told
    """

    def __init__(self, zk: ZooKeeper, hub: Hub) -> None:
        self._zk = zk
        self._hub = hub
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._branch = TreeCopy()
        self._cards = Cards(self._branch)
        self._ring = Ring(int(time.time() * 1000))
        self._current = False
        self._as_of = 0.0
        self._text = ''
        self._follower = BranchFollower(
            zk, '/', self._heard, told=self._told)

    def start(self) -> None:
        """Begin to follow."""
        self._follower.start()

    def close(self) -> None:
        """End following."""
        self._follower.close()

    # In the follower's thread

    def _told(self, current: bool) -> None:
        messages: list[Message] = [('status', None)]
        with self._lock:
            if current:
                nodes = self._follower.snapshot()[1]
                if not self._ready.is_set():
                    self._begin(nodes)
                    self._ready.set()
                    # Pages that were there before have nothing yet.
                    messages.append(('reload', {}))
                elif nodes.keys() != self._branch.readable():
                    # What we may not read any more went without a word.
                    self._begin(nodes)
                    messages.append(('reload', {}))
            if self._current and not current:
                self._as_of = time.time()
            self._current = current
        self._hub.publish(messages)

    def _begin(self, nodes: Mapping[str, NodeState]) -> None:
        """Begin with nodes as they are now; the lock is held."""
        generation = self._branch.generation
        self._branch = TreeCopy(generation)
        self._cards = Cards(self._branch)
        self._branch.load(nodes)

    def _heard(self, happenings: Sequence[Happening]) -> None:
        if not self._ready.is_set():
            # The tree is loaded with these in it.
            return
        try:
            self._take(happenings)
        except Exception:
            logger.exception('the tree is loaded anew')
            with self._lock:
                self._begin(self._follower.snapshot()[1])
            self._hub.publish([('reload', {})])

    def _take(self, happenings: Sequence[Happening]) -> None:
        """Take in what happened, and tell the open pages."""
        with self._lock:
            events, services = [], dict[str, None]()
            for each in happenings:
                if each.what == WENT and each.old is not None:
                    self._cards.went(each.path, Gone(each.time, each.old))
                text = self._branch.apply(each)
                if each.what == CAME or each.what == WENT or text:
                    events.append(self._ring.add(
                        each.time, each.what, each.path, text))
                services.update(dict.fromkeys(
                    self._cards.touched(each.path)))
            now = time.time()
            services.update(dict.fromkeys(self._cards.expire(now)))
            services.update(dict.fromkeys(self._cards.look()))
            if not len(self._hub):
                return
            messages = self._changes(events, services)
        self._hub.publish(messages, self._ring.newest)

    def _changes(
        self, events: Sequence[NumberedEvent], services: Iterable[str]
    ) -> list[Message]:
        """Return what pages are told of events; the lock is held."""
        messages: list[Message] = [('changes', {
            'generation': self._branch.generation,
            'events': [event.as_json() for event in events],
            'paths': sorted({event.path for event in events})})]
        for service in services:
            card = self._cards.card(service)
            messages.append(('service', card if card is not None else {
                'path': service, 'gone': True}))
        return messages

    # For requests

    def missed(self, since: int | None) -> tuple[int, list[Message]]:
        """Return what a page is told when it begins to listen.

        :param since: the number of the last event that it knows
        :returns: the number of the newest event, and messages
        """
        with self._lock:
            newest = self._ring.newest
            if since is None:
                return newest, []
            events = self._ring.since(since)
            if events is None or len(events) > MOST_MISSED:
                return newest, [('reload', {})]
            if not events:
                return newest, []
            services: dict[str, None] = {}
            for event in events:
                services.update(dict.fromkeys(
                    self._services_of(event.path)))
            return newest, self._changes(events, services)

    def _services_of(self, path: str) -> list[str]:
        above, kind = paths.split(path)
        found = [path] if path in self._branch.services else []
        if kind == PROVIDERS:
            found.append(above)
        service, kind = paths.split(above)
        if kind == PROVIDERS:
            found.append(service)
        return found

    def wait(self, seconds: float = PATIENCE) -> None:
        """Wait until the tree was read once.

        :raises NotRead: when it is not in time
        """
        if not self._ready.wait(seconds):
            raise NotRead

    def status(self) -> dict[str, Any]:
        """Return how current all of it is."""
        now = time.time()
        with self._lock:
            # The status is asked for again and again, as clocks tick.
            expired: list[Message] = [
                ('service', self._cards.card(service))
                for service in self._cards.expire(now)
                if service in self._branch.services]
            status = {
                'connected': self._current,
                'as_of': moment(
                    now if self._current else self._as_of or now),
                'generation': self._branch.generation,
                'event': self._ring.newest,
                'nodes': len(self._branch.nodes)}
        if expired:
            self._hub.publish(expired)
        return status

    def services(self, after: str, limit: int) -> dict[str, Any]:
        """Return cards, by path."""
        with self._lock:
            self._cards.expire(time.time())
            found = {'generation': self._branch.generation,
                     'event': self._ring.newest,
                     'total': len(self._branch.services)}
            names = [path for path in sorted(self._branch.services)
                     if not after or path > after]
        cards = []
        for path in names[:limit]:
            # Others need not wait until all are made.
            with self._lock:
                card = self._cards.card(path)
            if card is not None:
                cards.append(card)
        return {**found, 'services': cards,
                'next': names[limit - 1] if len(names) > limit else None}

    def architecture(self) -> dict[str, Any]:
        """Return services and their links."""
        with self._lock:
            return self._cards.picture()

    def node(self, path: str) -> dict[str, Any]:
        """Return all that is known of a node."""
        with self._lock:
            return documents.node(self._branch, path)

    def children(self, path: str, after: str, limit: int) -> dict[str, Any]:
        """Return some of the children of a node."""
        with self._lock:
            return documents.children(self._branch, path, after, limit)

    def secret(self, path: str, name: str) -> dict[str, Any] | None:
        """Return a value that is hidden elsewhere."""
        with self._lock:
            return documents.secret(self._branch, path, name)

    def events(
        self, before: int | None, path: str, limit: int
    ) -> dict[str, Any]:
        """Return events, newest first."""
        with self._lock:
            found, rest = self._ring.before(before, path, limit)
        return {'events': [event.as_json() for event in found], 'next': rest}

    def search(self, words: str, after: str, limit: int) -> dict[str, Any]:
        """Return nodes that have words in them."""
        found: list[dict[str, Any]] = []
        while True:
            # Others need not wait until all is looked at.
            with self._lock:
                nodes = self._branch.nodes
                items = [
                    (path, nodes[path].data) for path in islice(
                        self._branch.below('/', after), AT_A_TIME)]
            part = documents.search(items, words, limit - len(found))
            found += part['found']
            if part['next'] is not None or len(items) < AT_A_TIME:
                return {'found': found, 'next': part['next']}
            after = items[-1][0]
