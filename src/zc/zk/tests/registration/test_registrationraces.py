"""Registrations, where several things happen at once."""
from __future__ import annotations

import os
import threading
import time
import unittest.mock
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionClosedError
from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError
from kazoo.exceptions import OperationTimeoutError
from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import READ_ACL_UNSAFE
from kazoo.security import make_digest_acl

import zc.zk
from zc.zk._registration.arrivals import GRACE
from zc.zk.errors import TooLarge
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for
from zc.zk.tests.registration import test_registration


ADDRESS = test_registration.ADDRESS
NODE = test_registration.NODE


class Case(test_registration.Case):

    def settle(self) -> None:
        """Wait until the reconciler has done what it was told."""
        done = threading.Event()
        self.zk._keeper.when_settled(done.set)
        self.assertTrue(done.wait(DEADLINE))

    def cut(self) -> None:
        self.server.refuse()
        wait_for(lambda: not self.zk.client.connected)

    def heal(self) -> None:
        self.server.refuse(False)
        wait_for(lambda: self.zk.client.connected)
        wait_for(lambda: self.other.connected)


class UnregisterTests(Case):

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


class FirstRegistrationTests(Case):

    def test_after_close(self) -> None:
        """A closed object registers nothing with a client it was given."""
        zk = zc.zk.ZooKeeper(self.other)
        zk.close()
        with self.assertRaises(ConnectionClosedError):
            zk.register('/s', ADDRESS)
        self.assertIsNone(self.exists())

    def test_close_meanwhile(self) -> None:
        """With a client that was given, no node stays of one that is
        registered while the object is being closed.
        """
        zk = zc.zk.ZooKeeper(self.other)
        keeper = zk._keeper
        real = keeper._reconciler.attempt

        def attempt(wanted: Any, *deadline: Any) -> None:
            real(wanted, *deadline)
            self.assertTrue(self.exists())
            zk.close()

        keeper._reconciler.attempt = attempt   # type: ignore
        with self.assertRaises(ConnectionClosedError):
            zk.register('/s', ADDRESS)
        self.assertIsNone(self.exists())
        self.assertEqual({}, zk.registrations)

    def test_a_session_that_ends_meanwhile(self) -> None:
        """A new session counts as soon as register made the node."""
        keeper = self.zk._keeper
        session = self.session()
        real = keeper._reconciler.attempt

        def attempt(wanted: Any, *deadline: Any) -> None:
            keeper._reconciler.attempt = real  # type: ignore
            real(wanted, *deadline)
            self.server.expire(session)
            wait_for(lambda: self.session() not in (0, session))

        keeper._reconciler.attempt = attempt   # type: ignore
        self.zk.register('/s', ADDRESS)
        self.wait_registered()

    def test_twice_at_the_same_time(self) -> None:
        """Of two threads that register one address, one gets an error."""
        keeper = self.zk._keeper
        errors: list[Exception] = []

        def second() -> None:
            try:
                self.zk.register('/s', ADDRESS, a=2)
            except NodeExistsError as e:
                errors.append(e)

        real = keeper._reconciler.attempt

        def attempt(wanted: Any, *deadline: Any) -> None:
            keeper._reconciler.attempt = real  # type: ignore
            thread = threading.Thread(target=second)
            thread.start()
            wait_for(lambda: errors)
            thread.join()
            real(wanted, *deadline)

        keeper._reconciler.attempt = attempt   # type: ignore
        self.zk.register('/s', ADDRESS, a=1)
        self.assertEqual(len(errors), 1)
        self.assertEqual(self.zk.get_properties(NODE)['a'], 1)

    def test_no_second_look(self) -> None:
        """A node that is there when it is followed needs no pass again."""
        reconciler = self.zk._keeper._reconciler
        with unittest.mock.patch.object(reconciler, 'run') as run:
            run.side_effect = type(reconciler).run.__get__(reconciler)
            self.zk.register('/s', ADDRESS)
            self.settle()
        self.assertEqual(1, run.call_count)

    def is_as_known(self) -> bool:
        """Tell whether the node has the properties that it should."""
        try:
            found = self.zk.get_properties(NODE)
        except NoNodeError:
            return False
        return found == self.zk.registrations[NODE].properties

    def test_changed_before_it_is_followed(self) -> None:
        """What happens to the node before anybody would tell is seen."""
        followers = self.zk._keeper._followers
        real = followers.follow
        for change in (lambda: self.other.delete(NODE),
                       lambda: self.other.set(NODE, b'{"b":2}')):

            def follow(registrations: Any, change: Any = change) -> None:
                followers.follow = real     # type: ignore[method-assign]
                change()
                real(registrations)

            followers.follow = follow       # type: ignore[method-assign]
            self.zk.register('/s', ADDRESS, OPEN_ACL_UNSAFE, a=1)
            self.settle()
            self.wait_registered()
            wait_for(self.is_as_known)      # an event may be under way still
            self.zk.unregister('/s', ADDRESS)

    def test_without_a_session_when_it_is_followed(self) -> None:
        """What cannot be known then is looked at again."""
        keeper = self.zk._keeper
        reconciler, real = keeper._reconciler, keeper._followers.follow

        def follow(registrations: Any) -> None:
            real(registrations)
            keeper._followers.follow = real     # type: ignore
            reconciler.session = no_session     # type: ignore[method-assign]

        def no_session() -> int:
            del reconciler.session
            raise ConnectionLoss()

        keeper._followers.follow = follow       # type: ignore[method-assign]
        with unittest.mock.patch.object(reconciler, 'run') as run:
            run.side_effect = type(reconciler).run.__get__(reconciler)
            self.zk.register('/s', ADDRESS)
            self.settle()
        self.assertEqual(2, run.call_count)
        self.wait_registered()

    def test_given_up_with_a_node_there(self) -> None:
        """A node that register made, and could not see, goes."""
        keeper = self.zk._keeper._arrivals
        real = keeper._await_change

        def give_up(new: Any, deadline: float) -> None:
            self.server.refuse()
            wait_for(lambda: not self.zk.client.connected)
            real(new, 0.0)

        keeper._await_change = give_up      # type: ignore[method-assign]
        self.server.drop_reply(test_registration.MULTI)
        with self.assertRaises(ConnectionLoss):
            self.zk.register('/s', ADDRESS)
        self.heal()
        wait_for(lambda: self.exists() is None)

    def test_ends_without_a_connection(self) -> None:
        """A request that waits for the connection waits no longer than
        the registration may.
        """
        self.zk.register('/s', ADDRESS)
        second = zc.zk.ZooKeeper(self.server.connection_string, 0.5)
        self.addCleanup(second.close)
        real = second.client.exists_async

        def exists_async(*args: Any) -> Any:
            self.server.refuse()
            wait_for(lambda: not second.client.connected)
            return real(*args)

        second.client.exists_async = exists_async
        errors: list[Exception] = []

        def work() -> None:
            try:
                second.register('/s', ADDRESS)
            except Exception as e:
                errors.append(e)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(DEADLINE)
        self.assertEqual(1, len(errors))
        self.assertIn(NODE, str(errors[0]))

    def test_ends_behind_a_pass_that_does_not(self) -> None:
        """Another pass that waits for ZooKeeper holds it up for no longer
        than it may wait itself.
        """
        keeper = self.zk._keeper
        keeper._arrivals._session_timeout = lambda: 0.1 - GRACE
        with keeper._turn:
            with self.assertRaisesRegex(OperationTimeoutError, 'other regis'):
                self.zk.register('/s', ADDRESS)
        self.assertEqual({}, self.zk.registrations)

    def test_waits_for_as_long_as_the_session_may_last(self) -> None:
        """The session timeout of a client that is handed in counts."""
        client = KazooClient(self.server.connection_string, 30.0)
        client.start()
        self.addCleanup(client.close)
        self.addCleanup(client.stop)
        zk = zc.zk.ZooKeeper(client)
        self.addCleanup(zk.close)
        self.assertEqual((30.0, 30.0), (zk.session_timeout, zk.recv_timeout()))
        self.zk.register('/s', ADDRESS)
        deadlines: list[float] = []

        def give_up(new: Any, deadline: float) -> None:
            deadlines.append(deadline - time.monotonic())
            raise new[0].error

        zk._keeper._arrivals._await_change = give_up      # type: ignore[method-assign]
        with self.assertRaises(NodeExistsError):
            zk.register('/s', ADDRESS)
        self.assertGreater(deadlines[0], 25)

    def test_close_with_a_hung_server(self) -> None:
        """A request of register that is not answered does not hold close."""
        self.zk.register('/s', ADDRESS)
        second = zc.zk.ZooKeeper(self.server.connection_string, 20.0)
        self.addCleanup(second.close)
        asked = threading.Event()
        bulk = second._bulk
        real = bulk.client.exists_async

        def exists_async(*args: Any) -> Any:
            self.server.pause()
            try:
                return real(*args)
            finally:
                asked.set()

        self.addCleanup(self.server.resume)
        bulk.client.exists_async = exists_async

        def work() -> None:
            try:
                second.register('/s', ADDRESS)
            except Exception:
                pass

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self.assertTrue(asked.wait(DEADLINE))
        closing = threading.Thread(target=second._keeper.close)
        closing.start()
        closing.join(5.0)
        ended = not closing.is_alive()
        self.server.resume()
        thread.join(DEADLINE)
        self.assertTrue(ended)


class UpdateTests(Case):

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


class PassTests(Case):

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
