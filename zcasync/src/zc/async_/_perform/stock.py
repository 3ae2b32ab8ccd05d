"""Ids for new objects that a ZEO client has in stock are not used twice.

A ZEO client gets ids a hundred at a time.  A server that was started again
has forgotten which ones it gave out, if no object has them yet, and gives
them out again.  ZEO 5 and 6 keep the stock over a reconnection, so that two
new objects of one transaction can get the same id: one of them overwrites
the other.  ZEO 4 dropped the stock; this does it again.

Touches ``_oids`` of ``ZEO.ClientStorage``, and nothing else of it that is
private.  Any thread may take ids; ZEO's own thread tells of a reconnection.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any
from typing import SupportsIndex


__all__ = ['guard']


class _Stock(list[bytes]):
    """Ids, the next one at the end."""

    def __init__(self, ids: list[bytes]) -> None:
        super().__init__(ids)
        self.highest = b''
        self.floor = b''

    def pop(self, index: SupportsIndex = -1) -> bytes:
        """Take an id; those that a transaction may have are passed over."""
        while True:
            found = super().pop(index)
            if found > self.floor:
                self.highest = max(self.highest, found)
                return found

    def renew(self) -> None:
        """Drop all ids, and those that are not higher than any of them."""
        self.floor = max([self.floor, self.highest, *self])
        self.clear()


def guard(db: Any) -> None:
    """Guard the databases of a multi-database, where they are ZEO's."""
    for each in set(db.databases.values()) | {db}:
        storage: Any = getattr(each, 'storage', None)
        ids = getattr(storage, '_oids', None)
        connected = getattr(storage, 'notify_connected', None)
        if (type(ids) is list and callable(connected)):
            stock = _Stock(ids)
            storage._oids = stock
            storage.notify_connected = _renewing(stock, connected)


def _renewing(stock: _Stock, connected: Callable[..., Any]
              ) -> Callable[..., Any]:
    def notify_connected(*args: Any, **kwargs: Any) -> Any:
        stock.renew()
        return connected(*args, **kwargs)
    return notify_connected
