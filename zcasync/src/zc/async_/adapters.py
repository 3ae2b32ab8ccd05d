"""Adapters of persistent objects: connection and transaction manager.

They run in their caller's thread.
"""
from __future__ import annotations

from typing import Any

import persistent.interfaces
import transaction.interfaces
import ZODB.interfaces
import zope.component
from zope.interface import implementer


__all__ = ['connection', 'transactionManager']


@zope.component.adapter(persistent.interfaces.IPersistent)
@implementer(ZODB.interfaces.IConnection)
def connection(obj: Any) -> Any:
    """Return the connection of a persistent object, or None.

    An object that is new gets the one of its parents.
    """
    while obj is not None:
        if obj._p_jar is not None:
            return obj._p_jar
        obj = getattr(obj, '__parent__', None)
    return None


@zope.component.adapter(persistent.interfaces.IPersistent)
@implementer(transaction.interfaces.ITransactionManager)
def transactionManager(obj: Any) -> Any:
    """Return the transaction manager of a persistent object, or None."""
    if ZODB.interfaces.IConnection.providedBy(obj):
        return obj.transaction_manager
    found = connection(obj)
    return None if found is None else found.transaction_manager
