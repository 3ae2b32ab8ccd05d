"""Figures about a ZooKeeper object.

Pure: values only.  It must not know where they come from.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import NamedTuple


if TYPE_CHECKING:
    from ._discovery.providers import Providers



class Statistics(NamedTuple):
    """What `ZooKeeper.statistics` returns: figures of one moment.

    :ivar threads: the names of its threads; kazoo has more of its own
    :ivar watches: how many watches it has in ZooKeeper
    :ivar registrations: how many registrations there are in each state:
        ``'registered'``, ``'pending'``, ``'waiting'`` and ``'failed'``
    :ivar reconnections: how often the connection came back
    :ivar session_timeout: as ZooKeeper granted it, in seconds; for a kazoo
        client that was passed in, as it asked for it
    :ivar requests_in_flight: how many requests have no reply yet
    :ivar providers: the `Providers` objects that follow a service
    """

    threads: tuple[str, ...]
    watches: int
    registrations: Mapping[str, int]
    reconnections: int
    session_timeout: float
    requests_in_flight: int
    providers: tuple[Providers, ...]
