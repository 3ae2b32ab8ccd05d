"""One registration: what is wanted of an ephemeral node, and what is known.

Users get it as a handle.  Its keeper decides when something is done; a pass
of the reconciler asks it what its node needs and tells it what became of
that.  It must not know threads, delays or watches, and sends no request.
"""
from __future__ import annotations

import logging
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import Protocol

from kazoo.exceptions import BadVersionError
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError
from kazoo.protocol.states import ZnodeStat
from kazoo.security import ACL

from .._session.requests import is_connection_error
from .._session.transactions import TransactionFailed
from .._session.wire import Create
from .._session.wire import Delete
from .._session.wire import Op
from .._session.wire import SetData
from .._tree import paths
from .._tree.links import check_property_links
from .content import Content
from .farewell import Farewell
from .farewell import first_way
from .farewell import next_way
from .farewell import steps
from .states import FOLLOWS
from .states import State


logger = logging.getLogger(__name__)


class Owner(Protocol):
    """What keeps a registration."""

    def update(
        self, registration: Registration, changes: Mapping[str, Any]
    ) -> None: ...

    def remove(self, registration: Registration) -> bool: ...


class Registration:
    """One ephemeral node, made again whenever it is lost."""

    def __init__(
        self,
        keeper: Owner,
        path: str,
        data: bytes,
        acl: Sequence[ACL],
        takeover: bool = False,
    ) -> None:
        self._keeper = keeper
        self._path = path
        self._state = State.PENDING
        self._error: Exception | None = None
        self._content = Content(path, data)
        self._acl = acl
        self._unwritable = False    # the ACL lets nobody change the data
        self._farewell = first_way(acl)     # how its node goes
        self._takeover = takeover   # whoever owns it is known to be gone
        self._announced = False     # the first success is the caller's
        self._told = ('', '')       # what was logged last
        self._states: list[Callable[[], object]] = []

    @property
    def path(self) -> str:
        """The node's path."""
        return self._path

    @property
    def state(self) -> str:
        """'registered', 'pending', 'waiting', 'failed' or 'closed'.

        While it is pending, it waits for the connection; while it is
        waiting, another session has the name; when it failed, see `error`.
        All three are tried again until it is unregistered.
        """
        return self._state.value

    @property
    def error(self) -> Exception | None:
        """The last error, or None when the node is there."""
        return self._error

    @property
    def properties(self) -> dict[str, Any]:
        """The node's properties, as they are or will be written."""
        return self._content.properties

    def update(self, /, data: Any = None, **properties: Any) -> None:
        """Change some of the node's properties, as soon as possible.

        After an error, nothing has changed.

        :param data: a mapping or pairs; the keywords take precedence
        :raises ValueNotStorable: when JSON has no form for a value
        :raises TooLarge: when the data are over the server's limit
        :raises BadPropertyLink: when a property link can be none; whether
            there is anything where it leads is not looked at
        """
        changes = dict(data or (), **properties)
        check_property_links(self._path, changes)
        self._keeper.update(self, changes)

    def unregister(self) -> None:
        """Delete the node and end the registration."""
        self._keeper.remove(self)

    def __repr__(self) -> str:
        error = f', {type(self._error).__name__}' if self._error else ''
        return f'<Registration {self._path}: {self.state}{error}>'

    def follow(self, changed: Callable[[], object]) -> None:
        """Have a function called after each change of `state`.

        :param changed: called in any thread; it must not wait
        """
        self._states.append(changed)

    def unfollow(self, changed: Callable[[], object]) -> None:
        """Undo `follow`."""
        self._states.remove(changed)

    # For the keeper: the state

    @property
    def _settled(self) -> bool:
        """Whether the node is there, and has all that is to be written."""
        return self._state == State.REGISTERED and not self._content.unwritten

    def _move(self, path: str) -> None:
        """Take on the real path of its node."""
        self._path = path

    def _announce(self) -> None:
        """Log what happens from now on."""
        self._announced = True

    def _become(self, state: State, error: Exception | None) -> bool:
        """Take on a state, without a line in the log.

        :returns: whether it may follow; if not, nothing has changed
        """
        if state not in FOLLOWS[self._state]:
            return False
        # In this order: who sees that it failed finds the error.
        before = self._state
        self._error = error
        self._state = state
        if state != before:
            for changed in list(self._states):
                changed()
        return True

    def _close(self) -> None:
        """End it."""
        self._become(State.CLOSED, self._error)

    def _note(self, state: State, error: Exception) -> None:
        """Take on a state other than registered; log it when it is new."""
        news = state, repr(error)
        if (self._become(state, error)
                and self._announced and news != self._told):
            self._told = news
            logger.warning('registration of %s: %s: %s %s', self._path,
                           state, type(error).__name__, error)

    def _fail(self, error: Exception) -> None:
        """Take note that nothing could be done because of an error."""
        # A connection comes back by itself; the rest is to be looked at.
        self._note(State.PENDING if is_connection_error(error)
                   else State.FAILED, error)

    def _register(self) -> None:
        """Take note that the node is there, is ours and has these data."""
        before = self._state
        if State.REGISTERED not in FOLLOWS[before]:
            return
        if before != State.REGISTERED and self._announced:
            logger.info('registered %s', self._path)
        self._told = ('', '')
        self._content.unwritten = self._takeover = False
        self._become(State.REGISTERED, None)

    # For a pass

    def _is_well(self, found: Any, session: int) -> bool:
        """Tell whether the node is as it is wanted, without a pass.

        :param found: its data and stat, or None if they are unknown
        """
        if found is None or not self._settled:
            return False
        data, stat = found
        return (stat is not None and stat.ephemeralOwner == session
                and bool(data == self._content.data))

    def _steps(
        self, found: Any, session: int, sessions: Collection[int]
    ) -> list[Op]:
        """Return what makes the node as it is wanted.

        :param found: its data and stat, or the error of reading it
        :param session: the client's session
        :param sessions: all that the client has had
        """
        if isinstance(found, NoNodeError):
            self._become(State.PENDING, self._error)
            return [self._create()]
        if isinstance(found, Exception):
            # It is there, but nothing of it may be read.
            self._note(State.FAILED, type(found)(self._path))
            return []
        data, stat = found
        owner = stat.ephemeralOwner
        if owner in sessions:
            # Others may have written it.
            self._content.learn(data, stat.mzxid)
        if owner == session:
            if not self._content.unwritten or data == self._content.data:
                self._register()
                return []
            if not self._unwritable:
                return [SetData(self._path, self._content.data, stat.version)]
        elif not (self._takeover or owner in sessions):
            self._note(State.WAITING if owner else State.FAILED,
                       NodeExistsError(f'{self._path} ({_owner(stat)})'))
            return []
        return self._replacement(stat.version)

    def _create(self, data: bytes | None = None) -> Create:
        return Create(self._path, self._content.data if data is None else data,
                      self._acl, True)

    def _replacement(
        self, version: int, data: bytes | None = None
    ) -> list[Op]:
        """Return what replaces the node that is there."""
        return [Delete(self._path, version), self._create(data)]

    def _end(self, version: int) -> list[Op]:
        """Return what takes the node away, with the word that its server
        leaves.
        """
        return steps(self._farewell, self._path, version, self._acl)

    def _stay(self, failure: TransactionFailed) -> bool:
        """Take note that it could not be taken away; tell whether to try
        in another way.
        """
        before = self._farewell
        self._farewell = next_way(before, failure)
        return self._farewell != before

    def _refuse(self, failure: TransactionFailed) -> bool:
        """Take note that a step failed; tell whether to try at once."""
        error, op = failure.error, failure.op
        if isinstance(error, NoAuthError) and isinstance(op, SetData):
            # `register` makes nodes that nobody may write, by default.
            # Who may create them can replace them.
            self._unwritable = True
            self._farewell = Farewell.REMADE
            return True
        if isinstance(error, NoNodeError) and isinstance(op, Create):
            self._note(
                State.FAILED, NoNodeError(paths.split(self._path)[0]))
            return False
        # For the rest it changed between reading and writing.
        changed = isinstance(
            error, (BadVersionError, NodeExistsError, NoNodeError))
        self._note(State.PENDING if changed else State.FAILED,
                   type(error)(self._path))
        return False


def _owner(stat: ZnodeStat) -> str:
    if not stat.ephemeralOwner:
        return 'a permanent node has that name'
    return f'session {stat.ephemeralOwner:#x} has that name'
