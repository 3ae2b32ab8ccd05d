"""What is wanted of ephemeral nodes against what is there: one pass.

A pass reads all doubtful nodes in one request and mends them in few
transactions.  It runs in whatever thread asks for it, one at a time, and
must not know threads, delays or watches.

What a pass does with a node depends on who owns it:

* nobody: create it;
* this session: it is well, and its data are the current ones;
* a session that this client had before: replace it, in one transaction that
  fails if the node is not the one that was read;
* someone else: wait for it to go.  Two live servers of the same address must
  never take the node from each other in turns.

A reply that got lost needs no case of its own: the next pass looks at the
owner.
"""
from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from kazoo.exceptions import BadVersionError
from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError
from kazoo.protocol.states import ZnodeStat
from kazoo.security import ACL

from .._session.requests import Bulk
from .._session.transactions import TransactionFailed
from .._session.wire import Create
from .._session.wire import Delete
from .._session.wire import Op
from .._session.wire import SetData
from .._session.wire import op_size
from .._tree import paths
from .._tree.values import decode
from .._tree.values import encode
from ..errors import DataError
from ..errors import TooLarge
from ..errors import ValueNotStorable
from .states import FOLLOWS
from .states import State


logger = logging.getLogger(__name__)

#: How many nodes go into one transaction.
BATCH = 250


class Wanted:
    """An ephemeral node that should be there.

    :ivar path: the node's path
    :ivar error: the last error, or None
    """

    def __init__(self, path: str, data: bytes, acl: Sequence[ACL]) -> None:
        self.path = path
        self._state = State.PENDING
        self.error: Exception | None = None
        self.data = data
        self.mzxid = 0              # of the data, as far as it is known
        self.acl = acl
        self.unwritten = False      # our data are newer than the node's
        #: What is newer of them; None: all.
        self.changes: dict[str, Any] | None = None
        self.unwritable = False     # the ACL lets nobody change the data
        self.taking_over = False    # whoever owns it is known to be gone
        self.announced = False      # the first success is the caller's
        self._told = ('', '')       # what was logged last

    @property
    def state(self) -> State:
        """What is known of the node; one that may not follow is ignored."""
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        if state in FOLLOWS[self._state]:
            self._state = state

    def note(self, state: State, error: Exception | None) -> None:
        """Note state and error; log them when they are new."""
        if state not in FOLLOWS[self.state]:
            return
        # In this order: who sees that it failed finds the error.
        self.error = error
        self.state = state
        news = state, repr(error)
        if error is not None and self.announced and news != self._told:
            self._told = news
            logger.warning('registration of %s: %s: %s %s', self.path,
                           state, type(error).__name__, error)

    def change(
        self, changes: Mapping[str, Any], check: Callable[[bytes], None]
    ) -> None:
        """Have some properties written; what others write is kept.

        :param check: raises an error for data that cannot be stored: then
            nothing changes
        """
        data = encode(
            {**decode(self.data, self.path), **changes}, self.path)
        check(data)
        self.data = data
        if not self.unwritten:
            self.changes = dict(changes)
        elif self.changes is not None:
            self.changes = {**self.changes, **changes}
        self.unwritten = True

    def learn(self, data: bytes, mzxid: int) -> None:
        """Take in the node's data, unless newer ones are known."""
        if mzxid <= self.mzxid:
            return
        self.mzxid = mzxid
        if not self.unwritten:
            self.data = data
        elif self.changes is not None:
            try:
                self.data = encode(
                    {**decode(data, self.path), **self.changes}, self.path)
            except (DataError, ValueNotStorable) as e:
                logger.debug('data of %s replaced: %s', self.path, e)

    def registered(self) -> None:
        """Note that the node is there, is ours and has these data."""
        if State.REGISTERED not in FOLLOWS[self.state]:
            return
        if self.state != State.REGISTERED and self.announced:
            logger.info('registered %s', self.path)
        self._told = ('', '')
        self.unwritten = False
        self.taking_over = False
        self.error = None
        self.state = State.REGISTERED


