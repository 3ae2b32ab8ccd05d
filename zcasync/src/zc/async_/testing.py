"""Help for tests: waits by condition, and the end of a dispatcher.

Runs, and waits, in the thread of the test.
"""
from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import IO
from typing import Any

import transaction

from ._work.records import PollInfo
from .interfaces import ACTIVE
from .interfaces import COMPLETED
from .subscribers import restore_signal_handlers


__all__ = [
    'TearDownDispatcherError',
    'get_poll',
    'print_logs',
    'tear_down_dispatcher',
    'wait_for_annotation',
    'wait_for_deactivation',
    'wait_for_death',
    'wait_for_result',
    'wait_for_start',
    'wait_until',
]

#: Seconds that the functions wait at most, unless told otherwise.
SECONDS = 30.0
#: Seconds between looks.
_LOOK = 0.01


class TearDownDispatcherError(RuntimeError):
    """A dispatcher or a job did not stop."""


def wait_until(condition: Callable[[], Any], what: str,
               seconds: float = SECONDS, manager: Any = None) -> Any:
    """Wait until a condition holds; return what it returned.

    Each look is in a new transaction.

    :param condition: returns something true when it holds
    :param what: what is missing if it never does
    :param manager: the transaction manager; that of the thread if not given
    :raises AssertionError: when it did not hold in time
    """
    manager = manager or transaction.manager
    until = time.monotonic() + seconds
    while True:
        manager.begin()
        found = condition()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError(what)
        time.sleep(_LOOK)


def get_poll(dispatcher: Any, count: int | None = None,
             seconds: float = SECONDS) -> PollInfo:
    """Wait for a poll, and return the latest.

    :param count: how many polls there were before; as many as there are if
        not given
    """
    polls = dispatcher.polls
    if not polls.wait(polls.total if count is None else count, seconds):
        raise AssertionError('no poll!')
    latest: PollInfo = polls.first()
    return latest


def wait_for_start(job: Any, seconds: float = SECONDS) -> None:
    """Wait until a job is active."""
    wait_until(lambda: job.status == ACTIVE, 'job never started', seconds,
               job._p_jar.transaction_manager)


def wait_for_result(job: Any, seconds: float = SECONDS) -> Any:
    """Wait until a job is completed; return its result."""
    manager = job._p_jar.transaction_manager
    until = time.monotonic() + seconds
    while True:
        manager.begin()
        if job.status == COMPLETED:
            return job.result
        if time.monotonic() > until:
            raise AssertionError(f'job never completed ({job.status})')
        time.sleep(_LOOK)


def wait_for_annotation(job: Any, name: str,
                        seconds: float = SECONDS) -> Any:
    """Wait until a job has an annotation; return it."""
    wait_until(lambda: name in job.annotations, 'annotation never found',
               seconds, job._p_jar.transaction_manager)
    return job.annotations[name]


def wait_for_deactivation(dispatcher: Any, seconds: float = SECONDS) -> None:
    """Wait until a dispatcher has stopped."""
    if not dispatcher.wait_until_stopped(seconds):
        raise AssertionError('dispatcher never deactivated')


def wait_for_death(agents: Any, seconds: float = SECONDS) -> None:
    """Wait until a dispatcher is taken for dead."""
    wait_until(lambda: agents.dead, 'dispatcher never died', seconds,
               agents._p_jar.transaction_manager)


def tear_down_dispatcher(dispatcher: Any, drain: float = 3.0) -> None:
    """Stop a dispatcher and its threads.

    :param drain: seconds that running jobs have to end
    :raises TearDownDispatcherError: when something did not stop
    """
    restore_signal_handlers(dispatcher)
    pools = [pool for agents in dispatcher.queues.values()
             for pool in agents.values()]
    threads = [(pool, thread) for pool in pools for thread in pool.threads]
    problems = []
    if dispatcher.activated is not False and not dispatcher.deactivate(
            drain, timeout=drain + 10):
        problems.append(f'Dispatcher {dispatcher.UUID} failed to stop.')
    for pool, thread in threads:
        thread.join(3)
        if thread.is_alive():
            calls = [claim.info['call'] for claim in pool.running()]
            problems.append(f'Job in pool {pool.name!r} failed to stop: '
                            f'{", ".join(calls) or thread.name}')
    if problems:
        raise TearDownDispatcherError('\n'.join(problems))


def print_logs(log_file: IO[str] | None = None,
               log_level: int = logging.CRITICAL) -> logging.Handler:
    """Print what zc.async logs; return the handler.

    :param log_file: where to; the standard output if not given
    """
    handler = logging.StreamHandler(log_file or sys.stdout)
    handler.setLevel(log_level)
    logging.getLogger('zc.async').addHandler(handler)
    return handler
