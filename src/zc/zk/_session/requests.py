"""Many reads or writes in one ZooKeeper request, through a kazoo client.

It runs in its caller's thread; kazoo's connection thread reads the replies.
It must not know links, trees or registrations.
"""
from __future__ import annotations

import copy
import math
import os
import time
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import AuthFailedError
from kazoo.exceptions import ConnectionClosedError
from kazoo.exceptions import ConnectionDropped
from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import KazooException
from kazoo.exceptions import OperationTimeoutError
from kazoo.exceptions import SessionExpiredError
from kazoo.exceptions import SessionMovedError
from kazoo.protocol.states import KazooState
from kazoo.protocol.states import ZnodeStat
from kazoo.security import ACL

from ..errors import ForkedError
from ..errors import TooLarge
from . import insides
from .batching import batched
from .reads import PendingRead
from .transactions import BATCH_OPS
from .transactions import PendingCommit
from .wire import CHILDREN
from .wire import DATA
from .wire import MULTI
from .wire import Op
from .wire import Request
from .wire import op_size
from .wire import pack_ops
from .wire import read_multi


#: The largest request that servers take, in bytes, unless they are told
#: otherwise (``jute.maxbuffer``).
JUTE_MAXBUFFER = 1_048_575
#: Up to here, single requests on the wire are as quick as one for many.
FEW = 3

#: Errors of the connection, which a new one mends.
CONNECTION_ERRORS = (
    AuthFailedError, ConnectionClosedError, ConnectionDropped, ConnectionLoss,
    OperationTimeoutError, SessionExpiredError, SessionMovedError)

Data = tuple[bytes, ZnodeStat]


