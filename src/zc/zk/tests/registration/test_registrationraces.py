"""Registrations, where several things happen at once."""
from __future__ import annotations

import os
import threading
import unittest.mock
from typing import Any

from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import NoNodeError
from kazoo.exceptions import OperationTimeoutError
from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import READ_ACL_UNSAFE
from kazoo.security import make_digest_acl

import zc.zk
from zc.zk.errors import TooLarge
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for
from zc.zk.tests.registration.racecase import RaceCase
from zc.zk.tests.registration.registrationcase import ADDRESS
from zc.zk.tests.registration.registrationcase import NODE


class UnregisterTests(RaceCase):

    def setUp(self) -> None:
        super().setUp()
        self.zk.register('/s', ADDRESS, a=1)
        self.registration = self.zk.registrations[NODE]
        self.settle()

    def test_while_a_pass_is_about_to_start(self) -> None:
        """A pass that was to look at a node does not make it again."""
        keeper = self.zk._keeper
        waiting = threading.Event()
        lock = keeper._turn

        class Turn:
            """The lock, telling that the reconciler is at it."""

            def __enter__(self) -> None:
                waiting.set()
                lock.acquire()

            def __exit__(self, *error: object) -> None:
                lock.release()

        keeper._rounds._turn = Turn()       # type: ignore[assignment]
        # The pass stands before the lock when the registration goes.
        with lock:
            keeper._rounds.look([self.registration])
            self.assertTrue(waiting.wait(DEADLINE))
            # What `remove` does, with the lock it waits for.
            with unittest.mock.patch.object(
                    keeper, '_turn', unittest.mock.MagicMock()):
                self.registration.unregister()
        self.settle()
        self.assertIsNone(self.exists())
        self.assertEqual(self.registration.state, 'closed')

    def test_an_update_afterwards_makes_no_node(self) -> None:
        """What is unregistered cannot be updated."""
        self.registration.unregister()
        with self.assertRaisesRegex(NoNodeError, 'not registered here'):
            self.registration.update(a=2)
        self.assertIsNone(self.exists())

    def test_twice(self) -> None:
        """Unregistering again leaves a later registration alone."""
        self.registration.unregister()
        self.zk.register('/s', ADDRESS, a=2)
        czxid = self.exists().czxid
        self.registration.unregister()
        self.assertEqual(self.exists().czxid, czxid)

    def test_a_node_that_may_not_be_deleted_holds_up_nobody(self) -> None:
        """Others are kept while one node cannot be deleted."""
        self.other.create('/other')
        self.zk.register('/other', ADDRESS)
        self.other.set_acls('/s', [
            make_digest_acl('x', 'y', all=True), *READ_ACL_UNSAFE])
        self.registration.unregister()
        self.settle()
        self.other.delete('/other/192.168.0.42:8080')
        self.wait_registered(path='/other/192.168.0.42:8080')

    def test_put_off_and_registered_again(self) -> None:
        """A new registration is kept, with its own data."""
        self.cut()
        self.registration.unregister()
        with unittest.mock.patch.object(
                self.zk._keeper._reconciler, 'connected', lambda: False):
            self.heal()
            self.zk.register('/s', ADDRESS, a=2)
        self.assertEqual(self.zk.get_properties(NODE)['a'], 2)
        czxid = self.exists().czxid
        self.zk._keeper.session_changed('CONNECTED')
        self.settle()
        self.assertEqual(self.exists().czxid, czxid)

    def test_without_its_parent(self) -> None:
        """What cannot be registered any more can be unregistered."""
        self.delete_parent()
        self.zk.unregister('/s', ADDRESS)
        self.assertEqual(self.zk.registrations, {})

    def test_by_address_without_a_connection(self) -> None:
        """Unregistering by path and address does not wait."""
        self.cut()
        self.zk.unregister('/s', ADDRESS)
        self.heal()
        wait_for(lambda: self.exists() is None)


