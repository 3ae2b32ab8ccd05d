"""Tests of changing: changes by the version seen."""
from __future__ import annotations

from kazoo.security import make_acl

from zc.zk._web import changing
from zc.zk.tests.base import wait_for
from zc.zk.tests.web.case import PageCase


class Changing(PageCase):

    options = {'allow_changes': True}

    def properties(self, path='/site'):
        return self.zk.get_properties(path)

    def version(self, path='/site'):
        return self.zk.get(path)[1].version

    def set(self, properties, version=0, status=200, path='/site'):
        return self.post('set', {'path': path, 'properties': properties,
                                 'version': version}, status)


class Properties(Changing):

    def test_set(self):
        """Properties are replaced; those that are hidden stay."""
        given = self.get('node?path=/site')['properties']
        given['greeting'] = 'Hi'
        del given['type']
        self.assertEqual({'path': '/site', 'version': 1}, self.set(given))
        self.assertEqual(
            {'greeting': 'Hi', 'password': 'sesame',
             'settings': {'depth': 1, 'api_key': 'open'}}, self.properties())

    def test_links_stay(self):
        """Links are not properties here: they stay."""
        self.set({'x': 1}, path='/balancer/pool')
        self.assertEqual(
            {'greeting =>': '/site', 'its_secret =>': '/site password',
             'x': 1}, self.properties('/balancer/pool'))

    def test_conflict(self):
        """Somebody else's change is not lost, and both are shown."""
        self.zk.properties('/site').update(greeting='Theirs', password='new')
        found = self.set({'greeting': 'Ours', 'password': {'hidden': True}},
                         0, 409)
        self.assertEqual({'greeting': 'Ours', 'password': {'hidden': True}},
                         found['yours'])
        self.assertEqual('Theirs', found['theirs']['greeting'])
        self.assertEqual({'hidden': True}, found['theirs']['password'])
        self.assertEqual(1, found['version'])
        self.assertEqual('Theirs', self.properties()['greeting'])

    def test_race(self):
        """So it is when it happens while the change is made."""
        self.server.before(5, '/site', lambda database: database.set(
            '/site', b'{"greeting": "Quick"}'))
        found = self.set({'greeting': 'Ours'}, 0, 409)
        self.assertEqual({'greeting': 'Quick'}, found['theirs'])
        self.assertEqual({'greeting': 'Quick'}, self.properties())

    def test_refused(self):
        """What makes no sense is refused with a sentence."""
        for properties, version, path, status in (
                ([], 0, '/site', 422), ({}, None, '/site', 422),
                ({}, True, '/site', 422), ({}, 0, 'site', 422),
                ({}, 0, 7, 422), ({}, 0, '/none', 404),
                ({'other_key': {'hidden': True}}, 0, '/site', 422),
                ({'x =>': '/none'}, 0, '/site', 422)):
            found = self.set(properties, version, status, path)
            self.assertIn('error', found)
        self.assertEqual(0, self.version())

    def test_no_permission(self):
        """A node that may not be written stays."""
        self.zk.client.set_acls('/site', [
            make_acl('world', 'anyone', read=True)])
        self.assertIn('/site', self.set({}, 0, 403)['error'])

    def test_away(self):
        """Without ZooKeeper that is said, at once."""
        self.server.refuse()
        wait_for(lambda: not self.zk.client.connected)
        self.assertIn('no connection', self.set({}, 0, 503)['error'])

    def test_log(self):
        """Who changed what is logged, without values."""
        with self.assertLogs('zc.zk.web', 'INFO') as logged:
            self.set({'greeting': 'S3cret\nforged', 'a\nb': 1})
        self.assertEqual([
            'INFO:zc.zk.web:127.0.0.1 changed /site: set a\\nb, greeting; '
            'removed password, settings, type'], logged.output)


