import unittest

import zope.event

import zc.zk
import zc.zk.event


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
