"""Tests of registry: what stands in ZooKeeper."""
from __future__ import annotations

import time

from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_acl
from kazoo.security import make_digest_acl

from zc.zk._doctor import registry
from zc.zk._doctor.registry import Registry
from zc.zk._doctor.rules.finding import Findings
from zc.zk.tests.base import ZooKeeperCase


TREE = '''
/a
  b -> /b
  /providers
/b
  n => /a/c v
  /providers
'''


class Case(ZooKeeperCase):

    tree = TREE

    def setUp(self):
        super().setUp()
        self.client = self.zk()
        self.findings = Findings()

    def read(self, path='/', zk=None):
        findings = self.findings = Findings()
        found = Registry(zk or self.client, findings, True, time.time())
        found.read(path, lambda items: items)
        return found

    def faults(self):
        return sorted((each.rule, each.path) for each in self.findings.all())


class Read(Case):

    def test_servers(self):
        """Servers and services are known when it was read."""
        self.client.register('/a/providers', 'h:1')
        self.client.register('/b/providers', 'h:2')
        found = self.read()
        self.assertEqual({'/a/providers/h:1', '/b/providers/h:2'},
                         {each.path for each in found.servers})
        self.assertEqual({'/a/providers', '/b/providers'},
                         found.services.keys())
        self.assertEqual([('broken-link', '/b')], self.faults())

    def test_below(self):
        """Only what is below the path is looked at."""
        self.client.register('/a/providers', 'h:1')
        self.client.register('/b/providers', '0.0.0.0:2')
        self.read('/a')
        self.assertEqual([], self.faults())

    def test_same_address(self):
        """An address under two services is found; in one it cannot be."""
        self.client.register('/a/providers', 'h:1')
        self.client.register('/b/providers', 'h:1')
        self.read()
        self.assertIn(('same-address', '/b/providers/h:1'), self.faults())

    def test_services_in_services(self):
        """Nodes below a service's are not taken for its servers."""
        self.client.import_tree('''
            /providers
              /h:1
                /x
              /sub
                /providers
            ''', '/a', trim=False)
        self.client.register('/a/providers/sub/providers', 'h:2')
        self.client.register('/a/providers', 'h:3')
        found = self.read('/a')
        self.assertEqual(
            ['/a/providers/h:3', '/a/providers/sub/providers/h:2'],
            sorted(each.path for each in found.servers))
        self.assertEqual([], self.faults())

    def test_many_links(self):
        """Links are followed in bulk, whatever their number."""
        self.client.set('/a', '{{{}}}'.format(', '.join(
            f'"l{number} ->": "/{"b" if number % 100 else "x"}"'
            for number in range(1_000))))
        self.read('/a')
        self.assertEqual([('broken-link', '/a')] * 10, self.faults())

    def test_many_children(self):
        """A list of children near the limit is found."""
        zk = self.zk(jute_maxbuffer=2_000)
        for number in range(100):
            zk.create(f'/a/some-longer-name-{number}', b'')
        self.read('/a', zk)
        self.assertEqual([('many-children', '/a')], self.faults())

    def test_gone(self):
        """A registry that is empty has no faults."""
        self.client.delete_recursive('/a')
        self.client.delete_recursive('/b')
        self.read()
        self.assertEqual([], self.faults())


class Acls(Case):

    def setUp(self):
        super().setUp()
        self.client.client.add_auth('digest', 'some:one')
        self.mine = make_digest_acl('some', 'one', all=True)
        self.reader = self.zk()

    def set(self, path, *acl):
        self.client.client.set_acls(path, list(acl))
        # On a real server, others clean up.
        self.addCleanup(self.client.client.set_acls, path, OPEN_ACL_UNSAFE)

    def test_registering(self):
        """A service where we may not register is found, unless we may."""
        self.set('/a/providers', self.mine,
                 make_acl('world', 'anyone', read=True))
        self.read('/a', self.reader)
        self.assertEqual(
            [('forbids-registering', '/a/providers')], self.faults())
        self.read('/a', self.zk(auth_data=[('digest', 'some:one')]))
        self.assertEqual([], self.faults())

    def test_reading(self):
        """A node that we may not read is found, and the rest is read."""
        self.set('/a/providers', self.mine)
        self.client.register('/b/providers', 'h:1')
        found = self.read('/', self.reader)
        self.assertIn(('forbids-reading', '/a/providers'), self.faults())
        self.assertEqual(1, len(found.servers))

    def test_top(self):
        """So is the node where we begin."""
        self.set('/a', self.mine)
        self.read('/a', self.reader)
        self.assertEqual([('forbids-reading', '/a')], self.faults())


class Churn(Case):

    def test_changes(self):
        """What comes and goes is counted for each service."""
        found = self.read()
        for _ in range(3):
            self.client.register('/a/providers', 'h:1')
            self.client.unregister('/a/providers', 'h:1')
        self.client.delete_recursive('/b')
        changes = dict(found.churn())
        self.assertEqual(['/a/providers'], list(changes))
        # Leaving may be said by a transaction with more changes.
        self.assertGreaterEqual(changes['/a/providers'], 6)


class RealPath(Case):

    def real_path(self, path):
        return registry.real_path(self.client, self.findings, path)

    def test_link(self):
        """A path leads through links."""
        self.assertEqual('/b/providers', self.real_path('/a/b/providers'))
        self.assertEqual('/', self.real_path('/'))
        self.assertEqual([], self.findings.all())

    def test_faults(self):
        """One that leads nowhere is a fault, with its steps."""
        self.assertIsNone(self.real_path('/a/b/x'))
        self.assertIsNone(self.real_path('/q'))
        link, node = self.findings.all()
        self.assertEqual('broken-link', link.rule)
        self.assertIn('/a/b/x -> /b/x: there is no node /b/x', link.fault)
        self.assertEqual(('no-node', 'there is no node /q'),
                         (node.rule, node.fault))
