"""Following a live object by ``async for``, and making one to follow.

Runs in an event loop.  It must not know what the objects hold.
"""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Coroutine
from collections.abc import Generator
from types import TracebackType
from typing import Any
from typing import Generic
from typing import Protocol
from typing import TypeVar


class Followed(Protocol):
    """A live object."""

    @property
    def _version(self) -> int: ...

    async def _change(self, seen: int) -> bool: ...

    def _let_go(self) -> None: ...

    async def close(self) -> None: ...


L = TypeVar('L', bound=Followed)


class Opening(Generic[L]):
    """A live object that is to be made: await it, or iterate over it.

    ``await``, ``async with`` and ``async for`` make it.
    """

    def __init__(self, make: Callable[[], Coroutine[Any, Any, L]]) -> None:
        self._make = make
        self._made: L | None = None

    def __await__(self) -> Generator[Any, Any, L]:
        return self._make().__await__()

    async def __aenter__(self) -> L:
        self._made = await self._make()
        return self._made

    async def __aexit__(
        self,
        type_: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._made is not None:
            await self._made.close()

    def __aiter__(self) -> Iteration[L]:
        return Iteration(make=self._make)


class Iteration(Generic[L]):
    """Iterates over the changes of a live object, the first of which is that
    it is there.

    :param live: what to follow
    :param make: makes it; then it is closed at the end
    """

    def __init__(
        self,
        live: L | None = None,
        make: Callable[[], Coroutine[Any, Any, L]] | None = None,
    ) -> None:
        self._live = live
        self._make = make
        self._seen: int | None = None

    def __aiter__(self) -> Iteration[L]:
        return self

    async def __anext__(self) -> L:
        try:
            if self._live is None:
                if self._make is None or self._seen is not None:
                    raise StopAsyncIteration
                self._live = await self._make()
            live = self._live
            if self._seen is not None and not await live._change(self._seen):
                raise StopAsyncIteration
            self._seen = live._version
            return live
        except BaseException:
            if self._make is not None and self._live is not None:
                self._live._let_go()
            self._live = None
            raise
