"""Registrations: ephemeral nodes, kept for as long as they are wanted.

One reconciler thread for each client runs passes (see `_reconcile`): after
each (re)connection, when a node of ours or its parent changed, and after an
error with a growing delay, without end.  A first registration runs its pass
in its caller's thread, so that the caller gets the error.
"""
from __future__ import annotations

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from functools import partial
from typing import Any
from typing import NamedTuple

from kazoo.exceptions import ConnectionClosedError
from kazoo.exceptions import KazooException
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError
from kazoo.exceptions import OperationTimeoutError
from kazoo.protocol.states import KazooState
from kazoo.security import ACL

from .._live.cache import View
from .._live.cache import keys_of
from .._live.engine import Engine
from .._live.tracker import Tracker
from .._session.requests import Bulk
from .._session.requests import is_connection_error
from .._tree import paths
from .._tree.values import encode
from .._worker.backoff import Backoff
from .._worker.mailbox import Mailbox
from .reconciler import Reconciler
from .reconciler import Wanted
from .registration import Registration
from .states import State


logger = logging.getLogger(__name__)

#: Delay before trying again after an error, in seconds: the first, and the
#: longest.  Each is twice the one before, and varied by up to a half so that
#: many servers do not come back in step.
FIRST_DELAY = 0.1
LONGEST_DELAY = 30.0
#: What a first registration waits beyond the session timeout, in seconds:
#: servers look for dead sessions only so often.
GRACE = 2.0
#: How long `close` waits for the thread, in seconds.
CLOSE_SECONDS = 1.0


class Check(NamedTuple):
    """A registration needs a look."""

    registration: Registration


class Remove(NamedTuple):
    """A node is to go that could not be deleted at once."""

    wanted: Wanted


class Session(NamedTuple):
    """There is a connection again, perhaps of a new session."""


Message = Check | Remove | Session


