"""Persistent objects that know where they are.

``parent`` is where an object is.  Security policies of Zope look for
``__parent__``, which is the same unless it is set.

Runs in the thread to which the object belongs.  It must not know jobs or
queues.
"""
from __future__ import annotations

from collections.abc import Iterator
from collections.abc import MutableMapping
from typing import Any

import persistent
import ZODB.utils
from BTrees.OOBTree import OOBTree


__all__ = ['Base', 'Dict', 'describe', 'get_id', 'stored_id']


class Base(persistent.Persistent):
    """A persistent object with a parent."""

    _own_parent: Any = None
    parent: Any = None
    name: Any = None

    @property
    def __parent__(self) -> Any:
        if self._own_parent is not None:
            return self._own_parent
        return self.parent

    @__parent__.setter
    def __parent__(self, value: Any) -> None:
        self._own_parent = value


class Dict(Base, MutableMapping[Any, Any]):
    """Maps names to objects, which get ``name`` and ``parent``."""

    def __init__(self) -> None:
        self._data = OOBTree()

    def __getitem__(self, key: Any) -> Any:
        return self._data[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        previous = self._data.get(key)
        self._data[key] = value
        value.name = key
        value.parent = self
        if previous is not None and previous is not value:
            previous.parent = previous.name = None

    def __delitem__(self, key: Any) -> None:
        value = self._data.pop(key)
        value.parent = value.name = None

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._data))

    def __len__(self) -> int:
        return len(self._data)

    def __bool__(self) -> bool:
        return bool(self._data)

    # Persistent objects are compared and hashed as themselves.
    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


def get_id(obj: Any) -> tuple[int, str]:
    """Return an object's id as a number, and the name of its database."""
    return (ZODB.utils.u64(obj._p_oid),
            getattr(obj._p_jar.db(), 'database_name', None) or '')


def stored_id(obj_id: tuple[int, str], place: Any) -> tuple[int, str]:
    """Return the id of an object as it is stored at a place.

    A process gives its main database a name as it likes, or none: what is
    stored must not say it.

    :param obj_id: what `get_id` returned
    :param place: the persistent object that keeps the id
    """
    number, name = obj_id
    own = (None if place._p_jar is None
           else getattr(place._p_jar.db(), 'database_name', None))
    return number, '' if name == (own or '') else name


def describe(obj: Any) -> str:
    """Return a short text that says which object it is."""
    if isinstance(obj, persistent.Persistent):
        oid = '?' if obj._p_oid is None else ZODB.utils.u64(obj._p_oid)
        name = ('?' if obj._p_jar is None else
                repr(getattr(obj._p_jar.db(), 'database_name', '?')))
        kind = type(obj)
        return f'{kind.__module__}.{kind.__name__} (oid {oid}, db {name})'
    if hasattr(obj, '__qualname__') and hasattr(obj, '__module__'):
        return f'{obj.__module__}.{obj.__qualname__}'
    return repr(obj)
