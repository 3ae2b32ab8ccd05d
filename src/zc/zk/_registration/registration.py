"""One registration, as user code sees it.

What it asks for is done by its keeper.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from typing import Protocol

from .._live.tracker import Tracker
from .._tree.links import check_property_links
from .._tree.values import decode
from .._worker.backoff import Backoff
from .reconciler import Wanted


class Owner(Protocol):
    """What keeps a registration."""

    def update(
        self, registration: Registration, changes: Mapping[str, Any]
    ) -> None: ...

    def remove(self, registration: Registration) -> bool: ...


class Registration:
    """One ephemeral node, made again whenever it is lost."""

    def __init__(
        self, keeper: Owner, wanted: Wanted, backoff: Backoff
    ) -> None:
        self._keeper = keeper
        self._wanted = wanted
        self._backoff = backoff     # between the looks at the node
        self._tracker: Tracker | None = None

    @property
    def path(self) -> str:
        """The node's path."""
        return self._wanted.path

    @property
    def state(self) -> str:
        """'registered', 'pending', 'waiting', 'failed' or 'closed'.

        While it is pending, it waits for the connection; while it is
        waiting, another session has the name; when it failed, see `error`.
        All three are tried again until it is unregistered.
        """
        return self._wanted.state.value

    @property
    def error(self) -> Exception | None:
        """The last error, or None when the node is there."""
        return self._wanted.error

    @property
    def properties(self) -> dict[str, Any]:
        """The node's properties, as they are or will be written."""
        return decode(self._wanted.data, self.path)

    def update(self, /, data: Any = None, **properties: Any) -> None:
        """Change some of the node's properties, as soon as possible.

        After an error, nothing has changed.

        :param data: a mapping or pairs; the keywords take precedence
        :raises ValueNotStorable: when JSON has no form for a value
        :raises TooLarge: when the data are over the server's limit
        :raises BadPropertyLink: when a property link can be none; whether
            there is anything where it leads is not looked at
        """
        changes = dict(data or (), **properties)
        check_property_links(self.path, changes)
        self._keeper.update(self, changes)

    def unregister(self) -> None:
        """Delete the node and end the registration."""
        self._keeper.remove(self)

    def __repr__(self) -> str:
        error = f', {type(self.error).__name__}' if self.error else ''
        return f'<Registration {self.path}: {self.state}{error}>'
