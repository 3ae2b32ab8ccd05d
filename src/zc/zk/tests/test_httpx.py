import asyncio
import gc
import importlib
import ssl
import sys
import threading
import unittest
import weakref
from unittest import mock

import httpx

import zc.zk
import zc.zk.aio
import zc.zk.httpx
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.http.case import PATH
from zc.zk.tests.http.case import HttpCase
from zc.zk.tests.http.facts import URL
from zc.zk.tests.http.facts import Errors
from zc.zk.tests.http.facts import Facts


ERRORS = Errors(
    unreached=httpx.ConnectError, closed=httpx.RemoteProtocolError,
    late=httpx.ReadTimeout, garbage=httpx.RemoteProtocolError)


class Ask:
    """A client as the facts use it."""

    def __init__(self, client):
        self.client = client

    def request(self, method, url, timeout=None, follow=False, **options):
        if timeout is not None:
            options['timeout'] = httpx.Timeout(
                10, read=timeout, write=timeout)
        return self.run(self.client.request(
            method, url, follow_redirects=follow, **options))

    def get(self, url, **options):
        return self.request('GET', url, **options)

    def post(self, url, **options):
        return self.request('POST', url, **options)

    def run(self, result):
        return result


class AsyncAsk(Ask):

    def __init__(self, test, client):
        super().__init__(client)
        self.loop = asyncio.new_event_loop()
        test.addCleanup(self.loop.close)
        # Closed connections have a turn of the loop to end.
        test.addCleanup(lambda: self.run(asyncio.sleep(0)))
        test.addCleanup(lambda: self.run(client.aclose()))

    def run(self, result):
        return self.loop.run_until_complete(result)

    def request(self, method, url, content=None, **options):
        if hasattr(content, '__next__'):
            async def pieces(content=content):
                for each in content:
                    yield each
            content = pieces()
        return super().request(method, url, content=content, **options)


class HttpxFacts(Facts):

    errors = ERRORS

    def http(self, providers, at='fooservice', authority=None, **options):
        if authority is not None:
            options['verify'] = ssl.create_default_context(cafile=authority)
        return self.ask(
            {f'all://{at}': self.transport(providers, **options)})

    def test_request(self):
        """The response has the request that was made."""
        self.server()
        response = self.http(self.providers()).get(URL)
        self.assertEqual(URL, str(response.request.url))

    def test_named(self):
        """A name that a request gives for TLS counts."""
        certificates = self.certificates()
        server = self.server(certificate=certificates.server)
        client = self.http(
            self.providers(), authority=str(certificates.authority),
            server_hostname='other')
        client.get('https://fooservice/',
                   extensions={'sni_hostname': 'localhost'})
        self.assertEqual(['localhost'], server.names)

    def test_senseless(self):
        """Options that lead elsewhere than to providers are refused."""
        for option in 'proxy', 'uds':
            with self.assertRaisesRegex(TypeError, option):
                self.http(self.providers(), **{option: 'http://proxy'})


class TransportTests(HttpxFacts, HttpCase):

    def transport(self, providers, **options):
        return zc.zk.httpx.Transport(providers, **options)

    def ask(self, mounts):
        client = httpx.Client(mounts=mounts)
        self.addCleanup(client.close)
        return Ask(client)

    def test_gone_while_used(self):
        """A body is read to its end though its provider is gone."""
        server = self.server('slow_body')
        client = self.http(self.providers())
        with client.client.stream('GET', URL) as response:
            self.remove(server.name)
            self.assertEqual(1, len(server.connections))
            server.released.set()
            self.assertEqual(b'ab', response.read())
        self.wait_for_no_connection(server)

    def test_close(self):
        """The end of a client closes all connections, used ones too."""
        server = self.server()
        client = self.http(self.providers())
        client.get(URL)
        server.mode = 'slow_body'
        with client.client.stream('GET', URL):
            client.client.close()
            server.released.set()
        self.wait_for_no_connection(server)

    def test_forgotten(self):
        """The providers do not keep a transport that nobody uses."""
        providers = self.providers()
        transport = weakref.ref(self.transport(providers))
        gc.collect()
        self.assertIsNone(transport())
        self.server()
        self.assertEqual(1, len(providers))

    def test_threads(self):
        """Many threads share a client."""
        servers = [self.server() for _ in range(3)]
        client = self.http(self.providers(choose='two choices'))
        failed = []

        def ask():
            for _ in range(20):
                try:
                    client.get(URL)
                except Exception as e:
                    failed.append(e)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([], failed)
        self.assertEqual(160, sum(len(each.requests) for each in servers))


class AsyncTransportTests(HttpxFacts, HttpCase):

    def transport(self, providers, **options):
        return zc.zk.httpx.AsyncTransport(providers, **options)

    def ask(self, mounts):
        return AsyncAsk(self, httpx.AsyncClient(mounts=mounts))

    def settle(self, client, server):
        # What the callback's thread asked for runs in the loop.
        async def closed():
            while server.connections:
                await asyncio.sleep(0.005)

        client.run(asyncio.wait_for(closed(), DEADLINE))

    def test_gone_while_used(self):
        """A body is read to its end though its provider is gone."""
        server = self.server('slow_body')
        client = self.http(self.providers())

        async def read():
            async with client.client.stream('GET', URL) as response:
                self.remove(server.name)
                self.assertEqual(1, len(server.connections))
                server.released.set()
                return await response.aread()

        self.assertEqual(b'ab', client.run(read()))
        self.wait_for_no_connection(server)

    def test_aio(self):
        """The providers of zc.zk.aio will do as well."""
        server = self.server()

        async def main():
            async with zc.zk.aio.ZooKeeper(self.connection_string) as zk:
                providers = await zk.providers(PATH, hold=0)
                async with httpx.AsyncClient(mounts={
                        'http://fooservice': self.transport(providers)
                        }) as client:
                    response = await client.get(URL)
                    self.assertTrue(server.connections)
                    await zk.delete(f'{PATH}/{server.name}')
                    while server.connections:
                        await asyncio.sleep(0.005)
                    with self.assertRaises(httpx.ConnectError):
                        await client.get(URL)
                    return response.text

        self.assertEqual(str(server.port), asyncio.run(
            asyncio.wait_for(main(), DEADLINE)))

    def test_cancelled(self):
        """A cancelled request says nothing of the server, and leaves no
        connection.
        """
        server = self.server('hang')
        providers = self.providers(eject=True)
        client = self.http(providers)

        async def cancelled():
            task = asyncio.ensure_future(client.client.get(URL))
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
        self.wait_for_no_connection(server)


class Absence(unittest.TestCase):

    def test_absent(self):
        """Without httpx, one line says what to install."""
        with mock.patch.dict(sys.modules, {'httpx': None}):
            sys.modules.pop('zc.zk.httpx')
            with self.assertRaises(ImportError) as caught:
                importlib.import_module('zc.zk.httpx')
        self.assertEqual(
            'zc.zk.httpx needs httpx: install zc.zk[httpx]',
            str(caught.exception))



