"""Waiting at a simple queue ends in time."""
from __future__ import annotations

import queue
import threading
import unittest
from typing import Any

from zc.zk._worker.queues import get
from zc.zk.tests.base import DEADLINE


class GetTests(unittest.TestCase):

    def test_items(self) -> None:
        """Items come in their order, without waiting."""
        items: queue.SimpleQueue[int] = queue.SimpleQueue()
        items.put(1)
        items.put(2)
        self.assertEqual([1, 2], [get(items, 0), get(items, DEADLINE)])

    def test_wait(self) -> None:
        """An item that comes later is waited for."""
        items: queue.SimpleQueue[int] = queue.SimpleQueue()
        for timeout in (None, DEADLINE):
            thread = threading.Thread(target=items.put, args=(3,))
            thread.start()
            self.assertEqual(3, get(items, timeout))
            thread.join()

    def test_in_time(self) -> None:
        """Short waits end, also at queues that nobody has waited at."""
        left: list[Any] = list(range(20_000))

        def wait() -> None:
            while left:
                items: queue.SimpleQueue[int] = queue.SimpleQueue()
                for timeout in (0, 1e-6, -1.0):
                    try:
                        get(items, timeout)
                    except queue.Empty:
                        pass
                left.pop()

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        thread.join(DEADLINE)
        self.assertEqual([], left)
