"""Tests of cards: services as documents."""
from __future__ import annotations

import unittest

from zc.zk._transfer.snapshot import read_tree
from zc.zk._tree.graph import get_edges
from zc.zk._tree.graph import get_services
from zc.zk._web import cards
from zc.zk._web.branch import TreeCopy
from zc.zk._web.cards import Cards
from zc.zk._web.cards import Gone
from zc.zk.tests.web.case import PageCase
from zc.zk.tests.web.test_branch import came
from zc.zk.tests.web.test_branch import changed
from zc.zk.tests.web.test_branch import state
from zc.zk.tests.web.test_branch import went


class CardsCase(unittest.TestCase):

    def setUp(self):
        self.branch = TreeCopy()
        self.branch.load({
            '/': state(), '/lb': state(type='ipvs'), '/lb/providers': state(),
            '/lb/pool': state(**{'site ->': '../../site/providers',
                                 'old ->': '/old/providers'}),
            '/site': state(type='wsgi', password='x', **{
                'other =>': '/lb'}),
            '/site/providers': state(),
            '/site/providers/1.2.3.4:80': state(pid=7, version='1.2'),
        })
        self.cards = Cards(self.branch)

    def providers(self):
        return {each['address']: each['state']
                for each in self.cards.card('/site')['providers']}


class Services(CardsCase):

    def test_card(self):
        """A card has what the node says, its servers and its links."""
        self.assertEqual({
            'path': '/site', 'type': 'wsgi', 'total': 1,
            'properties': {'type': 'wsgi', 'password': {'hidden': True}},
            'providers': [{
                'address': '1.2.3.4:80',
                'path': '/site/providers/1.2.3.4:80', 'state': 'ready',
                'version': '1.2', 'pid': 7, 'monitor': None, 'weight': 1.0,
                'since': '1970-01-01T00:00:00.000Z', 'gone': None,
                'properties': {'pid': 7, 'version': '1.2'}, 'error': None}],
            'links': [],
            'linked_from': [{'path': '/lb', 'name': 'pool/site'}],
        }, self.cards.card('/site'))
        self.assertEqual(
            [{'name': 'pool/old', 'to': '/old', 'broken': True},
             {'name': 'pool/site', 'to': '/site'}],
            self.cards.card('/lb')['links'])
        self.assertIsNone(self.cards.card('/nothing'))

    def test_states(self):
        """A server is ready, draining, failing or gone."""
        for name, properties in (
                ('a:1', {}), ('b:1', {'weight': 0}),
                ('c:1', {'leaving': True}),
                ('d:1', {'weight': 0, 'healthy': False})):
            self.branch.apply(came(f'/site/providers/{name}',
                                   state(**properties)))
        self.branch.apply(changed('/site/providers', overrides=[
            {'name': '1.2.3.4:80', 'weight': 0}]))
        self.cards.went('/site/providers/e:1', Gone(0.0, state(pid=9)))
        self.assertEqual(
            {'1.2.3.4:80': 'draining', 'a:1': 'ready', 'b:1': 'draining',
             'c:1': 'draining', 'd:1': 'failing', 'e:1': 'gone'},
            self.providers())

    def test_gone_for_a_while(self):
        """One that went is shown for a while, unless it came back."""
        self.cards.went('/site/providers/e:1', Gone(0.0, state()))
        self.cards.went('/site/providers/1.2.3.4:80', Gone(0.0, state()))
        self.cards.went('/site/other/x', Gone(0.0, state()))
        self.assertEqual({'1.2.3.4:80': 'ready', 'e:1': 'gone'},
                         self.providers())
        self.assertEqual([], self.cards.expire(cards.GONE_SECONDS))
        self.assertEqual(['/site'], self.cards.expire(cards.GONE_SECONDS + 1))
        self.assertEqual({'1.2.3.4:80': 'ready'}, self.providers())

    def test_gone_are_few(self):
        """Few of those that went are kept."""
        for number in range(cards.MOST_GONE + 5):
            self.cards.went(f'/site/providers/{number}', Gone(0.0, state()))
        self.assertEqual(cards.MOST_GONE + 1, len(self.providers()))

    def test_many(self):
        """A card tells how many servers there are, and shows some."""
        for number in range(cards.MOST_PROVIDERS + 5):
            self.branch.apply(came(f'/site/providers/x{number}'))
        card = self.cards.card('/site')
        self.assertEqual(cards.MOST_PROVIDERS + 6, card['total'])
        self.assertEqual(cards.MOST_PROVIDERS, len(card['providers']))

    def test_hostile(self):
        """Whatever a server writes, a card comes of it, without secrets."""
        self.branch.apply(came('/site/providers/x', state(data=b'\xff')))
        self.branch.apply(came('/site/providers/y', state(
            version={'a': 1}, pid=True, monitor=['x'], weight='much',
            token='t', type=7)))
        self.branch.apply(changed('/site/providers', overrides='all'))
        self.branch.apply(changed('/lb/pool', **{
            'a ->': 7, 'b ->': '../../../x/providers', 'c ->': '',
            'd ->': '/site/providers'}))
        found = {each['address']: each
                 for each in self.cards.card('/site')['providers']}
        self.assertIn('not UTF-8', found['x']['error'])
        self.assertEqual(
            (None, None, None, 1.0), tuple(found['y'][name] for name in (
                'version', 'pid', 'monitor', 'weight')))
        self.assertEqual({'hidden': True}, found['y']['properties']['token'])
        self.assertEqual([{'name': 'pool/d', 'to': '/site'}],
                         self.cards.card('/lb')['links'])


