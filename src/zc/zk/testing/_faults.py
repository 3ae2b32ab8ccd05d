"""Faults that wait for a request.

Pure, run by the server's thread.  Must not know sockets, sessions or znodes.
"""
from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any
from typing import NamedTuple

from .protocol import jute
from .protocol import multi
from .protocol import records
from .protocol.codes import OpCode
from .protocol.connection import ClientRequest
from .protocol.jute import JuteError


#: Requests that change nodes.
WRITES = frozenset({
    OpCode.CREATE, OpCode.CREATE2, OpCode.DELETE, OpCode.SET_DATA,
    OpCode.SET_ACL, OpCode.MULTI})


class Kind(enum.Enum):
    """What is to happen to a request."""

    CALL = 'something is called before it'
    DROP_REQUEST = 'it is lost'
    DROP_REPLY = 'its reply is lost'


class StagedFault(NamedTuple):
    """What is to happen once, to the next request that matches."""

    kind: Kind
    #: What kind of request; None: any that writes.
    opcode: int | None
    #: Its path, or one of them in a transaction; None: any.
    path: str | None
    call: Callable[[Any], None] | None = None


class Faults:
    """The faults that wait, and what is refused for good.

    :ivar refused: the error that answers each request of a kind
    """

    def __init__(self) -> None:
        self._waiting: list[StagedFault] = []
        self.refused: dict[int, int] = {}

    def add(self, fault: StagedFault) -> None:
        """Let a fault wait for its request."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """Let no fault wait any more."""
        self._waiting.clear()
        self.refused.clear()

    def take(self, request: ClientRequest) -> list[StagedFault]:
        """Return the faults that hit a request; they wait no more."""
        if not self._waiting:
            return []
        paths = _paths(request)
        hit = [fault for fault in self._waiting
               if _hits(fault, request.type, paths)]
        for fault in hit:
            self._waiting.remove(fault)
        return hit


def _hits(fault: StagedFault, type: int, paths: set[str | None]) -> bool:
    if fault.opcode is None:
        if type not in WRITES:
            return False
    elif type != fault.opcode:
        return False
    return fault.path is None or fault.path in paths


def _paths(request: ClientRequest) -> set[str | None]:
    try:
        if request.type in (OpCode.MULTI, OpCode.MULTI_READ):
            ops = multi.parse_ops(request.payload)
            return {op.record.path for op in ops}
        if request.type in records.REQUESTS:
            record, _ = jute.parse(
                records.REQUESTS[request.type], request.payload)
            return {getattr(record, 'path', None)}
    except JuteError:
        pass
    return set()
