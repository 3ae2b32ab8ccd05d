"""Registrations against the nodes that are there: one pass.

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
import math
from collections.abc import Iterator
from collections.abc import Sequence

from kazoo.exceptions import BadVersionError
from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import KazooException
from kazoo.exceptions import NoNodeError

from .._session.requests import Bulk
from .._session.transactions import TransactionFailed
from .._session.wire import Op
from .._session.wire import op_size
from .._tree.paths import named
from ..errors import TooLarge
from .registration import Registration
from .states import State


#: How many nodes go into one transaction.
BATCH = 250
#: Delay before trying again after an error, in seconds: the first, and the
#: longest.  Each is twice the one before, and varied by up to a half so that
#: many servers do not come back in step.
FIRST_DELAY = 0.1
LONGEST_DELAY = 30.0

Steps = tuple[Registration, list[Op]]


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

    def check_size(
        self, registration: Registration, data: bytes | None = None
    ) -> None:
        """Raise an error when the node could not be replaced.

        :param data: of the node that replaces it; None: those it has
        :raises TooLarge: when it could not
        """
        self._bulk.check_size(*registration._replacement(0, data))

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

    def attempt(
        self, wanted: Sequence[Registration], deadline: float = math.inf
    ) -> None:
        """Make a pass, all or nothing; the connection's errors are noted.

        :param deadline: of ``time.monotonic()``, when waiting ends
        """
        try:
            self.until(deadline).run(wanted, together=True)
        except KazooException as e:
            for each in wanted:
                each._fail(e)

    def run(
        self, wanted: Sequence[Registration], together: bool = False
    ) -> None:
        """Make the nodes as they are wanted.

        :param together: whether all go in one transaction, or none
        :raises KazooException: when the connection failed; the outcome is
            seen in the next pass
        """
        while wanted:
            session = self.session()
            found = self._bulk.data([each.path for each in wanted])
            work: list[Steps] = []
            blocked = False
            for each, result in zip(wanted, found, strict=True):
                steps = each._steps(result, session, self.sessions)
                if steps:
                    work.append((each, steps))
                elif each.state != State.REGISTERED:
                    blocked = True
            if together and blocked:
                return
            again = self._apply(work, together)
            # All of it was for a session; is it still the one?
            if not again and self.session() == session:
                return

    def delete(self, registrations: Sequence[Registration]) -> None:
        """Delete the nodes, as far as they are this client's.

        Each is deleted at the version that was read: one that another
        session made meanwhile, and has written to, stays.

        :raises KazooException: when some could not be deleted
        """
        kept: KazooException | None = None
        again = list(registrations)
        while again:
            found = self._bulk.data([each.path for each in again])
            work: list[Steps] = [
                (each, each._end(result[1].version))
                for each, result in zip(again, found, strict=True)
                if not isinstance(result, Exception)
                and result[1].ephemeralOwner in self.sessions]
            again = []
            for batch in self._batches(work):
                kept = self._take_away(batch, again) or kept
        if kept is not None:
            raise kept

    def _take_away(
        self, batch: list[Steps], again: list[Registration]
    ) -> KazooException | None:
        """Delete the nodes of a batch.

        :param again: gets those that are to be looked at once more
        :returns: why one cannot be deleted
        """
        kept = None
        while batch:
            try:
                self._bulk.commit([op for _, steps in batch for op in steps])
                break
            except TransactionFailed as failure:
                # All was rolled back because of one: leave that out.
                each, _ = batch.pop(_blamed(batch, failure.index))
                error = failure.error
                if each._stay(failure) or isinstance(error, BadVersionError):
                    # It is another one by now, or was written to.
                    again.append(each)
                elif not isinstance(error, NoNodeError):
                    kept = named(error, each.path)
        return kept

    def _apply(self, work: list[Steps], together: bool) -> bool:
        """Commit the operations; tell whether to look again at once."""
        again = False
        for batch in [work] if together else self._batches(work):
            while batch:
                try:
                    self._bulk.commit([op for _, steps in batch
                                       for op in steps])
                except TooLarge as e:
                    # As when others wrote much to it: only this one waits.
                    large = [each for each in batch if each[0].path == e.path]
                    large[0][0]._note(State.FAILED, e)
                    if together:
                        break
                    batch.remove(large[0])
                except TransactionFailed as failure:
                    # All was rolled back because of one: leave that out.
                    index = _blamed(batch, failure.index)
                    again = batch[index][0]._refuse(failure) or again
                    if together:
                        break
                    del batch[index]
                else:
                    for each, _ in batch:
                        each._register()
                    break
        return again

    def _batches(self, work: Sequence[Steps]) -> Iterator[list[Steps]]:
        """Split the operations by number and size, those of a node together.
        """
        batch: list[Steps] = []
        size = 0
        chroot = self._bulk.chroot_size()
        for each in work:
            more = sum([op_size(op) + chroot for op in each[1]])
            if batch and (len(batch) == BATCH
                          or size + more > self._bulk.batch_bytes):
                yield batch
                batch, size = [], 0
            batch.append(each)
            size += more
        if batch:
            yield batch


def _blamed(batch: list[Steps], index: int) -> int:
    """Return the place in the batch that holds the operation `index`."""
    for place, (_, steps) in enumerate(batch):
        index -= len(steps)
        if index < 0:
            return place
    raise IndexError(index)
