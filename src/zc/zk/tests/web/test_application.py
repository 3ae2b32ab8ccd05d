"""Tests of application: who is served what, whatever a request holds."""
from __future__ import annotations

import json
from unittest import mock

from kazoo.security import make_digest_acl

from zc.zk._web import application as module
from zc.zk._web.guards import COOKIE
from zc.zk._web.guards import HEADERS
from zc.zk._web.reading import server_version
from zc.zk.tests.base import wait_for
from zc.zk.tests.web.case import PageCase
from zc.zk.web import application


TOKEN = 'a-token-of-some-length'
JSON = ('content-type', 'application/json')


class Served(PageCase):

    def test_views(self):
        """Each view is the page itself, which knows where it is mounted."""
        for path in ('/', '/services', '/architecture', '/tree', '/tree/a/b',
                     '/tree/a%2F..', '/events', '/doctor', '/search?q=x',
                     '/plan'):
            reply = self.ask(path)
            self.assertEqual(200, reply.status, path)
            self.assertIn(b'<base href="/">', reply.body)
        reply = self.ask('/tree/a', root='/z/"<k>')
        self.assertIn(b'<base href="/z/&quot;&lt;k&gt;/">', reply.body)

    def test_headers(self):
        """Every reply has the headers that keep others out."""
        for path in ('/', '/nothing', '/api/v1/status', '/static/page.html',
                     '/api/v1/node?path=x', '/plain/'):
            reply = self.ask(path)
            for name, value in HEADERS.items():
                if name != 'Cache-Control':
                    self.assertEqual(value, reply.headers.get(name.lower()))
            self.assertIn('cache-control', reply.headers)
            self.assertNotIn('server', reply.headers)

    def test_static(self):
        """Files of the page are served, and no others."""
        reply = self.ask('/static/page.html')
        self.assertEqual(200, reply.status)
        for name in ('../web.py', '..%2Fweb.py', '%2e%2e/web.py', '',
                     '/etc/passwd', '.', '..', 'page.html/', 'page.html/..',
                     '..\\web.py', 'page.html\0', 'PAGE.HTML'):
            self.assertIn(
                self.ask(f'/static/{name}').status, (404, 307), name)

    def test_other_methods(self):
        """What can only be read cannot be written, and the other way."""
        for path, method in (
                ('/', 'POST'), ('/api/v1/status', 'POST'),
                ('/api/v1/status', 'DELETE'), ('/api/v1/set', 'GET'),
                ('/login', 'GET'), ('/api/v1/stream', 'POST'),
                ('/api/v1/stream', 'HEAD')):
            self.assertEqual(405, self.ask(path, method).status, path)

    def test_bad_questions(self):
        """A question that makes no sense gets a sentence."""
        for query in ('node?path=x', 'node?path=/../x', 'node?path=/a%00',
                      'children?limit=x', 'children?limit=-1',
                      'events?before=x', 'events?before=1e9'):
            found = self.get(query, 400)
            self.assertEqual({'error'}, set(found))
        self.get('nothing', 404)
        self.get('secret?path=/site&name=nothing', 404)
        self.assertFalse(self.get('node?path=/nothing')['exists'])
        self.assertEqual(1, len(self.get('children?limit=0')['children']))

    def test_node(self):
        """A node has its ACL and all of its stat."""
        node = self.get('node?path=/site')
        self.assertEqual([{'perms': 'cdrwa', 'scheme': 'world',
                           'id': 'anyone'}], node['acl'])
        self.assertEqual(1, node['stat']['numChildren'])
        self.assertRegex(node['stat']['mtime'], r'^20\d\d-.*Z$')

    def test_acl_secret(self):
        """What an ACL holds that is secret is not shown."""
        self.zk.client.add_auth('digest', 'user:sesame')
        self.zk.create('/own', '', acl=[
            make_digest_acl('user', 'sesame', all=True)])
        wait_for(lambda: self.get('node?path=/own')['exists'])
        self.assertEqual('user:...',
                         self.get('node?path=/own')['acl'][0]['id'])

    def test_secrets(self):
        """A secret comes only when it is asked for."""
        everything = b''.join(self.ask(f'/{path}').body for path in (
            'api/v1/services', 'api/v1/node?path=/site',
            'api/v1/node?path=/balancer/pool', 'api/v1/children?path=/',
            'api/v1/search?q=sesame', 'api/v1/search?q=site',
            'api/v1/search?q=password', 'plain/site', 'plain/balancer/pool'))
        self.assertNotIn(b'sesame', everything)
        self.assertEqual({'value': 'sesame'}, self.get(
            'secret?path=/site&name=password'))
        self.assertEqual({'value': 'sesame'}, self.get(
            'secret?path=/balancer/pool&name=its_secret'))

    def test_plain(self):
        """The tree can be read without scripts."""
        text = self.ask('/plain/').body.decode('utf-8')
        self.assertIn('<a href="/plain/site">site</a>', text)
        self.assertIn('Hello', self.ask('/plain/site').body.decode('utf-8'))
        self.assertIn(b'/z/plain/site', self.ask('/plain', root='/z').body)
        self.assertEqual(400, self.ask('/plain/a\0').status)

    def test_hostile_tree(self):
        """Scripts in names and data come as text, here as in JSON."""
        script = '<script>alert(1)</script>'
        self.zk.create(f'/{script.replace("/", "!")}', json.dumps(
            {script: script, 'a ->': script}))
        wait_for(lambda: self.get('children?path=/')['total'] == 3)
        for path in ('/plain', '/plain/<script>alert(1)<!script>'):
            self.assertNotIn(b'<script', self.ask(path).body)
        for path in ('/api/v1/children?path=/', '/api/v1/services'):
            reply = self.ask(path)
            self.assertEqual('application/json', reply.headers['content-type'])

    def test_version_of_the_server(self):
        """The version of ZooKeeper is told, if the server tells it."""
        for answer, version in (
                ('Zookeeper version: 3.9.1-abc, built on x\nLatency', '3.9.1'),
                ('Zookeeper version: 3.8.0, built on x', '3.8.0'),
                ('srvr is not executed', None), ('', None),
                (OSError('refused'), None)):
            zk = mock.Mock()
            zk.client.command.side_effect = [answer]
            self.assertEqual(version, server_version(zk))

    def test_surrogates(self):
        """What has no form in UTF-8 has one in JSON."""
        self.zk.create('/odd', r'{"a": "\ud800", "\udfff": 1}')
        wait_for(lambda: self.get('node?path=/odd')['exists'])
        self.assertEqual({'a': '\ud800', '\udfff': 1}, self.get(
            'node?path=/odd')['properties'])
        self.get('search?q=odd')

    def test_doctor(self):
        """The doctor's findings come."""
        found = self.get('doctor')['findings']
        self.assertEqual({'level', 'path', 'fault', 'remedy', 'rule'},
                         set(found[0]))
        self.assertIn('/balancer', {each['path'] for each in found})
        self.assertEqual(['no-node'], [
            each['rule']
            for each in self.get('doctor?path=/none')['findings']])
        with self.page._examining:
            self.get('doctor', 503)
        self.server.refuse()
        wait_for(lambda: not self.zk.client.connected)
        self.get('doctor', 503)

    def test_not_read(self):
        """Until the tree was read once, requests are told to wait."""
        self.server.refuse()
        page = application(self.zk)
        self.addCleanup(page.close)
        with mock.patch.object(page.picture, 'wait', lambda: type(
                page.picture).wait(page.picture, 0)):
            self.assertEqual(503, self.ask(
                '/api/v1/services', page=page).status)
            self.assertFalse(self.get('status', page=page)['connected'])

    def test_other_kinds(self):
        """A web socket is closed, and the server's start and end heard."""
        sent = []

        async def send(message):
            sent.append(message)

        async def receive():
            return {'type': 'lifespan.shutdown' if sent
                    else 'lifespan.startup'}

        self.loop.run(self.page({'type': 'websocket'}, receive, send))
        self.assertEqual('websocket.close', sent.pop()['type'])
        self.loop.run(self.page({'type': 'lifespan'}, receive, send))
        self.assertEqual(
            ['lifespan.startup.complete', 'lifespan.shutdown.complete'],
            [message['type'] for message in sent])


