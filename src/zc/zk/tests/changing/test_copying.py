"""Tests of copying: what others change meanwhile."""
from __future__ import annotations

import io

from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_acl

from zc.zk._changing import copying
from zc.zk._commands.progress import Progress
from zc.zk._commands.streams import Failure
from zc.zk.tests.servercase import ServerCase


class Races(ServerCase):

    def setUp(self):
        super().setUp()
        self.zk.import_tree('/a\n  x = 1\n  /b\n')
        self.nodes, servers = copying.read(self.zk, '/a', '/n')
        self.assertEqual([], servers)

    def refused(self, said, away=True):
        before = self.zk.export_tree('/')
        with self.assertRaisesRegex(Failure, said):
            copying.copy(self.zk, self.nodes, away,
                         Progress(io.StringIO(), ''))
        self.assertEqual(before, self.zk.export_tree('/'))

    def test_made(self):
        """A node that comes in the way."""
        self.other.create('/n')
        self.refused('there is a node /n now; nothing was done', away=False)

    def test_changed(self):
        """A node that changes before it is moved."""
        self.other.set('/a/b', b'{}')
        self.refused('/a/b was changed by another client meanwhile')

    def test_grown(self):
        """A node that grows before it is moved."""
        self.other.create('/a/b/c')
        self.refused('/a/b was changed by another client meanwhile')

    def test_forbidden(self):
        """A node that we may not make."""
        self.zk.client.set_acls(
            '/', [make_acl('world', 'anyone', read=True, admin=True)])
        self.addCleanup(self.zk.client.set_acls, '/', OPEN_ACL_UNSAFE)
        self.refused('no permission to write or delete /n; nothing was done')

    def test_moved(self):
        """All is moved at once."""
        copying.copy(self.zk, self.nodes, True, Progress(io.StringIO(), ''))
        self.assertEqual('/n\n  x = 1\n  /b\n', self.zk.export_tree('/'))
