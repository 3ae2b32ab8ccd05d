import gc
import importlib
import sys
import unittest
import weakref
from unittest import mock

import requests

import zc.zk
import zc.zk.requests
from zc.zk.tests.base import wait_for
from zc.zk.tests.http.case import HttpCase
from zc.zk.tests.http.facts import URL
from zc.zk.tests.http.facts import Errors
from zc.zk.tests.http.facts import Facts


class Ask:
    """A session as the facts use it."""

    def __init__(self, session):
        self.session = session

    def request(self, method, url, timeout=None, follow=False, content=None,
                **options):
        if timeout is not None:
            options['timeout'] = (max(1, timeout), timeout)
        # In a session, the environment would come before it.
        options['verify'] = self.session.verify
        return self.session.request(
            method, url, allow_redirects=follow, data=content, **options)

    def get(self, url, **options):
        return self.request('GET', url, **options)

    def post(self, url, **options):
        return self.request('POST', url, **options)


class AdapterTests(Facts, HttpCase):

    errors = Errors(
        unreached=requests.ConnectionError, closed=requests.ConnectionError,
        late=requests.ReadTimeout, garbage=requests.ConnectionError)

    def http(self, providers, at='fooservice', authority=None, **options):
        session = requests.Session()
        self.addCleanup(session.close)
        session.verify = authority
        for scheme in 'http', 'https':
            session.mount(
                f'{scheme}://{at}/',
                zc.zk.requests.Adapter(providers, **options))
        return Ask(session)

    def test_request(self):
        """The response has the request that was made."""
        self.server()
        response = self.http(self.providers()).get(URL)
        self.assertEqual(URL, response.request.url)
        self.assertNotIn('Host', response.request.headers)

    def test_cookies(self):
        """Cookies are those of the service."""
        server = self.server()
        client = self.http(self.providers())
        client.session.cookies.set('a', 'b', domain='fooservice.local')
        server.mode = 'cookie'
        client.get(URL)
        self.assertEqual(
            ['fooservice.local'] * 2,
            [each.domain for each in client.session.cookies])

    def test_time_out(self):
        """Requests without a time-out have the adapter's."""
        servers = [self.server('hang') for _ in range(2)]
        client = self.http(self.providers(), timeout=(10, 0.1))
        with self.assertRaises(requests.ReadTimeout):
            client.get(URL)
        self.wait_for_requests(2, servers)

    def test_gone_while_used(self):
        """A body is read to its end though its provider is gone."""
        server = self.server('slow_body')
        client = self.http(self.providers())
        with client.session.get(URL, stream=True) as response:
            self.remove(server.name)
            self.assertEqual(1, len(server.connections))
            server.released.set()
            self.assertEqual(b'ab', response.content)
        self.wait_for_no_connection(server)

    def test_many(self):
        """There are as many pools as providers that were used."""
        servers = [self.server() for _ in range(12)]
        client = self.http(self.providers())
        for _ in range(24):
            client.get(URL)
        self.assertEqual(
            [1] * 12, [len(server.connections) for server in servers])

    def test_close(self):
        """The end of a session closes the connections."""
        server = self.server()
        client = self.http(self.providers())
        client.get(URL)
        self.assertEqual(1, len(server.connections))
        client.session.close()
        self.wait_for_no_connection(server)

    def test_forgotten(self):
        """The providers do not keep an adapter that nobody uses."""
        providers = self.providers()
        adapter = weakref.ref(zc.zk.requests.Adapter(providers))
        gc.collect()
        self.assertIsNone(adapter())
        self.server()
        wait_for(lambda: len(providers) == 1)


class Absence(unittest.TestCase):

    def test_absent(self):
        """Without requests, one line says what to install."""
        with mock.patch.dict(sys.modules, {'requests': None}):
            sys.modules.pop('zc.zk.requests')
            with self.assertRaises(ImportError) as caught:
                importlib.import_module('zc.zk.requests')
        self.assertEqual(
            'zc.zk.requests needs requests: install zc.zk[requests]',
            str(caught.exception))