class Bulk:
    """Many operations in one request, over one kazoo client.

    :param client: a started kazoo client
    :param timeout: the longest to wait for one reply, in seconds
    :param jute_maxbuffer: the largest request that the servers take, in bytes
    :ivar batch_bytes: how many bytes of several operations go in one request
    """

    def __init__(
        self,
        client: KazooClient,
        timeout: float = 60.0,
        jute_maxbuffer: int = JUTE_MAXBUFFER,
    ) -> None:
        self.client = client
        self.timeout = timeout
        self.jute_maxbuffer = jute_maxbuffer
        # The rest is for what goes around them.
        self.batch_bytes = jute_maxbuffer * 95 // 100
        # Servers before 3.6 answer that they do not know it.
        self.knows_multi_read = True
        # A running mean, so that replies too stay near batch_bytes.
        self.reply_bytes = 100.0
        self._pid = os.getpid()
        self._deadline = math.inf

    def until(self, deadline: float) -> Bulk:
        """Return the same, whose waiting ends at `deadline`.

        :param deadline: of ``time.monotonic()``
        """
        bounded = copy.copy(self)
        bounded._deadline = deadline
        return bounded

    def check_process(self) -> None:
        """Raise an error in a child process, which has no threads.

        :raises ForkedError: in another process than this was made in
        """
        if os.getpid() != self._pid:
            raise ForkedError(self._pid)

    def on_kazoos_thread(self) -> bool:
        """Tell whether this runs where kazoo calls watch functions."""
        return insides.is_callback_thread(self.client)

    @property
    def last_zxid(self) -> int:
        """The zxid of the last reply received."""
        return int(self.client.last_zxid)

    def current_zxid(self) -> int:
        """Return a zxid that is not later than anything read after this.

        A new session has had no reply yet: with its zxid, all watches that
        are set would fire at once.
        """
        if not self.last_zxid:
            self.wait(self.client.exists_async('/'))
        return self.last_zxid

    # Reads

    def data(self, paths: Sequence[str]) -> list[Data | KazooException]:
        """Return data and stat of each node, or the error it gave."""
        return self.read([(DATA, path) for path in paths])

    def children(
        self, paths: Sequence[str]
    ) -> list[list[str] | KazooException]:
        """Return the names of each node's children, or the error it gave."""
        return self.read([(CHILDREN, path) for path in paths])

    def acls(
        self, paths: Sequence[str]
    ) -> list[tuple[list[ACL], ZnodeStat] | KazooException]:
        """Return ACL and stat of each node, or the error it gave."""
        return self._gather(
            self.client.get_acls_async, ((path,) for path in paths))

    def read(self, wanted: Sequence[tuple[str, str]]) -> list[Any]:
        """Return what is asked for, or the error that it gave, in order.

        :param wanted: pairs of DATA or CHILDREN and a path
        :raises KazooException: when the connection failed
        """
        return self.read_async(wanted).get()

    def read_async(self, wanted: Sequence[tuple[str, str]]) -> PendingRead:
        """Send reads, and return them under way.

        :param wanted: pairs of DATA or CHILDREN and a path
        """
        pending = PendingRead(self, wanted)
        if len(wanted) > FEW and self.knows_multi_read:
            pending.send()
        return pending

    def single_reads(self, wanted: Sequence[tuple[str, str]]) -> list[Any]:
        """Return what `read` does, by a request for each."""
        ask = {DATA: self.client.get_async,
               CHILDREN: self.client.get_children_async}
        found = self._gather(lambda kind, path: ask[kind](path), wanted)
        for index, (kind, _) in enumerate(wanted):
            if kind == DATA and not isinstance(found[index], Exception):
                data, stat = found[index]
                # A Java client may have left null for data.
                found[index] = (data or b'', stat)
        return found

    # Writes

    def commit(self, ops: Sequence[Op]) -> list[Any]:
        """Apply `ops` in one transaction; return a result for each.

        :raises TransactionFailed: when it was rolled back
        :raises TooLarge: when it is over the server's limit
        :raises KazooException: when the connection failed; the transaction
            may or may not have been applied
        """
        return self.commit_async(ops).get()

    def commit_async(self, ops: Sequence[Op]) -> PendingCommit:
        """Send `ops` as one transaction and return it, under way."""
        payload = pack_ops(self.client.chroot, ops)
        if len(payload) + 8 > self.jute_maxbuffer:      # 8: xid and type
            largest = max(ops, key=lambda op: len(getattr(op, 'data', b'')))
            raise TooLarge(largest.path, len(payload), self.jute_maxbuffer)
        return PendingCommit(self, ops, self.send(
            Request(MULTI, payload, read_multi)))

    def batches(self, ops: Iterable[Op]) -> Iterator[list[Op]]:
        """Split `ops` into as few transactions as the limits allow.

        :raises TooLarge: when one operation alone is over the limit
        """
        chroot = self.chroot_size()

        def size_of(op: Op) -> int:
            size = op_size(op) + chroot
            self._check_size(op, size)
            return size

        return batched(ops, size_of, self.batch_bytes, BATCH_OPS)

    def check_size(self, *ops: Op) -> None:
        """Raise an error when a request is over the server's limit.

        The server would drop the connection, and not say why.

        :param ops: one operation, or those of a transaction
        :raises TooLarge: when it is
        """
        largest = max(ops, key=op_size)
        self._check_size(largest, sum(
            [op_size(op) + self.chroot_size() for op in ops]))

    def _check_size(self, op: Op, size: int) -> None:
        if size > self.jute_maxbuffer - 100:    # for what goes around it
            raise TooLarge(
                op.path, len(getattr(op, 'data', b'')), self.jute_maxbuffer)

    def chroot_size(self) -> int:
        """Return how many bytes the chroot adds to each path."""
        return len(self.client.chroot.encode('utf-8'))

    # Requests and replies

    def wait_connected(self) -> None:
        """Wait until there is a connection.

        After a session has expired, kazoo refuses requests until it has a
        new one; at other times without a connection it keeps them.

        :raises OperationTimeoutError: when there is none in time
        """
        self.check_process()
        client = self.client
        if client.connected:
            return
        connected = client.handler.event_object()

        def listener(state: str) -> None:
            if state == KazooState.CONNECTED:
                connected.set()

        client.add_listener(listener)
        try:
            if not client.connected and not connected.wait(self.timeout):
                raise OperationTimeoutError(
                    f'no connection within {self.timeout:g} seconds')
        finally:
            client.remove_listener(listener)

    def wait(self, result: Any) -> Any:
        """Wait for a reply and return it.

        :param result: one of kazoo's ``AsyncResult`` objects
        :raises OperationTimeoutError: when none comes in time, as when no
            server can be reached (kazoo itself would wait for ever)
        """
        self.check_process()
        left = max(0.0, self._deadline - time.monotonic())
        try:
            return result.get(timeout=min(self.timeout, left))
        except self.client.handler.timeout_exception:
            raise OperationTimeoutError(
                f'no reply within {min(self.timeout, left):g} seconds'
            ) from None

    def _gather(
        self, ask: Callable[..., Any], arguments: Iterable[tuple[Any, ...]]
    ) -> list[Any]:
        """Send requests one behind the other; return what they gave."""
        found: list[Any] = []
        for result in [ask(*each) for each in arguments]:
            try:
                found.append(self.wait(result))
            except KazooException as e:
                if is_connection_error(e):
                    raise
                found.append(e)
        return found

    def send(self, request: Request) -> Any:
        """Send a request and return kazoo's pending result."""
        result = self.client.handler.async_result()
        insides.call(self.client, request, result)
        return result


def is_connection_error(error: BaseException) -> bool:
    """Tell whether `error` is the connection's, and so may pass."""
    return isinstance(error, CONNECTION_ERRORS)
