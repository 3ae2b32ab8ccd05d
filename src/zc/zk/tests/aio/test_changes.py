import asyncio

from zc.zk.tests.aio.case import PATH
from zc.zk.tests.aio.case import HangingCase
from zc.zk.tests.aio.case import LiveCase


class Changes(LiveCase):

    async def test_iterate(self):
        """An iteration gives the newest state, and none is missed."""
        seen = []
        async for providers in self.aio.providers(PATH):
            seen.append([each.name for each in providers])
            if len(seen) == 1:
                # Two changes while the body runs: one turn shows both.
                self.sync.register(PATH, 'a:1')
                self.sync.register(PATH, 'b:1')
            elif 'b:1' in seen[-1]:
                break
        self.assertEqual([], seen[0])
        self.assertEqual(['a:1', 'b:1'], seen[-1])
        self.assertLessEqual(len(seen), 3)

    async def test_iterate_to_the_end(self):
        """The last change before the end is seen, then the loop ends."""
        children = await self.aio.children(PATH)
        seen = []
        async for each in children:
            seen.append(list(each))
            if len(seen) == 1:
                self.sync.create(PATH + '/x')
                self.assertEqual(['x'], list(children))
                await children.close()
        self.assertEqual([[], ['x']], seen)

    async def test_client_closed(self):
        """When its client is closed, an iteration ends."""
        async def iterate():
            return [len(each) async for each in self.aio.children(PATH)]

        task = asyncio.create_task(iterate())
        await self.comes(self.watched)
        await self.aio.close()
        self.assertEqual([0], await task)

    async def test_iteration_cancelled(self):
        """An iteration that is cancelled leaves no watch."""
        seen = []

        async def iterate():
            async for providers in self.aio.providers(PATH):
                seen.append(providers)

        task = asyncio.create_task(iterate())
        await self.comes(lambda: seen and seen[0]._waiters)
        self.assertEqual(2, self.watched())
        await self.cancelled(task)
        # Though something still refers to the object.
        await self.comes(lambda: not self.watched())

    async def test_left(self):
        """An iteration that is left leaves no watch."""
        async def iterate():
            async for _ in self.aio.children(PATH):
                return

        await iterate()
        await self.comes(lambda: not self.watched())


class Hanging(HangingCase, LiveCase):

    async def test_opening_cancelled(self):
        """Opening a live object that is cancelled leaves no watch."""
        self.server.pause()
        task = asyncio.create_task(self.aio.children('/').__aenter__())
        await asyncio.sleep(0)
        await self.comes(lambda: self.aio._sync._engine._io.locked())
        await self.cancelled(task)
        self.server.resume()
        await self.comes(lambda: not self.aio._sync._engine._io.locked())
        await self.comes(lambda: not self.watched())
