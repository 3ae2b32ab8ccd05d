"""Reads under way, and what they gave.

Runs in its caller's thread, except for what reads a reply, which runs in
kazoo's connection thread.  It must not know what was asked for, nor why.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import Protocol

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import UnimplementedError

from .batching import batched
from .wire import MULTI_READ
from .wire import Request
from .wire import pack_reads
from .wire import read_multi_read


#: How many reads go in one request at most: with few enough, the client
#: reads one reply while the server works on the next.
BATCH_READS = 1_000
#: How many of them may be under way at once: enough for the server to have
#: work while the client is busy with other things.
READS_IN_FLIGHT = 16


class Requests(Protocol):
    """What sends requests, waits for replies and learns from them."""

    client: KazooClient
    knows_multi_read: bool
    reply_bytes: float
    batch_bytes: int

    def send(self, request: Request) -> Any: ...

    def wait(self, result: Any) -> Any: ...

    def chroot_size(self) -> int: ...

    def single_reads(self, wanted: Sequence[tuple[str, str]]) -> list[Any]: ...


class PendingRead:
    """Reads under way, in as many requests as the limits need.

    :param bulk: the connection
    :param wanted: pairs of DATA or CHILDREN and a path
    :ivar zxid: of the last reply; 0 until one comes, and where each is
        asked for in a request of its own
    """

    def __init__(
        self, bulk: Requests, wanted: Sequence[tuple[str, str]]
    ) -> None:
        self.zxid = 0
        self._bulk = bulk
        self._wanted = wanted
        self._sent: deque[Any] = deque()
        self._next = 0

    def send(self) -> None:
        """Send as many requests as may be under way."""
        wanted = self._wanted
        while self._next < len(wanted) and len(self._sent) < READS_IN_FLIGHT:
            end = self._end_of_batch(self._next)
            self._sent.append(self._bulk.send(Request(
                MULTI_READ,
                pack_reads(self._bulk.client.chroot, wanted[self._next:end]),
                self._read)))
            self._next = end

    def get(self) -> list[Any]:
        """Wait, and return what iterating gives."""
        return [answer for answers in self._batches() for answer in answers]

    def __iter__(self) -> Iterator[Any]:
        """Yield what was asked for, in order and as it comes: a node's data
        and stat, the names of its children, or the error that it gave.

        :raises KazooException: when the connection failed
        """
        for answers in self._batches():
            yield from answers

    def _batches(self) -> Iterator[list[Any]]:
        bulk, wanted = self._bulk, self._wanted
        if not self._sent:
            yield bulk.single_reads(wanted)
            return
        try:
            answers = self._receive()
        except UnimplementedError:
            bulk.knows_multi_read = False
        except ConnectionLoss:
            if bulk.knows_multi_read:
                raise       # else another thread's reads had found out
        else:
            yield answers
            while self._sent:
                yield self._receive()
            return
        try:
            answers = bulk.single_reads(wanted)
        except ConnectionLoss:
            # Such a server drops the connection as well.
            answers = bulk.single_reads(wanted)
        yield answers

    def _receive(self) -> list[Any]:
        bulk = self._bulk
        answers: list[Any]
        answers, size = bulk.wait(self._sent.popleft())
        mean = size / max(len(answers), 1)
        bulk.reply_bytes = max(100.0, mean, (bulk.reply_bytes + mean) / 2)
        self.send()
        return answers

    def _read(self, buffer: bytes, offset: int) -> Any:
        # In the connection thread, which has just set it
        self.zxid = int(self._bulk.client.last_zxid)
        return read_multi_read(buffer, offset)

    def _end_of_batch(self, start: int) -> int:
        """Return where the batch that begins at `start` ends."""
        wanted = self._wanted
        bulk = self._bulk
        most = min(BATCH_READS, int(bulk.batch_bytes / bulk.reply_bytes) or 1)
        end = min(start + most, len(wanted))
        around = bulk.chroot_size() + 14
        batch = wanted[start:end]
        # UTF-8 at its longest
        size = 4 * sum([len(path) for _, path in batch]) + around * len(batch)
        if size <= bulk.batch_bytes:
            return end      # nearly always
        first = next(batched(
            batch, lambda each: around + 4 * len(each[1]), bulk.batch_bytes))
        return start + len(first)