class Touched(CardsCase):

    def touched(self, happening):
        if happening.what == 'went':
            self.cards.went(happening.path, Gone(0.0, happening.old))
        self.branch.apply(happening)
        return [*self.cards.touched(happening.path), *self.cards.look()]

    def test_which(self):
        """A change touches the cards that show it, and no others."""
        self.cards.card('/site'), self.cards.card('/lb')
        for happening, services in (
                (came('/x'), []), (changed('/site', x=1), ['/site']),
                (came('/site/providers/y'), ['/site']),
                (changed('/site/providers', x=1), ['/site']),
                (came('/site/providers/y/z'), []),
                (changed('/lb/pool', x=1), ['/lb', '/site']),
                (changed('/lb/pool', x=2), ['/lb']),
                (came('/new'), []), (came('/new/providers'), ['/new']),
                (went('/new/providers'), ['/new']),
                (went('/site/providers'), ['/site'])):
            self.assertEqual(
                services, sorted(set(self.touched(happening))), happening)
            for service in services:
                self.cards.card(service)
        self.assertIsNone(self.cards.card('/site'))

    def test_fresh(self):
        """Cards show what is; they are made anew only when touched."""
        first = self.cards.card('/site')
        self.touched(came('/x'))
        self.assertIs(first, self.cards.card('/site'))
        self.touched(changed('/site', type='other'))
        self.assertEqual('other', self.cards.card('/site')['type'])
        self.touched(changed('/lb/pool', x=1))
        self.assertEqual([], self.cards.card('/site')['linked_from'])


class Picture(PageCase):

    tree = """
/a
  x -> /b/providers
  /providers
  /below
    y -> ../../c/providers
    z -> /b/providers
    /d
      w -> /gone/providers
      /providers
/b
  /providers
    /deep
      self -> /b/providers
/c
  /providers
/e
  w -> /a/providers
"""

    def test_as_the_graph(self):
        """The picture has the services and links of ``zczk graph``."""
        tree = read_tree(self.zk._bulk, '/')[0]
        found = self.get('architecture')
        self.assertEqual(
            set(get_services(tree)),
            {each['id'] for each in found['nodes']
             if each['kind'] == 'service'})
        self.assertEqual(
            sorted(set(get_edges(tree))),
            [(each['from'], each['to']) for each in found['edges']])
        self.assertEqual(
            ['/gone'], [each['id'] for each in found['nodes']
                        if each['kind'] == 'missing'])
        self.assertEqual(
            ['broken'], [each['kind'] for each in found['edges']
                         if each['to'] == '/gone'])
