"""Tests of registrants: what is wrong with servers, as they registered."""
from __future__ import annotations

import unittest

from zc.zk._doctor.rules import nodes
from zc.zk._doctor.rules import registrants
from zc.zk._doctor.rules.finding import Findings
from zc.zk._tree.values import encode


NOW = 1_000_000.0
DAY = 86_400.0


def server(name, owner=1, age=0.0, data=None, **properties):
    data = encode(properties) if data is None else data
    return registrants.registrant(
        f'/s/{name}', *nodes.read('/s', data), owner, NOW - age)


class Registrant(unittest.TestCase):

    def test_what_is_one(self):
        """An ephemeral node is one, and any that is named like an address.
        """
        self.assertIsNone(server('x', owner=0))
        self.assertIsNotNone(server('x'))
        self.assertEqual(('h', 80), server('h:80', owner=0).address)
        self.assertIsNone(server('unix:%2Frun%2Fx:80').address)

    def test_curator(self):
        """A node in Curator's format has its address inside."""
        found = server('0-1', id='0-1', serviceType='DYNAMIC', address='h',
                       port=80, payload={'weight': 0, 'monitor': '/m'})
        self.assertEqual((('h', 80), {'weight': 0}, '/m'),
                         (found.address, found.properties, found.monitor))

    def test_odd_values(self):
        """What is no process or monitor counts for none."""
        for pid in (True, -1, 0, '7', 1 << 40, None, 2.5):
            self.assertIsNone(server('h:1', pid=pid).pid)
        for monitor in (1, ['x'], 'x' * 999):
            self.assertIsNone(server('h:1', monitor=monitor).monitor)
        self.assertEqual(7, server('h:1', pid=7).pid)


class Judge(unittest.TestCase):

    def judge(self, *servers, local=False, age=0.0, **properties):
        findings = Findings()
        registrants.judge(findings, '/s', properties, NOW - age, servers,
                          local, NOW)
        return sorted((each.rule, each.path) for each in findings.all())

    def test_well(self):
        """Servers that can be found give no findings."""
        self.assertEqual([], self.judge(
            server('10.0.0.7:80', pid=1), server('[fd00::1]:80'),
            server('web1.example.com:80', weight=0.5),
            server('unix:%2Frun%2Fx'), server('10.0.0.8:80', weight=0)))
        self.assertEqual([], self.judge())

    def test_names(self):
        """A name must be an address that others can use."""
        self.assertEqual(
            [('loopback', '/s/127.0.0.1:80'), ('loopback', '/s/localhost:80'),
             ('no-address', '/s/a'), ('no-address', '/s/h:0'),
             ('wildcard', '/s/0.0.0.0:80'), ('wildcard', '/s/:80')],
            self.judge(*map(server, (
                'a', '127.0.0.1:80', 'localhost:80', '0.0.0.0:80', ':80',
                'h:0', 'lock-0000000001'))))

    def test_desk(self):
        """On a desk, the loopback will do; beside other machines, it will
        not.
        """
        self.assertEqual([], self.judge(server('127.0.0.1:80'), local=True))
        self.assertEqual(
            [('loopback', '/s/127.0.0.1:80')],
            self.judge(server('127.0.0.1:80'), server('10.0.0.1:80'),
                       local=True))

    def test_nodes(self):
        """A server's node is ephemeral, and holds a JSON object."""
        self.assertEqual(
            [('bad-json', '/s/h:2'), ('not-ephemeral', '/s/h:1')],
            self.judge(server('h:1', owner=0), server('h:2', data=b'x')))

    def test_static(self):
        """Curator has servers whose nodes stay, on purpose."""
        instance = {'id': '0-1', 'address': 'h', 'port': 1}
        self.assertEqual([], self.judge(
            server('0-1', owner=0, serviceType='STATIC', **instance)))
        self.assertEqual([('not-ephemeral', '/s/0-1')], self.judge(
            server('0-1', owner=0, serviceType='DYNAMIC', **instance)))

    def test_all_drained(self):
        """A service of which no server can be chosen is an error."""
        all_ = [('all-drained', '/s')]
        self.assertEqual(
            all_, self.judge(server('h:1', weight=0),
                             server('h:2', leaving=True)))
        override = [{'name': 'h:1', 'weight': 0}]
        self.assertEqual(all_, self.judge(server('h:1'), overrides=override))
        self.assertEqual([], self.judge(
            server('h:1'), server('h:2'), overrides=override))
        # An override may give a weight, too.
        self.assertEqual([], self.judge(
            server('h:1', weight=0),
            overrides=[{'name': 'h:1', 'weight': 1}]))

    def test_old_drains(self):
        """A drain that is older than a day is found, wherever it stands."""
        override = [{'name': 'h:1', 'weight': 0}]
        both = server('h:1'), server('h:2')
        self.assertEqual(
            [('old-drain', '/s')],
            self.judge(*both, overrides=override, age=DAY + 1))
        self.assertEqual(
            [], self.judge(*both, overrides=override, age=DAY - 1))
        self.assertEqual(
            [], self.judge(*both, overrides=[
                {'name': 'h:1', 'weight': 2}], age=2 * DAY))
        self.assertEqual(
            [('old-drain', '/s/h:1'), ('old-drain', '/s/h:2')],
            self.judge(server('h:1', weight=0, age=2 * DAY),
                       server('h:2', leaving=True, age=2 * DAY),
                       server('h:3', weight=0), server('h:4', age=2 * DAY)))

    def test_overrides(self):
        """Overrides that cannot be understood are found."""
        for value in (1, [1], [{'name': 1}], [{'weight': 0}], {'a': 1}):
            self.assertEqual(
                [('overrides', '/s')],
                self.judge(server('h:1'), overrides=value, age=2 * DAY))


class IsService(unittest.TestCase):

    def test_others(self):
        """Locks and elections are no services."""
        self.assertFalse(registrants.is_service('/lock', [server('a-01')]))
        self.assertFalse(registrants.is_service('/lock', []))
        self.assertTrue(registrants.is_service('/any', [server('h:1')]))
        self.assertTrue(registrants.is_service('/a/providers', []))
