"""Tests of mirror: one ensemble like another."""
from __future__ import annotations

import json
import types
import unittest.mock

from kazoo.security import READ_ACL_UNSAFE

import zc.zk
import zc.zk.testing
from zc.zk._transfer import commit
from zc.zk._transfer.planned import Plan
from zc.zk.tests.realserver import RealServer
from zc.zk.tests.zczk.zczkcase import WordsCase
from zc.zk.tests.zczk.zczkcase import ZczkCase


OTHER = 'other.example.com:2181'
TREE = '''\
/a : web
  n = 1
  db -> /b
  x => /b y
  /providers
/b
  y = [1, "é"]
'''


class Mirror(ZczkCase):

    def setUp(self):
        super().setUp()
        self.make(TREE)
        other = types.SimpleNamespace()
        zc.zk.testing.setUp(other, '/a\n  n = 2\n  /old\n    /x\n/c\n', OTHER)
        self.addCleanup(zc.zk.testing.tearDown, other)
        self.other = self.zk(OTHER)
        self.here = self.zk()

    def mirror(self, *words):
        return self.zczk('mirror', *words, '--to', OTHER)

    def trees(self):
        return [zk.export_tree('/', ephemeral=True)
                for zk in (self.here, self.other)]

    def test_shown(self):
        """What is different is shown, and nothing is done."""
        before = self.trees()
        self.assertEqual((1, '''\
--- /
+++ planned
-/a
+/a : web
-  n = 2
+  n = 1
+  x => /b y
+  db -> /b
-  /old
-    /x
+  /providers
''', ''), self.mirror('/a'))
        self.assertEqual(before, self.trees())

    def test_apply(self):
        """With --apply it is done; then nothing is different."""
        self.assertEqual(0, self.mirror('--apply')[0])
        here, there = self.trees()
        self.assertEqual(here, there)
        self.assertEqual((0, '', 'nothing is to be done\n'), self.mirror())

    def test_branch(self):
        """Only the node and what is below it is touched."""
        self.assertEqual(0, self.mirror('/a', '--apply')[0])
        self.assertEqual(
            self.here.export_tree('/a'), self.other.export_tree('/a'))
        self.assertTrue(self.other.exists('/c'))
        self.assertFalse(self.other.exists('/b'))
        self.here.create('/a/providers/deep', b'')
        self.assertEqual(0, self.mirror('/a/providers/deep', '--apply')[0])
        self.assertTrue(self.other.exists('/a/providers/deep'))
        self.here.delete('/a/providers/deep')
        self.assertEqual(
            (2, '', 'zczk mirror: there is no node /a/providers/deep\n'),
            self.mirror('/a/providers/deep', '--apply'))
        self.assertTrue(self.other.exists('/a/providers/deep'))

    def test_ephemeral(self):
        """Live servers are left out, and left alone."""
        self.here.register('/a/providers', '1.2.3.4:80')
        self.other.register('/a/old', '5.6.7.8:80')
        status, _, error = self.mirror('/a', '--apply')
        self.assertEqual(0, status)
        self.assertEqual('''\
left out, since they are ephemeral, as live servers are:
  /a/providers/1.2.3.4:80
these stay as they are:
  wouldn't delete /a/old/5.6.7.8:80 because it's ephemeral.
  /a/old not deleted due to ephemeral descendent.
''', error)
        self.assertFalse(self.other.exists('/a/providers/1.2.3.4:80'))
        self.assertTrue(self.other.exists('/a/old/5.6.7.8:80'))
        self.assertFalse(self.other.exists('/a/old/x'))

    def test_plan(self):
        """A plan may be saved, and applied there."""
        plan = str(self.directory / 'plan.json')
        self.assertEqual(0, self.mirror('-o', plan)[0])
        status, out, _ = self.mirror('--json')
        self.assertEqual(1, status)
        with open(plan) as file:
            self.assertEqual(json.loads(out), json.load(file))
        status, _, _ = WordsCase.zczk(self, '-z', OTHER, 'apply', plan)
        self.assertEqual(0, status)
        here, there = self.trees()
        self.assertEqual(here, there)

    def test_moved(self):
        """When a node there changes meanwhile, nothing is done."""
        real = Plan.apply

        def apply(plan, progress=commit.no_progress):
            self.other.set('/a', b'{"n":3}')
            real(plan, progress)

        with unittest.mock.patch.object(Plan, 'apply', apply):
            status, _, error = self.mirror('--apply')
        self.assertEqual(1, status)
        self.assertIn('/a', error)
        self.assertEqual((b'{"n":3}', True), (
            self.other.get('/a')[0], bool(self.other.exists('/c'))))

    def test_permissions(self):
        """What is restricted here is not made open there, unasked."""
        self.forbid('/b')
        status, out, error = self.mirror()
        self.assertEqual((2, ''), (status, out))
        self.assertEqual('zczk mirror: /b may not be read\n', error)

    def test_restricted(self):
        """The same for those that may be read."""
        self.here.client.set_acls('/b', READ_ACL_UNSAFE)
        before = self.trees()
        self.assertEqual((2, '', '''\
their permissions are restricted:
  /b
zczk mirror: 1 node would be open to all in the other ensemble; --open copies \
them all the same
'''), self.mirror('--apply'))
        self.assertEqual(before, self.trees())
        self.assertEqual(0, self.mirror('--apply', '--open')[0])
        self.assertEqual(
            self.here.export_tree('/'), self.other.export_tree('/'))

    def test_no_text(self):
        """Data that are not text are refused on either side."""
        self.here.create('/b/raw', b'\xff')
        self.assertEqual((
            2, '', 'zczk mirror: /b/raw holds data that are not text, which '
            'cannot be mirrored\n'), self.mirror('--apply'))
        self.here.delete('/b/raw')
        self.other.set('/a', b'\xff')
        status, out, error = self.mirror('--apply')
        self.assertEqual((2, ''), (status, out))
        self.assertIn('/a', error)
        self.assertEqual(b'\xff', self.other.get('/a')[0])

    def test_hostile(self):
        """Names and values of others are copied, and printed harmlessly."""
        self.here.create(
            '/b/\u202e "x', b'{"a\\n":"\\u001b[31m","l ->":"/no/where"}')
        status, out, error = self.mirror('--apply')
        self.assertEqual((0, ''), (status, error))
        self.assertTrue(out.replace('\n', '').isprintable())
        self.assertEqual(
            self.here.get_properties('/b/\u202e "x'),
            self.other.get_properties('/b/\u202e "x'))

    def test_empty(self):
        """Empty trees are alike; an empty one empties the other."""
        for zk in self.here, self.other:
            for name in zk.get_children('/'):
                if name != 'zookeeper':
                    zk.delete_recursive('/' + name)
        self.assertEqual((0, '', 'nothing is to be done\n'), self.mirror())
        self.other.create('/x', b'')
        self.assertEqual(0, self.mirror('--apply')[0])
        self.assertEqual(['zookeeper'], self.other.get_children('/'))

    def test_wrong(self):
        """What makes no sense is refused."""
        status, _, error = self.zczk('mirror', '/a')
        self.assertEqual(2, status)
        self.assertIn('--to is needed', error)
        self.assertEqual(
            (2, '', 'zczk mirror: both are the same tree\n'),
            self.zczk('mirror', '--to', self.connection_string))
        self.here.create('/n', b'')
        self.here.create('/n/m', b'')
        self.assertEqual(
            (2, '', 'zczk mirror: there is no node /n in the other '
             'ensemble; make it first\n'), self.mirror('/n/m'))


class Real(WordsCase):
    """Between two Apache ZooKeepers."""

    level = 2

    def test_real(self):
        """What is different is done, and then nothing is."""
        first, second = RealServer(), RealServer()
        for server in first, second:
            self.addCleanup(server.close)
            server.start()
        with zc.zk.ZooKeeper(first.connection_string, wait=True) as here, \
                zc.zk.ZooKeeper(second.connection_string, wait=True) as there:
            here.import_tree(TREE)
            there.import_tree('/old\n  /x\n')

            def mirror(*words):
                return self.zczk(
                    '-z', first.connection_string, 'mirror', '--to',
                    second.connection_string, *words)

            self.assertEqual([1, 0, 0], [
                mirror()[0], mirror('--apply')[0], mirror()[0]])
            self.assertEqual(here.export_tree('/'), there.export_tree('/'))
