"""A thread does what messages tell it, in their order."""
from __future__ import annotations

import queue
import threading
import time
import unittest
from typing import Any

from zc.zk._worker.mailbox import Mailbox
from zc.zk.tests.base import DEADLINE


LOGGER = 'zc.zk._worker.mailbox'


class MailboxTests(unittest.TestCase):

    def setUp(self) -> None:
        self.handled: queue.SimpleQueue[list[Any]] = queue.SimpleQueue()
        self.due: float | None = None
        self.box: Mailbox[Any] = Mailbox('box', self.handle, self.rest)
        self.addCleanup(self.box.join, DEADLINE)
        self.addCleanup(self.box.close)

    def handle(self, messages: list[Any]) -> None:
        self.due = None
        for each in messages:
            if callable(each):
                each()
        self.handled.put(messages)

    def rest(self) -> float | None:
        return self.due

    def take(self) -> list[Any]:
        return self.handled.get(timeout=DEADLINE)

    def settled(self) -> bool:
        done = threading.Event()
        self.box.when_settled(done.set)
        return done.wait(DEADLINE)

    def test_together(self) -> None:
        """All messages that are there are handled at once, in order."""
        for each in range(3):
            self.box.put(each)
        self.assertEqual(3, self.box.waiting())
        self.box.start()
        self.assertEqual([0, 1, 2], self.take())
        self.box.put(3)
        self.assertEqual([3], self.take())
        self.assertEqual(0, self.box.waiting())

    def test_more(self) -> None:
        """What came meanwhile can be seen, and is handled all the same."""
        seen: list[Any] = []
        done = threading.Event()

        def look() -> None:
            for each in 'ab':
                self.box.put(each)
            self.box.when_settled(done.set)
            seen.append(self.box.more())
            seen.append(self.box.more())
            seen.append((self.box.waiting(), done.is_set()))

        self.box.put(look)
        self.box.start()
        self.assertEqual([look], self.take())
        self.assertEqual(['a', 'b'], self.take())
        self.assertEqual([['a', 'b'], ['a', 'b'], (3, False)], seen)
        self.assertTrue(done.wait(DEADLINE))

    def test_one_thread(self) -> None:
        """Starting twice makes one thread, known by its name."""
        self.box.start()
        thread = self.box.thread
        self.box.start()
        assert thread is not None
        self.assertIs(thread, self.box.thread)
        self.assertEqual('box', thread.name)
        self.assertFalse(self.box.on_thread())
        found: list[bool] = []
        self.box.put(lambda: found.append(self.box.on_thread()))
        self.take()
        self.assertEqual([True], found)

    def test_due(self) -> None:
        """A due time is kept without a message."""
        for due in (0.0, time.monotonic() + 0.01):
            box: Mailbox[Any] = Mailbox('box', self.handle, self.rest)
            self.due = due
            box.start()
            self.assertEqual([], self.take())
            box.close()
            box.join(DEADLINE)

    def test_settled(self) -> None:
        """The settle point comes after what was put before it."""
        seen: list[Any] = []
        self.box.put(lambda: seen.append('message'))
        self.box.start()
        done = threading.Event()
        self.box.when_settled(lambda: seen.append('settled'))
        self.box.when_settled(done.set)
        self.assertTrue(done.wait(DEADLINE))
        self.assertEqual(['message', 'settled'], seen)

    def test_settled_without_a_thread(self) -> None:
        """Nobody waits for a thread that never started or has ended."""
        self.box.put('message')
        self.assertTrue(self.settled())
        self.box.start()
        self.box.close()
        self.box.join(DEADLINE)
        self.assertTrue(self.settled())

    def test_settled_at_the_end(self) -> None:
        """Who waits for a settle point when the thread ends is let go."""
        started, go_on, done = [threading.Event() for _ in range(3)]

        def block() -> None:
            started.set()
            go_on.wait(DEADLINE)

        self.box.put(block)
        self.box.start()
        self.assertTrue(started.wait(DEADLINE))
        self.box.close()
        self.box.when_settled(done.set)
        go_on.set()
        self.assertTrue(done.wait(DEADLINE))

    def test_close(self) -> None:
        """A closed one handles nothing more and starts no thread."""
        self.box.close()
        self.box.start()
        self.assertIsNone(self.box.thread)
        self.box.join(DEADLINE)

    def test_close_in_the_thread(self) -> None:
        """The thread can end itself."""
        def end() -> None:
            self.box.close()
            self.box.join(DEADLINE)

        self.box.put(end)
        self.box.start()
        self.take()
        assert self.box.thread is not None
        self.box.thread.join(DEADLINE)
        self.assertFalse(self.box.thread.is_alive())

    def test_faults(self) -> None:
        """The thread outlives the faults of what it calls."""
        def fail() -> None:
            raise ZeroDivisionError

        with self.assertLogs(LOGGER, 'ERROR') as logs:
            self.box.put(fail)
            self.box.start()
            self.box.when_settled(fail)
            self.assertTrue(self.settled())
        self.assertEqual(2, len(logs.records))
