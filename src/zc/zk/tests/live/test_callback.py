"""What callbacks take is looked up, never tried."""
from __future__ import annotations

import functools
import unittest
from typing import Any

from zc.zk._live.callback import Watcher


class Methods:

    def one(self, watched: Any) -> None: ...

    def none(self) -> None: ...

    def both(self, watched: Any, added: Any, removed: Any) -> None: ...

    def __call__(self, watched: Any = None, *, added: Any = ()) -> None: ...


def anything(*args: Any, **keywords: Any) -> None: ...


def wanting(watched: Any = None, *, needed: Any) -> None: ...


class SignatureTests(unittest.TestCase):

    def check(
        self, function: Any, takes_nothing: bool, *takes: str
    ) -> None:
        watcher = Watcher(function)
        self.assertEqual(watcher._takes_nothing, takes_nothing)
        self.assertEqual(watcher._takes, frozenset(takes))

    def test_functions(self) -> None:
        """Defaults and stars make a call without arguments possible."""
        self.check(lambda watched: None, False)
        self.check(lambda watched=None: None, True)
        self.check(anything, True)
        self.check(wanting, False)
        self.check(lambda watched, added=None: None, False, 'added')
        self.check(lambda *, removed=None: None, True, 'removed')
        self.check(lambda added, /: None, False)

    def test_methods(self) -> None:
        """self does not count."""
        self.check(Methods().one, False)
        self.check(Methods().none, True)
        self.check(Methods().both, False, 'added', 'removed')

    def test_other_callables(self) -> None:
        """Objects, partial functions and builtins are looked up too."""
        self.check(Methods(), True, 'added')
        self.check(functools.partial(Methods().both, removed=()), False,
                   'added', 'removed')
        self.check([].append, False)
        self.check(dict.update, False)

    def test_changes(self) -> None:
        """added and removed are relative to the last call."""
        calls: list[Any] = []
        watcher = Watcher(lambda watched, removed, added: calls.append(
            (sorted(added), sorted(removed))))
        watcher.call(self, lambda: ['a', 'b'])
        watcher.call(self, lambda: ['b', 'c'])
        watcher.call_deleted()
        watcher.call(self, lambda: ['b'])
        self.assertEqual(calls, [
            (['a', 'b'], []), (['c'], ['a']), (['b'], [])])

    def test_deleted(self) -> None:
        """Only who can be called without arguments is."""
        calls: list[Any] = []
        Watcher(lambda *args: calls.append(args)).call_deleted()
        Watcher(calls.append).call_deleted()
        self.assertEqual(calls, [()])
