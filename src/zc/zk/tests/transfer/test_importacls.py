"""The access control lists of what is imported."""
from __future__ import annotations

import contextlib
from unittest import mock

from kazoo.exceptions import InvalidACLError
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError
from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import READ_ACL_UNSAFE
from kazoo.security import make_acl
from kazoo.security import make_digest_acl

from zc.zk._transfer import commit as _apply
from zc.zk.errors import ImportFailed
from zc.zk.errors import TreeChanged
from zc.zk.tests.transfercase import NO_WRITE
from zc.zk.tests.transfercase import TransferCase


#: Not the usual ACL, yet open: a test's nodes are deleted at its end.
OTHER_ACL = [make_acl('world', 'anyone', all=True),
             make_acl('ip', '127.0.0.1', read=True)]
#: Nobody may set the ACL.
NO_ADMIN = [make_acl('world', 'anyone', read=True, write=True, create=True,
                     delete=True)]


class AclTests(TransferCase):

    def acl(self, path):
        return self.other.client.get_acls(path)[0]

    def test_without_an_acl(self):
        """New nodes are open to all, existing nodes keep their ACLs."""
        self.other.create('/top/a', '{}', acl=OTHER_ACL)
        self.load('/a\n  x = 1\n  /b')
        self.assertEqual(self.acl('/top/a'), OTHER_ACL)
        self.assertEqual(self.acl('/top/a/b'), OPEN_ACL_UNSAFE)

    def test_with_an_acl(self):
        """All imported nodes get it, and no others."""
        self.load('/a\n  /b\n  /c')
        self.load('/a\n  /b\n  /d', acl=OTHER_ACL)
        for name in ('a', 'a/b', 'a/d'):
            self.assertEqual(self.acl(f'/top/{name}'), OTHER_ACL)
        self.assertEqual(self.acl('/top/a/c'), OPEN_ACL_UNSAFE)
        self.assertEqual(self.acl('/top'), OPEN_ACL_UNSAFE)

    def test_equal_acls_are_not_written(self):
        """The ACL of a node that has it already is left alone."""
        self.load('/a', acl=OTHER_ACL)
        before = self.other.get('/top/a')[1]
        self.load('/a', acl=OTHER_ACL)
        self.assertEqual(self.other.get('/top/a')[1], before)

    def test_ephemeral_nodes_keep_theirs(self):
        """The ACL of a server's node is its own."""
        self.load('/providers')
        self.other.register('/top/providers', '1.2.3.4:80')
        pid = self.other.get_properties('/top/providers/1.2.3.4:80')['pid']
        self.load(f'/providers\n  /1.2.3.4:80\n    pid = {pid}',
                  acl=OTHER_ACL)
        self.assertEqual(self.acl('/top/providers/1.2.3.4:80'),
                         READ_ACL_UNSAFE)

    def test_changed_meanwhile(self):
        """An ACL that another client changes in between is read again."""
        self.load('/a')
        acls = self.bulk.acls
        mine = make_acl('world', 'anyone', all=True)
        mine = [mine, make_acl('ip', '127.0.0.1', all=True)]

        def racing(paths):
            found = acls(paths)
            if races:
                self.other.client.set_acls('/top/a', races.pop())
            return found

        races = [mine]
        with mock.patch.object(self.bulk, 'acls', racing):
            self.load('/a', acl=OTHER_ACL)
        self.assertEqual(self.acl('/top/a'), OTHER_ACL)
        races = [OTHER_ACL, mine] * _apply.ROUNDS
        with mock.patch.object(self.bulk, 'acls', racing), \
                self.assertRaises(TreeChanged) as caught:
            self.load('/a', acl=OPEN_ACL_UNSAFE)
        self.assertEqual(caught.exception.path, '/top/a')

    def test_deleted_meanwhile(self):
        """A node that is gone when its ACL is set needs none."""
        self.load('/a\n/b')
        acls = self.bulk.acls

        def racing(paths):
            self.other.delete_recursive('/top/a')
            found = acls(paths)
            self.other.delete_recursive('/top/b')
            return found

        with mock.patch.object(self.bulk, 'acls', racing), \
                contextlib.suppress(NoNodeError):
            self.load('/a\n/b', acl=OTHER_ACL)
        self.check('/top\n')

    def test_not_readable(self):
        """A node that may not be read is named, and nothing is written."""
        secret = make_digest_acl('user', 'password', all=True)
        self.load('/a\n  /b')
        self.other.client.add_auth('digest', 'user:password')
        self.other.client.set_acls('/top/a/b', [secret])
        for trim, text in [(None, '/a\n  /b\n/c'), (True, '/a\n/c')]:
            with self.assertRaises(NoAuthError) as caught:
                self.load(text, trim=trim)
            self.assertEqual(str(caught.exception), '/top/a/b')
        self.assertIsNone(self.other.exists('/top/c'))
        self.assertEqual(self.load('/a\n/c', trim=None),
                         ['extra path not trimmed: /top/a/b'])
        self.other.client.set_acls('/top/a/b', OPEN_ACL_UNSAFE)

    def test_not_writable(self):
        """A node that may not be written is named, and nothing is written.
        """
        self.load('/a\n  /b')
        self.other.client.set_acls('/top/a/b', NO_WRITE)
        with self.assertRaises(NoAuthError) as caught:
            self.load('/0\n/a\n  /b\n    x = 1')
        self.assertEqual(str(caught.exception), '/top/a/b')
        self.assertIsNone(self.other.exists('/top/0'))

    def test_no_administrator(self):
        """A node whose ACL may not be set is named; the data are written.
        """
        self.load('/a')
        self.other.client.set_acls('/top/a', NO_ADMIN)
        with self.assertRaises(NoAuthError) as caught:
            self.load('/a', acl=OTHER_ACL)
        self.assertEqual(str(caught.exception), '/top/a')
        with self.assertRaises(ImportFailed) as caught:
            self.load('/a\n  x = 1', acl=OTHER_ACL)
        self.assertEqual(
            (caught.exception.path, caught.exception.applied),
            ('/top/a', ('/top/a',)))

    def test_bad_acl(self):
        """An ACL that the server does not take is an error with a path."""
        with self.assertRaises(InvalidACLError) as caught:
            self.load('/a', acl=[])
        self.assertEqual(str(caught.exception), '/top/a')