class Keeper:
    """Keeps the registrations of one client.

    :param bulk: reads and writes nodes
    :param engine: tells when a node changed
    :param session_timeout: tells how long a dead session's nodes may stay,
        in seconds
    :param name: goes into the name of the thread
    """

    def __init__(
        self,
        bulk: Bulk,
        engine: Engine,
        session_timeout: Callable[[], float],
        name: str,
    ) -> None:
        self._bulk = bulk
        self._engine = engine
        self._session_timeout = session_timeout
        self._reconciler = Reconciler(bulk)
        self.registrations: dict[str, Registration] = {}
        self._adding: set[str] = set()      # paths of first registrations
        self._lock = threading.Lock()
        # Held while a pass is under way.
        self._pass = threading.Lock()
        self._mailbox: Mailbox[Message] = Mailbox(
            f'zc.zk registrations {name}', self._handle, self._rest)
        # Notified when a first registration should look again; not held
        # over requests, since `close` and kazoo's threads take it.
        self._again = threading.Condition()
        self._wakes = 0
        self._closed = False
        self._ended = False                     # the thread is to end
        self._undeleted: set[Wanted] = set()    # nodes that are to go
        # Only for the reconciler thread.
        self._doubtful: set[Registration] = set()
        self._leaving: list[Wanted] = []
        self._leave_backoff = Backoff(FIRST_DELAY, LONGEST_DELAY)
        self.session_changed(bulk.client.state)

    # For users' threads

    def add(
        self,
        nodes: Mapping[str, Mapping[str, Any]],
        acl: Sequence[ACL],
        takeover: bool = False,
    ) -> None:
        """Create ephemeral nodes, all or none, and keep them from now on.

        :param nodes: the properties of each, by path
        :param takeover: whether the caller knows that nodes which are there
            already are stale
        :raises NodeExistsError: when a node is another live session's
        :raises NoNodeError: when the parent is missing
        :raises NoAuthError: when the nodes may not be created
        :raises TooLarge: when their data are over the server's limit
        """
        new = [Wanted(path, encode(properties, path), acl)
               for path, properties in nodes.items()]
        for wanted in new:
            self._reconciler.check_size(wanted, wanted.data)
        with self._lock:
            if self._closed:
                raise ConnectionClosedError('closed')
            for path in nodes:
                if path in self.registrations or path in self._adding:
                    raise NodeExistsError(f'{path} (registered here already)')
            self._adding.update(nodes)
        try:
            self._make(new, takeover)
            registrations = [
                Registration(self, wanted, Backoff(FIRST_DELAY, LONGEST_DELAY))
                for wanted in new]
            with self._lock:
                closed = self._closed
                if not closed:
                    self.registrations.update(
                        (each.path, each) for each in registrations)
            if closed:
                self._take_back(new)
                raise ConnectionClosedError('closed')
        finally:
            with self._lock:
                self._adding.difference_update(nodes)
        self._follow(registrations)
        # Whatever happened before this was followed is seen now.
        for each in registrations:
            self._mailbox.put(Check(each))
        self._mailbox.start()
        self._engine.settle([key for path in nodes for key in keys_of(path)])

    def _make(self, new: Sequence[Wanted], takeover: bool) -> None:
        """Create the nodes, all or none."""
        for wanted in new:
            wanted.taking_over = takeover
            # This session may have such a node already, with other data.
            wanted.unwritten = True
        deadline = time.monotonic() + self._session_timeout() + GRACE
        try:
            while True:
                for wanted in new:
                    wanted.error = None
                with self._turn(deadline):
                    # The last look too has time for a reply.
                    self._try(new, max(deadline, time.monotonic() + GRACE))
                if all(each.state == State.REGISTERED for each in new):
                    break
                self._await_change(new, deadline)
        except BaseException:
            self._take_back(new)
            raise
        for wanted in new:
            wanted.announced = True

    def update(
        self, registration: Registration, changes: Mapping[str, Any]
    ) -> None:
        """Change properties of a registered node.

        :raises TooLarge: when the data are over the server's limit; then
            nothing changes
        """
        self._bulk.check_process()
        wanted = registration._wanted
        with self._pass:
            if wanted.state == State.CLOSED:
                raise NoNodeError(f'{wanted.path} (not registered here)')
            wanted.change(
                changes, partial(self._reconciler.check_size, wanted))
            self._try([wanted])
        if wanted.unwritten:
            self._mailbox.put(Check(registration))
        else:
            self._engine.settle(keys_of(wanted.path))

    def wrote(self, path: str, data: bytes, mzxid: int) -> None:
        """Take note of data that this client wrote to `path`."""
        registration = self.registrations.get(path)
        if registration is not None:
            registration._wanted.learn(data, mzxid)

    def remove(self, registration: Registration) -> bool:
        """Delete a node, and keep it no longer.

        :returns: whether it is gone; if not, it is deleted as soon as that
            is possible
        """
        self._bulk.check_process()
        with self._lock:
            if self.registrations.get(registration.path) is not registration:
                return True
            del self.registrations[registration.path]
        with self._pass:
            registration._wanted.state = State.CLOSED
            self._unfollow(registration)
            deleted = self._delete(registration._wanted)
        self._engine.settle(keys_of(registration.path))
        if not deleted:
            # The session may outlive the trouble, and the node with it.
            self._put_off(registration._wanted)
        return deleted

    def leave(self, timeout: float | None = 0.0) -> bool:
        """Delete all nodes, and take no new ones: for a client whose session
        goes on.  A first registration that is under way is taken back.

        :param timeout: how long to wait, in seconds, for nodes that cannot
            be deleted now; None: until `close`
        :returns: whether all nodes are gone
        """
        with self._lock:
            self._closed = True
            registrations = list(self.registrations.values())
        self._wake()
        for each in registrations:
            self.remove(each)
        with self._again:
            self._again.wait_for(
                lambda: self._ended or not self._undeleted, timeout)
            return not self._undeleted

    def close(self) -> None:
        """End the thread, from any thread; the session's end does the rest.
        """
        self._closed = self._ended = True
        self._mailbox.close()
        self._wake()
        self._mailbox.join(CLOSE_SECONDS)
        for registration in list(self.registrations.values()):
            registration._wanted.state = State.CLOSED

    def after_all(self, function: Callable[[], None]) -> None:
        """Call `function` when all that was queued so far has been done."""
        self._mailbox.when_settled(function)

    def session_changed(self, state: str) -> None:
        """Take note of the connection's state: a kazoo listener."""
        if state == KazooState.CONNECTED:
            with contextlib.suppress(KazooException):
                self._reconciler.session()      # notes its id
            self._mailbox.put(Session())

    def connection_ended(self, error: Exception) -> None:
        """Take note that there is no connection, and that this will last."""
        with self._lock:
            if not self._closed:
                for registration in self.registrations.values():
                    registration._wanted.state = State.PENDING
                    registration._wanted.error = error

    # First registrations

    @contextlib.contextmanager
    def _turn(self, deadline: float) -> Iterator[None]:
        """Hold the right to a pass.

        :raises OperationTimeoutError: when another pass goes on for longer
        """
        left = max(0.0, deadline - time.monotonic())
        if not self._pass.acquire(timeout=left):
            raise OperationTimeoutError(
                'other registrations still wait for ZooKeeper')
        try:
            yield
        finally:
            self._pass.release()

    def _try(
        self, wanted: Sequence[Wanted], deadline: float = math.inf
    ) -> None:
        """Run a pass, all or nothing, and note the connection's errors."""
        try:
            self._reconciler.until(deadline).run(wanted, together=True)
        except KazooException as e:
            for each in wanted:
                each.note(_state_after(e), e)

    def _await_change(
        self, new: Sequence[Wanted], deadline: float
    ) -> None:
        """Wait until it is worth trying again, or raise the error."""
        blocked = next((each for each in new if each.error), new[0])
        error = blocked.error
        assert error is not None
        if (self._closed or blocked.state == State.FAILED
                or time.monotonic() >= deadline):
            if error.args:
                raise error
            raise type(error)(blocked.path) from error

        with self._again:
            seen = self._wakes
        pause = FIRST_DELAY
        if blocked.state == State.WAITING:
            try:
                if self._bulk.until(deadline).wait(
                        self._bulk.client.exists_async(
                            blocked.path, self._wake)) is None:
                    return
                pause = deadline - time.monotonic()
            except KazooException:
                pass        # no watch: then try again after the pause
        with self._again:
            self._again.wait_for(
                lambda: self._closed or self._wakes != seen, max(pause, 0.0))

    def _wake(self, event: Any = None) -> None:
        with self._again:
            self._wakes += 1
            self._again.notify_all()

    def _take_back(self, new: Sequence[Wanted]) -> None:
        deadline = time.monotonic() + GRACE
        for wanted in new:
            wanted.state = State.CLOSED
            if not self._delete(wanted, deadline):
                # It may be there: a reply that got lost.
                self._put_off(wanted)

    def _put_off(self, wanted: Wanted) -> None:
        """Have a node deleted as soon as that is possible."""
        with self._again:
            self._undeleted.add(wanted)
        self._mailbox.put(Remove(wanted))
        self._mailbox.start()

    def _delete(self, wanted: Wanted, deadline: float = math.inf) -> bool:
        """Delete a node, if it can be now; tell whether it is gone."""
        if self._reconciler.connected():
            try:
                self._reconciler.until(deadline).delete(wanted)
                return True
            except KazooException as e:
                logger.debug('deleting %s put off: %r', wanted.path, e)
        return False

    def _follow(self, registrations: Sequence[Registration]) -> None:
        """Have the engine tell when the nodes or their parents change."""
        for each in registrations:
            each._tracker = _Follower(each, self._mailbox.put)
        try:
            self._engine.track(
                [each._tracker for each in registrations
                 if each._tracker is not None])
        except KazooException as e:
            logger.debug('watching registrations put off: %r', e)
            for each in registrations:
                each._tracker = None
        for each in registrations:
            if each.state == State.CLOSED:
                self._unfollow(each)        # it was removed meanwhile

    def _unfollow(self, registration: Registration) -> None:
        if registration._tracker is not None:
            self._engine.drop(registration._tracker)

    # The reconciler thread

    def _handle(self, messages: list[Message]) -> None:
        for message in messages:
            match message:
                case Check():
                    self._doubt(message.registration)
                case Session():
                    for registration in list(self.registrations.values()):
                        self._doubt(registration)
                    self._leave_backoff.reset()
                case Remove():
                    self._leaving.append(message.wanted)
                    self._leave_backoff.reset()
        if self._reconciler.connected() and (self._doubtful or self._leaving):
            self._one_pass()

    def _doubt(self, registration: Registration) -> None:
        registration._backoff.hurry()
        self._doubtful.add(registration)

    def _rest(self) -> float | None:
        if not self._reconciler.connected():
            return None
        due = [each._backoff.due for each in self._doubtful]
        if self._leaving:
            due.append(self._leave_backoff.due)
        return min(due, default=None)

    def _one_pass(self) -> None:
        now = time.monotonic()
        self._doubtful &= set(self.registrations.values())
        ready = [each for each in self._doubtful if each._backoff.due <= now]
        looked = False
        try:
            self._follow([each for each in ready if each._tracker is None])
            with self._pass:
                if self._leave_backoff.due <= now:
                    self._leave(now)
                # One that was removed meanwhile must not be made again.
                self._reconciler.run([each._wanted for each in ready
                                      if each.state != State.CLOSED])
            looked = True
        except Exception as e:
            if not isinstance(e, KazooException):
                logger.exception('registration failed')
            for each in ready:
                if each.state != State.CLOSED and (
                        each.state != State.REGISTERED
                        or each._wanted.unwritten):
                    each._wanted.note(_state_after(e), e)
        for each in ready:
            wanted = each._wanted
            if (looked and wanted.state == State.REGISTERED
                    and not wanted.unwritten and each._tracker is not None):
                each._backoff.reset()
                self._doubtful.discard(each)
            elif looked and wanted.state == State.WAITING:
                # Its going will be told; look now and then all the same.
                each._backoff.rest(now)
            else:
                each._backoff.failed(now)

    def _leave(self, now: float) -> None:
        """Delete nodes that are wanted no more, as far as can be."""
        with self._lock:
            again = self._adding.union(self.registrations)
        left = [each for each in self._leaving
                if each.path not in again and not self._delete(each)]
        with self._again:
            self._undeleted.difference_update(set(self._leaving) - set(left))
            self._again.notify_all()
        self._leaving = left
        if left:
            self._leave_backoff.failed(now)


def _state_after(error: Exception) -> State:
    """Return the state of what could not be written because of `error`."""
    # A connection comes back by itself; the rest is to be looked at.
    return State.PENDING if is_connection_error(error) else State.FAILED


class _Follower(Tracker):
    """Tells when a registration needs a look.

    The parent counts only by its being there, so that a change of its own
    data wakes nobody.
    """

    __slots__ = ('_registration', '_tell')

    def __init__(
        self,
        registration: Registration,
        tell: Callable[[Check], None],
    ) -> None:
        super().__init__(registration.path)
        self._registration = registration
        self._tell = tell

    def compute(self, view: View) -> Any:
        parent = paths.split(self.path)[0]
        there, here = view.lookup([parent, self.path])
        return there is not None, here, view.data(self.path)[1]

    def changed(self) -> None:
        self._tell(Check(self._registration))
