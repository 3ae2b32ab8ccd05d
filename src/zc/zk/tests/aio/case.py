"""What the tests of zc.zk.aio share."""
from __future__ import annotations

import asyncio
import threading
import time
import unittest
from typing import Any

import zc.zk.aio
import zc.zk.testing
from zc.zk.tests.base import DEADLINE


TREE = """
/service : web
  threads = 3
  /providers
"""

PATH = '/service/providers'


class Case(unittest.IsolatedAsyncioTestCase):
    """A test in an event loop, on a ZooKeeper server of its own."""

    connection_string = 'zookeeper.example.com:2181'

    def setUp(self) -> None:
        zc.zk.testing.setUp(self, TREE, self.connection_string)
        self.addCleanup(zc.zk.testing.tearDown, self)
        self.sync = zc.zk.ZooKeeper(self.connection_string)
        self.addCleanup(self.sync.close)

    async def zk(self, **keywords: Any) -> zc.zk.aio.ZooKeeper:
        """Return a new client, closed at the end of the test."""
        zk = await zc.zk.aio.ZooKeeper(self.connection_string, **keywords)
        self.addAsyncCleanup(zk.close)
        return zk

    async def comes(self, condition: Any, what: str = '') -> Any:
        """Wait, in the loop, until ``condition()`` is true."""
        deadline = time.monotonic() + DEADLINE
        while True:
            found = condition()
            if found:
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f'not within {DEADLINE:g} s: {what}')
            await asyncio.sleep(0.005)

    async def aside(self, function: Any, *args: Any) -> None:
        """Call a function in a thread that has ended afterwards."""
        thread = threading.Thread(target=function, args=args)
        thread.start()
        await self.comes(lambda: not thread.is_alive())

    async def cancelled(self, task: asyncio.Task[Any]) -> None:
        """Cancel a task, and check that it ended so."""
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task


class HangingCase(Case):
    """A test on an embedded server, which can be paused."""

    def setUp(self) -> None:
        self.server = zc.zk.testing.Server().start()
        self.addCleanup(self.server.stop)
        self.connection_string = self.server.connection_string


class LiveCase(Case):
    """A test of live objects of one client."""

    async def asyncSetUp(self):
        self.aio = await self.zk()

    def watched(self):
        """Return how many nodes the client watches."""
        return self.aio._sync._engine.watch_count()


def threads() -> set[threading.Thread]:
    """Return the threads that there are."""
    return set(threading.enumerate())


class Pauses:
    """Measures for how long a loop was busy with one thing."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def __aenter__(self) -> Pauses:
        self._task = asyncio.create_task(self._watch())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *error: object) -> None:
        await asyncio.sleep(0.02)
        self._task.cancel()

    async def _watch(self) -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.01)
            now = time.monotonic()
            self.longest = max(self.longest, now - last)
            last = now
