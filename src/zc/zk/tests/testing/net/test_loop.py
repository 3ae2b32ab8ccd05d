"""Tests of _loop: a thread that does what it is asked."""
from __future__ import annotations

import socket
import threading
import unittest

from ....testing.net.loop import READ
from ....testing.net.loop import WRITE
from ....testing.net.loop import SocketLoop
from ...base import wait_for


class LoopTest(unittest.TestCase):

    def setUp(self):
        self.loop = SocketLoop()
        self.steps = 0
        self.ended = 0
        self.seen = []

    def start(self, wait=lambda: 60.0):
        self.loop.start('test loop', wait, self.step, self.end)
        self.addCleanup(self.loop.stop)

    def step(self):
        self.steps += 1

    def end(self):
        self.ended += 1

    def pair(self):
        pair = socket.socketpair()
        for each in pair:
            self.addCleanup(each.close)
        self.addCleanup(self.loop.stop)     # before they close
        return pair

    def test_call(self):
        """A call runs in the thread; what it returns is returned."""
        self.start()
        name = self.loop.call(lambda: threading.current_thread().name)
        self.assertEqual('test loop', name)

    def test_call_raises(self):
        """What it raises is raised."""
        self.start()
        with self.assertRaises(ZeroDivisionError):
            self.loop.call(lambda: 1 / 0)

    def test_call_within(self):
        """A call within a call runs at once; so does one before `start`."""
        self.assertEqual(1, self.loop.call(lambda: 1))
        self.start()
        self.assertEqual(
            2, self.loop.call(lambda: self.loop.call(lambda: 2)))

    def test_call_after_the_end(self):
        """A call after the end is an error, not a wait without end."""
        self.start()
        self.loop.stop()
        with self.assertRaisesRegex(RuntimeError, '^the server has ended$'):
            self.loop.call(lambda: 1)

    def test_watch(self):
        """A socket that is ready is told of until it is unwatched."""
        self.start()
        here, there = self.pair()
        self.loop.call(lambda: self.loop.watch(here, READ, self.seen.append))
        there.send(b'1')
        wait_for(lambda: self.seen)
        self.loop.call(lambda: self.loop.change(here, WRITE))
        wait_for(lambda: WRITE in self.seen)
        for _ in range(2):
            self.loop.call(lambda: self.loop.unwatch(here))
        self.loop.call(lambda: self.loop.change(here, READ))
        self.assertEqual({READ, WRITE}, set(self.seen))

    def test_step(self):
        """A step comes when it is due."""
        self.start(lambda: 0.0)
        wait_for(lambda: self.steps > 2)

    def test_pause(self):
        """While paused, calls run, but no sockets and no steps."""
        self.start()
        here, there = self.pair()
        self.loop.call(lambda: self.loop.watch(
            here, READ, lambda mask: self.seen.append(here.recv(1))))
        self.loop.pause(True)
        steps = self.loop.call(lambda: self.steps)
        there.send(b'1')
        self.assertEqual(([], steps), self.loop.call(
            lambda: (list(self.seen), self.steps)))
        self.loop.pause(False)
        wait_for(lambda: self.seen)

    def test_pause_with_others_ready(self):
        """What was ready together with the pause waits, too."""
        here, there = self.pair()
        self.loop.watch(
            here, READ, lambda mask: self.seen.append(here.recv(1)))
        there.send(b'1')
        done = threading.Event()

        def pause():
            self.loop.pause(True)
            done.set()

        self.loop._calls.append(pause)
        self.loop._wake()
        self.start()
        done.wait()
        self.loop.call(lambda: None)
        # The call's wake-up came first: that socket was registered first.
        seen = list(self.seen)
        self.loop.pause(False)
        wait_for(lambda: self.seen)
        self.assertLessEqual(len(seen), 1)

    def test_stop(self):
        """At the end `end` is called once, and the thread is gone."""
        threads = threading.active_count()
        self.start()
        self.assertEqual(threads + 1, threading.active_count())
        self.loop.stop()
        self.assertEqual(
            (1, threads), (self.ended, threading.active_count()))

    def test_stop_within(self):
        """The thread may stop itself."""
        self.start()
        self.loop.call(self.loop.stop)
        wait_for(lambda: self.ended)

    def test_stop_before_start(self):
        """One that was never started closes what it has."""
        self.loop.stop()
        self.assertEqual(-1, self.loop._waker.fileno())

    def test_many_calls(self):
        """Calls of many threads all run."""
        self.start()
        threads = [threading.Thread(target=lambda: [
            self.loop.call(lambda: self.seen.append(1)) for _ in range(50)])
            for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        self.assertEqual(200, len(self.seen))