class Servers(Changing):

    path = '/site/providers/10.0.0.1:80'

    def state(self):
        return self.get('services?after=/balancer')['services'][0][
            'providers'][0]

    def test_drain(self):
        """A server is drained, and gets requests again."""
        self.post('drain', {'path': self.path, 'drain': True})
        wait_for(lambda: self.state()['state'] == 'draining')
        self.post('drain', {'path': self.path, 'drain': False})
        wait_for(lambda: self.state()['state'] == 'ready')
        self.assertEqual({}, self.properties('/site/providers'))
        self.assertIn('nothing drains', self.post(
            'drain', {'path': self.path, 'drain': False}, 422)['error'])

    def test_weight(self):
        """A server gets a weight, or its own again."""
        self.post('weight', {'path': self.path, 'weight': 0.5})
        wait_for(lambda: self.state()['weight'] == 0.5)
        self.post('weight', {'path': self.path, 'weight': None})
        wait_for(lambda: self.state()['weight'] == 1)

    def test_refused(self):
        """What makes no sense is refused."""
        for name, asked in (
                ('drain', {'path': self.path}),
                ('drain', {'path': '/', 'drain': True}),
                ('weight', {'path': self.path, 'weight': -1}),
                ('weight', {'path': self.path, 'weight': True}),
                ('weight', {'path': self.path, 'weight': 1e9}),
                ('weight', {'path': self.path, 'weight': 'x'})):
            self.post(name, asked, 422)
        self.post('drain', {'path': '/none/x', 'drain': True}, 404)
        self.zk.properties('/site/providers').set(overrides='x')
        self.post('drain', {'path': self.path, 'drain': True}, 422)


class Links(Changing):

    def link(self, name, target, status=200, path='/balancer'):
        return self.post('link', {'path': path, 'name': name,
                                  'target': target}, status)

    def test_link(self):
        """A link is made, led elsewhere, and removed."""
        self.link('new', '/site')
        self.link('new', '/balancer/pool')
        self.assertEqual('/balancer/pool', self.properties('/balancer')[
            'new ->'])
        self.link('new', None)
        self.assertNotIn('new ->', self.properties('/balancer'))
        self.link('new', None, 404)

    def test_refused(self):
        """What can be no link is refused."""
        for name, target in (
                ('', '/a'), ('a/b', '/a'), ('..', '/a'), ('a', ''),
                ('a', 'x y'), ('a', 7), (7, '/a'), ('a\0', '/a')):
            self.link(name, target, 422)
        self.link('a', '/b', 404, '/none')


class Plans(Changing):

    text = '/site : wsgi\n  greeting = "Hi"\n  password = "other"\n/new\n'

    def plan(self, text=None, trim=False, status=200):
        return self.post('plan', {'text': text or self.text, 'path': '/',
                                  'trim': trim}, status)

    def test_apply(self):
        """A plan is shown without secrets, and then applied."""
        found = self.plan()
        self.assertEqual(2, found['changes'])
        self.assertIn("+  greeting = 'Hi'", found['diff'])
        self.assertIn('+/new', found['diff'])
        self.assertNotIn('sesame', str(found))
        self.assertNotIn('other', str(found['diff']).replace('another', ''))
        self.assertEqual({'applied': 2}, self.post(
            'apply', {'plan': found['plan']}))
        self.assertEqual('other', self.properties()['password'])

    def test_once(self):
        """A plan is applied once; one that nobody made is not known."""
        found = self.plan()
        self.post('apply', {'plan': found['plan']})
        for plan in (found['plan'], None, {}, {'id': 7}, {'id': 'x'}, []):
            self.post('apply', {'plan': plan}, 409)

    def test_moved(self):
        """Nothing is done when a node has changed since."""
        found = self.plan()
        self.zk.properties('/site').update(greeting='Theirs')
        moved = self.post('apply', {'plan': found['plan']}, 409)
        self.assertEqual(['/site'], moved['paths'])
        self.assertFalse(self.zk.exists('/new'))

    def test_bad(self):
        """A text that is no tree is refused, with the line."""
        self.assertIn('line 1', self.plan('nonsense', status=422)['error'])
        self.post('plan', {'text': 7}, 422)
        self.post('plan', {'text': '/a', 'trim': 'yes'}, 422)

    def test_few_kept(self):
        """Of plans that nobody applies, the last few are kept."""
        first = self.plan('/x0\n')
        for number in range(changing.MOST_PLANS):
            last = self.plan(f'/x{number}\n')
        self.post('apply', {'plan': first['plan']}, 409)
        self.post('apply', {'plan': last['plan']})
