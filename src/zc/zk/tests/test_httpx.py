import asyncio
import gc
import importlib
import os
import socket
import ssl
import sys
import threading
import unittest
import weakref
from unittest import mock

import httpx

import zc.zk
import zc.zk.httpx
from zc.zk.tests.http.case import PATH
from zc.zk.tests.http.case import HttpCase


URL = 'http://fooservice/path?a=b'


class Asyncs:
    """Makes an AsyncClient look like a Client."""

    def __init__(self, test, client):
        self.client = client
        self.loop = asyncio.new_event_loop()
        test.addCleanup(self.loop.close)
        test.addCleanup(lambda: self.run(client.aclose()))

    def run(self, what):
        return self.loop.run_until_complete(what)

    def request(self, method, url, **options):
        content = options.get('content')
        if hasattr(content, '__next__'):
            async def pieces():
                for each in content:
                    yield each
            options['content'] = pieces()
        return self.run(self.client.request(method, url, **options))

    def get(self, url, **options):
        return self.request('GET', url, **options)

    def post(self, url, **options):
        return self.request('POST', url, **options)


class Requests:
    """The facts that hold for both transports."""

    def test_answered(self):
        """A request to the service's name is answered by a provider."""
        servers = [self.server(), self.server()]
        client = self.http(self.providers())
        texts = {client.get(URL).text for _ in range(4)}
        self.assertEqual({str(server.port) for server in servers}, texts)
        self.assertEqual(
            ('GET', '/path?a=b', 'fooservice', b''), servers[0].requests[0])

    def test_response(self):
        """The response knows the URL that was asked for."""
        self.server()
        response = self.http(self.providers()).get(URL)
        self.assertEqual(URL, str(response.url))
        self.assertEqual(URL, str(response.request.url))

    def test_host(self):
        """A header Host that is given is kept."""
        server = self.server()
        self.http(self.providers()).get(URL, headers={'Host': 'other'})
        self.assertEqual('other', server.requests[0][2])

    def test_ipv6(self):
        """Providers may have IPv6 addresses."""
        server = self.server(family=socket.AF_INET6)
        self.assertEqual(
            str(server.port), self.http(self.providers()).get(URL).text)

    def test_refused(self):
        """Requests of any method go on to another provider when a
        connection cannot be made.
        """
        self.refusing()
        server = self.server()
        client = self.http(self.providers())
        for method in 'GET', 'POST', 'GET', 'POST':
            client.request(method, URL, content=iter([b'a', b'b']))
        self.assertEqual(
            [('GET', b'ab'), ('POST', b'ab')] * 2,
            [(each[0], each[3]) for each in server.requests])

    def test_closed(self):
        """Idempotent requests go on to another provider when the
        connection is closed before the answer.
        """
        for mode in 'close', 'reset':
            with self.subTest(mode):
                bad, good = self.server(mode), self.server()
                client = self.http(self.providers())
                for _ in range(4):
                    for method in 'GET', 'PUT':
                        client.request(method, URL, content=b'ab')
                self.assertEqual(8, len(good.requests))
                self.assertTrue(bad.requests)
                self.assertEqual({b'ab'}, {
                    each[3] for each in good.requests + bad.requests})
                self.remove(bad.name)
                self.remove(good.name)

    def test_never_twice(self):
        """Other requests are not sent twice."""
        bad, good = self.server('close'), self.server()
        client = self.http(self.providers())
        failed = 0
        for _ in range(4):
            try:
                client.post(URL)
            except httpx.RemoteProtocolError:
                failed += 1
        self.assertEqual(2, failed)
        self.assertEqual((2, 2), (len(bad.requests), len(good.requests)))

    def test_stream(self):
        """A body that comes in pieces is not sent again once begun."""
        self.server('close')
        client = self.http(self.providers())
        with self.assertRaises(httpx.RemoteProtocolError):
            client.request('PUT', URL, content=iter([b'a', b'b']))

    def test_garbage(self):
        """An answer that is no HTTP is not asked for again."""
        server = self.server('garbage')
        client = self.http(self.providers())
        with self.assertRaises(httpx.RemoteProtocolError):
            client.get(URL)
        self.assertEqual(1, len(server.requests))

    def test_late(self):
        """An idempotent request that times out goes to one more provider.
        """
        servers = [self.server('hang') for _ in range(3)]
        client = self.http(self.providers())
        with self.assertRaises(httpx.ReadTimeout):
            client.get(URL, timeout=httpx.Timeout(10, read=0.1))
        self.assertEqual(2, sum(len(each.requests) for each in servers))
        with self.assertRaises(httpx.ReadTimeout):
            client.post(URL, timeout=httpx.Timeout(10, read=0.1))
        self.assertEqual(3, sum(len(each.requests) for each in servers))

    def test_attempts(self):
        """A request is sent as often as the argument says."""
        for _ in range(5):
            self.server('close')
        servers = self.client.providers(PATH)
        client = self.http(self.providers(), attempts=3)
        with self.assertRaises(httpx.RemoteProtocolError), self.assertLogs(
                'zc.zk.http', 'INFO') as logged:
            client.get(URL)
        self.assertEqual(2, len(logged.records))
        self.assertEqual(5, len(servers))

    def test_arguments(self):
        """Wrong arguments are told at once."""
        providers = self.providers()
        for error, options in (
                (ValueError, {'attempts': 0}),
                (ValueError, {'deadline': -1}),
                (TypeError, {'proxy': 'http://proxy'}),
                (TypeError, {'unknown': 1})):
            with self.subTest(options), self.assertRaises(error):
                self.transport(providers, **options)

    def test_no_providers(self):
        """Without providers, httpx's own error says so."""
        client = self.http(self.providers())
        with self.assertRaises(httpx.ConnectError) as caught:
            client.get(URL)
        self.assertIn(f'no provider at {PATH}', str(caught.exception))
        self.assertIsInstance(
            caught.exception.__cause__, zc.zk.NoProviders)
        self.register('worker-1')
        with self.assertRaises(httpx.ConnectError) as caught:
            self.http(self.providers()).get(URL)
        self.assertIn('worker-1 is no address', str(caught.exception))

    def test_reports(self):
        """Failures and answers with 5xx are reported, others are not."""
        for mode, state in (('close', 'ejected'), (503, 'ejected'),
                            (404, 'ready'), (501, 'ready')):
            with self.subTest(mode):
                bad, good = self.server(mode), self.server()
                providers = self.providers(eject=True)
                client = self.http(providers)
                for _ in range(20):
                    client.get(URL)
                self.assertEqual(state, providers[bad.name].state)
                self.assertEqual('ready', providers[good.name].state)
                self.remove(bad.name)
                self.remove(good.name)

    def test_refusal_is_reported(self):
        """A refused connection is reported as such: more than a tenth of
        the servers may be ejected for it.
        """
        refusing = [self.refusing() for _ in range(3)]
        for _ in range(5):
            self.server()
        providers = self.providers(eject=True)
        client = self.http(providers)
        for _ in range(60):
            client.get(URL)
        self.assertEqual(
            {'ejected'}, {str(providers[name].state) for name in refusing})

    def test_own_faults(self):
        """An error of the body's maker says nothing of the server."""
        def broken():
            yield b'a'
            raise ValueError('the file is gone')

        server = self.server()
        providers = self.providers(eject=True)
        client = self.http(providers)
        for _ in range(6):
            with self.assertRaisesRegex(ValueError, 'the file is gone'):
                client.post(URL, content=broken())
        self.assertEqual('ready', providers[server.name].state)

    def test_gone(self):
        """Connections to a provider that is gone are closed."""
        going, staying = self.server(), self.server()
        client = self.http(self.providers())
        for _ in range(4):
            client.get(URL)
        self.assertTrue(going.connections)
        self.remove(going.name)
        self.settle(client)
        self.wait_for_no_connection(going)
        self.assertEqual(1, len(staying.connections))

    def test_kept(self):
        """A connection is used for many requests."""
        server = self.server()
        client = self.http(self.providers())
        ports = set()
        for _ in range(5):
            client.get(URL)
            ports.update(each.getpeername() for each in server.connections)
        self.assertEqual(1, len(ports))

    def test_redirects(self):
        """A redirect to the service goes to a provider, and one to
        another host goes there.
        """
        first = self.server('redirect')
        first.location = 'http://fooservice/other'
        second = self.server()
        client = self.http(self.providers())
        # One of the two round robin steps meets the one that answers.
        response = client.get(URL, follow_redirects=True)
        self.assertEqual(str(second.port), response.text)
        other = self.server()
        self.remove(other.name)
        self.remove(second.name)
        first.location = f'http://{other.name}/elsewhere'
        response = client.get(URL, follow_redirects=True)
        self.assertEqual(str(other.port), response.text)
        self.assertEqual(other.name, other.requests[0][2])

    def test_environment(self):
        """Proxies in the environment are not asked."""
        self.server()
        with mock.patch.dict(os.environ, {
                'HTTP_PROXY': 'http://127.0.0.1:1',
                'ALL_PROXY': 'http://127.0.0.1:1', 'NO_PROXY': 'example.com'}):
            client = self.http(self.providers())
            self.assertEqual(200, client.get(URL).status_code)

    def test_tls(self):
        """The certificate must be for the name in the URL, or for the
        one that is given.
        """
        certificates = self.certificates()
        server = self.server(certificate=certificates.server)
        verify = ssl.create_default_context(cafile=certificates.authority)
        client = self.http(self.providers(), verify=verify)
        with self.assertRaisesRegex(httpx.ConnectError, 'fooservice'):
            client.get('https://fooservice/')
        client = self.http(
            self.providers(), verify=verify, server_hostname='localhost')
        client.get('https://fooservice/')
        client = self.http(self.providers(), verify=verify, at='localhost')
        client.get('https://localhost/')
        client = self.http(self.providers(), verify=verify)
        client.get('https://fooservice/',
                   extensions={'sni_hostname': 'localhost'})
        self.assertEqual(
            ['fooservice', 'localhost', 'localhost', 'localhost'],
            server.names)


class TransportTests(Requests, HttpCase):

    def transport(self, providers, **options):
        return zc.zk.httpx.Transport(providers, **options)

    def http(self, providers, at='fooservice', **options):
        client = httpx.Client(
            mounts={f'all://{at}': self.transport(providers, **options)})
        self.addCleanup(client.close)
        return client

    def settle(self, client):
        pass            # the callback's thread closes them

    def test_gone_while_used(self):
        """A body is read to its end though its provider is gone."""
        server = self.server('slow_body')
        client = self.http(self.providers())
        with client.stream('GET', URL) as response:
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
        with client.stream('GET', URL):
            client.close()
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


class AsyncTransportTests(Requests, HttpCase):

    def transport(self, providers, **options):
        return zc.zk.httpx.AsyncTransport(providers, **options)

    def http(self, providers, at='fooservice', **options):
        return Asyncs(self, httpx.AsyncClient(
            mounts={f'all://{at}': self.transport(providers, **options)}))

    def settle(self, client):
        # What the callback's thread asked for runs in the loop.
        async def rounds():
            for _ in range(10):
                await asyncio.sleep(0)

        client.run(rounds())

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



