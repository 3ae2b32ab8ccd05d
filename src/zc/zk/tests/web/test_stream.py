"""Tests of stream: what an open page is told."""
from __future__ import annotations

from unittest import mock

from zc.zk._web import hub
from zc.zk._web import picture
from zc.zk._web import stream
from zc.zk.tests.base import wait_for
from zc.zk.tests.web.case import PageCase


class Streams(PageCase):

    def test_changes(self):
        """What comes, changes and goes is told, with the service's card."""
        page = self.listen()
        self.zk.create('/site/providers/10.0.0.2:80', '{"pid": 8}',
                       ephemeral=True)
        page.wait_event('came', '/site/providers/10.0.0.2:80')
        wait_for(lambda: [each['address'] for each in page.wait(
            'service', path='/site')['providers']] == [
                '10.0.0.1:80', '10.0.0.2:80'])
        self.zk.properties('/site').update(greeting='Hi')
        event = page.wait_event('changed', '/site')
        self.assertEqual('greeting', event['text'])
        self.zk.delete('/site/providers/10.0.0.2:80')
        page.wait_event('went', '/site/providers/10.0.0.2:80')
        wait_for(lambda: page.wait('service', path='/site')[
            'providers'][-1]['state'] == 'gone')
        self.zk.delete_recursive('/site')
        page.wait('service', path='/site', gone=True)

    def test_two(self):
        """Two pages are told the same."""
        pages = [self.listen(), self.listen()]
        self.zk.create('/x', '')
        for page in pages:
            page.wait_event('came', '/x')

    def test_catch_up(self):
        """A page that was away is told what it missed, once."""
        page = self.listen()
        self.zk.create('/one', '')
        page.wait_event('came', '/one')
        known = [id for name, _, id in page.messages() if id][-1]
        page.leave()
        self.zk.create('/two', '')
        self.zk.create('/site/providers/b:1', '')
        wait_for(lambda: '/site/providers/b:1' in [
            event['path'] for event in self.get('events')['events']])
        for place, (query, headers) in enumerate((
                (f'?since={known}', ()), ('', [('last-event-id', known)]),
                ('?since=1', [('last-event-id', known)]))):
            again = self.listen(query, headers)
            again.wait_event('came', '/two')
            again.wait('service', path='/site')
            self.zk.create(f'/new{place}', '')
            again.wait_event('came', f'/new{place}')
            paths = [event['path'] for name, document, _ in again.messages()
                     if name == 'changes' for event in document['events']]
            self.assertEqual(['/two', '/site/providers/b:1'], paths[:2])
            self.assertEqual(f'/new{place}', paths[-1])
            self.assertEqual(len(set(paths)), len(paths))

    def test_too_old(self):
        """A page that missed too much is told to load anew."""
        for since in ('1', '99999999999999999'):
            self.listen(f'?since={since}').wait('reload')
        newest = self.get('status')['event']
        with mock.patch.object(picture, 'MOST_MISSED', 1):
            for name in '/one', '/two':
                self.zk.create(name, '')
            wait_for(lambda: len(self.get('events')['events']) == 2)
            self.listen(f'?since={newest}').wait('reload')

    def test_bad_since(self):
        """An id that is no number is refused."""
        for since in ('x', '-1', '1' * 30, '\u0661'):
            self.get(f'stream?since={since}', 400)

    def test_secrets(self):
        """No secret is ever in the stream."""
        page = self.listen()
        self.zk.properties('/site').update(password='s3same', threads=4)
        self.zk.create('/site/providers/c:1', '{"token": "s3same"}')
        page.wait_event('changed', '/site')
        page.wait_event('came', '/site/providers/c:1')
        page.wait('service', path='/site')
        self.assertNotIn(b's3same', page.bytes)
        self.assertNotIn(b'sesame', page.bytes)

    def test_slow(self):
        """A page that reads nothing is dropped; the others go on."""
        slow, other = self.listen(), self.listen()
        slow.pause()
        with mock.patch.object(hub, 'MOST_WAITING', 2000):
            for number in range(100):
                self.zk.create(f'/{number}', '')
                other.wait_event('came', f'/{number}')
                if slow.ended.is_set():
                    break
            self.assertTrue(slow.ended.wait(60))
        self.assertEqual(1, len(self.page.hub))

    def test_many(self):
        """There are only so many streams; the next is refused."""
        self.listen()
        with mock.patch.object(hub, 'MOST_STREAMS', 1):
            self.get('stream', 503)

    def test_beat(self):
        """In silence, the status comes now and then."""
        with mock.patch.object(stream, 'BEAT', 0.01):
            page = self.listen()
            wait_for(lambda: len(page.messages()) > 3)
        self.assertEqual({'status'}, {name for name, _, _ in page.messages()})

    def test_end(self):
        """Streams end when the page is closed."""
        page = self.listen()
        self.page.close()
        self.assertTrue(page.ended.wait(60))


class Outages(PageCase):

    def test_away_and_back(self):
        """The loss of ZooKeeper is told, and what was missed when it is
        back; meanwhile all is shown as it was last.
        """
        page = self.listen()
        self.server.refuse()
        page.wait('status', connected=False)
        status = self.get('status')
        self.assertFalse(status['connected'])
        self.assertEqual(status['as_of'], self.get('status')['as_of'])
        self.assertEqual('Hello', self.get('node?path=/site')[
            'properties']['greeting'])
        self.assertEqual(2, self.get('services')['total'])
        self.server._database.create('/meanwhile', b'')
        self.server.refuse(False)
        page.wait('status', connected=True)
        page.wait_event('came', '/meanwhile')
        self.assertGreater(self.get('status')['as_of'], status['as_of'])

    def test_session_expired(self):
        """So it is when the session is lost with it."""
        page = self.listen()
        self.server.expire(self.zk.client.client_id[0])
        page.wait('status', connected=False)
        page.wait('status', connected=True)
        self.other.create('/after', b'')
        page.wait_event('came', '/after')
