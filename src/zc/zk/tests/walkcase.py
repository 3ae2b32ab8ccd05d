"""A base for tests of what reads live trees."""
from __future__ import annotations

import json

from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_digest_acl

from zc.zk._session.requests import Bulk
from zc.zk._transfer import export as _export
from zc.zk._transfer import walk as _walk
from zc.zk.tests.base import ZooKeeperCase


TREE = '''\
/top : t
  x = 1
  y = 'é'
  p => /q r
  a -> /b
  /a
    /b
  /c
    /providers
'''


class CountingBulk(Bulk):
    """Counts what is read."""

    reads = 0

    def read_async(self, wanted):
        self.reads += len(wanted)
        return super().read_async(wanted)


class WalkCase(ZooKeeperCase):

    tree = TREE

    def setUp(self):
        super().setUp()
        self.me = self.zk()
        self.bulk = CountingBulk(self.me.client)

    def walk(self, path='/top', ephemeral=True, children=False):
        return _walk.walk(self.bulk, path, ephemeral, children)

    def export(self, path='/top', ephemeral=False, name=None):
        return ''.join(line + '\n' for line in _export.export_lines(
            self.bulk, path, ephemeral, name))

    def json(self, path='/top', ephemeral=False):
        return [json.loads(line) for line in _export.export_json(
            self.bulk, path, ephemeral, self.fail)]

    def hide(self, path):
        """Make a node that may not be read."""
        self.me.client.set_acls(
            path, [make_digest_acl('u', 'p', all=True)])
        self.addCleanup(self.me.client.set_acls, path, OPEN_ACL_UNSAFE)
        self.addCleanup(self.me.client.add_auth, 'digest', 'u:p')
