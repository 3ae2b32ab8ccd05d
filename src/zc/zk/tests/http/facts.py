"""What holds for every client of HTTP, whichever library it is."""
from __future__ import annotations

import os
import socket
from typing import NamedTuple
from unittest import mock

import zc.zk
from zc.zk.tests.http.case import PATH


URL = 'http://fooservice/path?a=b'


class Errors(NamedTuple):
    """The errors of a library, for each fault."""

    unreached: type[Exception]
    closed: type[Exception] | tuple[type[Exception], ...]
    late: type[Exception]
    garbage: type[Exception]


class Facts:
    """The facts that hold for all of them, for a case of each.

    ``http`` returns a client whose requests to fooservice, or to the host
    ``at``, go to providers; `errors` are what the library raises.
    """

    errors: Errors
    #: How often the library itself sends what a server did not answer.
    rounds = 1
    #: What it raises for an error of the body's maker.
    broken: tuple[type[Exception], ...] = ()
    #: Options for connections that are closed quickly when they are idle.
    briefly: dict[str, float] = {}
    #: Options for time-outs that a request cannot have.
    impatient: dict[str, float] = {}

    def settle(self, client, server):
        """Let a client close its connections."""

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
            except self.errors.closed:
                failed += 1
        self.assertEqual(2, failed)
        self.assertEqual((2, 2), (len(bad.requests), len(good.requests)))

    def test_stream(self):
        """A body that comes in pieces is not sent again once begun."""
        self.server('close')
        client = self.http(self.providers())
        with self.assertRaises(self.errors.closed):
            client.request('PUT', URL, content=iter([b'a', b'b']))

    def test_garbage(self):
        """An answer that is no HTTP is not asked for again."""
        server = self.server('garbage')
        client = self.http(self.providers())
        with self.assertRaises(self.errors.garbage):
            client.get(URL)
        self.assertEqual(1, len(server.requests))

    def test_late(self):
        """An idempotent request that times out goes to one more provider.
        """
        servers = [self.server('hang') for _ in range(3)]
        client = self.http(self.providers())
        with self.assertRaises(self.errors.late):
            client.get(URL, timeout=0.1)
        self.wait_for_requests(2, servers)
        with self.assertRaises(self.errors.late):
            client.post(URL, timeout=0.1)
        self.wait_for_requests(3, servers)

    def test_deaf(self):
        """A large body that is not read in time goes to another provider.
        """
        deaf, good = self.server('deaf'), self.server()
        client = self.http(self.providers(), **self.impatient)
        body = bytes(8_000_000)
        while not deaf.requests:
            client.request('PUT', URL, content=body, timeout=3)
        self.assertEqual({len(body)}, {
            len(each[3]) for each in good.requests})

    def test_attempts(self):
        """A request is sent as often as the argument says."""
        for _ in range(5):
            self.server('close')
        servers = self.client.providers(PATH)
        client = self.http(self.providers(), attempts=3)
        with self.assertRaises(self.errors.closed), self.assertLogs(
                'zc.zk.http', 'INFO') as logged:
            client.get(URL)
        self.assertEqual(2 * self.rounds, len(logged.records))
        self.assertEqual(5, len(servers))

    def test_arguments(self):
        """Wrong arguments are told at once."""
        providers = self.providers()
        for error, options in (
                (ValueError, {'attempts': 0}),
                (ValueError, {'deadline': -1}),
                (TypeError, {'unknown': 1})):
            with self.subTest(options), self.assertRaises(error):
                self.http(providers, **options)

    def test_no_providers(self):
        """Without providers, httpx's own error says so."""
        client = self.http(self.providers())
        with self.assertRaises(self.errors.unreached) as caught:
            client.get(URL)
        self.assertIn(f'no provider at {PATH}', str(caught.exception))
        self.assertIsInstance(
            caught.exception.__cause__, zc.zk.NoProviders)
        self.register('worker-1')
        with self.assertRaises(self.errors.unreached) as caught:
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
            with self.assertRaises((ValueError, *self.broken)):
                client.post(URL, content=broken())
        self.assertEqual('ready', providers[server.name].state)

    def test_gone(self):
        """Connections to a provider that is gone are closed."""
        going, staying = self.server(), self.server()
        client = self.http(self.providers(), **self.briefly)
        for _ in range(4):
            client.get(URL)
        self.assertTrue(going.connections)
        self.remove(going.name)
        self.settle(client, going)
        self.wait_for_no_connection(going)
        client.get(URL)
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
        response = client.get(URL, follow=True)
        self.assertEqual(str(second.port), response.text)
        other = self.server()
        self.remove(other.name)
        self.remove(second.name)
        first.location = f'http://{other.name}/elsewhere'
        response = client.get(URL, follow=True)
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
        providers = self.providers()
        authority = str(certificates.authority)
        client = self.http(providers, authority=authority)
        with self.assertRaisesRegex(self.errors.unreached, 'fooservice'):
            client.get('https://fooservice/')
        client = self.http(
            providers, authority=authority, server_hostname='localhost')
        client.get('https://fooservice/')
        client = self.http(providers, authority=authority, at='localhost')
        client.get('https://localhost/')
        self.assertEqual({'fooservice', 'localhost'}, set(server.names))
        self.assertEqual(
            ['fooservice', 'localhost'],
            [host for _, _, host, _ in server.requests])
