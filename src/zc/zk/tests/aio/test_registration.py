import asyncio
from unittest import mock

from kazoo.exceptions import NodeExistsError

from zc.zk._registration.states import State
from zc.zk.tests.aio.case import Case


PATH = '/service/providers'


class Registration(Case):

    async def test_life(self):
        """A registration can be read, updated and ended."""
        zk = await self.zk()
        registration = await zk.register(PATH, ('a', 1), version='1')
        self.assertEqual(PATH + '/a:1', registration.path)
        self.assertEqual('registered', registration.state)
        self.assertIsNone(registration.error)
        self.assertEqual('1', registration.properties['version'])
        self.assertTrue(await registration.wait())
        self.assertEqual(
            f'<zc.zk.aio.Registration {PATH}/a:1: registered>',
            repr(registration))
        await registration.update({'weight': 0}, version='2')
        properties = self.sync.get_properties(registration.path)
        self.assertEqual(
            (0, '2'), (properties['weight'], properties['version']))
        await registration.unregister()
        self.assertEqual([], self.sync.get_children(PATH))
        self.assertEqual('closed', registration.state)
        self.assertFalse(await registration.wait())

    async def test_blank_host(self):
        """With an empty host, it stands for the nodes of all addresses."""
        zk = await self.zk()
        with mock.patch('zc.zk._registration.registrar.ipv4_addresses',
                        return_value=['1.2.3.4', '5.6.7.8']):
            registration = await zk.register(PATH, ':80')
        self.assertEqual([PATH + '/1.2.3.4:80', PATH + '/5.6.7.8:80'],
                         registration.paths)
        await registration.update(a=1)
        self.assertEqual(
            1, self.sync.get_properties(PATH + '/5.6.7.8:80')['a'])
        await zk.unregister(PATH, '1.2.3.4:80')
        self.assertEqual('closed', registration.state)
        await registration.unregister()
        self.assertEqual([], self.sync.get_children(PATH))

    async def test_wait(self):
        """While another has its name, `wait` waits; then it comes back."""
        zk = await self.zk()
        registration = await zk.register(PATH, 'a:1')
        client = zk._sync.client

        def take():
            self.sync.delete(PATH + '/a:1')
            self.sync.create(PATH + '/a:1', ephemeral=True)

        await self.aside(client.lose_session, take)
        self.assertFalse(await registration.wait(0.01))
        self.assertEqual('waiting', registration.state)
        self.assertIsInstance(registration.error, NodeExistsError)
        waiting = asyncio.create_task(registration.wait(20))
        await self.aside(self.sync.delete, PATH + '/a:1')
        self.assertTrue(await waiting)

    async def test_wait_is_told(self):
        """`wait` sleeps until the state changes, in whatever thread."""
        zk = await self.zk()
        registration = await zk.register(PATH, 'a:1')
        sync = registration._registrations[0]
        sync._note(State.FAILED, ValueError('no'))
        with mock.patch.object(asyncio, 'sleep', side_effect=AssertionError):
            waiting = asyncio.create_task(registration.wait(20))
            # It is there when it follows the state.
            while not sync._states:
                await asyncio.wait({asyncio.ensure_future(zk.get(PATH))})
            await asyncio.get_running_loop().run_in_executor(
                None, sync._register)
            self.assertTrue(await waiting)
        self.assertEqual([], sync._states)
        sync._note(State.FAILED, ValueError('no'))
        waiting = asyncio.create_task(registration.wait())
        await self.aside(sync._close)
        self.assertFalse(await waiting)

    async def test_wait_cancelled(self):
        """A `wait` that is cancelled is told nothing any more."""
        zk = await self.zk()
        registration = await zk.register(PATH, 'a:1')
        sync = registration._registrations[0]
        sync._note(State.FAILED, ValueError('no'))
        waiting = asyncio.create_task(registration.wait())
        while not sync._states:
            await asyncio.wait({asyncio.ensure_future(zk.get(PATH))})
        await self.cancelled(waiting)
        self.assertEqual([], sync._states)

    async def test_addr(self):
        """The address may be given as zc.zk 2.1 called it."""
        zk = await self.zk()
        registration = await zk.register(PATH, addr='a:1')
        self.assertEqual(PATH + '/a:1', registration.path)

    async def test_cancelled(self):
        """A register that is cancelled leaves no node."""
        self.sync.register(PATH, 'a:1')
        zk = await self.zk()
        task = asyncio.create_task(zk.register(PATH, 'a:1'))
        await self.comes(lambda: zk._sync._keeper._adding)
        await self.cancelled(task)
        # Its thread still waits for the name: so this shows that it gives
        # the name back once it gets it.
        await self.aside(self.sync.unregister, PATH, 'a:1')
        await self.comes(lambda: not zk._sync._keeper._adding)
        await self.comes(lambda: not self.sync.get_children(PATH))
        self.assertEqual({}, dict(zk._sync.registrations))

    async def test_cancelled_late(self):
        """One that is cancelled when it is done leaves no node either."""
        zk = await self.zk()
        task = asyncio.create_task(zk.register(PATH, 'a:1'))
        await asyncio.sleep(0)
        # The loop does not turn until the node is there.
        while not self.sync.get_children(PATH):
            pass
        await self.cancelled(task)
        await self.comes(lambda: not self.sync.get_children(PATH))
        self.assertEqual({}, dict(zk._sync.registrations))
