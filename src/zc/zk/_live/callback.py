"""What a user's callback takes, and what it saw last.

It must not know what the callback watches, nor in which thread it runs.
"""
from __future__ import annotations

import inspect
from collections.abc import Callable
from collections.abc import Iterable
from types import FunctionType
from types import MethodType
from typing import Any


class Watcher:
    """A user's callback.

    :param function: takes the watched object, perhaps ``added`` and
        ``removed`` as well, and perhaps no arguments at all
    :cvar offered: the names of the keywords that it may take
    :ivar version: of the watched object, when it was called last
    """

    __slots__ = ('_names', '_takes', '_takes_nothing', 'function', 'version')

    offered = frozenset({'added', 'removed'})

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.version = -1
        self._names: frozenset[str] = frozenset()
        self._takes_nothing, self._takes = _signature(
            function, self.offered)

    def call(self, watched: Any, names: Callable[[], Iterable[str]]) -> None:
        """Call the function with what it watches.

        :param names: gives the names that there are now
        """
        if not self._takes:
            self.function(watched)
            return
        before = self._names
        self._names = frozenset(names())
        changes = {'added': self._names - before,
                   'removed': before - self._names}
        self.function(watched, **{name: changes[name]
                                  for name in self._takes})

    def call_deleted(self) -> None:
        """Call the function without arguments, if it allows that."""
        self._names = frozenset()
        if self._takes_nothing:
            self.function()


def _signature(
    function: Callable[..., Any], offered: frozenset[str]
) -> tuple[bool, frozenset[str]]:
    """Tell whether `function` can be called without arguments, and which of
    the keywords `offered` it takes.

    Looked up, not tried: a TypeError from inside a callback is a fault of
    the callback, and must show.
    """
    bound = isinstance(function, MethodType)
    plain = function.__func__ if isinstance(function, MethodType) else function
    if isinstance(plain, FunctionType):
        # What inspect.signature would say, at a tenth of the time.
        code = plain.__code__
        required = code.co_argcount - len(plain.__defaults__ or ()) > bound
        required = required or code.co_kwonlyargcount > len(
            plain.__kwdefaults__ or ())
        names = code.co_varnames[code.co_posonlyargcount:
                                 code.co_argcount + code.co_kwonlyargcount]
        if offered.isdisjoint(names):       # most
            return not required, frozenset()
        return not required, offered.intersection(names)
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):     # some callables have none
        return False, frozenset()
    try:
        signature.bind()
        required = False
    except TypeError:
        required = True
    return not required, offered.intersection(
        name for name, parameter in signature.parameters.items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD,
                              parameter.KEYWORD_ONLY))
