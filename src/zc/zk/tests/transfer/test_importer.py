"""Tests of importer and _apply: imports and deletions of live trees."""
from __future__ import annotations

import contextlib
import threading
from unittest import mock

from hypothesis import given
from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import InvalidACLError
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError
from kazoo.exceptions import OperationTimeoutError
from kazoo.exceptions import SessionExpiredError
from kazoo.protocol.states import KazooState
from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import READ_ACL_UNSAFE
from kazoo.security import make_acl
from kazoo.security import make_digest_acl

from zc.zk._session.requests import Bulk
from zc.zk._transfer import commit as _apply
from zc.zk._transfer import importer
from zc.zk._tree.model import Node
from zc.zk._tree.parser import parse_tree
from zc.zk._tree.writer import tree_lines
from zc.zk.errors import DataError
from zc.zk.errors import ImportFailed
from zc.zk.errors import TooLarge
from zc.zk.errors import TreeChanged
from zc.zk.errors import ValueNotStorable
from zc.zk.tests import trees
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for
from zc.zk.tests.servercase import ServerCase
from zc.zk.tests.transfercase import TransferCase


class ImportTests(TransferCase):

    def test_parents_first_deletes_last(self):
        """One transaction creates, changes and deletes, in this order."""
        self.load('/a\n  /b\n  /x\n    /y\n/c\n  v = 1')
        self.load('/a\n  /n\n    /m\n/c\n  v = 2', trim=True)
        self.assertEqual(self.operations(), [
            [('Create', '/top/a'), ('Create', '/top/a/b'),
             ('Create', '/top/a/x'), ('Create', '/top/a/x/y'),
             ('Create', '/top/c')],
            [('Create', '/top/a/n'), ('Create', '/top/a/n/m'),
             ('SetData', '/top/c'), ('Delete', '/top/a/b'),
             ('Delete', '/top/a/x/y'), ('Delete', '/top/a/x')]])
        self.check('''\
            /top
              /a
                /n
                  /m
              /c
                v = 2
        ''')

    def test_what_is_equal_is_not_written(self):
        """An import of what is there sends no transaction."""
        text = trees.big_text(50)
        self.load(text)
        before = self.other.get('/top/node-000000/node-000001')[1]
        self.bulk.commits.clear()
        self.assertEqual(self.load(text), [])
        self.assertEqual(self.bulk.commits, [])
        self.assertEqual(
            self.other.get('/top/node-000000/node-000001')[1], before)

    def test_one_change_writes_one_node(self):
        """Of a big tree with one changed property, one node is written."""
        text = trees.big_text(3000)
        self.load(text)
        self.bulk.commits.clear()
        self.load(text.replace("'10.0.0.77:80'", "'10.0.0.1:80'"))
        self.assertEqual(
            [[op.path for op in ops] for ops in self.bulk.commits],
            [['/top/node-000000/node-000003/node-000077']])

    def test_several_transactions(self):
        """A tree of many nodes goes in several transactions."""
        text = trees.big_text(3000)
        self.load(text)
        self.assertEqual(len(self.bulk.commits), 3)
        self.assertEqual(self.text('/top/node-000000'), text)
        self.bulk.commits.clear()
        self.assertEqual(self.load('/node-000000', trim=True), [])
        self.check('/top\n  /node-000000\n')
        self.assertEqual(len(self.bulk.commits), 4)

    def test_dry_run(self):
        """A dry run prints and writes nothing."""
        self.load('/a\n  v = 1\n  /b')
        self.bulk.commits.clear()
        self.assertEqual(
            self.load('/a\n  v = 2\n/c\n  /d', dry_run=True),
            ['/top/a v change from 1 to 2',
             'extra path not trimmed: /top/a/b', 'add /top/c'])
        self.assertEqual(
            self.load('/a\n  v = 2\n/c\n  /d', dry_run=True, trim=True),
            ['/top/a v change from 1 to 2', 'would delete /top/a/b.',
             'add /top/c'])
        self.assertEqual(self.bulk.commits, [])

    def test_extra_paths(self):
        """Extra paths are named, left or deleted, as trim says."""
        self.load('/a\n  /b\n    /c')
        self.assertEqual(self.load('/a'),
                         ['extra path not trimmed: /top/a/b'])
        self.assertEqual(self.load('/a', trim=False), [])
        self.assertEqual(self.load('/a', trim=True), [])
        self.check('/top\n  /a\n')
        self.assertEqual(self.load('/z', trim=True), [])
        self.check('/top\n  /a\n  /z\n')

    def test_missing_path(self):
        """The node below which to import must be there."""
        for dry_run in (False, True):
            with self.assertRaises(NoNodeError) as caught:
                self.load('/a', path='/none', dry_run=dry_run)
            self.assertEqual(str(caught.exception), '/none')

    def test_root(self):
        """A tree may go to the root."""
        self.load('/a\n  /b', path='/')
        self.assertEqual(self.text('/a'), '/a\n  /b\n')

    def test_empty(self):
        """An empty tree does nothing."""
        self.assertEqual(self.load('', trim=True), [])
        self.assertEqual(self.bulk.commits, [])

    def test_ephemeral_nodes_stay(self):
        """Servers are neither trimmed nor overwritten, and it is said."""
        self.load('/a\n  /providers')
        self.other.register('/top/a/providers', '1.2.3.4:80')
        before = self.text(ephemeral=True)
        self.assertEqual(self.load('/a\n  /providers', trim=True), [])
        self.assertEqual(self.load('/a', trim=True), [
            "Not deleting /top/a/providers/1.2.3.4:80 because it's "
            'ephemeral.',
            '/top/a/providers not deleted due to ephemeral descendent.'])
        self.assertEqual(
            self.load('/a\n  /providers\n    /1.2.3.4:80\n      x = 1'), [
                "Not changing /top/a/providers/1.2.3.4:80 because it's "
                'ephemeral.'])
        with self.assertRaises(ImportFailed):
            self.load('/a\n  /providers\n    /1.2.3.4:80\n      /x')
        self.assertEqual(self.text(ephemeral=True), before)

    def test_binary_data(self):
        """Data that are not UTF-8 stop an import that would replace them.
        """
        self.load('/a\n  /b')
        self.other.set('/top/a/b', b'\xff\xfe')
        for dry_run in (False, True):
            with self.assertRaises(DataError) as caught:
                self.load('/a\n  x = 1\n  /b\n/c', dry_run=dry_run)
            self.assertEqual(caught.exception.path, '/top/a/b')
        self.assertEqual(self.other.get('/top/a/b')[0], b'\xff\xfe')
        self.assertIsNone(self.other.exists('/top/c'))
        # It is no matter where nothing is said of the node.
        self.load('/a', trim=False)

    def test_too_large(self):
        """Nothing is written when one node is too large for any request."""
        with self.assertRaises(TooLarge) as caught:
            self.load(f"/a\n/b\n  x = '{'x' * 1_100_000}'")
        self.assertEqual(caught.exception.path, '/top/b')
        self.check('/top\n')

    def test_not_storable(self):
        """Nothing is written when JSON cannot hold a value."""
        tree = Node(a=Node(), b=Node('', {'x': {1}}))
        with self.assertRaises(ValueNotStorable) as caught:
            importer.import_tree(
                self.bulk, tree, '/top', None, None, False, print)
        self.assertEqual(caught.exception.path, '/top/b')
        self.check('/top\n')

    def test_many_bytes(self):
        """Nodes that are too large together go one after the other."""
        text = ''.join(
            f"  /n{number}\n    x = '{'x' * 400_000}'\n"
            for number in range(5))
        self.load('/a\n' + text)
        self.assertEqual(len(self.bulk.commits), 3)
        self.assertEqual(self.text('/top/a'), '/a\n' + text)

    def test_deep(self):
        """A tree may be deep."""
        tree = node = Node()
        for _ in range(150):
            child = Node('x')
            node.children['x'] = child
            node = child
        importer.import_tree(
            self.bulk, tree, '/top', None, None, False, print)
        text = ''.join(f'{line}\n' for line in tree_lines(tree))
        self.assertEqual(self.text('/top/x'), text)
        self.remove('/top/x')
        self.check('/top\n')

    @trees.few
    @given(trees.trees)
    def test_round_trip(self, tree):
        """Import then export gives the same text; again, nothing."""
        for _, node in tree.walk():
            for key in node.properties:
                if key.endswith(' =>'):
                    node.properties[key] = '../x y'     # others are refused
        lines = list(tree_lines(tree))
        self.me.delete_recursive('/top')
        self.me.create('/top', '{}')
        importer.import_tree(
            self.bulk, tree, '/top', True, None, False, print)
        got = list(importer.export_lines(self.bulk, '/top', True, None))
        got = '\n'.join(got[1:]).split('\n') if got[1:] else []
        self.assertEqual([line[2:] for line in got], lines)
        again = importer.Import(
            self.bulk, parse_tree('\n'.join(lines)), '/top', True, None)
        self.assertEqual(again.plan(), [])


