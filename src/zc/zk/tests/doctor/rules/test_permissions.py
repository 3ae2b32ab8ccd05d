"""Tests of permissions: who may register and read."""
from __future__ import annotations

import unittest

from kazoo.security import make_acl

from zc.zk._doctor.rules import permissions
from zc.zk._doctor.rules.finding import Findings


US = ('digest', 'us:hash')


def world(**permissions):
    return make_acl('world', 'anyone', **permissions)


def user(scheme='digest', id='app:hash', **permissions):
    return make_acl(scheme, id, **permissions)


class Judge(unittest.TestCase):

    def judge(self, *acl, us=(), schemes=('digest', 'sasl')):
        findings = Findings()
        permissions.judge_acl(findings, '/s', acl, us, schemes)
        self.faults = findings.all()
        return [(str(each.level), each.rule) for each in self.faults]

    def test_well(self):
        """If anyone may, or we, it is well."""
        self.assertEqual([], self.judge(world(all=True)))
        self.assertEqual([], self.judge(world(read=True, create=True)))
        self.assertEqual(
            [], self.judge(user(id='us:hash', all=True), us={US}))
        self.assertEqual([], self.judge(
            world(read=True), user(id='us:hash', create=True), us={US}))

    def test_nobody(self):
        """If nobody may, it is an error."""
        self.assertEqual([('error', 'forbids-registering')],
                         self.judge(world(read=True)))
        self.assertEqual([('error', 'forbids-reading')],
                         self.judge(world(create=True)))

    def test_others(self):
        """If only others may, their names are said, and no hash."""
        self.assertEqual([('warning', 'forbids-registering')],
                         self.judge(world(read=True), user(create=True)))
        self.assertIn('digest app', self.faults[0].fault)
        self.assertNotIn('hash', self.faults[0].fault)

    def test_unknown(self):
        """We may be someone of a scheme that we cannot see."""
        for scheme in ('ip', 'x509', 'auth'):
            self.assertEqual([], self.judge(user(scheme, 'x', all=True)))
        self.assertEqual(2, len(self.judge(user('sasl', 'x', all=True))))
        self.assertEqual([], self.judge(
            user('sasl', 'x', all=True), schemes=('digest',)))
