"""First registrations, where several things happen at once."""
from __future__ import annotations

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

import zc.zk
from zc.zk._registration.arrivals import GRACE
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for
from zc.zk.tests.registration.racecase import RaceCase
from zc.zk.tests.registration.registrationcase import ADDRESS
from zc.zk.tests.registration.registrationcase import MULTI
from zc.zk.tests.registration.registrationcase import NODE


class FirstRegistrationTests(RaceCase):

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
        self.server.drop_reply(MULTI)
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
