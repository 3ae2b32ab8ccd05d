import gc
import unittest

import zope.event

import zc.zk
import zc.zk.event
from zc.zk.event import RegisteringServer


class Event(unittest.TestCase):

    def test_zope(self):
        """Events go where zope.event sends them."""
        seen = []
        zope.event.subscribers.append(seen.append)
        self.addCleanup(zope.event.subscribers.remove, seen.append)
        zc.zk.event.notify('event')
        self.assertEqual(['event'], seen)

    def test_registering_server(self):
        """The event shows what is being registered."""
        event = zc.zk.RegisteringServer('h:80', '/providers', {'a': 1})
        self.assertEqual(
            ('h:80', '/providers', {'a': 1}),
            (event.name, event.path, event.properties))
        self.assertEqual(
            "RegisteringServer('h:80', '/providers', {'a': 1})", repr(event))


class Kept:

    def __init__(self, state: str) -> None:
        self.state = state


class RegisteringServerTests(unittest.TestCase):

    def setUp(self) -> None:
        self.event = RegisteringServer('a:1', '/p', {'pid': 1})

    def test_under_way(self):
        """Until it is known how it ended, the server counts."""
        self.assertTrue(self.event.active)

    def test_failed(self):
        """A registration that failed leaves nothing."""
        self.event._settle([])
        self.assertFalse(self.event.active)

    def test_registered(self):
        """It counts while one of its registrations is kept."""
        kept = [Kept('registered'), Kept('pending')]
        self.event._settle(kept)
        self.assertTrue(self.event.active)
        kept[0].state = 'closed'
        self.assertTrue(self.event.active)
        kept[1].state = 'closed'
        self.assertFalse(self.event.active)

    def test_holds_nothing(self):
        """The event keeps no registration alive."""
        kept = Kept('registered')
        self.event._settle([kept])
        self.assertTrue(self.event.active)
        del kept
        gc.collect()
        self.assertFalse(self.event.active)
