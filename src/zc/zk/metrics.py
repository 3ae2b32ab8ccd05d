"""Figures of ZooKeeper objects for OpenTelemetry (extra ``metrics``).

::

    zc.zk.metrics.instrument(zk)

The figures are those of ``zk.statistics()``.  They are read when a reader of
OpenTelemetry asks, in its thread; nothing is counted in between.
"""
from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import Protocol

from ._discovery.providers import Providers
from ._statistics import Statistics


try:
    from opentelemetry import metrics
except ImportError as e:
    raise ImportError(
        'zc.zk.metrics needs opentelemetry-api: install zc.zk[metrics]'
    ) from e


__all__ = ['Instrumented', 'instrument']


class Instrumented(Protocol):
    """A ``zc.zk.ZooKeeper``, or one of ``zc.zk.aio`` that is connected."""

    @property
    def client(self) -> Any: ...

    def statistics(self) -> Statistics: ...


class _Meters:
    """The instruments of each meter: they are made once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._default: _Instruments | None = None
        self._given: weakref.WeakKeyDictionary[
            metrics.Meter, _Instruments] = weakref.WeakKeyDictionary()

    def get(self, meter: metrics.Meter | None) -> _Instruments:
        with self._lock:
            if meter is not None:
                if meter not in self._given:
                    self._given[meter] = _Instruments(meter)
                return self._given[meter]
            if self._default is None:
                self._default = _Instruments(metrics.get_meter('zc.zk'))
            return self._default


class _Instruments:
    """The instruments of one meter, and what they tell of.

    :param meter: makes the instruments
    """

    def __init__(self, meter: metrics.Meter) -> None:
        self._lock = threading.Lock()
        self._objects: weakref.WeakKeyDictionary[
            Instrumented, str] = weakref.WeakKeyDictionary()
        # Objects that follow one service come and go; counts only grow.
        self._seen: weakref.WeakKeyDictionary[
            Providers, tuple[int, int]] = weakref.WeakKeyDictionary()
        self._totals: dict[tuple[str, str], tuple[int, int]] = {}
        up_down = meter.create_observable_up_down_counter
        counter = meter.create_observable_counter
        for make, name, unit, says, observe in (
                (up_down, 'providers', '{provider}',
                 'Providers of the services that are followed',
                 self._providers),
                (counter, 'choices', '{choice}',
                 'Providers that were chosen',
                 lambda: self._counted(0)),
                (counter, 'ejections', '{ejection}',
                 'Providers that were ejected since requests failed',
                 lambda: self._counted(1)),
                (counter, 'reconnections', '{reconnection}',
                 'Connections that came back', self._reconnections),
                (up_down, 'registrations', '{registration}',
                 'Servers that are registered, or are to be',
                 self._registrations),
                (up_down, 'watches', '{watch}', 'Watches in ZooKeeper',
                 lambda: self._plain('watches')),
                (up_down, 'requests', '{request}',
                 'Requests that have no reply yet',
                 lambda: self._plain('requests_in_flight'))):
            make(f'zc.zk.{name}', [_callback(observe)], unit, says)

    def add(self, zk: Instrumented) -> None:
        """Tell of `zk` from now on, for as long as it lives."""
        servers = ','.join(
            f'{host}:{port}' for host, port in zk.client.hosts)
        with self._lock:
            self._objects[zk] = servers + zk.client.chroot

    def _all(self) -> Iterator[tuple[str, Statistics]]:
        with self._lock:
            objects = list(self._objects.items())
        for zk, servers in objects:
            yield servers, zk.statistics()

    def _services(self) -> Iterator[tuple[str, Providers]]:
        for servers, statistics in self._all():
            for providers in statistics.providers:
                yield servers, providers

    def _providers(self) -> Iterator[metrics.Observation]:
        found: dict[tuple[str, str], dict[str, int]] = {}
        for servers, providers in self._services():
            # Objects that follow the same service see the same servers.
            found[servers, providers.path] = dict(
                providers.statistics().states)
        for (servers, path), states in found.items():
            for state, count in states.items():
                yield _observation(count, servers, path=path, state=state)

    def _counted(self, which: int) -> Iterator[metrics.Observation]:
        services = list(self._services())
        with self._lock:
            for servers, providers in services:
                figures = providers.statistics()
                now = figures.choices, figures.ejections
                before = self._seen.get(providers, (0, 0))
                self._seen[providers] = now
                key = servers, providers.path
                total = self._totals.get(key, (0, 0))
                self._totals[key] = (total[0] + now[0] - before[0],
                                     total[1] + now[1] - before[1])
            totals = list(self._totals.items())
        for (servers, path), counts in totals:
            yield _observation(counts[which], servers, path=path)

    def _reconnections(self) -> Iterator[metrics.Observation]:
        return self._plain('reconnections')

    def _registrations(self) -> Iterator[metrics.Observation]:
        totals: dict[tuple[str, str], int] = {}
        for servers, statistics in self._all():
            for state, count in statistics.registrations.items():
                key = servers, state
                totals[key] = totals.get(key, 0) + count
        for (servers, state), count in totals.items():
            yield _observation(count, servers, state=state)

    def _plain(self, name: str) -> Iterator[metrics.Observation]:
        totals: dict[str, int] = {}
        for servers, statistics in self._all():
            totals[servers] = totals.get(servers, 0) + getattr(
                statistics, name)
        for servers, count in totals.items():
            yield _observation(count, servers)


def instrument(zk: Instrumented, meter: metrics.Meter | None = None) -> None:
    """Have OpenTelemetry observe a ZooKeeper object, while it lives.

    The instruments are named ``zc.zk.providers`` (by path and state),
    ``zc.zk.choices`` and ``zc.zk.ejections`` (by path),
    ``zc.zk.registrations`` (by state), ``zc.zk.reconnections``,
    ``zc.zk.watches`` and ``zc.zk.requests``.  The attribute ``servers`` says
    to which ZooKeeper they belong.

    :param zk: more than one may be given, one after the other
    :param meter: what to make the instruments with; by default the one that
        is named ``zc.zk``
    """
    _meters.get(meter).add(zk)


def _callback(
    observe: Callable[[], Iterable[metrics.Observation]],
) -> Callable[[metrics.CallbackOptions], Iterable[metrics.Observation]]:
    return lambda options: list(observe())


def _observation(
    count: int, servers: str, **attributes: str
) -> metrics.Observation:
    every: Mapping[str, str] = {'servers': servers, **attributes}
    return metrics.Observation(count, every)


_meters = _Meters()
