import asyncio
import threading
from unittest import mock

from kazoo.exceptions import ConnectionClosedError
from kazoo.exceptions import KazooException
from kazoo.exceptions import NoNodeError

import zc.zk
import zc.zk.aio
import zc.zk.testing
from zc.zk.tests.aio.case import Case
from zc.zk.tests.aio.case import HangingCase
from zc.zk.tests.aio.case import Pauses
from zc.zk.tests.aio.case import threads


# A loop that waits for ZooKeeper in the test would pause for longer than
# PATIENCE; a busy machine may pause it as well, but not for as long.
PATIENCE = 3.0
LONGEST_PAUSE = 1.5


class Connecting(Case):

    async def test_with(self):
        """A with statement connects, and ends the session."""
        async with zc.zk.aio.ZooKeeper(self.connection_string) as zk:
            self.assertEqual('CONNECTED', zk.state)
            self.assertEqual(10, zk.session_timeout)
            self.assertEqual(10, zk.recv_timeout())
            await zk.register('/service/providers', 'a:1')
        self.assertEqual([], self.sync.get_children('/service/providers'))
        with self.assertRaisesRegex(ConnectionClosedError, 'closed'):
            await zk.get('/service')
        await zk.close()

    async def test_failed(self):
        """What cannot connect says so, and leaves no thread."""
        before = threads()
        with zc.zk.testing.Server() as server:
            address = server.connection_string
        zk = zc.zk.aio.ZooKeeper(address, connect_timeout=0.5)
        with self.assertRaisesRegex(zc.zk.FailedConnect, 'only'):
            await zk.connect()
        await self.comes(lambda: threads() <= before)
        self.assertEqual('<zc.zk.aio.ZooKeeper, not connected>', repr(zk))

    async def test_not_connected(self):
        """Before it is connected, each use says what to do."""
        zk = zc.zk.aio.ZooKeeper(self.connection_string)
        with self.assertRaisesRegex(RuntimeError, 'await it first'):
            await zk.get('/')
        with self.assertRaisesRegex(RuntimeError, 'await it first'):
            await zk.children('/')
        await zk.close()

    async def test_once(self):
        """An object connects once."""
        zk = await self.zk()
        with self.assertRaisesRegex(RuntimeError, 'connected already'):
            await zk.connect()

    async def test_other_loop(self):
        """Use in another loop is refused, and says what to do."""
        zk = await self.zk()
        children = await zk.children('/service')
        errors = []

        async def use():
            for function in (lambda: zk.get('/'), zk.close,
                             lambda: children.wait(lambda each: True)):
                try:
                    await function()
                except RuntimeError as e:
                    errors.append(str(e))

        await self.aside(asyncio.run, use())
        self.assertEqual(3, len(errors))
        self.assertEqual(
            {'this ZooKeeper object belongs to another event loop: make one '
             'for each loop'}, set(errors))

    async def test_forked(self):
        """Use in another process is refused."""
        zk = await self.zk()
        with mock.patch('os.getpid', return_value=1):
            with self.assertRaises(zc.zk.ForkedError):
                await zk.get('/')

    async def test_closed_loop(self):
        """A client whose loop is closed does no harm to others."""
        left = []

        async def leave():
            zk = await zc.zk.aio.ZooKeeper(self.connection_string)
            children = await zk.children('/service/providers')
            children(lambda children: None)
            left.extend([zk, children])

        await self.aside(asyncio.run, leave())
        zk, children = left
        self.addCleanup(zk._sync.close)
        with self.assertNoLogs('zc.zk', 'WARNING'):
            self.sync.create('/service/providers/x')
            self.sync.create('/service/providers/y')
            # What is known can still be read.
            self.assertEqual(['x', 'y'], list(children))
        self.assertEqual([], children._source._callbacks)


class Down(HangingCase):
    """ZooKeeper answers nothing, at first or later."""

    async def test_close_while_waiting(self):
        """Closing ends the calls that wait, and their threads."""
        before = threads()
        zk = await self.zk()
        self.server.pause()
        tasks = [asyncio.create_task(zk.get('/')) for _ in range(20)]
        await self.comes(lambda: len(
            [each for each in threading.enumerate()
             if each.name.startswith('zc.zk.aio')]) > 7)
        await zk.close()
        self.server.resume()
        for error in await asyncio.gather(*tasks, return_exceptions=True):
            self.assertIsInstance(error, KazooException)
        await self.comes(lambda: threads() <= before, 'threads end')

    async def test_connect_cancelled(self):
        """A connect that is cancelled leaves no thread."""
        self.server.pause()
        for wait in False, True:
            with self.subTest(wait=wait):
                before = threads()
                task = asyncio.create_task(zc.zk.aio.ZooKeeper(
                    self.connection_string, wait=wait).connect())
                # Ours, and some of kazoo's.
                await self.comes(
                    lambda before=before: len(threads() - before) > 2)
                await self.cancelled(task)
                await self.comes(
                    lambda before=before: threads() <= before, 'no thread')

    async def test_pauses(self):
        """While ZooKeeper is down, the loop goes on."""
        async with zc.zk.aio.ZooKeeper(
                self.connection_string, session_timeout=4) as zk:
            await zk.create('/service')
            children = await zk.children('/service')
            async with Pauses() as pauses:
                self.server.pause()
                with self.assertRaises(zc.zk.FailedConnect):
                    await zc.zk.aio.ZooKeeper(
                        self.connection_string,
                        connect_timeout=PATIENCE).connect()
                tasks = [asyncio.ensure_future(each) for each in (
                    zk.get('/service'), zk.register('/service', 'a:1'),
                    zk.children('/').__aiter__().__anext__())]
                done, waiting = await asyncio.wait(tasks, timeout=0.5)
                self.assertEqual(set(), done)
                await asyncio.gather(*[
                    self.cancelled(task) for task in waiting])
                self.assertFalse(
                    await children.wait(len, timeout=0.1))
                await children.close()
                await zk.close()
                self.server.resume()
        self.assertLess(pauses.longest, LONGEST_PAUSE)


