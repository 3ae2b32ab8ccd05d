"""The threads that perform the jobs of one agent.

Each has a connection of its own, and the thread's default transaction
manager.  The dispatcher's thread hands out claims and collects those that
are done.
"""
from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import transaction

from .._logs import log
from .._logs import tracelog
from .._perform.attempt import pause
from .._perform.claim import Claim
from .._perform.claim import FencedCommits
from .._perform.claim import Stopped
from .._perform.follow import perform_whole
from .._perform.follow import resume_callbacks
from .._perform.local import local
from .._rules import retry
from .._rules.failure import is_failure
from .._stored.times import now
from ..interfaces import CALLBACKS
from ..interfaces import BadStatusError
from ..interfaces import ReassignedError
from .handover import Handover


__all__ = ['AgentThreadPool']

#: The longest text of a result that is remembered, in characters.
MAX_RESULT = 10000


class AgentThreadPool(Handover):
    """Worker threads.

    :param dispatcher: whose they are
    :param name: the name of the agent
    :param size: how many
    :param done: called in the worker when a claim is done
    """

    def __init__(self, dispatcher: Any, name: str, size: int,
                 done: Callable[[], None]) -> None:
        self.dispatcher = dispatcher
        self.name = name
        self.threads: list[threading.Thread] = []
        self.stop = threading.Event()
        super().__init__(done)
        #: Ids of the jobs by the names of the threads.
        self.jobids: dict[str, tuple[int, str] | None] = {}
        self.setSize(size)

    def getSize(self) -> int:
        """Return how many threads there should be."""
        return self._size

    def setSize(self, size: int | None = None) -> int:
        """Start or end threads.

        :param size: how many there should be; as before if not given
        :returns: by how much that changed
        """
        before = self._size
        if size is not None:
            self._size = size
        self.threads[:] = [each for each in self.threads if each.is_alive()]
        for _ in range(self._size - len(self.threads)):
            thread = threading.Thread(
                target=self._run, daemon=True,
                name=f'zc.async {self.name} {len(self.threads)}')
            self.threads.append(thread)
            thread.start()
        for _ in range(len(self.threads) - self._size):
            self._claims.put(None)
        return self._size - before

    # In the worker threads

    def _run(self) -> None:
        name = threading.current_thread().name
        self.jobids[name] = None
        local.dispatcher = self.dispatcher
        local.name = self.name
        fence = FencedCommits()
        transaction.manager.registerSynch(fence)
        connection = self.dispatcher.db.open()
        try:
            while True:
                claim = self._next()
                if claim is None:
                    break
                began = time.monotonic()
                self.jobids[name] = claim.info['id']
                claim.connection = connection
                claim.info['thread'] = name
                local.claim = fence.claim = claim
                try:
                    self._perform(claim)
                finally:
                    local.claim = fence.claim = local.job = None
                    self.jobids[name] = None
                    if claim.info['completed'] is None:
                        transaction.abort()
                    self._end(claim, time.monotonic() - began)
        finally:
            transaction.manager.unregisterSynch(fence)
            try:
                transaction.abort()
                connection.close()
            except Exception:
                log.error('A worker could not close its connection',
                          exc_info=True)
            self.jobids.pop(name, None)

    def _perform(self, claim: Claim) -> None:
        # What a transaction has left is aborted when the next one begins;
        # after an error, at once.
        info = claim.info
        info['started'] = now()
        tracelog.info('starting in thread %s: %s', info['thread'],
                      info['call'])
        try:
            job = self._load(claim)
            claim.start(job.timeout)
            if job.status == CALLBACKS:
                claim.fresh = False
                resume_callbacks(job)
                result = job.result
            else:
                result = perform_whole(job)
                if not claim.settled:
                    result = job.result
            # Before 'completed', which others wait for.
            if is_failure(result):
                info['failed'] = True
                text = result.getTraceback()
            else:
                text = repr(result)
            if len(text) > MAX_RESULT:
                text = text[:MAX_RESULT] + '\n[...TRUNCATED...]'
            info['result'] = text
            info['completed'] = now()
        except ReassignedError:
            info['reassigned'] = True
            log.error('%s was given to another dispatcher, because this one '
                      'was taken for dead; what it did is not committed',
                      info['call'])
        except Stopped:
            info['reassigned'] = True
        except BadStatusError:
            log.error('%s is not in the state to be performed',
                      info['call'], exc_info=True)
        except BaseException:
            # The dispatcher hands the job back when it collects the claim.
            log.critical('unexpected error while performing %s',
                         info['call'], exc_info=True)
        else:
            tracelog.info('completed in thread %s: %s', info['thread'],
                          info['call'])

    def _load(self, claim: Claim) -> Any:
        failed = 0
        while True:
            try:
                transaction.begin()
                claim.fresh = True
                job = claim.load(claim.job_id)
                if not claim.owns(job):
                    raise ReassignedError('The job is not ours any more.')
                return job
            except (ReassignedError, Stopped):
                raise
            except Exception as e:
                transaction.abort()
                failed += 1
                if failed == 1 or failed % 10 == 0:
                    log.warning('%d errors while loading %s', failed,
                                claim.info['call'], exc_info=True)
                pause(retry.kind(e), failed)
