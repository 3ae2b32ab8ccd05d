"""Counts in the database what jobs did, and in a file how often they began.

A job of the ledger adds one to its own entry; so does its callback.  The
file tells of calls whose effects were not committed.
"""
from __future__ import annotations

import os
import random
import threading
from typing import Any

import persistent
import transaction
from BTrees.IOBTree import IOBTree

from zc.async_._perform.attempt import insist
from zc.async_.interfaces import COMPLETED
from zc.async_.job import Job
from zc.async_.job import NeverRetry
from zc.async_.job import RetryCommonForever


class Entry(persistent.Persistent):
    """What one job did.

    :ivar calls: how often its effect was committed
    :ivar callbacks: how often its callback's was
    """

    calls = 0
    callbacks = 0
    job: Any = None

    def __init__(self, number: int, never: bool) -> None:
        self.number = number
        self.never = never

    def work(self, path: str, seconds: float) -> int:
        """The job."""
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(descriptor, b'%d\n' % self.number)
        finally:
            os.close(descriptor)
        self.calls += 1
        if seconds:
            threading.Event().wait(seconds)
        return self.number

    def called_back(self, result: Any) -> None:
        """The callback."""
        self.callbacks += 1


def put(connection: Any, first: int, count: int, path: str,
        chance: random.Random) -> None:
    """Put jobs, and commit."""
    insist(lambda: _put(connection, first, count, path, chance),
           'putting jobs', connection.root())


def _put(connection: Any, first: int, count: int, path: str,
         chance: random.Random) -> None:
    root = connection.root()
    entries = root.get('ledger')
    if entries is None:
        entries = root['ledger'] = IOBTree()
    queue = root['zc.async']['']
    for number in range(first, first + count):
        never = number % 5 == 4
        entry = entries[number] = Entry(number, never)
        connection.add(entry)
        seconds = chance.choice([0, 0, 0.05, 0.3, 0.3, 1])
        job = Job(entry.work, path, seconds)
        if number % 3 == 0:
            job.addCallback(entry.called_back)
        entry.job = queue.put(
            job, retry=NeverRetry if never else RetryCommonForever)


def pending(connection: Any) -> int:
    """Count the jobs that are not completed."""
    connection.transaction_manager.begin()
    return sum(1 for entry in connection.root().get('ledger', {}).values()
               if entry.job.status != COMPLETED)


def check(connection: Any, path: str) -> dict[str, int]:
    """Check each job; return a table of what happened.

    :raises AssertionError: when an effect is missing or there twice
    """
    connection.transaction_manager.begin()
    starts: dict[int, int] = {}
    if os.path.exists(path):
        with open(path, encoding='ascii') as stream:
            for line in stream:
                starts[int(line)] = starts.get(int(line), 0) + 1
    table = dict.fromkeys([
        'jobs', 'succeeded', 'aborted', 'calls', 'started again',
        'callbacks'], 0)
    for number, entry in connection.root()['ledger'].items():
        job = entry.job
        where = f'job {number}: {job!r} {job.status} {job.result!r}'
        begun = starts.get(number, 0)
        assert job.status == COMPLETED, where
        if entry.never:
            assert begun <= 1, f'{where} started {begun} times'
            assert entry.calls <= 1, where
            failed = job.result != number
            assert entry.calls == (0 if failed else 1), where
            table['aborted' if failed else 'succeeded'] += 1
        else:
            assert job.result == number, where
            assert entry.calls == 1, f'{where}: {entry.calls} effects'
            table['succeeded'] += 1
        expected = 1 if number % 3 == 0 else 0
        assert entry.callbacks == expected, (
            f'{where}: {entry.callbacks} callbacks')
        table['jobs'] += 1
        table['calls'] += begun
        table['started again'] += max(0, begun - 1)
        table['callbacks'] += entry.callbacks
    return table


def manager() -> Any:
    """Return a transaction manager of its own."""
    return transaction.TransactionManager()
