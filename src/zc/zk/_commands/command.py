"""What makes a function a command: streams, signals, errors, exit status.

Runs in a script's main thread.  It must not know what a script is for.
"""
from __future__ import annotations

import atexit
import functools
import sys
from collections.abc import Callable
from collections.abc import Sequence
from typing import Protocol
from typing import TypeVar

from .._printable import printable
from ..errors import Error
from . import interrupts
from . import output
from . import streams
from .call import Call
from .call import Script
from .streams import Failure


class Named(Protocol):
    """What can be performed: it has a name."""

    @property
    def name(self) -> str: ...


C = TypeVar('C', bound=Named)


#: What kazoo's exceptions mean to someone who does not know kazoo.
_MEANINGS = {
    'NoNodeError': 'there is no node {}',
    'NoAuthError': 'no permission at {}',
    'NodeExistsError': 'there is a node {} already',
    'BadArgumentsError': 'the server refuses to do this at {}',
    'InvalidACLError': 'the server refuses the ACL of {}',
    'AuthFailedError': 'the server refuses the credentials {}',
    'ConnectionLoss': 'the connection was lost {}',
    'ConnectionClosedError': 'the connection was closed',
    'SessionExpiredError': 'the session expired {}',
    'OperationTimeoutError': 'the server does not answer: {}',
}


class Command:
    """A command, which can be called as a script or by another program.

    :param run: does what is asked for, and returns an exit status
    :param name: the script's name
    :param failed: the exit status when it cannot go on
    :param optional: whether the script needs no connection
    """

    def __init__(
        self,
        run: Callable[[Call], int],
        name: str,
        failed: int = 1,
        optional: bool = False,
    ) -> None:
        functools.update_wrapper(self, run)
        self.run = run
        self._name = name
        self._failed = failed
        self._optional = optional

    def __call__(self, args: Sequence[str] | None = None) -> None:
        """Do what the arguments of the script say.

        :param args: by default those of the process
        :raises SystemExit: with the status if it is not 0, after one line
            on the standard error if it failed
        """
        own = args is None
        if args is None:
            args = sys.argv[1:]
        self.answer(Script(args, self._name, self._optional), own)

    def answer(self, call: Call, own: bool) -> None:
        """Do what a call says.

        :param own: whether the process is there for this alone
        :raises SystemExit: as for `__call__`
        """
        if own:
            _log_nothing()
        perform(self.run, call, call.failed or self._failed, own)


def command(
    name: str, failed: int = 1, optional: bool = False
) -> Callable[[Callable[[Call], int]], Command]:
    """Make a `Command` from a function that returns an exit status."""
    def decorate(run: Callable[[Call], int]) -> Command:
        return Command(run, name, failed, optional)
    return decorate


def perform(
    run: Callable[[C], int], call: C, failed: int, own: bool
) -> None:
    """Run a function in the manner of commands.

    :param run: returns an exit status
    :param call: for `run`; its name begins the line about an error
    :param failed: the exit status when it cannot go on
    :param own: whether the process is there for this alone
    :raises SystemExit: with the status if it is not 0
    """
    name = call.name
    if own:
        streams.prepare()
        interrupts.install()
        atexit.register(interrupts.ignore)
    status = _status(run, call, failed)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        streams.abandon_output()
        status = max(status, failed)
    except OSError as e:
        streams.abandon_output()
        # Also where there was something to tell: nobody has read it.
        if status < failed:
            _complain(name, e)
            status = failed
    if status:
        sys.exit(status)


def _log_nothing() -> None:
    """Have nothing but our own line go to the standard error."""
    # Calls that only help need neither this nor kazoo.
    import logging

    logging.basicConfig(handlers=[logging.NullHandler()])


def _status(run: Callable[[C], int], call: C, failed: int) -> int:
    try:
        return run(call)
    except BrokenPipeError:
        # The reader has gone, as `head` does.
        streams.abandon_output()
        return failed
    except KeyboardInterrupt as e:
        output.complain(f'{call.name}: {str(e) or "interrupted"}')
        return 130
    except Exception as e:
        _complain(call.name, e)
        return failed


def _complain(name: str, error: Exception) -> None:
    output.complain(f'{name}: {printable(_meaning(error))}')


def _meaning(error: Exception) -> str:
    import kazoo.exceptions

    for name, text in _MEANINGS.items():
        if isinstance(error, getattr(kazoo.exceptions, name)):
            return text.format(error).strip(' :')
    if isinstance(error, OSError) and error.strerror:
        if error.filename:
            return f'{error.filename}: {error.strerror}'
        return error.strerror
    if isinstance(error, (Failure, Error, OSError)):
        return str(error)
    return f'{type(error).__name__} {error}'.strip()
