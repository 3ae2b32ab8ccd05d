"""Imports while others write, and over connections that break."""
from __future__ import annotations

import threading
from unittest import mock

from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import OperationTimeoutError
from kazoo.exceptions import SessionExpiredError
from kazoo.protocol.states import KazooState
from kazoo.security import OPEN_ACL_UNSAFE

from zc.zk._session.requests import Bulk
from zc.zk._transfer import commit as _apply
from zc.zk._transfer import importer
from zc.zk.errors import ImportFailed
from zc.zk.errors import TreeChanged
from zc.zk.tests import trees
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for
from zc.zk.tests.servercase import ServerCase
from zc.zk.tests.transfercase import NO_WRITE
from zc.zk.tests.transfercase import TransferCase


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