#: Not the usual ACL, yet open: a test's nodes are deleted at its end.
OTHER_ACL = [make_acl('world', 'anyone', all=True),
             make_acl('ip', '127.0.0.1', read=True)]
#: Nobody may write the data.
NO_WRITE = [make_acl('world', 'anyone', read=True, create=True, delete=True,
                     admin=True)]
#: Nobody may delete nodes below.
NO_DELETE = [make_acl('world', 'anyone', read=True, admin=True)]
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


class RaceTests(TransferCase):

    def test_changed_meanwhile(self):
        """What another client wrote is read and planned with anew."""
        self.load('/a\n  x = 1\n  y = 1')
        self.bulk.races = [
            lambda: self.other.set('/top/a', '{"x":5}'),
            lambda: self.other.create('/top/b', '{}'),
            lambda: self.other.delete('/top/a'),
        ]
        self.load('/a\n  x = 2\n/b\n  /c')
        self.check('''\
            /top
              /a
                x = 2
              /b
                /c
        ''')
        self.assertEqual(len(self.bulk.commits), 5)

    def test_applied_before_a_change(self):
        """An import that gives up says which paths it has written."""
        self.load('/a\n  x = 1')
        self.bulk.batch_bytes = 1       # each operation in one of its own
        count = []

        def write():
            count.append(1)
            self.other.set('/top/a', f'{{"x":{100 + len(count)}}}')

        self.bulk.races = [write] * 100
        with self.assertRaises(TreeChanged) as caught:
            self.load('/0\n/a\n  x = 2\n/b')
        self.assertEqual(('/top/0', '/top/b'), caught.exception.applied)
        self.assertIn('already written: /top/0, /top/b',
                      str(caught.exception))

    def test_trim_deletes_what_was_read(self):
        """A node whose data change after the first plan stays."""
        self.load('/a\n  /b\n  /c')
        self.bulk.races = [lambda: self.other.set('/top/a/b', '{"x":1}')]
        because = ('not deleted because it is new or changed, or has such a '
                   'node below it.')
        self.assertEqual([f'/top/a/b {because}'], self.load('/a', trim=True))
        self.check("""\
            /top
              /a
                /b
                  x = 1
        """)

    def test_equal_meanwhile(self):
        """Two importers of one tree do not hinder each other."""
        text = trees.big_text(30)
        self.bulk.races = [lambda: self.other.import_tree(text, '/top')]
        self.assertEqual(self.load(text), [])
        self.assertEqual(self.text('/top/node-000000'), text)

    def test_nothing_is_overwritten_unseen(self):
        """A node that is changed each time fails the import by its path."""
        self.load('/a\n  x = 1')
        count = []

        def write():
            count.append(1)
            self.other.set('/top/a', f'{{"x":{100 + len(count)}}}')

        self.bulk.races = [write] * 100
        with self.assertRaises(TreeChanged) as caught:
            self.load('/a\n  x = 2\n/b')
        self.assertEqual(
            (caught.exception.path, caught.exception.rounds),
            ('/top/a', _apply.ROUNDS))
        self.assertEqual(
            self.other.get_properties('/top/a'),
            {'x': 100 + _apply.ROUNDS})
        self.assertIsNone(self.other.exists('/top/b'))

    def test_whole_or_not_at_all(self):
        """A transaction that fails leaves nothing of it."""
        self.load('/a\n  x = 1')
        with mock.patch.object(_apply, 'ROUNDS', 1), \
                self.assertRaises(TreeChanged):
            self.bulk.races = [lambda: self.other.set('/top/a', '{}')]
            self.load('/0\n/a\n  x = 2\n/b')
        self.check('/top\n  /a\n')

    def test_importers_at_once(self):
        """Importers at the same time all succeed, one after the other."""
        text = trees.big_text(200)
        errors = []

        def load(zk, value):
            try:
                for number in range(3):
                    zk.import_tree(text.replace(
                        '  threads = ', f'  threads = {value}{number}'),
                        '/top')
            except Exception as e:
                errors.append(e)

        # Each is hindered by the other three times at most.
        threads = [threading.Thread(target=load, args=(zk, value))
                   for zk, value in ((self.me, 1), (self.other, 2))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        self.assertIn(self.text('/top/node-000000'), [
            text.replace('  threads = ', f'  threads = {value}2')
            for value in (1, 2)])

    def test_registering_meanwhile(self):
        """A server that registers where a node goes keeps the node."""
        self.load('/a\n  /providers')
        self.bulk.races = [
            lambda: self.other.register('/top/a/providers', '1.2.3.4:80')]
        self.assertEqual(self.load('/a', trim=True), [
            "Not deleting /top/a/providers/1.2.3.4:80 because it's "
            'ephemeral.',
            '/top/a/providers not deleted due to ephemeral descendent.'])
        self.assertTrue(self.other.exists('/top/a/providers/1.2.3.4:80'))

    def test_trim_deletes_what_was_planned(self):
        """A node that comes below an extra path meanwhile stays."""
        self.load('/a\n  /x\n    /y\n  /z')
        self.bulk.races = [lambda: self.other.create('/top/a/x/new', '{}')]
        because = ('not deleted because it is new or changed, or has such a '
                   'node below it.')
        self.assertEqual(self.load('/a', trim=True), [
            f'/top/a/x/new {because}', f'/top/a/x {because}'])
        self.check('/top\n  /a\n    /x\n      /new\n')

    def test_half_way(self):
        """An import that stops half way says what it has written."""
        self.load('/a\n  /b')
        self.other.client.set_acls('/top/a/b', NO_WRITE)
        more = ''.join(f'/n{number:04}\n' for number in range(1500))
        with self.assertRaises(ImportFailed) as caught:
            self.load(more + '/z\n/a\n  /b\n    x = 1\n')
        # /a/b comes first by name, so only the second transaction works.
        error = caught.exception
        self.assertEqual(error.path, '/top/a/b')
        self.assertIn('NoAuthError', error.reason)
        for path in error.applied:
            self.assertTrue(self.other.exists(path))
        self.assertEqual(len(error.applied), 502)
        # Once the reason is gone, the same import completes it.
        self.other.client.set_acls('/top/a/b', OPEN_ACL_UNSAFE)
        self.load(more + '/z\n/a\n  /b\n    x = 1\n')
        self.assertEqual(self.other.get_properties('/top/a/b'), {'x': 1})
        self.assertEqual(len(self.other.get_children('/top')), 1502)


class ExpiredSessionTests(ServerCase):

    def setUp(self):
        """The session has expired, and there is no other yet."""
        super().setUp()
        lost = threading.Event()

        def listener(state):
            if state == KazooState.LOST:
                self.server.refuse()
                lost.set()

        self.zk.client.add_listener(listener)
        self.server.expire(self.zk.client.client_id[0])
        self.assertTrue(lost.wait(DEADLINE))
        self.zk.client.remove_listener(listener)
        with self.assertRaises(SessionExpiredError):
            self.zk.client.exists('/')

    def test_import(self):
        """An import waits for the new session."""
        listeners = len(self.zk.client.state_listeners)
        done = []
        thread = threading.Thread(
            target=lambda: done.append(self.zk.import_tree('/a\n  /b\n')))
        thread.start()
        wait_for(lambda: not thread.is_alive()
                 or len(self.zk.client.state_listeners) > listeners)
        self.server.refuse(False)
        thread.join(DEADLINE)
        self.assertEqual(done, [None])
        self.assertEqual(self.other.retry(
            self.other.get_children, '/a'), ['b'])
        self.assertEqual(len(self.zk.client.state_listeners), listeners)

    def test_no_other_session(self):
        """It does not wait for ever."""
        bulk = Bulk(self.zk.client, timeout=0.1)
        with self.assertRaises(OperationTimeoutError) as caught:
            importer.delete_recursive(
                bulk, '/a', False, False, False, print)
        self.assertEqual(
            str(caught.exception), 'no connection within 0.1 seconds')
        self.server.refuse(False)


class LostConnectionTests(TransferCase):

    def lose(self, count, commit):
        """Make `count` transactions look lost, committed or not."""
        real = self.bulk.commit_async

        def lossy(ops):
            nonlocal count
            if not count:
                return real(ops)
            count -= 1
            if commit:
                real(ops).get()
            pending = mock.Mock(ops=ops)
            pending.get.side_effect = ConnectionLoss()
            return pending

        return mock.patch.object(self.bulk, 'commit_async', lossy)

    def test_reply_lost(self):
        """A transaction whose reply was lost is found to be applied."""
        with self.lose(1, commit=True):
            self.assertEqual(self.load('/a\n  /b'), [])
        self.check('/top\n  /a\n    /b\n')

    def test_request_lost(self):
        """A transaction that was not applied is sent again."""
        with self.lose(1, commit=False):
            self.assertEqual(self.load('/a\n  /b'), [])
        self.check('/top\n  /a\n    /b\n')

    def test_no_connection(self):
        """After some rounds the loss of the connection is raised."""
        with self.lose(100, commit=False), \
                self.assertRaises(ConnectionLoss) as caught:
            self.load('/a')
        self.assertEqual(str(caught.exception), '/top/a')

    def test_no_connection_half_way(self):
        """What has no reply is where the import stopped."""
        real = self.bulk.commit_async

        def lossy(ops):
            if ops[0].path < '/top/n1000':
                return real(ops)
            pending = mock.Mock(ops=ops)
            pending.get.side_effect = ConnectionLoss()
            return pending

        text = ''.join(f'/n{number:04}\n' for number in range(1200))
        with mock.patch.object(self.bulk, 'commit_async', lossy), \
                self.assertRaises(ImportFailed) as caught:
            self.load(text)
        self.assertEqual(caught.exception.path, '/top/n1000')
        self.assertIn('ConnectionLoss', caught.exception.reason)
        self.assertEqual(len(caught.exception.applied), 1000)

    def test_half_way(self):
        """What was applied without a reply is told when it stops later."""
        self.load('/z')
        self.other.client.set_acls('/top/z', NO_WRITE)
        with self.lose(1, commit=False):
            with self.assertRaises(NoAuthError):
                self.load('/a\n/z\n  x = 1')
        more = ''.join(f'/n{number:04}\n' for number in range(1200))
        with self.lose(1, commit=True), \
                self.assertRaises(ImportFailed) as caught:
            self.load(more + '/z\n  x = 1')
        self.assertEqual(caught.exception.path, '/top/z')
        self.assertEqual(len(caught.exception.applied), 1000)
