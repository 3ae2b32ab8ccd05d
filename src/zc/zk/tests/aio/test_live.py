import asyncio
import gc

from kazoo.exceptions import NoNodeError

import zc.zk
from zc.zk.tests.aio.case import PATH
from zc.zk.tests.aio.case import LiveCase


class Reading(LiveCase):

    async def test_children(self):
        """Children are read like those of zc.zk."""
        await self.aio.create(PATH + '/x')
        async with self.aio.children(PATH) as children:
            self.assertEqual(['x'], children.data)
            self.assertEqual(['x'], list(children))
            self.assertEqual(1, len(children))
            self.assertIn('x', children)
            self.assertEqual(PATH, children.path)
            self.assertEqual(PATH, children.real_path)
            self.assertTrue(children.current)
            self.assertFalse(children.deleted)
            self.assertIsNone(children.error)
            self.assertEqual(
                '<zc.zk.aio.Children(/service/providers) 1: x>',
                repr(children))
        await self.comes(lambda: not self.watched())

    async def test_properties(self):
        """Properties are a mapping, with awaitable writing."""
        properties = await self.aio.properties('/service')
        self.assertEqual(3, properties['threads'])
        self.assertEqual({'type': 'web', 'threads': 3}, dict(properties))
        await properties.update(threads=4)
        self.assertEqual(4, properties['threads'])
        await properties.set(a=1)
        self.assertEqual({'a': 1}, properties.copy())
        version = properties.version
        await properties.replace({'b': 2})
        self.assertEqual(version + 1, properties.version)
        await properties.delete('b')
        self.assertNotIn('b', properties)
        with self.assertRaises(KeyError):
            await properties.delete('b')

    async def test_unwatched(self):
        """Properties that are not followed are read once."""
        properties = await self.aio.properties('/service', watch=False)
        self.assertEqual(3, properties['threads'])
        with self.assertRaisesRegex(TypeError, 'without watching'):
            await properties.wait(len)
        await properties.close()

    async def test_providers(self):
        """Providers are chosen without waiting, and leased."""
        await self.aio.register(PATH, 'a:1')
        providers = await self.aio.providers(PATH, choose='round robin')
        self.assertEqual('a:1', providers.choose().name)
        self.assertEqual(['a:1'], [each.name for each in providers])
        self.assertIs(providers['a:1'], providers.get('a:1'))
        async with providers.lease() as provider:
            self.assertEqual(('a', 1), provider.address)
        with self.assertRaises(zc.zk.NoProviders):
            providers.choose(exclude=providers)

    async def test_lease_fails(self):
        """What goes wrong in a lease is reported; cancelling it is not."""
        await self.aio.register(PATH, 'a:1')
        providers = await self.aio.providers(PATH)
        member = providers.choose()._member

        async def work(error):
            async with providers.lease():
                raise error

        for _ in range(10):
            with self.assertRaises(asyncio.CancelledError):
                await work(asyncio.CancelledError())
        self.assertEqual(0, member.health.streak)
        self.assertEqual([], member.requests)
        with self.assertRaises(OSError):
            await work(OSError())
        self.assertEqual(1, member.health.streak)

    async def test_missing(self):
        """What leads to no node raises where it is awaited."""
        with self.assertRaises(NoNodeError):
            await self.aio.children('/nowhere')
        with self.assertRaises(NoNodeError):
            async for _ in self.aio.children('/nowhere'):
                self.fail('there is nothing')
        await self.comes(lambda: not self.watched())

    async def test_garbage(self):
        """When nothing refers to it, its watches go."""
        children = await self.aio.children(PATH)
        children(lambda children: None)
        await asyncio.sleep(0)
        self.assertEqual(1, self.watched())
        del children
        gc.collect()
        await self.comes(lambda: not self.watched())


class Waiting(LiveCase):

    async def test_wait(self):
        """`wait` waits until the predicate is true."""
        children = await self.aio.children(PATH)
        task = asyncio.create_task(children.wait(lambda each: 'y' in each))
        await self.aio.create(PATH + '/x')
        self.assertFalse(task.done())
        await self.aio.create(PATH + '/y')
        self.assertTrue(await task)

    async def test_timeout(self):
        """It ends with its timeout, and leaves no waiter."""
        children = await self.aio.children(PATH)
        self.assertFalse(await children.wait(len, 0.01))
        self.assertEqual(set(), children._waiters)

    async def test_cancelled(self):
        """A wait that is cancelled leaves no waiter."""
        children = await self.aio.children(PATH)
        task = asyncio.create_task(children.wait(len))
        await self.comes(lambda: children._waiters)
        await self.cancelled(task)
        self.assertEqual(set(), children._waiters)

    async def test_close(self):
        """`close` of the object or of its client ends the waiting."""
        first = await self.aio.children(PATH)
        second = await self.aio.children(PATH)
        for each, close in (first, first.close), (second, self.aio.close):
            task = asyncio.create_task(each.wait(len))
            await self.comes(lambda each=each: each._waiters)
            await close()
            self.assertFalse(await task)
