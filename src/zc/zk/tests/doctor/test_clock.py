"""Tests of clock: the clock of the leader beside ours."""
from __future__ import annotations

import time

from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_acl

from zc.zk._doctor import clock
from zc.zk._doctor.rules.finding import Findings
from zc.zk._session.requests import Bulk
from zc.zk.tests.base import ZooKeeperCase


class Clock(ZooKeeperCase):

    def setUp(self):
        super().setUp()
        self.client = self.zk()
        self.findings = Findings()

    def examine(self, offset=0.0):
        return clock.examine(Bulk(self.client.client), self.findings,
                             lambda: time.time() + offset)

    def test_well(self):
        """One clock is not apart from itself, and nothing stays behind."""
        before = self.client.get_children('/')
        self.assertTrue(self.examine())
        self.assertEqual([], self.findings.all())
        self.assertEqual(before, self.client.get_children('/'))

    def test_skew(self):
        """A clock that is wrong is found."""
        self.assertTrue(self.examine(offset=-3_600))
        found, = self.findings.all()
        self.assertEqual('clock-skew', found.rule)
        self.assertIn('behind', found.fault)

    def test_forbidden(self):
        """Where we may not write, nothing is said."""
        set_acls = self.client.client.set_acls
        set_acls('/', [make_acl('world', 'anyone', read=True, admin=True)])
        self.addCleanup(set_acls, '/', OPEN_ACL_UNSAFE)
        self.assertFalse(self.examine(offset=-3_600))
        self.assertEqual([], self.findings.all())
