"""What is kept for each provider: its connections, as a rule.

Any thread may use it.  It must not know how connections are closed: it only
says which ones are to be closed.
"""
from __future__ import annotations

import threading
from collections.abc import Callable
from collections.abc import Container
from typing import Generic
from typing import TypeVar


T = TypeVar('T')


class Kept(Generic[T]):
    """What is kept for one provider.

    :ivar value: what it is
    """

    __slots__ = ('name', 'users', 'value')

    def __init__(self, name: str, value: T) -> None:
        self.name = name
        self.value = value
        self.users = 0


class Pools(Generic[T]):
    """Values for the names of providers, each as long as it is needed.

    :param make: makes a new one
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._kept: dict[str, Kept[T]] = {}
        # Those whose providers are gone, and that are still used.
        self._parting: set[Kept[T]] = set()

    def __len__(self) -> int:
        return len(self._kept) + len(self._parting)

    def take(self, name: str) -> Kept[T]:
        """Return what is kept for a provider; call `give` afterwards."""
        with self._lock:
            kept = self._kept.get(name)
            if kept is None:
                kept = self._kept[name] = Kept(name, self._make())
            kept.users += 1
            return kept

    def give(self, kept: Kept[T], there: Container[str]) -> bool:
        """Take note that it is used no more; tell whether to close it.

        :param there: tells which providers there are: one may be chosen
            just before it is gone
        """
        with self._lock:
            kept.users -= 1
            if kept.users:
                return False
            if kept in self._parting:
                self._parting.discard(kept)
                return True
            if kept.name not in there and self._kept.get(kept.name) is kept:
                del self._kept[kept.name]
                return True
            return False

    def sweep(self, there: Container[str]) -> list[T]:
        """Forget the providers that are gone; return what to close.

        :param there: tells which providers there are
        """
        with self._lock:
            unused = []
            for name, kept in list(self._kept.items()):
                if name not in there:
                    del self._kept[name]
                    if kept.users:
                        self._parting.add(kept)
                    else:
                        unused.append(kept.value)
            return unused

    def clear(self) -> list[T]:
        """Forget all; return what to close, used or not."""
        with self._lock:
            every = [*self._kept.values(), *self._parting]
            self._kept = {}
            self._parting = set()
            return [kept.value for kept in every]
