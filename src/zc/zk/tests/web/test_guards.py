"""Tests of guards: whose requests are served."""
from __future__ import annotations

import unittest

from zc.zk._web.guards import COOKIE
from zc.zk._web.guards import HEADERS
from zc.zk._web.guards import Asked
from zc.zk._web.guards import Guard
from zc.zk._web.guards import is_loopback
from zc.zk._web.guards import networks


TOKEN = 'a-token-of-some-length'


def asked(method='GET', peer='192.0.2.1', scheme='http', **headers):
    """Return a request; a header may have several values."""
    headers.setdefault('host', 'localhost:80')
    return Asked(method, {
        name.replace('_', '-'): [value] if isinstance(value, str) else value
        for name, value in headers.items()}, peer, scheme)


class Hosts(unittest.TestCase):

    def refused(self, guard, **headers):
        found = guard.refusal(asked(**headers))
        return found and found.status

    def test_ours(self):
        """Names that were given, localhost and numbers are right."""
        guard = Guard(['zk.Example.com'])
        for host in ('localhost', 'LOCALHOST:1', 'zk.example.com:8080',
                     '127.0.0.1:8080', '[::1]:8080', '[2001:db8::1]',
                     '10.1.2.3'):
            self.assertIsNone(self.refused(guard, host=host), host)

    def test_others(self):
        """A name that someone else's name server may give out is not."""
        guard = Guard()
        for host in ('evil.example', 'localhost.evil.example:8080',
                     'evil.example:localhost', '127.0.0.1.evil.example',
                     '[::1].evil.example', '[evil.example]',
                     'localhost:80@evil.example', '127.0.0.1:80:80',
                     '2130706433', '0x7f.1', '', ' ', '[::1', '::1',
                     'localhost,evil.example', 'localhost\t'):
            self.assertEqual(403, self.refused(guard, host=host), host)

    def test_several(self):
        """One Host header is needed, not two and not none."""
        for hosts in ([], ['localhost', 'localhost']):
            self.assertEqual(400, self.refused(Guard(), host=hosts))

    def test_origin(self):
        """A request that another page makes is refused."""
        guard = Guard()
        for origin, status in (
                ('http://localhost:80', None), ('http://localhost', None),
                ('HTTP://LOCALHOST', None),
                ('http://localhost:81', 403), ('http://evil.example', 403),
                ('null', 403), ('', 403), ('localhost:80', 403),
                ('file://localhost:80', 403),
                (['http://localhost', 'http://localhost'], 403)):
            self.assertEqual(
                status, self.refused(guard, origin=origin), origin)

    def test_fetch_metadata(self):
        """Another page may link here, but load nothing from here."""
        guard = Guard()
        for site, mode, dest, method, status in (
                ('cross-site', 'navigate', 'document', 'GET', None),
                ('cross-site', 'navigate', 'iframe', 'GET', 403),
                ('cross-site', 'navigate', 'document', 'POST', 403),
                ('cross-site', 'no-cors', 'script', 'GET', 403),
                ('same-site', 'cors', 'empty', 'GET', 403),
                ('same-origin', 'cors', 'empty', 'POST', None),
                ('none', 'navigate', 'document', 'GET', None)):
            found = guard.refusal(asked(
                method, sec_fetch_site=site, sec_fetch_mode=mode,
                sec_fetch_dest=dest))
            self.assertEqual(status, found and found.status, (site, mode))


class Users(unittest.TestCase):

    def test_nothing_asked(self):
        """Without a token, all may look; they are known by address."""
        self.assertEqual('192.0.2.1', Guard().user(asked()))

    def test_token(self):
        """The token lets in, by its header or by the cookie for it."""
        guard = Guard(token=TOKEN)
        cookie = guard.cookie()
        self.assertNotIn(TOKEN, cookie)
        for headers in (
                {'authorization': f'Bearer {TOKEN}'},
                {'authorization': f'bearer  {TOKEN}'},
                {'cookie': f'{COOKIE}={cookie}'},
                {'cookie': f'a=b; {COOKIE}={cookie}; c=d'},
                {'cookie': ['a=b', f'{COOKIE}={cookie}']}):
            self.assertEqual('192.0.2.1', guard.user(asked(**headers)))

    def test_no_token(self):
        """Nothing else does."""
        guard = Guard(token=TOKEN)
        for headers in (
                {}, {'authorization': TOKEN},
                {'authorization': f'Basic {TOKEN}'},
                {'authorization': 'Bearer '},
                {'authorization': f'Bearer {TOKEN}x'},
                {'authorization': f'Bearer {TOKEN[:-1]}'},
                {'authorization': [f'Bearer {TOKEN}'] * 2},
                {'cookie': f'{COOKIE}={TOKEN}'}, {'cookie': COOKIE},
                {'cookie': f'x{COOKIE}={guard.cookie()}'},
                {'cookie': f'{COOKIE}=\xff'},
                {'x_forwarded_user': 'root'}):
            self.assertIsNone(guard.user(asked(**headers)), headers)

    def test_short_token(self):
        """A token that can be found by trying is refused."""
        with self.assertRaisesRegex(ValueError, '16 characters'):
            Guard(token='short')

    def test_proxy(self):
        """A trusted proxy says who asks; nobody else can."""
        guard = Guard(proxies=networks(['192.0.2.0/28', '2001:db8::1']))
        for peer, headers, user in (
                ('192.0.2.1', {'x_forwarded_user': 'anna'}, 'anna'),
                ('2001:db8::1', {'x_forwarded_user': 'anna'}, 'anna'),
                ('::ffff:192.0.2.1', {'x_forwarded_user': 'anna'}, 'anna'),
                ('192.0.2.1', {}, None),
                ('192.0.2.1', {'x_forwarded_user': ['a', 'b']}, None),
                ('192.0.2.99', {'x_forwarded_user': 'anna'}, None),
                ('', {'x_forwarded_user': 'anna'}, None)):
            self.assertEqual(user, guard.user(asked(peer=peer, **headers)))

    def test_proxy_and_token(self):
        """Those who come without the proxy need the token."""
        guard = Guard(token=TOKEN, proxies=networks(['192.0.2.1']),
                      user_header='Remote-User')
        self.assertEqual('bert', guard.user(asked(remote_user='bert')))
        self.assertIsNone(guard.user(
            asked(peer='192.0.2.9', remote_user='bert')))
        self.assertEqual('192.0.2.9', guard.user(asked(
            peer='192.0.2.9', authorization=f'Bearer {TOKEN}')))


class Others(unittest.TestCase):

    def test_loopback(self):
        """It is known which addresses only this machine reaches."""
        for host, there in (('127.0.0.1', True), ('::1', True),
                            ('localhost', True), ('127.9.9.9', True),
                            ('0.0.0.0', False), ('::', False), ('', False),
                            ('10.0.0.1', False), ('example.com', False)):
            self.assertEqual(there, is_loopback(host), host)

    def test_policy(self):
        """Nothing comes from elsewhere, and nothing inline runs."""
        policy = HEADERS['Content-Security-Policy']
        self.assertTrue(policy.startswith("default-src 'none'; "))
        for word in ('unsafe', 'http:', 'https:', 'data:', '*'):
            self.assertNotIn(word, policy)