class Hostile(PageCase):
    """Requests that are not the page's own."""

    options = {'allow_changes': True}
    body = json.dumps({'path': '/site', 'properties': {}, 'version': 0})

    def post(self, *headers, name='set', body=None, **options):
        return self.ask(
            f'/api/v1/{name}', 'POST', headers,
            (self.body if body is None else body).encode('latin-1'),
            **options)

    def token(self):
        return 'x-csrf-token', self.get('status')['csrf']

    def test_table(self):
        """Each is refused, and the tree stays as it is."""
        token = self.token()
        ours = 'origin', 'http://localhost:8080'
        other = 'x-csrf-token', self.get('status', page=self.serve(
            allow_changes=True))['csrf']
        for status, headers, options in (
                (403, [JSON], {}),
                (403, [JSON, ('x-csrf-token', '')], {}),
                (403, [JSON, ('x-csrf-token', 'guess')], {}),
                (403, [JSON, ('x-csrf-token', '\xff')], {}),
                (403, [JSON, other], {}),
                (403, [JSON, ('cookie', f'csrf={token[1]}')], {}),
                (403, [JSON, token, ('origin', 'http://evil.example')], {}),
                (403, [JSON, token, ('origin', 'null')], {}),
                (403, [JSON, token, ('origin', 'https://localhost')], {}),
                (403, [JSON, token, ours], {'host': 'evil.example'}),
                (403, [JSON, token, ours], {'host': 'evil.example:8080'}),
                (400, [JSON, token, ours], {'host': None}),
                (403, [JSON, token, ('sec-fetch-site', 'cross-site')], {}),
                (403, [JSON, token, ('sec-fetch-site', 'same-site')], {}),
                (415, [token, ours], {}),
                (415, [token, ('content-type', 'text/plain')], {}),
                (415, [token, ('content-type',
                               'application/x-www-form-urlencoded')], {}),
                (400, [JSON, token], {'body': '{'}),
                (400, [JSON, token], {'body': '[]'}),
                (400, [JSON, token], {'body': '[' * 100_000}),
                (400, [JSON, token], {'body': '{"path": "/site", "version": 0'
                    ', "properties": ' + '{"a":' * 900 + '1' + '}' * 902}),
                (400, [JSON, token], {'body': '{"\xff": 1}'}),
                (413, [JSON, token], {'body': '[' * (
                    module.MOST_BODY + 1)}),
                (405, [JSON, token, ours], {'name': 'status'})):
            reply = self.post(*headers, **options)
            self.assertEqual(status, reply.status, (headers, options.keys()))
            if status != 405:
                self.assertEqual({'error'}, set(reply.json))
        self.assertEqual('Hello', self.zk.get_properties('/site')['greeting'])

    def test_rebinding(self):
        """A page whose name leads here gets nothing at all."""
        for path in ('/', '/api/v1/status', '/api/v1/stream', '/plain/',
                     '/static/page.html', '/api/v1/services'):
            reply = self.ask(path, host='evil.example:8080')
            self.assertEqual(403, reply.status, path)
            self.assertNotIn(b'csrf', reply.body)

    def test_ours(self):
        """The page's own request is served."""
        reply = self.post(JSON, self.token(),
                          ('origin', 'http://localhost:8080'),
                          ('sec-fetch-site', 'same-origin'))
        self.assertEqual(200, reply.status)

    def test_not_allowed(self):
        """Without --allow-changes nothing can be changed."""
        page = self.serve()
        self.assertNotIn('csrf', self.get('status', page=page))
        self.assertIn('--allow-changes', self.post(
            JSON, self.token(), page=page).json['error'])


