"""What tests of imports and deletions share: races with other clients."""
from __future__ import annotations

import textwrap

from kazoo.security import make_acl

from zc.zk._session.requests import Bulk
from zc.zk._transfer import importer
from zc.zk._tree.parser import parse_tree
from zc.zk.tests.base import ZooKeeperCase


#: Nobody may write the data.
NO_WRITE = [make_acl('world', 'anyone', read=True, create=True, delete=True,
                     admin=True)]


class RacingBulk(Bulk):
    """A Bulk that lets others act before it commits."""

    def __init__(self, client):
        super().__init__(client)
        self.races = []
        self.commits = []

    def commit_async(self, ops):
        if self.races:
            self.races.pop(0)()
        self.commits.append(list(ops))
        return super().commit_async(ops)


class TransferCase(ZooKeeperCase):

    tree = '/top\n'

    def setUp(self):
        super().setUp()
        self.me = self.zk()
        self.other = self.zk()
        self.bulk = RacingBulk(self.me.client)

    def load(self, text, path='/top', trim=None, acl=None, dry_run=False):
        """Import, and return the lines printed."""
        lines = []
        importer.import_tree(
            self.bulk, parse_tree(textwrap.dedent(text)), path, trim, acl,
            dry_run, lines.append)
        return lines

    def remove(self, path, dry_run=False, force=False, ignore=False):
        """Delete, and return the lines printed."""
        lines = []
        self.whole = importer.delete_recursive(
            self.bulk, path, dry_run, force, ignore, lines.append)
        return lines

    def text(self, path='/top', **keywords):
        return self.other.export_tree(path, **keywords)

    def check(self, text):
        self.assertEqual(self.text(), textwrap.dedent(text))

    def operations(self):
        """Return what was committed, as names and paths."""
        return [[(type(op).__name__, op.path) for op in ops]
                for ops in self.bulk.commits]
