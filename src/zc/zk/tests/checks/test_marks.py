"""What nodes say of a server's health, on a server of the test's own."""
import logging

import zc.zk
from zc.zk.checks import Marks
from zc.zk.tests.servercase import ServerCase


logger = logging.getLogger('test.marks')


class MarksTests(ServerCase):

    def setUp(self):
        super().setUp()
        self.zk.create('/providers')
        self.own = zc.zk.ZooKeeper(self.server.connection_string)
        self.addCleanup(self.own.close)

    def marks(self, even_the_last=False):
        return Marks('/providers', even_the_last, logger)

    def register(self, *names, **properties):
        for name in names:
            self.own.register('/providers', name, **properties)

    def states(self):
        """Return weight and healthy of our nodes."""
        found = []
        for path in sorted(self.own.registrations):
            properties = self.zk.get_properties(path)
            found.append((properties.get('weight'),
                          properties.get('healthy')))
        return found

    def test_down_and_up(self):
        """All nodes say so, and say then what each said before."""
        self.zk.register('/providers', 'other:1')
        self.register('a:1', weight=3)
        self.register('b:1')
        marks = self.marks()
        with self.assertLogs(logger, 'INFO') as logs:
            for _ in range(2):
                marks.down(self.own)
                self.assertEqual([(0, False)] * 2, self.states())
            for _ in range(2):
                marks.up(self.own)
                self.assertEqual([(3, True), (1, True)], self.states())
        self.assertEqual(
            ['the nodes say that it is down',
             'the nodes say that it is healthy'],
            [each.getMessage() for each in logs.records])

    def test_later(self):
        """A node that comes while it is down is marked, too."""
        self.zk.register('/providers', 'other:1')
        marks = self.marks()
        marks.down(self.own)            # nothing is there yet
        self.register('a:1')
        marks.down(self.own)
        self.register('b:1')
        marks.down(self.own)
        self.assertEqual([(0, False)] * 2, self.states())
        marks.up(self.own)
        self.assertEqual([(1, True)] * 2, self.states())

    def test_last(self):
        """The last healthy provider stays, until another one comes."""
        self.register('a:1')
        marks = self.marks()
        with self.assertLogs(logger, 'WARNING') as logs:
            for _ in range(2):
                marks.down(self.own)
                self.assertEqual([(None, None)], self.states())
        self.assertEqual(
            ['it stays registered as healthy, since no other provider in '
             '/providers is'], [each.getMessage() for each in logs.records])
        self.zk.register('/providers', 'other:1')
        marks.down(self.own)
        self.assertEqual([(0, False)], self.states())
        self.zk.registrations['/providers/other:1'].unregister()
        marks.down(self.own)
        self.assertEqual([(1, True)], self.states())

    def test_even_the_last(self):
        """Or it goes, if that is wanted."""
        self.register('a:1')
        self.marks(True).down(self.own)
        self.assertEqual([(0, False)], self.states())

    def test_forget(self):
        """What was forgotten is not brought back."""
        self.register('a:1')
        marks = self.marks(True)
        marks.down(self.own)
        marks.forget()
        marks.up(self.own)
        self.assertEqual([(0, False)], self.states())
