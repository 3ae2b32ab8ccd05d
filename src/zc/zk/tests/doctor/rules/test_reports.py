"""Tests of reports: what monitors say of registrations."""
from __future__ import annotations

import unittest

from zc.zk._doctor.rules import reports
from zc.zk._doctor.rules.finding import Findings


ANSWER = '''\
session 0x100 at 127.0.0.1:2181: CONNECTED
  registration /a/providers/h:1: registered
  registration /a/providers/h:2: waiting
  registration /a/x: y: failed (NoAuthError('/a/x: waiting'))
  registration /a/providers/h:4: pending (ConnectionLoss())
  watched nodes: 3
session 0x2 at 127.0.0.1:2181/a b: SUSPENDED
  registration /a/providers/h:5: registered
  registration /a/providers/h:6: registered
  watched nodes: 0
session 0x0 at 127.0.0.1:2181/c: LOST
  registration /a/providers/h:5: closed (ConnectionLoss())
'''


class Judge(unittest.TestCase):

    def judge(self, answer):
        findings = Findings()
        reports.judge(findings, 'h:9', answer)
        return findings.all()

    def test_states(self):
        """What waits or fails is found, with its error."""
        all_ = self.judge(ANSWER)
        found = {each.path: each for each in all_}
        self.assertEqual(len(all_), len(found))
        self.assertEqual(
            {'/a/providers/h:2': 'registration-waits',
             '/a/x: y': 'registration-fails',
             '/a/providers/h:4': 'registration-waits',
             'h:9': 'no-session'},
            {path: each.rule for path, each in found.items()})
        self.assertIn("NoAuthError('/a/x: waiting')", found['/a/x: y'].fault)
        self.assertIn('SUSPENDED', found['h:9'].fault)

    def test_nothing(self):
        """A process without sessions is no fault of the registry's."""
        self.assertEqual(
            [], self.judge('no ZooKeeper sessions are observed\n'))

    def test_odd_answers(self):
        """Whatever listens there, nothing fails."""
        for answer in ('', '\0\n' * 99, '  registration ' * 999,
                       'session \nsession : : \n  registration\n',
                       'HTTP/1.1 400 Bad Request\r\n\r\n', 'a' * 99_999):
            self.assertEqual([], self.judge(answer))

    def test_silent(self):
        """A monitor that says nothing is a warning."""
        findings = Findings()
        reports.judge_silent(findings, 'h:9', 'Connection refused')
        found, = findings.all()
        self.assertIn('Connection refused', found.fault)
