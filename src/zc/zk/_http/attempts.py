"""A request's way from one provider to the next, until one answers.

Pure: the clock is an argument.  It must not know which library sends.
"""
from __future__ import annotations

import enum
import logging
from collections.abc import Callable
from collections.abc import Iterable
from types import TracebackType
from typing import Protocol

from .._printable import printable
from ..errors import NoProviders
from .limits import FAILURES
from .limits import IDEMPOTENT
from .limits import Limits


logger = logging.getLogger('zc.zk.http')


class Chosen(Protocol):
    """A provider, as far as it matters here."""

    @property
    def name(self) -> str: ...

    @property
    def address(self) -> tuple[str, int] | None: ...


class Leased(Protocol):
    """A lease of a provider."""

    def __enter__(self) -> Chosen: ...

    def __exit__(
        self,
        type_: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class Service(Protocol):
    """Where providers come from, as `zc.zk.Providers`."""

    @property
    def path(self) -> str: ...

    @property
    def lease(self) -> Callable[..., Leased]: ...


class Fault(enum.Enum):
    """What an error says of a request and of its server."""

    #: The connection could not be made: nothing was sent.
    UNREACHED = 'unreached'
    #: The connection was closed before the answer.
    CLOSED = 'closed'
    #: The answer did not come in time.
    LATE = 'late'
    #: The server is at fault, and the answer may have begun.
    OTHER = 'other'
    #: It says nothing of the server.
    OWN = 'own'


class Attempts:
    """The attempts to have one request answered.

    Call `next` until an attempt's block ends without an error::

        while True:
            with attempts.next() as attempt:
                answer = send_to(attempt.provider)
                attempt.answered(answer.status)
                return answer

    The block's error is swallowed if the request may be sent again, and
    raised otherwise.  Each attempt is a lease, which ends with its block.

    :param providers: of the service
    :param method: the request's
    :param fault: tells what an error says
    :param repeatable: tells whether the body can be sent, perhaps again
    :param clock: gives the time in seconds, as ``time.monotonic``
    :param limits: how often and how long
    """

    def __init__(
        self,
        providers: Service,
        method: str,
        fault: Callable[[BaseException], Fault],
        repeatable: Callable[[], bool],
        clock: Callable[[], float],
        limits: Limits,
    ) -> None:
        self._providers = providers
        self._idempotent = method.upper() in IDEMPOTENT
        self._fault = fault
        self._repeatable = repeatable
        self._clock = clock
        self._limits = limits
        self._began = clock()
        self._count = 0
        self._late = 0
        # Those not to be asked again as long as there are others, and those
        # not to be asked again at all.
        self._tried: list[Chosen] = []
        self._hopeless: list[Chosen] = []
        self._error: BaseException | None = None
        self._last = ''

    def next(self) -> Attempt:
        """Return the next attempt, whose provider is chosen.

        :raises NoProviders: when there is none at all
        :raises Exception: the last attempt's error, when no other is left
        """
        odd = None
        while True:
            try:
                lease, provider = self._lease()
            except NoProviders:
                if self._error is not None:
                    self.note(self._error)
                    raise self._error from self._error.__cause__
                if odd is not None:
                    raise NoProviders(
                        self._providers.path,
                        f'the name {printable(odd)} is no address') from None
                raise
            if provider.address is not None:
                self._count += 1
                return Attempt(self, lease, provider)
            odd = provider.name
            self._tried = [*self._tried, provider]
            self._hopeless = [*self._hopeless, provider]
            lease.__exit__(GeneratorExit, None, None)   # without a report

    def _lease(self) -> tuple[Leased, Chosen]:
        try:
            return self._enter(self._tried)
        except NoProviders:
            if len(self._hopeless) == len(self._tried):
                raise
        # A server may close a connection that was idle for long, or that it
        # accepted just before its process was replaced.  Then it is there,
        # and takes another one.
        self._tried = self._hopeless
        return self._enter(self._tried)

    def _enter(self, exclude: Iterable[Chosen]) -> tuple[Leased, Chosen]:
        lease = self._providers.lease(exclude=tuple(exclude))
        return lease, lease.__enter__()

    def failed(self, provider: Chosen, error: BaseException) -> Fault:
        """Take note of a failure, and say what it was."""
        fault = self._fault(error)
        if fault is not Fault.CLOSED:
            self._hopeless = [*self._hopeless, provider]
        self._tried = [*self._tried, provider]
        self._last = provider.name
        self._late += fault is Fault.LATE
        self._error = error
        return fault

    def note(self, error: BaseException) -> None:
        """Say in an error where it comes from; only Python 3.11 can."""
        add_note = getattr(error, 'add_note', None)
        if add_note is not None:
            add_note(f'attempt {self._count}, at {printable(self._last)}, a '
                     f'provider of {printable(self._providers.path)}')

    def again(self, fault: Fault) -> bool:
        """Tell whether the request may be sent again after a failure."""
        limits = self._limits
        if self._count >= limits.attempts:
            return False
        if limits.deadline is not None and (
                self._clock() - self._began >= limits.deadline):
            return False
        if fault is Fault.UNREACHED:
            return True
        if fault is Fault.CLOSED or (
                fault is Fault.LATE and self._late <= limits.late):
            return self._idempotent and self._repeatable()
        return False


class Attempt:
    """One sending of a request to one provider, for a ``with`` statement.

    :ivar provider: where to send it; it has an address
    """

    __slots__ = ('_attempts', '_lease', '_status', 'provider')

    def __init__(
        self, attempts: Attempts, lease: Leased, provider: Chosen
    ) -> None:
        self.provider = provider
        self._attempts = attempts
        self._lease = lease
        self._status: int | None = None

    @property
    def address(self) -> tuple[str, int]:
        """The provider's host and port."""
        assert self.provider.address is not None
        return self.provider.address

    def answered(self, status: int) -> None:
        """Take note of the answer's status."""
        self._status = status

    def __enter__(self) -> Attempt:
        return self

    def __exit__(
        self,
        type_: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if error is None:
            failure = Exception if self._status in FAILURES else None
            self._lease.__exit__(failure, None, None)
            return False
        if not isinstance(error, Exception):
            self._lease.__exit__(type_, error, traceback)
            return False
        fault = self._attempts.failed(self.provider, error)
        if fault is Fault.OWN:
            self._lease.__exit__(GeneratorExit, None, None)
        else:
            self._lease.__exit__(type_, error, traceback)
        again = self._attempts.again(fault)
        if again:
            logger.info('%s: %s (%s); trying another server',
                        printable(self.provider.name),
                        printable(str(error)), fault.value)
        else:
            self._attempts.note(error)
        return again
