"""Jobs that tests perform."""
from __future__ import annotations

import asyncio
import threading
from typing import Any

import persistent
import transaction
import ZODB.POSException

from zc.async_ import local
from zc.async_.job import Job


class Counter(persistent.Persistent):
    """Counts effects."""

    value = 0

    def add(self, number: int = 1) -> int:
        self.value += number
        return self.value

    def add_and_fail(self) -> None:
        self.value += 1
        raise ValueError('after adding')


class Adder(Job):
    """A job that notes what is called around its call."""

    def setUp(self) -> str:
        noted.append('setUp')
        return 'info'

    def tearDown(self, setup_info: Any) -> None:
        noted.append(f'tearDown {setup_info}')


class Raising:
    """A retry policy that fails whatever it is asked."""

    def __init__(self, job: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith('_'):
            raise AttributeError(name)
        raise LookupError(f'the policy cannot say {name}')


#: What jobs noted, for the test to read.
noted: list[Any] = []


def note(*values: Any) -> tuple[Any, ...]:
    noted.append(values)
    return values


def fail(text: str = 'failed') -> None:
    noted.append(text)
    raise ValueError(text)


def conflict(times: int) -> str:
    """Raise conflicts before it succeeds."""
    noted.append('tried')
    if noted.count('tried') <= times:
        raise ZODB.POSException.ConflictError()
    return 'done'


def fail_times(times: int) -> str:
    """Raise errors before it succeeds."""
    noted.append('tried')
    if noted.count('tried') <= times:
        raise ValueError('not yet')
    return 'done'


def exits() -> None:
    raise SystemExit('a job said so')


def interrupts() -> None:
    raise KeyboardInterrupt('a job said so')


def misuses() -> None:
    """Call a job that is completed."""
    job = Job(note)
    job()
    job()


def unpicklable() -> Any:
    return threading.Lock()


async def coroutine(number: int) -> int:
    await asyncio.sleep(0)
    return number * 2


def first_job() -> Any:
    return local.getJob()


def has_job() -> bool:
    return local.getJob() is not None


def describe_result(result: Any) -> str:
    return f'{type(result).__name__}'


def commits_itself(counter: Counter) -> str:
    counter.add()
    transaction.commit()
    counter.add()
    return 'done'


class Adding:
    """A callable that is stored, takes any result and adds one."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter

    def __call__(self, result: Any) -> int:
        return self.counter.add()


def note_adding(counter: Counter) -> int:
    """Add one, and note it outside of the database."""
    noted.append('called')
    return counter.add()


def puts_adding(counter: Counter) -> Any:
    """Return a job that adds one."""
    return local.getQueue().put(counter.add)


def picky(job: Any) -> bool:
    """A filter that fails for some jobs."""
    return bool(job.args[0] > 0)


def broken_chooser(agent: Any) -> Any:
    """A chooser that claims, and fails."""
    agent.queue.claim()
    raise LookupError('no choice')