class Calls(Case):

    async def test_nodes(self):
        """The methods for nodes give what those of zc.zk do."""
        zk = await self.zk()
        self.assertEqual('/service/x', await zk.create('/service/x', 'a'))
        data, stat = await zk.get('/service/x')
        self.assertEqual(b'a', data)
        await zk.set('/service/x', '{"a":1}', stat.version)
        self.assertEqual({'a': 1}, await zk.get_properties('/service/x'))
        self.assertFalse(await zk.is_ephemeral('/service/x'))
        await zk.create_recursive('/service/y/z', '')
        await zk.ln('/service/x', '/service/y/link')
        self.assertEqual('/service/x', await zk.resolve('/service/y/link'))
        self.assertEqual(['providers', 'x', 'y'], sorted(
            await zk.get_children('/service')))
        await zk.delete('/service/x')
        self.assertIsNone(await zk.exists('/service/x'))
        await zk.delete_recursive('/service/y')
        with self.assertRaises(NoNodeError):
            await zk.get('/service/y')

    async def test_trees(self):
        """Trees are imported, exported and walked."""
        zk = await self.zk()
        await zk.import_tree('/b\n  /c\n    x = 1\n', '/service')
        self.assertEqual('/b\n  /c\n    x = 1\n', await zk.export_tree(
            '/service/b'))
        self.assertEqual(
            ['/service/b', '/service/b/c'],
            [path async for path in zk.walk('/service/b')])
        self.assertEqual(
            [('/service/b', ['c']), ('/service/b/c', [])],
            [each async for each in zk.walk('/service/b', children=True)])

    async def test_plan(self):
        """A plan is made, saved, read again and applied."""
        zk = await self.zk()
        plan = await zk.plan('/b\n  x = 1\n', '/service')
        self.assertEqual(('/service', ['/service/b'], {}), (
            plan.path, [step.path for step in plan.steps], plan.old))
        self.assertEqual('<zc.zk.aio.Plan for /service: 1 steps>', repr(plan))
        again = await zk.load_plan(plan.to_json())
        await again.apply()
        self.assertEqual(['/service/b'], again.applied)
        self.assertEqual({'x': 1}, await zk.get_properties('/service/b'))
        with self.assertRaises(zc.zk.PlanMoved):
            await plan.apply()
        with self.assertRaises(zc.zk.PlanSyntaxError):
            await zk.load_plan('{}')
        gone = await zk.plan('', '/service', True, ['b'])
        await gone.apply()
        self.assertIsNone(await zk.exists('/service/b'))

    async def test_all(self):
        """Many live objects are made at once, and followed."""
        zk = await self.zk()
        await zk.import_tree('/a\n  x = 1\n/b\n  x = 2\n', '/service')
        paths = ['/service/a', '/service/b']
        children = await zk.all_children(paths)
        properties = await zk.all_properties(paths)
        self.assertEqual([1, 2], [each['x'] for each in properties])
        await zk.create('/service/b/c', '')
        self.assertTrue(await zk.settle())
        self.assertEqual([[], ['c']], [list(each) for each in children])
        with self.assertRaises(NoNodeError):
            await zk.all_children(['/service/a', '/nix'])

    async def test_leave(self):
        """All registrations end, and others are refused; the rest goes on.
        """
        zk = await self.zk()
        registration = await zk.register('/service/providers', 'a:1')
        self.assertTrue(await zk.leave())
        self.assertEqual('closed', registration.state)
        self.assertEqual([], await zk.get_children('/service/providers'))

    async def test_many(self):
        """More calls than threads are answered."""
        zk = await self.zk()
        found = await asyncio.gather(
            *[zk.get('/service') for _ in range(100)])
        self.assertEqual(100, len(found))

    async def test_errors(self):
        """What goes wrong is raised where it is awaited."""
        zk = await self.zk()
        with self.assertRaisesRegex(NoNodeError, '/nowhere'):
            await zk.get('/nowhere')
        with self.assertRaisesRegex(zc.zk.PathError, 'empty'):
            await zk.get('')
