"""Transactions under way, and what they gave.

Runs in its caller's thread.  It must not know what was written, nor why.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from typing import Protocol

from kazoo.exceptions import KazooException
from kazoo.exceptions import RolledBackError
from kazoo.exceptions import RuntimeInconsistency

from .wire import Op


#: How many transactions may be under way at once.
IN_FLIGHT = 4
#: How many operations go in one transaction: more gain nothing.
BATCH_OPS = 1_000


class Waits(Protocol):
    """What waits for replies."""

    def wait(self, result: Any) -> Any: ...


class TransactionFailed(Exception):
    """A transaction was rolled back because of one operation.

    :ivar index: the operation's place in what was committed
    :ivar op: the operation
    :ivar error: kazoo's exception for it
    """

    def __init__(self, index: int, op: Op, error: KazooException) -> None:
        super().__init__(index, op.path, error)
        self.index = index
        self.op = op
        self.error = error

    def __str__(self) -> str:
        return f'{type(self.error).__name__} at {self.op.path}'


class PendingCommit:
    """A transaction under way."""

    def __init__(self, bulk: Waits, ops: Sequence[Op], result: Any) -> None:
        self.ops = ops
        self._bulk = bulk
        self._result = result

    def get(self) -> list[Any]:
        """Wait, and return a result for each operation.

        :raises TransactionFailed: when it was rolled back
        :raises KazooException: when the connection failed; the transaction
            may or may not have been applied
        """
        results: list[Any] = self._bulk.wait(self._result)
        for index, result in enumerate(results):
            if isinstance(result, KazooException) and not isinstance(
                    result, (RolledBackError, RuntimeInconsistency)):
                raise TransactionFailed(index, self.ops[index], result)
        for index, result in enumerate(results):
            if isinstance(result, KazooException):
                raise TransactionFailed(index, self.ops[index], result)
        return results
