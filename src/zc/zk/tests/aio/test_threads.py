import asyncio
import threading
import unittest

from zc.zk._aio import threads


class Threads(unittest.IsolatedAsyncioTestCase):

    def setUp(self):
        self.threads = threads.Threads('zc.zk test', 1)
        self.addCleanup(self.threads._pool.shutdown)
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)
        self.began = threading.Event()
        self.undone = []

    def work(self):
        self.began.set()
        self.go_on.wait()
        return 42

    async def begun(self, **keywords):
        task = asyncio.create_task(self.threads.call(self.work, **keywords))
        while not self.began.is_set():
            await asyncio.sleep(0.005)
        return task

    async def test_result(self):
        """A call returns what its function returns."""
        self.go_on.set()
        self.assertEqual(42, await self.threads.call(self.work))

    async def test_error(self):
        """A call raises what its function raises."""
        with self.assertRaises(ZeroDivisionError):
            await self.threads.call(lambda: 1 / 0)

    async def test_cancelled(self):
        """A call that is cancelled is told to give up, and is undone."""
        task = await self.begun(
            undo=self.undone.append, give_up=self.go_on.set)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        self.assertEqual([42], self.undone)

    async def test_cancelled_when_done(self):
        """A result that its caller was too late for is undone, in a thread.
        """
        task = await self.begun(undo=lambda result: self.undone.append(
            threading.current_thread()))
        self.go_on.set()
        # Without a turn of the loop, it is not told.
        self.threads._pool.submit(lambda: None).result()
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        [thread] = self.undone
        self.assertIsNot(threading.main_thread(), thread)

    async def test_never_begun(self):
        """A call that waits for a thread is never begun when cancelled."""
        first = await self.begun()
        second = asyncio.create_task(
            self.threads.call(lambda: self.undone.append(1)))
        await asyncio.sleep(0)
        second.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await second
        self.go_on.set()
        self.assertEqual(42, await first)
        self.assertEqual([], self.undone)

    async def test_undo_fails(self):
        """A failure to undo is logged."""
        task = await self.begun(
            undo=lambda result: 1 / 0, give_up=self.go_on.set)
        task.cancel()
        with self.assertLogs('zc.zk._aio.threads', 'ERROR'):
            with self.assertRaises(asyncio.CancelledError):
                await task

    async def test_close(self):
        """`close` fails the calls that have not ended, begun or not."""
        tasks = [await self.begun(), asyncio.create_task(
            self.threads.call(lambda: None))]
        await asyncio.sleep(0)
        self.threads.close(ZeroDivisionError())
        for task in tasks:
            with self.assertRaises(ZeroDivisionError):
                await task
        self.assertEqual(set(), self.threads._waiting)

    async def test_put_when_closed(self):
        """What is put after the end is done at once."""
        self.threads.close(OSError())
        self.threads.put(lambda: self.undone.append(1))
        self.assertEqual([1], self.undone)

    def test_closed_loop(self):
        """A loop that is closed is told nothing."""
        loop = asyncio.new_event_loop()
        loop.close()
        self.assertFalse(threads.tell(loop, self.undone.clear))
