"""A dispatcher's rounds: from queue to queue, with one connection.

Used by the dispatcher's own thread.
"""
from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

import transaction

from .._logs import log
from .._logs import tracelog
from .._stored.base import get_id
from ..interfaces import KEY
from ..queue import check_format
from .account import Account
from .activation import Displaced
from .member import Member
from .pool import AgentThreadPool
from .records import PollInfo


__all__ = ['Rounds']

#: Seconds that it tries to hand jobs back when the database does not answer.
HAND_BACK = 10.0


class Rounds(Account):
    """The part of a dispatcher that looks at the queues of a database.

    :param db: the database whose root knows the queues
    :param jobs_size: how many jobs it remembers
    :param polls_size: how many polls it remembers
    :param drain: seconds that running jobs have to end when it stops
    """

    def __init__(self, db: Any, jobs_size: int, polls_size: int,
                 drain: float) -> None:
        super().__init__(jobs_size, polls_size)
        self.db = db
        self.drain = drain
        self.manager: Any = transaction.TransactionManager()
        self.conn: Any = None
        #: Whether the transaction began in this turn, and wrote nothing.
        self.fresh = False
        #: What was told about the sizes of agents.
        self.sizes: dict[str, int] = {}
        self._members: dict[str, Member] = {}
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._drain = drain

    def load(self, place: tuple[bytes, str]) -> Any:
        """Return an object, for the thread of the dispatcher."""
        oid, name = place
        connection = self.conn
        if (connection.db().database_name or '') != name:
            connection = connection.get_connection(name)
            connection.explicit_transactions = True
        found = connection.get(oid)
        found._p_activate()
        return found

    def begin(self, again: bool = False) -> None:
        """Begin a transaction, unless the last one is good still.

        Each beginning asks the storage what is new, which costs a request
        where that is a relational database.

        :param again: whether the last one is not good
        """
        if again or not self.fresh:
            self.manager.begin()
            self.fresh = True

    @property
    def queues(self) -> dict[str, dict[str, AgentThreadPool]]:
        """The pools by queue and agent."""
        return {name: dict(member.pools)
                for name, member in list(self._members.items())}

    def _complain(self, failed: int) -> None:
        with contextlib.suppress(Exception):
            self.manager.abort()
        if failed == 1 or failed % 20 == 0:
            log.error('%d polls in a row failed; the dispatcher %s goes on '
                      'trying', failed, self.UUID, exc_info=True)
        if failed > 1:
            # A connection may be beyond repair.
            self._close()

    def _open(self) -> None:
        if self.conn is None:
            self.conn = self.db.open(self.manager)
            # Nothing is read between two transactions: it need not ask
            # what is new when one ends.
            self.conn.explicit_transactions = True

    def _close(self) -> None:
        connection, self.conn = self.conn, None
        if connection is not None:
            with contextlib.suppress(Exception):
                self.manager.abort()
            with contextlib.suppress(Exception):
                connection.close()

    def _turn(self, full: bool) -> None:
        """Look at each queue; if it is time, poll."""
        self._open()
        # Before the transaction begins, which then sees how they ended.
        for known in self._members.values():
            known.collect()
        self.begin(again=True)
        queues = self.conn.root().get(KEY)
        if queues is None:
            self.manager.abort()
            return
        check_format(queues)
        found = {name: (queue._p_oid, get_id(queue)[1])
                 for name, queue in queues.items()}
        poll = PollInfo()
        try:
            for name, place in found.items():
                if self._stop.is_set():
                    return
                member = self._members.get(name)
                if member is None or member.place != place:
                    if member is not None:
                        member.drop_pools(set())
                    member = self._members[name] = Member(self, place, name)
                poll[name] = self._serve(member, full)
                if full:
                    poll.started.update(
                        ((name, agent), count)
                        for agent, count in member.started.items())
                    member.started.clear()
            for name in set(self._members) - set(found):
                self._members.pop(name).drop_pools(set())
        finally:
            if self.fresh:
                self.manager.abort()
                self.fresh = False
            if full:
                self._record(poll)

    def _serve(self, member: Member, full: bool) -> Any:
        try:
            if not member.ensure_active():
                return None
            if full:
                member.ping()
            member.look()
            member.progress.tend()
            if full:
                self.begin()
                return member.info()
        except Displaced:
            # The next turn activates it again.
            self._wake.set()
        return None

    def _record(self, poll: PollInfo) -> None:
        last = next(iter(self.polls), None)
        self.polls.add(poll)
        for agents in poll.values():
            for info in (agents or {}).values():
                for job in info['new jobs']:
                    record = self.jobs.get(job)
                    if record is not None:
                        record['poll id'] = poll.key
        if last is None or last != poll:
            tracelog.debug('poll %s: %r', poll.key, poll)

    def _finish(self) -> None:
        until = time.monotonic() + self._drain
        pools = [pool for member in self._members.values()
                 for pool in member.pools.values()]
        for pool in pools:
            pool.withdraw()
        for pool in pools:
            pool.wait_until_idle(max(0.0, until - time.monotonic()))
        until = time.monotonic() + HAND_BACK
        for member in self._members.values():
            while True:
                try:
                    self._open()
                    member.deactivate()
                    break
                except Exception:
                    with contextlib.suppress(Exception):
                        self.manager.abort()
                    if time.monotonic() > until:
                        log.error('The jobs in queue %r could not be handed '
                                  'back; others will take them over',
                                  member.name, exc_info=True)
                        break
                    time.sleep(0.2)
        for pool in pools:
            pool.stop.set()
        for member in self._members.values():
            member.drop_pools(set())
        self._members.clear()