class Tokens(PageCase):

    options = {'token': TOKEN}

    def test_nothing_without(self):
        """Without the token there is nothing to see."""
        for path in ('/', '/api/v1/status', '/api/v1/stream', '/plain/site',
                     '/nothing', '/api/v1/openapi.json', '/tree/static/x',
                     '/static', '//static/x', '/login/x'):
            reply = self.ask(path)
            self.assertEqual(401, reply.status, path)
            self.assertNotIn(b'Hello', reply.body)

    def test_token(self):
        """A program sends the token with each request."""
        self.assertEqual(200, self.ask('/api/v1/status', headers=[
            ('authorization', f'Bearer {TOKEN}')]).status)
        self.assertEqual(401, self.ask('/api/v1/status', headers=[
            ('authorization', 'Bearer wrong')]).status)

    def login(self, token, **options):
        return self.ask(
            '/login', 'POST', [('content-type',
                                'application/x-www-form-urlencoded')],
            f'token={token}'.encode(), **options)

    def test_browser(self):
        """A browser is asked for it once, and gets a cookie."""
        reply = self.ask('/', headers=[('accept', 'text/html')])
        self.assertEqual(401, reply.status)
        self.assertIn(b'<form', reply.body)
        reply = self.login(TOKEN, root='/z')
        self.assertEqual((303, '/z/'),
                         (reply.status, reply.headers['location']))
        cookie = reply.headers['set-cookie']
        for part in (f'{COOKIE}=', 'HttpOnly', 'SameSite=lax', 'Path=/z/'):
            self.assertIn(part, cookie)
        self.assertNotIn(TOKEN, cookie)
        self.assertEqual(200, self.ask('/', headers=[
            ('cookie', cookie.partition(';')[0])]).status)

    def test_wrong(self):
        """A wrong token gets none."""
        for token in ('wrong', '', TOKEN[:-1], '%00', 'x' * 4000):
            reply = self.login(token)
            self.assertEqual(401, reply.status)
            self.assertNotIn('set-cookie', reply.headers)
        self.assertEqual(413, self.login('x' * 5000).status)

    def test_other_pages(self):
        """Another page cannot log its reader in here."""
        reply = self.ask('/login', 'POST', [
            ('origin', 'http://evil.example')], f'token={TOKEN}'.encode())
        self.assertEqual(403, reply.status)

    def test_style(self):
        """The page that asks may load how it looks."""
        self.assertIn(self.ask('/static/page.css').status, (200, 404))


class Proxies(PageCase):

    options = {'trusted_proxy': '192.0.2.1', 'user_header': 'X-User'}

    def test_who(self):
        """Only those whom the proxy names may look."""
        for peer, headers, status in (
                ('192.0.2.1', [('x-user', 'anna')], 200),
                ('192.0.2.1', [], 401),
                ('192.0.2.2', [('x-user', 'anna')], 401),
                ('192.0.2.1', [('x-user', 'a'), ('x-user', 'b')], 401),
                ('127.0.0.1', [('x-forwarded-user', 'anna')], 401)):
            reply = self.ask('/api/v1/status', headers=headers, peer=peer)
            self.assertEqual(status, reply.status, (peer, headers))
