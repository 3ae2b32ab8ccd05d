"""Tests of ensemble: the servers of ZooKeeper."""
from __future__ import annotations

import unittest

from zc.zk._doctor.rules import ensemble
from zc.zk._doctor.rules.ensemble import ZooKeeperServer
from zc.zk._doctor.rules.finding import Findings
from zc.zk._doctor.rules.reach import Outcome


def peer(number, mode='follower', version='3.8.4'):
    return ZooKeeperServer(f'10.0.0.{number}:2181', Outcome.ACCEPTED, (
        f'Zookeeper version: {version}-0123456789abcdef, built on x\n'
        f'Zxid: 0x1\nMode: {mode}\nNode count: 5\n'))


def down(number, outcome=Outcome.REFUSED):
    return ZooKeeperServer(f'10.0.0.{number}:2181', outcome)


IDLE = ZooKeeperServer('10.0.0.1:2181', Outcome.ACCEPTED,
            'This ZooKeeper instance is not currently serving requests\n')
SILENT = ZooKeeperServer('10.0.0.1:2181', Outcome.ACCEPTED,
              'srvr is not executed because it is not in the whitelist.\n')


class Judge(unittest.TestCase):

    def judge(self, *peers):
        findings = Findings()
        ensemble.judge(findings, peers)
        return [each.rule for each in findings.all()]

    def test_well(self):
        """One leader and its followers are well, and one server alone."""
        self.assertEqual([], self.judge(
            peer(1), peer(2, 'leader'), peer(3), peer(4, 'observer')))
        self.assertEqual([], self.judge(peer(1, 'standalone')))
        self.assertEqual([], self.judge(peer(2, 'follower')))

    def test_silent(self):
        """What a server does not say is no fault."""
        self.assertEqual([], self.judge(SILENT))
        self.assertEqual([], self.judge(SILENT, peer(2)))
        self.assertEqual([], self.judge(
            ZooKeeperServer('10.0.0.1:2181', Outcome.ACCEPTED, '')))

    def test_down(self):
        """A server that is down is named."""
        for outcome in Outcome:
            if outcome != Outcome.ACCEPTED:
                self.assertEqual(
                    ['server-down'],
                    self.judge(peer(1, 'leader'), peer(2), down(3, outcome)))
        self.assertEqual(['server-down'], self.judge(down(1)))

    def test_no_quorum(self):
        """When none serves, they have no quorum."""
        self.assertEqual(
            ['server-not-serving', 'server-down', 'server-down', 'no-quorum'],
            self.judge(IDLE, down(2), down(3)))
        self.assertIn('no-quorum', self.judge(
            peer(1, 'read-only'), peer(2, 'read-only')))
        # What one of them does is not known.
        self.assertNotIn('no-quorum', self.judge(SILENT, down(2)))

    def test_split(self):
        """Servers that are not one ensemble are found."""
        self.assertEqual(['split-ensemble'], self.judge(
            peer(1, 'standalone'), peer(2, 'standalone')))
        self.assertEqual(['split-ensemble'], self.judge(
            peer(1, 'leader'), peer(2), peer(3, 'standalone')))
        self.assertEqual(['split-ensemble'], self.judge(
            peer(1, 'leader'), peer(2, 'leader')))

    def test_versions(self):
        """Servers of different versions are found."""
        self.assertEqual(['versions'], self.judge(
            peer(1, 'leader'), peer(2, version='3.9.1')))

    def test_odd_answers(self):
        """Whatever answers at the address, nothing fails."""
        for answer in ('\0' * 99, 'Mode: ', 'Mode: \33[31m\n' * 99,
                       'Zookeeper version: ' + '9' * 9_999):
            self.judge(ZooKeeperServer('x:1', Outcome.ACCEPTED, answer),
                       peer(2))
