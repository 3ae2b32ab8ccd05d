"""A registration, for tasks of an event loop.

The registrations before which it stands do the work.
"""
from __future__ import annotations

import asyncio
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import Protocol
from typing import TypeVar

from .._registration.registration import Registration as SyncRegistration
from . import threads as _threads


T = TypeVar('T')

#: The states, the worst first.
STATES = ('failed', 'waiting', 'pending', 'closed', 'registered')


class RegistrationHome(Protocol):
    """Where a registration belongs."""

    async def _aside(self, function: Callable[[], T]) -> T: ...


class Registration:
    """A server's registration: one node, or one for each of its addresses.
    """

    def __init__(
        self, home: RegistrationHome, registrations: Sequence[SyncRegistration]
    ) -> None:
        self._home = home
        self._registrations = list(registrations)

    @property
    def paths(self) -> list[str]:
        """The paths of the nodes: one, unless the host was left empty."""
        return [each.path for each in self._registrations]

    @property
    def path(self) -> str:
        """The path of the first node."""
        return self.paths[0]

    @property
    def state(self) -> str:
        """As that of ``zc.zk.Registration``; of several nodes, the worst."""
        states = {each.state for each in self._registrations}
        return min(states, key=STATES.index)

    @property
    def error(self) -> Exception | None:
        """The last error, or None when the nodes are there."""
        return next(filter(None, [
            each.error for each in self._registrations]), None)

    @property
    def properties(self) -> dict[str, Any]:
        """The properties, as they are or will be written."""
        return self._registrations[0].properties

    async def wait(self, timeout: float | None = None) -> bool:
        """Wait until the nodes are there, as after an outage.

        :param timeout: the longest to wait, in seconds; None: for ever
        :returns: whether they are; False at once when the registration has
            ended
        """
        try:
            await asyncio.wait_for(self._decided(), timeout)
        except asyncio.TimeoutError:
            pass
        return self.state == 'registered'

    async def _decided(self) -> None:
        """Wait until the nodes are there, or the registration has ended."""
        loop = asyncio.get_running_loop()
        changed = asyncio.Event()

        def tell() -> None:
            _threads.tell(loop, changed.set)

        for each in self._registrations:
            each.follow(tell)
        try:
            while self.state not in ('registered', 'closed'):
                await changed.wait()
                changed.clear()
        finally:
            for each in self._registrations:
                each.unfollow(tell)

    async def update(self, /, data: Any = None, **properties: Any) -> None:
        """Change some properties; see ``zc.zk.Registration.update``."""
        def update() -> None:
            for each in self._registrations:
                each.update(data, **properties)

        await self._home._aside(update)

    async def unregister(self) -> None:
        """Delete the nodes and end the registration."""
        await self._home._aside(lambda: unregister(self._registrations))

    def __repr__(self) -> str:
        paths = ', '.join(self.paths)
        return f'<zc.zk.aio.Registration {paths}: {self.state}>'


def unregister(registrations: Sequence[SyncRegistration]) -> None:
    """End registrations; waits for ZooKeeper."""
    for each in registrations:
        each.unregister()
