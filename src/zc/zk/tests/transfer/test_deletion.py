"""Tests of _deletion: live trees, deleted by a plan."""
from __future__ import annotations

from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError
from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_acl

from zc.zk._transfer.deletion import Deletion
from zc.zk._transfer.present import read_branches
from zc.zk.errors import PathError
from zc.zk.tests.transfercase import TransferCase


NO_DELETE = [make_acl('world', 'anyone', read=True, write=True, create=True,
                      admin=True)]


class DeleteTests(TransferCase):

    def test_delete(self):
        """A node goes with all below it, in one transaction."""
        self.load('/a\n  /b\n    /c\n  /d')
        self.bulk.commits.clear()
        self.assertEqual(self.remove('/top/a'), [])
        self.assertTrue(self.whole)
        self.check('/top\n')
        self.assertEqual(self.operations(), [
            [('Delete', '/top/a/b/c'), ('Delete', '/top/a/b'),
             ('Delete', '/top/a/d'), ('Delete', '/top/a')]])

    def test_dry_run(self):
        """A dry run prints what would go, children first."""
        self.load('/a\n  /b')
        self.assertEqual(
            self.remove('/top/a', dry_run=True),
            ['would delete /top/a/b.', 'would delete /top/a.'])
        self.check('/top\n  /a\n    /b\n')

    def test_missing(self):
        """A node that is not there cannot be deleted."""
        for dry_run in (False, True):
            with self.assertRaises(NoNodeError) as caught:
                self.remove('/top/none', dry_run)
            self.assertEqual(str(caught.exception), '/top/none')

    def test_root(self):
        """The root cannot be deleted, so nothing below it is."""
        with self.assertRaises(PathError):
            self.remove('/')
        self.check('/top\n')

    def test_ephemeral(self):
        """Ephemeral nodes stay, with those above, unless it is forced."""
        self.load('/a\n  /b\n  /providers')
        self.other.register('/top/a/providers', '1.2.3.4:80')
        self.assertEqual(self.remove('/top/a', dry_run=True), [
            'would delete /top/a/b.',
            "wouldn't delete /top/a/providers/1.2.3.4:80 because it's "
            'ephemeral.',
            '/top/a/providers not deleted due to ephemeral descendent.',
            '/top/a not deleted due to ephemeral descendent.'])
        self.assertEqual(self.remove('/top/a'), [
            "Not deleting /top/a/providers/1.2.3.4:80 because it's "
            'ephemeral.',
            '/top/a/providers not deleted due to ephemeral descendent.',
            '/top/a not deleted due to ephemeral descendent.'])
        self.assertFalse(self.whole)
        self.check('/top\n  /a\n    /providers\n')
        self.assertEqual(
            self.remove('/top/a/providers/1.2.3.4:80', ignore=True), [])
        self.assertEqual(
            self.remove('/top/a', dry_run=True, force=True), [
                'would delete /top/a/providers/1.2.3.4:80.',
                'would delete /top/a/providers.', 'would delete /top/a.'])
        self.assertEqual(self.remove('/top/a', force=True), [])
        self.check('/top\n')

    def test_grew_a_child(self):
        """A node that grew a child meanwhile stays and is named."""
        self.load('/a\n  /b\n  /c')
        self.bulk.races = [lambda: self.other.create('/top/a/b/new', '{}')]
        because = ('not deleted because it is new or changed, or has such a '
                   'node below it.')
        self.assertEqual(self.remove('/top/a'), [
            f'/top/a/b/new {because}', f'/top/a/b {because}',
            f'/top/a {because}'])
        self.check('/top\n  /a\n    /b\n      /new\n')

    def test_made_anew(self):
        """A node that was deleted and made anew meanwhile stays."""
        self.load('/a\n  /b')

        def again():
            self.other.delete('/top/a/b')
            self.other.create('/top/a/b', '{"x":1}')
            self.other.set('/top/a/b', '{"x":2}')

        self.bulk.races = [again]
        self.assertEqual(len(self.remove('/top/a')), 2)
        self.check('/top\n  /a\n    /b\n      x = 2\n')

    def test_changed_meanwhile(self):
        """A node whose data changed meanwhile is read again, and deleted.
        """
        self.load('/a\n  /b')
        self.bulk.races = [lambda: self.other.set('/top/a/b', '{"x":2}')]
        self.assertEqual(self.remove('/top/a'), [])
        self.check('/top\n')

    def test_deleted_meanwhile(self):
        """What another client deletes meanwhile is no error."""
        self.load('/a\n  /b\n  /c')
        self.bulk.races = [lambda: self.other.delete_recursive('/top/a/b'),
                           lambda: self.other.delete_recursive('/top/a')]
        self.assertEqual(self.remove('/top/a'), [])
        self.assertTrue(self.whole)
        self.check('/top\n')

    def test_not_allowed(self):
        """A node that may not be deleted is named."""
        self.load('/a\n  /b\n    /c')
        self.other.client.set_acls('/top/a/b', NO_DELETE)
        with self.assertRaises(NoAuthError) as caught:
            self.remove('/top/a')
        self.assertEqual(str(caught.exception), '/top/a/b/c')
        self.check('/top\n  /a\n    /b\n      /c\n')
        self.other.client.set_acls('/top/a/b', OPEN_ACL_UNSAFE)

    def test_exactly(self):
        """If asked to, it leaves a node whose data changed meanwhile."""
        self.load('/a\n  /b\n  /c')
        self.bulk.races = [lambda: self.other.set('/top/a/b', '{"x":2}')]
        work = Deletion(self.bulk, '/top/a', False, exactly=True)
        steps = work.apply()
        self.assertEqual(
            ['/top/a/b', '/top/a'],
            [step.path for step in steps if hasattr(step, 'reason')])
        self.assertEqual(['/top/a/c'], work.applied)
        self.check('/top\n  /a\n    /b\n      x = 2\n')

    def test_no_text(self):
        """Reading branches tells which nodes text cannot describe."""
        self.load('/a\n  /b\n  /c')
        self.other.set('/top/a', b'{"x": NaN}')
        self.other.set('/top/a/b', b'\xff')
        found = set()
        branches = read_branches(self.bulk, ['/top/a', '/top/none'], found)
        self.assertEqual({'/top/a', '/top/a/b'}, found)
        self.assertEqual(['/top/a', '/top/a/b', '/top/a/c'],
                         sorted(branches))
