"""Tests of picture: documents of large trees, and what they cost."""
from __future__ import annotations

import functools
import time
import unittest
from unittest import mock

from zc.zk._following import Happening
from zc.zk._web.hub import Hub
from zc.zk._web.picture import NotRead
from zc.zk._web.picture import Picture
from zc.zk.tests.base import wait_for
from zc.zk.tests.web.case import PageCase
from zc.zk.tests.web.test_branch import state


class Follower:
    """Stands for the one that follows a live tree."""

    def __init__(self, zk, path, heard, told):
        self.heard, self.told = heard, told
        self.nodes = {}

    def snapshot(self):
        return 0, self.nodes


@functools.cache
def large():
    """Return a picture of 100,000 nodes with 1,000 services."""
    with mock.patch('zc.zk._web.picture.BranchFollower', Follower):
        picture = Picture(None, Hub())
    nodes = {'/': state()}
    for number in range(1000):
        service = f'/s{number:03}'
        nodes[service] = state(type='web')
        nodes[f'{service}/providers'] = state()
        nodes[f'{service}/providers/h7:80'] = state(pid=number)
    nodes['/large'] = state()
    for number in range(97_000):
        nodes[f'/large/{number:05}'] = state(n=number)
    picture._follower.nodes = nodes
    picture._follower.told(True)
    return picture


class Large(unittest.TestCase):

    def setUp(self):
        self.picture = large()

    def cost(self, call, times=3):
        """Return the least time of the processor that a call took."""
        found = []
        for _ in range(times):
            began = time.thread_time()
            call()
            found.append(time.thread_time() - began)
        return min(found)

    def test_not_all(self):
        """A request costs what it shows, not what there is: a wide bound,
        against reading each node once.
        """
        picture = self.picture
        branch = picture._branch
        whole = self.cost(lambda: [
            branch.properties(path) for path in branch.below('/')], 1)
        for call in (lambda: picture.node('/s500'),
                     lambda: picture.children('/large', '05000', 100),
                     lambda: picture.events(None, '/', 100),
                     lambda: picture.status(),
                     lambda: picture.services('/s500', 10),
                     lambda: picture.secret('/s500', 'x'),
                     lambda: picture._heard([Happening(
                         1, 0.0, 'changed', '/s500', state(), state(1, 2))])):
            call()
            self.assertLess(self.cost(call), whole / 10)

    def test_pages(self):
        """All services come in pages, each once."""
        after, found = '', []
        while after is not None:
            page = self.picture.services(after, 300)
            found += [each['path'] for each in page['services']]
            after = page['next']
        self.assertEqual([f'/s{number:03}' for number in range(1000)], found)

    def test_search(self):
        """All that is found comes in pages, each once."""
        after, found = '', []
        while after is not None:
            page = self.picture.search('s00 h7:80', after, 3)
            found += [each['path'] for each in page['found']]
            after = page['next']
        self.assertEqual(
            [f'/s{number:03}/providers/h7:80' for number in range(10)],
            found)


class Anew(unittest.TestCase):
    """A small picture, whose follower is the test."""

    def setUp(self):
        with mock.patch('zc.zk._web.picture.BranchFollower', Follower):
            self.picture = Picture(None, mock.Mock(Hub))
        self.follower = self.picture._follower
        self.hub = self.picture._hub
        self.hub.__len__ = lambda self: 1
        self.follower.nodes = {
            '/': state(), '/a': state(), '/a/providers': state(),
            '/a/providers/x:1': state()}
        self.follower.told(True)

    def published(self):
        return [name for call in self.hub.publish.call_args_list
                for name, _ in call.args[0]]

    def test_hidden_meanwhile(self):
        """What may not be read any more after an outage is not shown, and
        pages load anew.
        """
        self.follower.told(False)
        self.follower.told(True)
        self.assertEqual(
            ['status', 'reload', 'status', 'status'], self.published())
        self.follower.told(False)
        del self.follower.nodes['/a/providers/x:1']
        self.follower.told(True)
        self.assertEqual(['status', 'status', 'reload'], self.published()[-3:])
        self.assertFalse(self.picture.node('/a/providers/x:1')['exists'])
        self.assertEqual(2, self.picture.status()['generation'])

    def test_error(self):
        """An error in taking something in costs a loading, no more."""
        self.follower.nodes['/b'] = state()
        with self.assertLogs('zc.zk._web.picture', 'ERROR'):
            self.follower.heard([None])
        self.assertEqual('reload', self.published()[-1])
        self.assertTrue(self.picture.node('/b')['exists'])
        del self.follower.nodes['/b']
        self.follower.heard([
            Happening(1, 0.0, 'went', '/b', state(), None)])
        self.assertFalse(self.picture.node('/b')['exists'])

    def test_expired(self):
        """One that went leaves the open pages too, after a while."""
        self.follower.heard([Happening(
            1, time.time(), 'went', '/a/providers/x:1', state(), None)])
        card = self.picture.services('', 9)['services'][0]
        self.assertEqual('gone', card['providers'][0]['state'])
        self.hub.publish.reset_mock()
        self.picture.status()
        self.assertEqual([], self.published())
        with mock.patch('time.time', lambda: 2e10):
            self.picture.status()
        name, card = self.hub.publish.call_args.args[0][0]
        self.assertEqual(('service', '/a', []), (
            name, card['path'], card['providers']))


class Reads(PageCase):

    def test_not_read(self):
        """A request before the first reading is told so."""
        picture = Picture(self.zk, Hub())
        with self.assertRaises(NotRead):
            picture.wait(0)

    def test_current(self):
        """What is shown is what there is, also after many changes."""
        for number in range(50):
            self.zk.create(f'/x{number}', '{}')
        self.zk.delete('/x7')
        self.zk.set('/x8', '{"n": 1}')
        wait_for(lambda: self.get('node?path=/x8')['properties'])
        wait_for(lambda: self.get('children?path=/')['total'] == 51)
        self.assertEqual(
            sorted(set(self.zk.get_children('/')) - {'zookeeper'}),
            [each['name'] for each in self.get('children?path=/')['children']])

    def test_events(self):
        """What was there at first is no event; the rest is, newest first."""
        self.assertEqual([], self.get('events')['events'])
        # One after the other: what changes between two looks may be left out.
        whats = []
        for what, write in (('came', lambda: self.zk.create('/x', '')),
                            ('changed', lambda: self.zk.set('/x', '{"n":1}')),
                            ('went', lambda: self.zk.delete('/x'))):
            write()
            whats.insert(0, what)
            wait_for(lambda: whats == [
                each['what'] for each in self.get('events?path=/x')['events']])
        self.assertEqual([], self.get('events?path=/y')['events'])
