"""A service's servers, kept up to date, and the choice among them.

The list changes in the watch thread, at the moment of a change.  Choosing
never waits for ZooKeeper.
"""
from __future__ import annotations

import json
import os
import random
import threading
import time
import uuid
import weakref
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple
from typing import cast

from kazoo.exceptions import NoNodeError

from .._live.callback import Watcher
from .._live.engine import Engine
from .._live.live import Live
from .._session.nodes import Nodes
from .._session.servers import servers_of
from ..errors import ForkedError
from ..errors import LinkLoop
from .balancer import Balancer
from .changes import PendingChanges
from .entry import FORMATS
from .listing import Listing
from .listing import ListingTracker
from .provider import Lease
from .provider import Provider
from .roster import Roster
from .rules import OWN
from .rules import TWO_CHOICES
from .rules import Rules
from .saver import Saver
from .snapshot import SavedList
from .snapshot import Source
from .snapshot import Unusable
from .ways import WAYS


class Options(NamedTuple):
    """How to choose, as `ZooKeeper.providers` takes it."""

    choose: str = TWO_CHOICES
    zone: str | None = None
    subset: int | None = None
    hold: float = Rules().hold
    eject: bool | float = True
    snapshot: str | None = None
    format: str = OWN

    def rules(self) -> Rules:
        """Return the figures that decide.

        :raises ValueError: when an option makes no sense
        """
        if self.choose not in WAYS:
            known = ', '.join(map(repr, WAYS))
            raise ValueError(
                f'choose must be one of {known}, not {self.choose!r}')
        if self.format not in FORMATS:
            known = ', '.join(map(repr, FORMATS))
            raise ValueError(
                f'format must be one of {known}, not {self.format!r}')
        if self.subset is not None and self.subset < 1:
            raise ValueError(f'subset must be 1 or more, not {self.subset}')
        if self.hold < 0 or self.eject < 0:
            raise ValueError('hold and eject must not be negative')
        rules = Rules(hold=float(self.hold))
        if self.eject is True:
            return rules
        return rules._replace(eject=float(self.eject))


class ServiceStatistics(NamedTuple):
    """What `Providers.statistics` returns: figures of one moment.

    :ivar states: how many providers are in each state: ``'ready'``,
        ``'draining'``, ``'ejected'`` and ``'stale'``
    :ivar choices: how often one was chosen
    :ivar ejections: how often one was ejected
    """

    states: Mapping[str, int]
    choices: int
    ejections: int


class _Tracker(ListingTracker):

    __slots__ = ()

    def changed(self) -> None:
        owner = self._owner() if self._owner is not None else None
        if isinstance(owner, Providers):
            owner._take()
        super().changed()


class _Watcher(Watcher):
    """A callback that hears of providers, and of changed ones too."""

    offered = frozenset({'added', 'removed', 'changed'})

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._changes: PendingChanges | None = None

    def call(self, watched: Any, names: Callable[[], Iterable[str]]) -> None:
        if not self._takes:
            self.function(watched)
            return
        if self._changes is None:
            self._changes = watched._roster.follow()
        difference = watched._roster.since(self._changes)
        self.function(watched, **{name: getattr(difference, name)
                                  for name in self._takes})


