"""Providers, for tasks of an event loop: choosing waits for nothing."""
from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator

from .._discovery.provider import Lease
from .._discovery.provider import Provider
from .._discovery.providers import Providers as SyncProviders
from .live import Live


class Providers(Live[SyncProviders]):
    """The servers that are registered for a service, kept up to date."""

    def choose(
        self,
        key: str | None = None,
        exclude: Iterable[Provider] = (),
    ) -> Provider:
        """Return the provider that the next request should go to.

        It waits for nothing; see ``zc.zk.Providers.choose``.

        :raises NoProviders: when none will do
        """
        return self._source.choose(key, exclude)

    def lease(
        self,
        key: str | None = None,
        exclude: Iterable[Provider] = (),
    ) -> Lease:
        """Return what chooses a provider for an ``async with`` statement,
        and reports how the request went; see `choose`.

        A task that is cancelled in it says nothing about the provider.
        """
        return self._source.lease(key, exclude)

    def __iter__(self) -> Iterator[Provider]:
        return iter(self._source)

    def __getitem__(self, name: str) -> Provider:
        return self._source[name]

    def get(self, name: str) -> Provider | None:
        """Return the provider of that name, or None."""
        return self._source.get(name)
