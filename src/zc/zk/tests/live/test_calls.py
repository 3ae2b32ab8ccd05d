"""The thread of the callbacks, and who waits for it."""
from __future__ import annotations

import threading
import unittest
import unittest.mock

from zc.zk._live import calls
from zc.zk._live.calls import Calls
from zc.zk.tests.base import DEADLINE


class Case(unittest.TestCase):

    def setUp(self) -> None:
        self.calls = Calls('callbacks of a test')
        self.addCleanup(self.calls.close)
        self.log: list[str] = []

    def run_all(self) -> None:
        """Wait until all that was put so far has run."""
        done = threading.Event()
        self.calls.when_settled(done.set)
        self.assertTrue(done.wait(DEADLINE))


class CallTests(Case):

    def test_in_order_in_one_thread(self) -> None:
        """Calls run one after the other, in a thread that has the name."""
        self.assertIsNone(self.calls.thread)
        for _ in range(3):
            self.calls.put(lambda: self.log.append(
                threading.current_thread().name))
        self.run_all()
        self.assertEqual(['callbacks of a test'] * 3, self.log)
        self.assertIsNotNone(self.calls.thread)

    def test_errors_end_nothing(self) -> None:
        """A call that raises is logged, and the next one runs."""
        with self.assertLogs('zc.zk', 'ERROR'):
            self.calls.put(lambda: [][0])
            self.run_all()

    def test_nothing_starts_when_closed(self) -> None:
        """What asks whether it may start is refused after `close`."""
        self.assertTrue(self.calls.begin('a', lambda: False))
        self.calls.end()
        self.assertFalse(self.calls.begin('a', lambda: True))
        self.calls.close()
        self.assertFalse(self.calls.begin('a', lambda: False))


class WaitTests(Case):

    def test_for_one_that_runs(self) -> None:
        """Who closes an object waits for its callback, no other's."""
        running, go = threading.Event(), threading.Event()
        self.addCleanup(go.set)

        def call() -> None:
            self.calls.begin('a', lambda: False)
            running.set()
            go.wait(DEADLINE)
            self.log.append('ended')
            self.calls.end()

        def wait() -> None:
            self.calls.wait_for_end('a')
            self.log.append('waited')

        with unittest.mock.patch.object(calls, 'CLOSE_SECONDS', DEADLINE):
            self.calls.put(call)
            self.assertTrue(running.wait(DEADLINE))
            self.calls.wait_for_end('b')
            waiting = threading.Thread(target=wait)
            waiting.start()
            go.set()
            waiting.join(DEADLINE)
        self.assertEqual(['ended', 'waited'], self.log)

    def test_not_for_itself(self) -> None:
        """A callback may close its own object."""
        def call() -> None:
            self.calls.begin('a', lambda: False)
            self.calls.wait_for_end('a')
            self.calls.end()

        with unittest.mock.patch.object(
                calls, 'CLOSE_SECONDS', 10 * DEADLINE):
            self.calls.put(call)
            self.run_all()

    def test_not_for_ever(self) -> None:
        """A callback that blocks does not keep who waits."""
        go = threading.Event()
        self.addCleanup(go.set)
        running = threading.Event()

        def call() -> None:
            self.calls.begin('a', lambda: False)
            running.set()
            go.wait(DEADLINE)
            self.calls.end()

        self.calls.put(call)
        self.assertTrue(running.wait(DEADLINE))
        with unittest.mock.patch.object(calls, 'CLOSE_SECONDS', 0.01):
            self.calls.wait_for_end('a')
        self.assertEqual('a', self.calls._running)
