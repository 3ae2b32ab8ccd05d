"""Nodes that are wanted no more, with a reconciler that deletes or not."""
from __future__ import annotations

import threading
import unittest
from collections.abc import Sequence
from typing import Any

from kazoo.exceptions import ConnectionLoss
from kazoo.security import OPEN_ACL_UNSAFE

from zc.zk._registration.departures import Departures
from zc.zk._registration.registration import Registration
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for


class FakeReconciler:

    def __init__(self) -> None:
        self.there = True       # whether there is a connection
        self.errors: list[Exception] = []
        self.deleted: list[str] = []

    def connected(self) -> bool:
        return self.there

    def until(self, deadline: float) -> FakeReconciler:
        return self

    def delete(self, registrations: Sequence[Registration]) -> None:
        if self.errors:
            raise self.errors.pop()
        self.deleted += [each.path for each in registrations]


class Case(unittest.TestCase):

    def setUp(self) -> None:
        self.reconciler = FakeReconciler()
        self.holders: dict[str, Registration] = {}
        self.told: list[bool] = []
        self.departures = Departures(
            self.reconciler,    # type: ignore[arg-type]
            self.holders.get,
            lambda: self.told.append(True))

    def registration(self, path: str = '/s/a') -> Registration:
        keeper: Any = None
        return Registration(keeper, path, b'{}', OPEN_ACL_UNSAFE)

    def test_put_off(self) -> None:
        """What cannot be deleted now is deleted when it can be."""
        registration = self.registration()
        self.reconciler.there = False
        self.assertFalse(self.departures.delete([registration]))
        self.assertIsNone(self.departures.due())
        self.departures.put_off([registration])
        self.assertEqual([True], self.told)
        self.departures.run(1.0)
        self.assertFalse(self.departures.wait(0.0))
        self.reconciler.there = True
        self.departures.hurry()
        self.departures.run(1.0)
        self.assertTrue(self.departures.wait(0.0))
        self.assertEqual(['/s/a'], self.reconciler.deleted)

    def test_delay(self) -> None:
        """After an error, it is not tried again at once."""
        self.departures.put_off([self.registration()])
        self.reconciler.errors = [ConnectionLoss()]
        self.departures.run(1.0)
        due = self.departures.due()
        assert due is not None
        self.assertGreater(due, 1.0)
        self.departures.run(1.0)
        self.assertEqual([], self.reconciler.deleted)
        self.departures.run(due)
        self.assertEqual(['/s/a'], self.reconciler.deleted)

    def test_registered_again(self) -> None:
        """The node of a later registration stays."""
        self.holders['/s/a'] = self.registration()
        self.departures.put_off([self.registration()])
        self.departures.run(1.0)
        self.assertEqual([], self.reconciler.deleted)
        self.assertTrue(self.departures.wait(0.0))

    def test_failing_still(self) -> None:
        """A first registration that is being taken back does not keep its
        own node.
        """
        registration = self.registration()
        self.holders['/s/a'] = registration
        self.reconciler.errors = [ConnectionLoss()]
        self.departures.take_back([registration])
        self.assertEqual('closed', registration.state)
        self.departures.run(1.0)
        self.assertEqual(['/s/a'], self.reconciler.deleted)

    def test_give_up(self) -> None:
        """Who waits for a node to go does so until all is given up."""
        self.departures.put_off([self.registration()])
        found: list[bool] = []
        thread = threading.Thread(
            target=lambda: found.append(self.departures.wait(None)),
            daemon=True)
        thread.start()
        wait_for(lambda: self.departures._changed._waiters)  # type: ignore
        self.departures.give_up()
        thread.join(DEADLINE)
        self.assertEqual([False], found)