class UpdateTests(RaceCase):

    def setUp(self) -> None:
        super().setUp()
        self.zk.register('/s', ADDRESS, acl=OPEN_ACL_UNSAFE, a=1)
        self.registration = self.zk.registrations[NODE]
        self.settle()

    def test_others_keys_are_kept(self) -> None:
        """An update keeps what another client wrote just before."""
        self.zk._keeper._followers.drop(self.registration)
        self.other.set(NODE, b'{"a":1,"b":2}')
        self.registration.update(c=3)
        self.assertEqual(
            self.zk.get_properties(NODE), {'a': 1, 'b': 2, 'c': 3})

    def test_a_write_does_not_undo_an_update_that_waits(self) -> None:
        """Both count: an update put off, and a write that came before."""
        with unittest.mock.patch.object(
                self.zk._keeper._reconciler, 'run',
                side_effect=ConnectionLoss):
            self.registration.update(c=3)
            self.zk.set(NODE, '{"b":2}')
        self.assertEqual(self.registration.properties, {'b': 2, 'c': 3})
        wait_for(lambda: self.zk.get_properties(NODE) == {'b': 2, 'c': 3})

    def test_others_keys_are_kept_over_a_new_session(self) -> None:
        """What was written to a dying node goes into the new one."""
        self.zk._keeper._followers.drop(self.registration)
        self.other.set(NODE, b'{"b":2}')
        session = self.session()
        self.server.expire(session, linger=True)
        wait_for(lambda: self.session() not in (0, session))
        self.wait_registered()
        self.assertEqual(self.zk.get_properties(NODE), {'b': 2})


    def test_too_large(self) -> None:
        """Data that cannot be stored change nothing, now or later."""
        with self.assertRaisesRegex(TooLarge, NODE):
            self.registration.update(a='x' * 2_000_000)
        self.assertEqual(1, self.registration.properties['a'])
        session = self.session()
        self.server.expire(session)
        wait_for(lambda: self.session() not in (0, session))
        self.wait_registered()
        self.registration.update(data={'b': 2}, c=3)
        self.assertEqual(
            {'a': 1, 'b': 2, 'c': 3, 'pid': os.getpid()},
            self.zk.get_properties(NODE))

    def test_others_made_it_too_large(self) -> None:
        """What can no longer be written is failed, and holds up nobody."""
        zk = zc.zk.ZooKeeper(
            self.server.connection_string, 4.0, jute_maxbuffer=1_000)
        self.addCleanup(zk.close)
        large, small = '/s/1.1.1.1:1', '/s/1.1.1.1:2'
        zk.register('/s', '1.1.1.1:1', acl=OPEN_ACL_UNSAFE)
        zk.register('/s', '1.1.1.1:2')
        data = '{"a":"%s"}' % ('x' * 2_000)
        self.other.set(large, data.encode())
        registration = zk.registrations[large]
        wait_for(lambda: 'a' in registration.properties)
        with self.assertLogs('zc.zk', 'WARNING'):
            self.server.expire(self.session(zk))
            wait_for(lambda: registration.state == 'failed')
        self.assertIsInstance(registration.error, TooLarge)
        self.wait_registered(zk, small)
        with self.assertRaises(TooLarge):
            zk.register('/s', '1.1.1.1:3', a='x' * 2_000)


class PassTests(RaceCase):

    def test_a_pass_without_an_answer_is_made_again(self) -> None:
        """What could not be looked at stays doubtful."""
        self.zk.register('/s', ADDRESS)
        self.settle()
        real = self.zk._bulk.data
        failures = [OperationTimeoutError()]

        def data(paths: Any) -> Any:
            if failures:
                raise failures.pop()
            return real(paths)

        self.zk._bulk.data = data       # type: ignore[method-assign]
        self.other.delete(NODE)
        self.wait_registered()
        self.assertEqual(failures, [])

    def test_a_lost_connection_leaves_it_pending(self) -> None:
        """What comes back by itself is no failure; other errors are."""
        self.zk.register('/s', ADDRESS)
        self.settle()
        registration = self.zk.registrations[NODE]
        real = self.zk._bulk.data
        errors: list[Exception] = [ConnectionLoss('lost')]

        def data(paths: Any) -> Any:
            if errors:
                raise errors[0]
            return real(paths)

        self.zk._bulk.data = data       # type: ignore[method-assign]
        self.other.delete(NODE)
        registration._content.unwritten = True
        wait_for(lambda: registration.error is errors[0])
        self.assertEqual('pending', registration.state)
        errors[0] = ValueError('no')
        with self.assertLogs('zc.zk', 'ERROR'):
            wait_for(lambda: registration.error is errors[0])
        wait_for(lambda: registration.state == 'failed')
        errors.clear()
        self.wait_registered()

    def test_a_fault_does_not_end_the_thread(self) -> None:
        """The reconciler outlives what it did not expect."""
        self.zk.register('/s', ADDRESS)
        self.settle()
        self.zk._keeper._followers.drop(self.zk.registrations[NODE])
        with unittest.mock.patch.object(
                self.zk._engine, 'track', side_effect=ZeroDivisionError):
            with self.assertLogs('zc.zk', 'ERROR'):
                self.zk._keeper.session_changed('CONNECTED')
                self.settle()
        self.other.delete(NODE)
        self.wait_registered()

    def test_many_bytes(self) -> None:
        """Recovery needs more transactions for nodes with much data."""
        session = self.session()
        for i in range(3):
            self.zk.register('/s', f'h{i}:1', x='.' * 400_000)
        with self.assertNoLogs('zc.zk', 'ERROR'):
            self.server.expire(session)
            wait_for(lambda: self.session() not in (0, session))
            for i in range(3):
                self.wait_registered(path=f'/s/h{i}:1')
