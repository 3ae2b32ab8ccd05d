import os
import tempfile
import unittest
from unittest import mock

from zc.zk._discovery import saver
from zc.zk._discovery.saver import Saver
from zc.zk._discovery.snapshot import SavedList
from zc.zk._discovery.snapshot import Source
from zc.zk._discovery.snapshot import Unusable
from zc.zk.tests.base import wait_for


class Saving(unittest.TestCase):

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.folder = os.path.join(directory.name, 'cache')
        self.nodes = {'a': b'1'}

    def saver(self):
        return Saver(self.folder, Source('h:1', '', '/a'),
                     lambda: SavedList(dict(self.nodes)))

    def loaded(self):
        """Return the names in the file, none if there is no file."""
        try:
            return set(self.saver().load().nodes)
        except Unusable:
            return set()

    def test_first(self):
        """The first list is saved at once."""
        self.saver().save_soon()
        wait_for(lambda: self.loaded() == {'a'})

    def test_interval(self):
        """The next one is saved later, or at the end."""
        one = self.saver()
        one.save_soon()
        wait_for(lambda: self.loaded() == {'a'})
        self.nodes['b'] = b'2'
        one.save_soon()
        one.save_soon()
        self.assertEqual({'a'}, self.loaded())
        one.close()
        self.assertEqual({'a', 'b'}, self.loaded())

    def test_later(self):
        """After the interval it is saved without an end."""
        with mock.patch.object(saver, 'INTERVAL', 0.01):
            one = self.saver()
            one.save_soon()
            wait_for(lambda: self.loaded() == {'a'})
            self.nodes['b'] = b'2'
            one.save_soon()
            wait_for(lambda: self.loaded() == {'a', 'b'})

    def test_cannot(self):
        """A list that cannot be saved is said, and does no harm."""
        with open(self.folder, 'w'):
            pass
        one = self.saver()
        with self.assertLogs('zc.zk', 'WARNING') as logs:
            one.save_soon()
            one.close()
            wait_for(lambda: one._timer is None)
        self.assertIn('the list of /a cannot be saved', logs.output[0])