class Providers(Live):
    """The servers that are registered for a service, kept up to date.

    Iterating gives `Provider` objects, sorted by name.  ``providers[name]``
    is one of them.
    """

    _tracker_class = _Tracker
    _watcher_class = _Watcher

    def __init__(
        self, nodes: Nodes, engine: Engine, path: str, options: Options
    ) -> None:
        rules = options.rules()
        ref: weakref.ref[Providers] = weakref.ref(self)
        self._balancer = Balancer(
            path, rules, time.monotonic, random.random,
            way=options.choose, zone=options.zone, subset=options.subset,
            client=uuid.uuid4().hex, refused=lambda name: _refused(ref, name))
        roster = self._roster = Roster(
            path, rules, self._balancer, options.format)
        self._taking = threading.Lock()
        self._timer: threading.Timer | None = None
        self._saver: Saver | None = None
        if options.snapshot is not None:
            client = nodes.client
            self._saver = Saver(
                options.snapshot,
                Source(servers_of(client), client.chroot,
                       nodes.normal(path)),
                lambda: _saved(roster))
        super().__init__(nodes, engine, path)

    # Choosing

    def choose(
        self, key: str | None = None, exclude: Iterable[Provider] = ()
    ) -> Provider:
        """Return the provider that the next request should go to.

        :param key: requests with the same key go to the same provider, as
            long as it is there
        :param exclude: providers that will not do
        :raises NoProviders: when none will do
        """
        self._check_process()
        provider: Provider = self._balancer.choose(
            key, _excluded(exclude)).provider
        return provider

    def lease(
        self, key: str | None = None, exclude: Iterable[Provider] = ()
    ) -> Lease:
        """Return what chooses a provider for a ``with`` statement, and
        reports how the request went; see `choose`.
        """
        self._check_process()
        return Lease(self._balancer, key, _excluded(exclude))

    def statistics(self) -> ServiceStatistics:
        """Return figures of this moment.  They cost next to nothing."""
        balancer = self._balancer
        return ServiceStatistics(
            balancer.counts(), balancer.choices, balancer.ejections)

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise ForkedError(self._pid)

    # Reading

    def __iter__(self) -> Iterator[Provider]:
        return iter(self._shown().values())

    def __len__(self) -> int:
        self._check_process()
        return len(self._roster)

    def __getitem__(self, name: str) -> Provider:
        provider = self.get(name)
        if provider is None:
            raise KeyError(name)
        return provider

    def __contains__(self, item: object) -> bool:
        name = item.name if isinstance(item, Provider) else item
        return isinstance(name, str) and self.get(name) is not None

    def get(self, name: str) -> Provider | None:
        """Return the provider of that name, or None."""
        self._check_process()
        return self._roster.get(name)

    @property
    def real_path(self) -> str:
        """The path after following symbolic links; the last one known."""
        snapshot: Listing | None = self._tracker.snapshot
        return self.path if snapshot is None else snapshot.real_path

    def _shown(self) -> Mapping[str, Provider]:
        self._check_process()
        return self._roster.providers

    def _names(self) -> Iterable[str]:
        return self._roster.providers.keys()

    # Changes

    def _tell(self, entry: Watcher, first: bool = False) -> None:
        # Also without a node there may be providers: held ones.
        entry.version = self._tracker.version
        entry.call(self, self._names)

    def _check(self) -> None:
        super()._check()
        self._take()

    def _take(self) -> None:
        """Take in what the engine computed; in its thread or the maker's.
        """
        tracker = self._tracker
        roster = self._roster
        assert isinstance(tracker, ListingTracker)
        with self._taking:
            now = time.monotonic()
            while tracker.news:
                news = tracker.news.popleft()
                if news.whole:
                    roster.take(
                        cast(Mapping[str, 'bytes | Exception'], news.nodes),
                        news.overrides, news.left, now)
                else:
                    roster.change(
                        news.nodes, news.overrides, news.left, now)
                if self._saver is not None:
                    self._saver.save_soon()
            if isinstance(tracker.error, (NoNodeError, LinkLoop)):
                # All of them have gone with the service's node.
                roster.take({}, roster.overrides, (), now)
            self._plan()

    def _load(self) -> bool:
        """Start with the saved list; tell whether there is one."""
        if self._saver is None:
            return False
        try:
            saved = self._saver.load()
        except Unusable:
            return False
        overrides = None if saved.overrides is None else json.dumps(
            saved.overrides, sort_keys=True)
        self._roster.take(saved.nodes, overrides, (), time.monotonic())
        return True

    def _plan(self) -> None:
        """Have `_expire` called when something is held for long enough."""
        due = self._roster.due
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due != float('inf') and not self._tracker.dropped:
            self._timer = threading.Timer(
                max(0.0, due - time.monotonic()), _expire,
                (weakref.ref(self),))
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        """Stop following the service; the last list stays usable.

        No callback starts after this has returned.  It waits up to a second
        for one that runs in the callback thread.
        """
        super().close()
        if self._timer is not None:
            self._timer.cancel()
        if self._saver is not None:
            self._saver.close()


def _expire(ref: weakref.ref[Providers]) -> None:
    providers = ref()
    if providers is not None:
        if providers._roster.expire(time.monotonic()):
            providers._engine.touch(providers._tracker)
        with providers._taking:
            providers._plan()


def _refused(ref: weakref.ref[Providers], name: str) -> None:
    providers = ref()
    if providers is not None and providers._roster.drop(name):
        providers._engine.touch(providers._tracker)


def _saved(roster: Roster) -> SavedList:
    overrides = roster.overrides
    return SavedList(
        {name: data for name, data in roster.nodes.items()
         if isinstance(data, bytes)},
        None if overrides is None else json.loads(overrides))


def _excluded(providers: Iterable[Provider]) -> Collection[str]:
    # Nearly always there are none; the empty tuple costs nothing.
    return [each.name for each in providers] if providers else ()
