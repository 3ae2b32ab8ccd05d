"""What makes a function a command: streams, signals, errors, exit status.

Runs in a script's main thread.  It must not know what a script is for.
"""
from __future__ import annotations

import atexit
import functools
import logging
import sys
from collections.abc import Callable
from collections.abc import Sequence

import kazoo.exceptions

from .._printable import printable
from ..errors import Error
from . import interrupts
from . import output
from . import streams
from .streams import Failure


#: What kazoo's exceptions mean to someone who does not know kazoo.
_MEANINGS = {
    kazoo.exceptions.NoNodeError: 'there is no node {}',
    kazoo.exceptions.NoAuthError: 'no permission at {}',
    kazoo.exceptions.NodeExistsError: 'there is a node {} already',
    kazoo.exceptions.InvalidACLError: 'the server refuses the ACL of {}',
    kazoo.exceptions.AuthFailedError: 'the server refuses the credentials {}',
    kazoo.exceptions.ConnectionLoss: 'the connection was lost {}',
    kazoo.exceptions.ConnectionClosedError: 'the connection was closed {}',
    kazoo.exceptions.SessionExpiredError: 'the session expired {}',
    kazoo.exceptions.OperationTimeoutError: 'the server does not answer: {}',
}


def command(
    name: str, failed: int = 1
) -> Callable[[Callable[[list[str]], int]], Callable[..., None]]:
    """Make a script's function from one that returns an exit status.

    The function takes a list of arguments, by default those of the
    process.  It returns None when all went well; else it raises SystemExit
    with the status, after one line on the standard error.

    :param name: the script's name
    :param failed: the exit status when it cannot go on
    """
    def decorate(run: Callable[[list[str]], int]) -> Callable[..., None]:

        @functools.wraps(run)
        def script(args: Sequence[str] | None = None) -> None:
            if args is None:
                args = sys.argv[1:]
                # Nothing but our own line goes to the standard error.
                logging.basicConfig(handlers=[logging.NullHandler()])
                streams.prepare()
                interrupts.install()
                atexit.register(interrupts.ignore)
            status = _run(run, list(args), name, failed)
            try:
                sys.stdout.flush()
            except BrokenPipeError:
                streams.abandon_output()
                status = status or failed
            except OSError as e:
                streams.abandon_output()
                if not status:
                    _complain(name, e)
                    status = failed
            if status:
                sys.exit(status)

        return script

    return decorate


def _run(
    run: Callable[[list[str]], int], args: list[str], name: str, failed: int
) -> int:
    try:
        return run(args)
    except BrokenPipeError:
        # The reader has gone, as `head` does.
        streams.abandon_output()
        return failed
    except KeyboardInterrupt as e:
        output.complain(f'{name}: {str(e) or "interrupted"}')
        return 130
    except Exception as e:
        _complain(name, e)
        return failed


def _complain(name: str, error: Exception) -> None:
    output.complain(f'{name}: {printable(_meaning(error))}')


def _meaning(error: Exception) -> str:
    for class_, text in _MEANINGS.items():
        if isinstance(error, class_):
            return text.format(error).strip(' :')
    if isinstance(error, OSError) and error.strerror:
        if error.filename:
            return f'{error.filename}: {error.strerror}'
        return error.strerror
    if isinstance(error, (Failure, Error, OSError)):
        return str(error)
    return f'{type(error).__name__} {error}'.strip()
