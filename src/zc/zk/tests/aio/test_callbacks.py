import asyncio

import zc.zk
from zc.zk.tests.aio.case import PATH
from zc.zk.tests.aio.case import LiveCase


class Callbacks(LiveCase):

    async def test_plain(self):
        """A plain function is called now and on each change, in the loop."""
        loop = asyncio.get_running_loop()
        calls = []

        children = await self.aio.children(PATH)

        @children
        def changed(children, added, removed):
            self.assertIs(loop, asyncio.get_running_loop())
            calls.append((list(children), set(added), set(removed)))

        self.assertIsInstance(changed, zc.zk.aio.Children)
        await self.aio.create(PATH + '/x')
        await self.aio.delete(PATH + '/x')
        self.assertEqual([
            ([], set(), set()), (['x'], {'x'}, set()),
            ([], set(), {'x'})], calls)

    async def test_coroutine(self):
        """A coroutine is awaited; its calls do not overlap, and it sees the
        newest state."""
        calls = []
        go_on = asyncio.Event()
        providers = await self.aio.providers(PATH)

        @providers
        async def changed(providers, added):
            calls.append(sorted(each.name for each in added))
            await go_on.wait()
            calls.append('end')

        for name in 'a:1', 'b:1', 'c:1':
            await self.aio.register(PATH, name)
        self.assertEqual([[]], calls)
        go_on.set()
        await self.comes(lambda: len(calls) == 4)
        self.assertEqual([[], 'end', ['a:1', 'b:1', 'c:1'], 'end'], calls)

    async def test_deleted(self):
        """A deleted node calls those that take no arguments."""
        calls = []
        properties = await self.aio.properties('/service')
        properties(lambda *args: calls.append(args))
        await self.aio.delete_recursive('/service')
        self.assertEqual([(properties,), ()], calls)
        self.assertTrue(properties.deleted)

    async def test_raises(self):
        """A callback that raises is logged and dropped."""
        children = await self.aio.children(PATH)

        async def coroutine(children):
            if children:
                raise ZeroDivisionError

        def plain(children):
            if children:
                raise ZeroDivisionError

        for callback in coroutine, plain:
            with self.subTest(callback):
                children(callback)
                await self.comes(lambda: not children._callbacks.running)
                with self.assertLogs('zc.zk', 'ERROR') as logs:
                    await self.aio.create(PATH + '/x')
                    await self.comes(lambda: not children._callbacks)
                self.assertIn('ZeroDivisionError', logs.output[0])
                await self.aio.delete(PATH + '/x')

    async def test_raises_at_once(self):
        """The first call of a plain function raises to its caller."""
        children = await self.aio.children(PATH)
        with self.assertRaises(ZeroDivisionError):
            children(lambda children: 1 / 0)
        self.assertEqual(0, len(children._callbacks))

    async def test_cancel_watch(self):
        """CancelWatch drops a callback quietly, at any time."""
        children = await self.aio.children(PATH)

        def first(children):
            raise zc.zk.CancelWatch

        async def later(children):
            if children:
                raise zc.zk.CancelWatch

        children(first)
        children(later)
        with self.assertNoLogs('zc.zk', 'WARNING'):
            await self.aio.create(PATH + '/x')
            await self.comes(lambda: not children._callbacks)

    async def test_broken_link(self):
        """A property link that broke is logged, and the callback kept."""
        await self.aio.import_tree(
            '/a\n  x = 1\n/b\n  y => /a x\n', trim=False)
        seen = []
        properties = await self.aio.properties('/b')
        properties(lambda properties: seen.append(properties['y']))
        with self.assertLogs('zc.zk', 'ERROR'):
            await self.aio.set('/a', '{}')
        await self.aio.set('/a', '{"x":2}')
        self.assertEqual([1, 2], seen)

    async def test_close_in_callback(self):
        """A callback may close its object; it is not called again."""
        calls = []
        children = await self.aio.children(PATH)

        @children
        async def changed(children):
            calls.append(list(children))
            if children:
                await children.close()
                calls.append('closed')

        await self.comes(lambda: calls)
        await self.aio.create(PATH + '/x')
        await self.comes(lambda: 'closed' in calls)
        await self.aio.create(PATH + '/y')
        self.assertEqual([[], ['x'], 'closed'], calls)

    async def test_close_cancels(self):
        """`close` cancels a callback that does not end."""
        children = await self.aio.children(PATH)
        ended = []

        @children
        async def changed(children):
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(1)

        await asyncio.sleep(0)
        await children.close()
        await self.comes(lambda: ended)
