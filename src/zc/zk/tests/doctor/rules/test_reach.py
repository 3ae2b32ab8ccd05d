"""Tests of reach: the registry beside what is true."""
from __future__ import annotations

import unittest

from zc.zk._doctor.rules import reach
from zc.zk._doctor.rules.finding import Findings
from zc.zk._doctor.rules.reach import Machine
from zc.zk._doctor.rules.reach import OpenPort
from zc.zk._doctor.rules.reach import Outcome
from zc.zk.tests.doctor.rules.test_registrants import server


HERE = '10.0.0.1'
NOTHING = Machine({HERE}, {'web1'}, [])


def machine(*listeners, dead=()):
    return Machine({HERE}, {'web1'}, listeners, frozenset(dead))


class Server(unittest.TestCase):

    def judge(self, each, outcome, machine=NOTHING):
        findings = Findings()
        reach.judge_server(findings, each, outcome, machine, 2.0)
        self.found = findings.all()
        return [(str(each.level), each.rule) for each in self.found]

    def test_elsewhere(self):
        """A server that listens at another address of its machine is named.
        """
        here = machine(OpenPort('127.0.0.1', 80, 7, 'web', False))
        for name in (f'{HERE}:80', 'web1:80'):
            self.assertEqual([('error', 'refused')], self.judge(
                server(name), Outcome.REFUSED, here))
            self.assertIn('process 7 (web) listens at 127.0.0.1 only',
                          self.found[0].fault)
        self.judge(server(f'{HERE}:80'), Outcome.REFUSED, machine(
            OpenPort('127.0.0.1', 80, None, '', False)))
        self.assertIn('what runs there listens', self.found[0].fault)
        # Of other machines nothing is known, nor of other ports.
        for name in ('10.0.0.2:80', f'{HERE}:81'):
            self.judge(server(name), Outcome.REFUSED, here)
            self.assertNotIn('127.0.0.1', self.found[0].fault)

    def test_outcomes(self):
        """Whoever accepts is well; all else is an error of its own."""
        self.assertEqual([], self.judge(server('h:1'), Outcome.ACCEPTED))
        self.assertEqual([], self.judge(server('h:1'), None))
        rules = [self.judge(server('h:1'), outcome)
                 for outcome in Outcome if outcome != Outcome.ACCEPTED]
        self.assertEqual(
            [[('error', 'refused')], [('error', 'timed-out')],
             [('error', 'unknown-host')], [('error', 'unreachable')]], rules)

    def test_draining(self):
        """A server that drains may be ending; one that leaves is."""
        self.assertEqual(
            [('warning', 'refused')],
            self.judge(server('h:1', weight=0), Outcome.REFUSED))
        self.assertEqual(
            [], self.judge(server('h:1', leaving=True), Outcome.REFUSED))

    def test_dead(self):
        """A process that is gone from this machine is named."""
        each = server(f'{HERE}:80', pid=7)
        dead = [('error', 'dead-process')]
        self.assertEqual(
            dead, self.judge(each, Outcome.REFUSED, machine(dead=[7])))
        self.assertEqual(dead, self.judge(
            server('web1:80', pid=7), Outcome.REFUSED, machine(dead=[7])))
        self.assertEqual(
            dead, self.judge(each, None, machine(dead=[7])))
        self.assertEqual([('error', 'refused')], self.judge(
            each, Outcome.REFUSED, machine(dead=[8])))

    def test_dead_elsewhere(self):
        """Process ids of other machines say nothing here."""
        self.assertEqual([('error', 'refused')], self.judge(
            server('10.0.0.2:80', pid=7), Outcome.REFUSED,
            machine(dead=[7])))

    def test_dead_in_a_container(self):
        """Where something listens, the process may have another id here."""
        for host in ('0.0.0.0', HERE, '::'):
            self.assertEqual([], self.judge(
                server(f'{HERE}:80', pid=7), None,
                machine(OpenPort(host, 80, None, '', False), dead=[7])))


class Processes(unittest.TestCase):

    def judge(self, *listeners, servers=('h:80',), pid=None, local=False):
        here = machine(*listeners)
        findings = Findings()
        for each in reach.unregistered(
                reach.suspects(here, local, 99),
                [server(name, pid=pid) for name in servers]):
            reach.judge_process(findings, '/', each)
        return [each.fault for each in findings.all()]

    def test_forgotten(self):
        """A client of ZooKeeper that listens and is nowhere is found."""
        fault, = self.judge(OpenPort('0.0.0.0', 81, 7, 'web', True),
                            OpenPort('::', 82, 7, 'web', True))
        self.assertIn('process 7 (web)', fault)
        self.assertIn('ports 81, 82', fault)

    def test_registered(self):
        """If one of its ports is registered, the others are its affair."""
        self.assertEqual([], self.judge(
            OpenPort('0.0.0.0', 81, 7, 'web', True),
            OpenPort('0.0.0.0', 80, 7, 'web', True)))

    def test_launcher(self):
        """A process may register another's port, and advertise another
        machine's address.
        """
        found = OpenPort('0.0.0.0', 81, 7, 'zczk', True)
        for name in (f'{HERE}:80', 'unix:%2Fx', '10.0.0.2:80'):
            self.assertEqual([], self.judge(found, servers=[name], pid=7))
            self.assertEqual(1, len(self.judge(found, servers=[name], pid=8)))

    def test_others(self):
        """Who knows nothing of ZooKeeper should not be registered."""
        self.assertEqual([], self.judge(
            OpenPort('0.0.0.0', 22, 7, 'sshd', False),
            OpenPort('0.0.0.0', 81, None, '', True),
            OpenPort('0.0.0.0', 81, 99, 'ourselves', True),
            OpenPort('127.0.0.1', 81, 8, 'monitor', True)))

    def test_desk(self):
        """On a desk, servers listen on the loopback."""
        self.assertEqual(1, len(self.judge(
            OpenPort('127.0.0.1', 81, 8, 'web', True), local=True)))

    def test_unknown(self):
        """Where listeners are not known, nothing is said."""
        unknown = Machine(set(), set(), None)
        self.assertEqual([], reach.suspects(unknown, True, 1))
        self.assertIsNone(unknown.listens('10.0.0.1', 80))


class Doubles(unittest.TestCase):

    def test_both(self):
        """Both nodes are named."""
        findings = Findings()
        reach.judge_doubles(findings, '/a/h:1', '/b/h:1')
        found, = findings.all()
        self.assertEqual(('same-address', '/a/h:1'), (found.rule, found.path))
        self.assertIn('/b/h:1', found.fault)
