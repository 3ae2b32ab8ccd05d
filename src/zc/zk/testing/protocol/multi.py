"""The framing of many operations in one request, and of their results.

Pure functions, for any thread.  Must not know sessions or znodes.  As
MultiOperationRecord and MultiResponse of apache/zookeeper.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from typing import NamedTuple

from . import jute
from . import records
from .codes import Code
from .codes import OpCode
from .jute import JuteError
from .records import MultiHeader


#: Operations of a transaction (multi).
WRITES = frozenset({
    OpCode.CREATE, OpCode.CREATE2, OpCode.CREATE_CONTAINER,
    OpCode.CREATE_TTL, OpCode.DELETE, OpCode.SET_DATA, OpCode.CHECK})
#: Operations of a multiRead.
READS = frozenset({OpCode.GET_DATA, OpCode.GET_CHILDREN})

_RESULTS: dict[int, type[Any]] = {
    OpCode.CREATE: records.PathResponse,
    OpCode.CREATE2: records.Create2Response,
    OpCode.SET_DATA: records.StatResponse,
    OpCode.GET_DATA: records.GetDataResponse,
    OpCode.GET_CHILDREN: records.NamesResponse,
    OpCode.ERROR: records.NumberResponse,
}
_WITHOUT_RECORD = frozenset({OpCode.DELETE, OpCode.CHECK})

_END = jute.format(MultiHeader(-1, True, -1))


class Op(NamedTuple):
    """One operation of a transaction or of a multiRead."""

    type: int
    record: Any


class Result(NamedTuple):
    """How one operation ended: type ERROR, or the operation's.

    `record` is None where there is nothing to say (delete and check).
    """

    type: int
    record: Any


def error(code: int) -> Result:
    """Return the result of an operation that was not done."""
    return Result(OpCode.ERROR, records.NumberResponse(code))


def parse_ops(data: bytes, offset: int = 0) -> list[Op]:
    """Read the operations of a request.

    :raises JuteError: no such request, or one that mixes reads and writes
    """
    ops: list[Op] = []
    kinds: set[bool] = set()
    while True:
        header, offset = jute.parse(MultiHeader, data, offset)
        if header.done:
            return ops
        if header.type not in WRITES | READS:
            raise JuteError(f'operation {header.type} in a transaction')
        kinds.add(header.type in READS)
        if len(kinds) > 1:
            raise JuteError('reads and writes in one transaction')
        found, offset = jute.parse(
            records.REQUESTS[header.type], data, offset)
        ops.append(Op(header.type, found))


def format_ops(ops: Iterable[Op]) -> bytes:
    """Return the bytes of a request."""
    parts = []
    for op in ops:
        parts.append(jute.format(MultiHeader(op.type, False, -1)))
        parts.append(jute.format(op.record))
    parts.append(_END)
    return b''.join(parts)


def parse_results(data: bytes, offset: int = 0) -> list[Result]:
    """Read the results in a reply.

    :raises JuteError: there are no such results
    """
    results: list[Result] = []
    while True:
        header, offset = jute.parse(MultiHeader, data, offset)
        if header.done:
            return results
        found: Any = None
        if header.type in _RESULTS:
            found, offset = jute.parse(_RESULTS[header.type], data, offset)
        elif header.type not in _WITHOUT_RECORD:
            raise JuteError(f'result {header.type} of a transaction')
        results.append(Result(header.type, found))


def format_results(results: Iterable[Result]) -> bytes:
    """Return the bytes of results."""
    parts = []
    for result in results:
        failed = result.type == OpCode.ERROR
        parts.append(jute.format(MultiHeader(
            result.type, False, result.record.number if failed else Code.OK)))
        if result.record is not None:
            parts.append(jute.format(result.record))
    parts.append(_END)
    return b''.join(parts)