class Reconciler:
    """Makes ephemeral nodes of one client as they are wanted.

    :param bulk: reads and writes nodes
    :ivar sessions: the ids of all sessions that the client has had
    """

    def __init__(self, bulk: Bulk) -> None:
        self._bulk = bulk
        self.sessions: set[int] = set()

    def until(self, deadline: float) -> Reconciler:
        """Return the same, whose waiting ends at `deadline`.

        :param deadline: of ``time.monotonic()``
        """
        bounded = copy.copy(self)       # it shares the sessions
        bounded._bulk = self._bulk.until(deadline)
        return bounded

    def check_size(self, wanted: Wanted, data: bytes) -> None:
        """Raise an error when a node could not be replaced by one with
        these data.

        :raises TooLarge: when it could not
        """
        self._bulk.check_size(
            Delete(wanted.path, 0),
            Create(wanted.path, data, wanted.acl, True))

    def connected(self) -> bool:
        """Tell whether there is a connection."""
        return bool(self._bulk.client.connected)

    def session(self) -> int:
        """Return the id of the current session.

        :raises ConnectionLoss: when there is no connection
        """
        client_id = self._bulk.client.client_id
        if not client_id or not client_id[0]:
            raise ConnectionLoss()
        session: int = client_id[0]
        self.sessions.add(session)
        return session

    def run(self, wanted: Sequence[Wanted], together: bool = False) -> None:
        """Make the nodes as they are wanted.

        :param together: whether all go in one transaction, or none
        :raises KazooException: when the connection failed; the outcome is
            seen in the next pass
        """
        while wanted:
            session = self.session()
            found = self._bulk.data([each.path for each in wanted])
            ops: list[tuple[Wanted, list[Op]]] = []
            blocked = False
            for each, result in zip(wanted, found, strict=True):
                steps = self._steps(each, result, session)
                if steps:
                    ops.append((each, steps))
                elif each.state != State.REGISTERED:
                    blocked = True
            if together and blocked:
                return
            again = self._apply(ops, together)
            # All of it was for a session; is it still the one?
            if not again and self.session() == session:
                return

    def delete(self, wanted: Wanted) -> None:
        """Delete the node, if it is this client's.

        It is deleted at the version that was read: one that another session
        made meanwhile, and has written to, stays.

        :raises KazooException: when it could not be deleted
        """
        while True:
            [result] = self._bulk.data([wanted.path])
            if isinstance(result, Exception):
                return
            stat = result[1]
            if stat.ephemeralOwner not in self.sessions:
                return
            try:
                self._bulk.commit([Delete(wanted.path, stat.version)])
                return
            except TransactionFailed as e:
                if isinstance(e.error, NoNodeError):
                    return
                if not isinstance(e.error, BadVersionError):
                    raise type(e.error)(wanted.path) from e
                # It is another one by now, or was written to: look again.

    def _steps(self, each: Wanted, result: Any, session: int) -> list[Op]:
        """Return what makes one node as it is wanted."""
        if isinstance(result, NoNodeError):
            each.state = State.PENDING
            return [_create(each)]
        if isinstance(result, Exception):
            # It is there, but nothing of it may be read.
            each.note(State.FAILED, type(result)(each.path))
            return []
        data, stat = result
        if stat.ephemeralOwner in self.sessions:
            each.learn(data, stat.mzxid)    # others may have written it
        if stat.ephemeralOwner == session:
            if not each.unwritten or data == each.data:
                each.registered()
                return []
            if not each.unwritable:
                return [SetData(each.path, each.data, stat.version)]
        elif not (each.taking_over or stat.ephemeralOwner in self.sessions):
            each.note(
                State.WAITING if stat.ephemeralOwner else State.FAILED,
                NodeExistsError(f'{each.path} ({_owner(stat)})'))
            return []
        return [Delete(each.path, stat.version), _create(each)]

    def _apply(
        self, ops: list[tuple[Wanted, list[Op]]], together: bool
    ) -> bool:
        """Commit the operations; tell whether to look again at once."""
        again = False
        for batch in [ops] if together else self._batches(ops):
            while batch:
                try:
                    self._bulk.commit([op for _, steps in batch
                                       for op in steps])
                except TooLarge as e:
                    # As when others wrote much to it: only this one waits.
                    large = [each for each in batch if each[0].path == e.path]
                    large[0][0].note(State.FAILED, e)
                    if together:
                        break
                    batch.remove(large[0])
                except TransactionFailed as failure:
                    # All was rolled back because of one: leave that out.
                    index = _blamed(batch, failure.index)
                    again = self._fault(batch[index][0], failure) or again
                    if together:
                        break
                    del batch[index]
                else:
                    for each, _ in batch:
                        each.registered()
                    break
        return again

    @staticmethod
    def _fault(each: Wanted, failure: TransactionFailed) -> bool:
        """Note why a node is not as wanted; tell whether to try at once."""
        error, op = failure.error, failure.op
        if isinstance(error, NoAuthError) and isinstance(op, SetData):
            # `register` makes nodes that nobody may write, by default.
            # Who may create them can replace them.
            each.unwritable = True
            return True
        if isinstance(error, NoNodeError) and isinstance(op, Create):
            each.note(State.FAILED, NoNodeError(paths.split(op.path)[0]))
            return False
        # For the rest it changed between reading and writing.
        changed = isinstance(
            error, (BadVersionError, NodeExistsError, NoNodeError))
        each.note(State.PENDING if changed else State.FAILED,
                  type(error)(op.path))
        return False

    def _batches(
        self, ops: Sequence[tuple[Wanted, list[Op]]]
    ) -> Iterator[list[tuple[Wanted, list[Op]]]]:
        """Split the operations by number and size, those of a node together.
        """
        batch: list[tuple[Wanted, list[Op]]] = []
        size = 0
        chroot = self._bulk.chroot_size()
        for each in ops:
            more = sum([op_size(op) + chroot for op in each[1]])
            if batch and (len(batch) == BATCH
                          or size + more > self._bulk.batch_bytes):
                yield batch
                batch, size = [], 0
            batch.append(each)
            size += more
        if batch:
            yield batch


def _create(each: Wanted) -> Create:
    return Create(each.path, each.data, each.acl, True)


def _owner(stat: ZnodeStat) -> str:
    if not stat.ephemeralOwner:
        return 'a permanent node has that name'
    return f'session {stat.ephemeralOwner:#x} has that name'


def _blamed(batch: list[tuple[Wanted, list[Op]]], index: int) -> int:
    """Return the place in the batch that holds the operation `index`."""
    for place, (_, steps) in enumerate(batch):
        index -= len(steps)
        if index < 0:
            return place
    raise IndexError(index)
