import asyncio
import importlib
import ssl
import sys
import unittest
import warnings
from unittest import mock

import aiohttp

import zc.zk
import zc.zk.aio
import zc.zk.aiohttp
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.http.case import PATH
from zc.zk.tests.http.case import HttpCase
from zc.zk.tests.http.facts import URL
from zc.zk.tests.http.facts import Errors
from zc.zk.tests.http.facts import Facts


class Answer:

    def __init__(self, response, text):
        self.text = text
        self.status_code = response.status
        self.url = response.url


class Ask:
    """A session as the facts use it."""

    def __init__(self, test, **options):
        self.loop = asyncio.new_event_loop()
        test.addCleanup(self.loop.close)
        self.session = self.run(self.make(**options))
        # Closed connections have a turn of the loop to end.
        test.addCleanup(lambda: self.run(asyncio.sleep(0)))
        test.addCleanup(lambda: self.run(self.session.close()))

    async def make(self, middleware, context, keepalive):
        return aiohttp.ClientSession(
            middlewares=[middleware], trust_env=True,
            connector=aiohttp.TCPConnector(
                ssl=context, keepalive_timeout=keepalive))

    def run(self, what):
        return self.loop.run_until_complete(what)

    def request(self, *args, **options):
        return self.run(self.send(*args, **options))

    async def send(self, method, url, timeout=None, follow=False,
                   content=None, **options):
        if timeout is not None:
            options['timeout'] = aiohttp.ClientTimeout(sock_read=timeout)
        if hasattr(content, '__next__'):
            async def pieces(content=content):
                for each in content:
                    yield each
            content = pieces()
        async with self.session.request(
                method, url, allow_redirects=follow, data=content,
                **options) as response:
            return Answer(response, await response.text())

    def get(self, url, **options):
        return self.request('GET', url, **options)

    def post(self, url, **options):
        return self.request('POST', url, **options)


class MiddlewareTests(Facts, HttpCase):

    errors = Errors(
        unreached=aiohttp.ClientConnectorError,
        closed=(aiohttp.ServerDisconnectedError, aiohttp.ClientOSError),
        late=aiohttp.ServerTimeoutError, garbage=aiohttp.ClientResponseError)
    rounds = 2
    broken = (aiohttp.ClientConnectionError,)
    briefly = {'keepalive': 0.1}
    impatient = {'timeout': 3.0}

    def http(self, providers, at='fooservice', authority=None, keepalive=15,
             **options):
        return Ask(
            self, middleware=zc.zk.aiohttp.Middleware(
                at, providers, **options),
            context=True if authority is None else (
                ssl.create_default_context(cafile=authority)),
            keepalive=keepalive)

    def settle(self, client, server):
        async def closed():
            while server.connections:
                await asyncio.sleep(0.005)

        client.run(asyncio.wait_for(closed(), DEADLINE))

    def test_deaf(self):
        """A large body that is not read in time goes to another provider.
        """
        with warnings.catch_warnings():
            # aiohttp would like large bodies to be files.
            warnings.simplefilter('ignore', ResourceWarning)
            super().test_deaf()

    def test_others(self):
        """Requests to other hosts pass."""
        server = self.server()
        client = self.http(self.providers())
        self.remove(server.name)
        self.assertEqual(
            str(server.port), client.get(f'http://{server.name}/').text)

    def test_time_out(self):
        """The middleware limits the time of each answer."""
        servers = [self.server('hang') for _ in range(3)]
        client = self.http(self.providers(), timeout=0.1)
        with self.assertRaisesRegex(
                aiohttp.ServerTimeoutError, 'no answer from 127.*in 0.1 s'):
            client.get(URL)
        self.wait_for_requests(2, servers)

    def test_total(self):
        """The session's time for everything is not exceeded."""
        servers = [self.server('hang') for _ in range(3)]
        client = self.http(self.providers())
        with self.assertRaises(asyncio.TimeoutError):
            client.run(client.session.get(
                URL, timeout=aiohttp.ClientTimeout(total=0.1)))
        self.wait_for_requests(1, servers)

    def test_json(self):
        """Bodies of JSON are sent again."""
        self.server('close')
        good = self.server()
        client = self.http(self.providers())

        async def put():
            async with client.session.put(URL, json={'a': 1}) as response:
                return await response.text()

        self.assertEqual(
            {str(good.port)}, {client.run(put()) for _ in range(4)})
        self.assertEqual({b'{"a": 1}'}, {
            body for _, _, _, body in good.requests})

    def test_aio(self):
        """The providers of zc.zk.aio will do as well."""
        server = self.server()

        async def main():
            async with zc.zk.aio.ZooKeeper(self.connection_string) as zk:
                async with aiohttp.ClientSession(middlewares=[
                        zc.zk.aiohttp.Middleware(
                            'fooservice', await zk.providers(PATH))
                        ]) as session, session.get(URL) as response:
                    return await response.text()

        self.assertEqual(str(server.port), asyncio.run(main()))

    def test_cancelled(self):
        """A cancelled request says nothing of the server, and leaves no
        connection.
        """
        server = self.server('hang')
        providers = self.providers(eject=True)
        client = self.http(providers)

        async def cancelled():
            task = asyncio.ensure_future(client.session.get(URL))
            while not server.requests:
                await asyncio.sleep(0.005)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task

        for _ in range(6):
            client.run(cancelled())
            server.requests.clear()
        self.assertEqual('ready', providers[server.name].state)
        server.released.set()
        self.settle(client, server)
        self.wait_for_no_connection(server)


class Absence(unittest.TestCase):

    def test_absent(self):
        """Without aiohttp, one line says what to install."""
        with mock.patch.dict(sys.modules, {'aiohttp': None}):
            sys.modules.pop('zc.zk.aiohttp')
            with self.assertRaises(ImportError) as caught:
                importlib.import_module('zc.zk.aiohttp')
        self.assertEqual(
            'zc.zk.aiohttp needs aiohttp: install zc.zk[aiohttp]',
            str(caught.exception))
