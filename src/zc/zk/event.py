"""The event that a server is being registered, and where events are sent.

It is sent in the thread that registers the server.
``notify`` is ``zope.event.notify``: an application may replace it.
"""
from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any
from typing import Protocol

from zope.event import notify


__all__ = ['RegisteringServer', 'notify']


class _Kept(Protocol):
    """A registration, as far as it matters here."""

    @property
    def state(self) -> str: ...


class RegisteringServer:
    """Sent to ``zc.zk.event.notify`` while a server is being registered.

    :ivar name: the server's address, as it was given
    :ivar path: the path of the node below which it registers
    :ivar properties: the node's properties; subscribers may add to them
    """

    # None: it is under way, or was not sent by a ZooKeeper object.
    _registrations: list[weakref.ref[_Kept]] | None = None

    def __init__(
        self, name: str, path: str, properties: dict[str, Any]
    ) -> None:
        self.name = name
        self.path = path
        self.properties = properties

    @property
    def active(self) -> bool:
        """Whether the server is registered, or being registered.

        False when that failed, and when it was unregistered.
        """
        if self._registrations is None:
            return True
        return any(kept is not None and kept.state != 'closed'
                   for kept in [each() for each in self._registrations])

    def _settle(self, registrations: Iterable[_Kept]) -> None:
        """Take note of what the server is registered by, if anything."""
        self._registrations = [weakref.ref(each) for each in registrations]

    def __repr__(self) -> str:
        return (f'RegisteringServer({self.name!r}, {self.path!r}, '
                f'{self.properties!r})')
