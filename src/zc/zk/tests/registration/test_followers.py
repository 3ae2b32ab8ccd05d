"""Followers of registrations, with an engine that tracks or not."""
from __future__ import annotations

import unittest
from typing import Any

from kazoo.exceptions import ConnectionLoss
from kazoo.security import OPEN_ACL_UNSAFE

from zc.zk._registration.followers import Followers
from zc.zk._registration.registration import Registration


class FakeEngine:

    def __init__(self) -> None:
        self.errors: list[Exception] = []
        self.tracked: list[Any] = []

    def track(self, trackers: Any) -> None:
        if self.errors:
            raise self.errors.pop()
        self.tracked += trackers

    def drop(self, tracker: Any) -> None:
        self.tracked.remove(tracker)


class FollowersTests(unittest.TestCase):

    def setUp(self) -> None:
        self.engine = FakeEngine()
        self.told: list[Registration] = []
        self.followers = Followers(
            self.engine, self.told.append)      # type: ignore[arg-type]
        keeper: Any = None
        self.registration = Registration(
            keeper, '/s/a', b'{}', OPEN_ACL_UNSAFE)

    def test_tell(self) -> None:
        """A change is told with the registration."""
        self.followers.follow([self.registration])
        self.assertEqual('/s/a', self.engine.tracked[0].path)
        self.engine.tracked[0].changed()
        self.assertEqual([self.registration], self.told)

    def test_once(self) -> None:
        """Following again, or dropping again, changes nothing."""
        self.followers.follow([self.registration])
        self.followers.follow([self.registration])
        self.assertEqual(1, len(self.engine.tracked))
        self.followers.drop(self.registration)
        self.followers.drop(self.registration)
        self.assertEqual([], self.engine.tracked)
        self.assertNotIn(self.registration, self.followers)

    def test_errors(self) -> None:
        """What could not be followed, for whatever reason, can be later."""
        self.engine.errors = [ZeroDivisionError(), ConnectionLoss()]
        self.followers.follow([self.registration])
        self.assertNotIn(self.registration, self.followers)
        with self.assertRaises(ZeroDivisionError):
            self.followers.follow([self.registration])
        self.assertNotIn(self.registration, self.followers)
        self.followers.follow([self.registration])
        self.assertIn(self.registration, self.followers)

    def test_closed(self) -> None:
        """One that ended meanwhile is followed no more."""
        self.registration._close()
        self.followers.follow([self.registration])
        self.assertEqual([], self.engine.tracked)
