"""One server of a service, and a request to it.

Any thread may use them.  They must not know how servers are found or
chosen.
"""
from __future__ import annotations

import enum
from collections.abc import Collection
from collections.abc import Mapping
from types import TracebackType
from typing import Any
from typing import Protocol

from .entry import Entry
from .member import Member


class Chooser(Protocol):
    """Who chooses members, and takes reports about them."""

    def clock(self) -> float: ...

    def choose(
        self, key: str | None, exclude: Collection[str], begin: bool
    ) -> Member: ...

    def ok(
        self, member: Member, seconds: float | None, end: bool = False
    ) -> None: ...

    def failed(
        self, member: Member, refused: bool, end: bool = False
    ) -> None: ...

    def end(self, member: Member) -> None: ...


class ProviderState(str, enum.Enum):
    """What this client makes of a provider."""

    #: It is registered, and nothing speaks against it.
    READY = 'ready'
    #: It wants no more requests: its weight is 0, or it is leaving.
    DRAINING = 'draining'
    #: It is left alone for a while, since requests to it failed.
    EJECTED = 'ejected'
    #: Its node vanished along with most others; it may still be there.
    STALE = 'stale'

    def __str__(self) -> str:
        return self.value


class Provider:
    """A server that is registered for a service, as it was when read.

    :ivar name: the name of its node, which is its address as a rule
    :ivar address: the pair of host and port that the name stands for, or
        None
    :ivar properties: what the node holds, after overrides; read-only
    :ivar error: why nothing could be read from the node, or None
    """

    __slots__ = ('_balancer', '_member', 'address', 'error', 'name',
                 'properties')

    def __init__(
        self, entry: Entry, member: Member, balancer: Chooser
    ) -> None:
        self.name: str = entry.name
        self.address: tuple[str, int] | None = entry.address
        self.properties: Mapping[str, Any] = entry.properties
        self.error: str | None = entry.error
        self._member = member
        self._balancer = balancer

    @property
    def host(self) -> str | None:
        """The host in the name, or None."""
        return self.address[0] if self.address is not None else None

    @property
    def port(self) -> int | None:
        """The TCP port in the name, or None."""
        return self.address[1] if self.address is not None else None

    @property
    def state(self) -> ProviderState:
        """What this client makes of it now."""
        member = self._member
        if member.draining:
            return ProviderState.DRAINING
        if member.stale:
            return ProviderState.STALE
        if member.health.until:
            return ProviderState.EJECTED
        return ProviderState.READY

    def ok(self, seconds: float | None = None) -> None:
        """Report that it answered a request.

        :param seconds: how long that took
        """
        self._balancer.ok(self._member, seconds)

    def failed(self, error: BaseException | None = None) -> None:
        """Report that a request to it failed.

        :param error: why; a ``ConnectionRefusedError``, also as the cause
            of others, says that nobody listens there
        """
        self._balancer.failed(self._member, refused(error))

    def __repr__(self) -> str:
        return f'<zc.zk.Provider {self.name} {self.state}>'


class Lease:
    """A request to a provider, for a ``with`` or ``async with`` statement.

    Its latency is reported when the block ends, and a failure when the
    block raises an ``Exception``.  Other exceptions, such as
    ``KeyboardInterrupt`` or a task's cancellation, say nothing.
    """

    __slots__ = ('_balancer', '_began', '_exclude', '_key', '_member')

    def __init__(
        self, balancer: Chooser, key: str | None, exclude: Collection[str]
    ) -> None:
        self._balancer = balancer
        self._key = key
        self._exclude = exclude

    def __enter__(self) -> Provider:
        balancer = self._balancer
        self._member = member = balancer.choose(
            self._key, self._exclude, True)
        self._began = balancer.clock()
        provider: Provider = member.provider
        return provider

    def __exit__(
        self,
        type_: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if type_ is None:
            balancer = self._balancer
            balancer.ok(self._member, balancer.clock() - self._began, True)
        elif issubclass(type_, Exception):
            self._balancer.failed(self._member, refused(value), True)
        else:
            self._balancer.end(self._member)

    async def __aenter__(self) -> Provider:
        return self.__enter__()

    async def __aexit__(
        self,
        type_: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(type_, value, traceback)


def refused(error: BaseException | None) -> bool:
    """Tell whether an error says that nobody listens at an address.

    Libraries wrap the operating system's error in their own, often more
    than once.
    """
    for _ in range(10):
        if isinstance(error, ConnectionRefusedError):
            return True
        if error is None:
            break
        error = error.__cause__ or error.__context__
    return False
