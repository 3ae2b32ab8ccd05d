"""Tests of _sessions: with a clock that the tests set."""
from __future__ import annotations

import unittest

from ....testing.state.acls import Id
from ....testing.state.sessions import Sessions


class SessionsTest(unittest.TestCase):

    def setUp(self):
        self.sessions = Sessions(1.0, 10.0, b'secret', 100.0)

    def add(self, timeout, now):
        session = self.sessions.add()
        session.connect(timeout, '127.0.0.1', now)
        return session

    def test_negotiated(self):
        """A timeout is brought between the shortest and the longest."""
        self.assertEqual(
            [1.0, 1.0, 2.5, 10.0, 10.0],
            [self.sessions.negotiated(each)
             for each in (-1, 999, 2500, 10_000, 99_999)])

    def test_ids(self):
        """Session ids differ, and fit what carries them."""
        first, second = self.sessions.add().id, self.sessions.add().id
        self.assertEqual(first + 1, second)
        self.assertTrue(0 < first < 2 ** 63)
        self.assertEqual(2, len(self.sessions))

    def test_connect(self):
        """A client is known by its address at first."""
        session = self.add(2.0, 100.0)
        self.assertTrue(session.connected)
        self.assertEqual([Id('ip', '127.0.0.1')], session.ids)

    def test_expired(self):
        """A session expires when its client is silent for its timeout."""
        short, long = self.add(2.0, 100.0), self.add(5.0, 100.0)
        self.assertEqual([], self.sessions.expired(101.9))
        self.assertEqual([short], self.sessions.expired(102.0))
        self.sessions.remove(short.id)
        self.assertEqual([], self.sessions.expired(104.9))
        self.assertEqual([long], self.sessions.expired(105.0))

    def test_touch(self):
        """Who is heard lives on."""
        session = self.add(2.0, 100.0)
        session.touch(101.0)
        self.assertEqual([], self.sessions.expired(102.5))
        self.assertEqual([session], self.sessions.expired(103.0))

    def test_wait(self):
        """It tells for how long there is nothing to look for."""
        self.add(2.0, 100.0)
        self.assertEqual(0.0, self.sessions.wait(100.0))
        self.sessions.expired(100.5)
        self.assertEqual(1.5, self.sessions.wait(100.5))
        self.add(1.0, 100.5)
        self.assertEqual(0.0, self.sessions.wait(100.5))
        self.assertEqual([], self.sessions.expired(100.6))

    def test_wait_for_nobody(self):
        """Without sessions it need not look before there could be one."""
        self.sessions.expired(100.0)
        self.assertEqual(1.0, self.sessions.wait(100.0))

    def test_get(self):
        """A session is found by its id until it is removed."""
        session = self.sessions.add()
        self.assertIs(session, self.sessions.get(session.id))
        self.assertEqual([session], self.sessions.all())
        self.assertIs(session, self.sessions.remove(session.id))
        self.assertIsNone(self.sessions.remove(session.id))
        self.assertIsNone(self.sessions.get(session.id))

    def test_password(self):
        """Each session has a password, which only the server can tell."""
        other = Sessions(1.0, 10.0, b'other', 100.0)
        self.assertEqual(16, len(self.sessions.password(1)))
        self.assertEqual(
            self.sessions.password(1), self.sessions.password(1))
        self.assertEqual(3, len({
            self.sessions.password(1), self.sessions.password(2),
            other.password(1)}))
