import json
import os
import stat
import tempfile
import unittest
from unittest import mock

from zc.zk._discovery.snapshot import SavedList
from zc.zk._discovery.snapshot import Source
from zc.zk._discovery.snapshot import Unusable
from zc.zk._discovery.snapshot import file_name
from zc.zk._discovery.snapshot import load
from zc.zk._discovery.snapshot import save


SOURCE = Source('zk1:2181,zk2:2181', '/site', '/fooservice/providers')
SAVED = SavedList({'10.0.0.1:80': b'{"pid":1}', 'odd': b'\xff\x00'},
              [{'name': '10.0.0.1:80', 'weight': 0}])


class Files(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.join(folder.name, 'cache')

    def path(self):
        return os.path.join(self.folder, file_name(SOURCE))

    def refused(self, pattern, now=1000.0):
        with self.assertRaisesRegex(Unusable, pattern):
            load(self.folder, SOURCE, now)

    def test_round_trip(self):
        """What was saved is loaded, data that are no text as well."""
        save(self.folder, SOURCE, SAVED, 1000.0)
        self.assertEqual(SAVED, load(self.folder, SOURCE, 1000.0))

    def test_private(self):
        """Only the user may read the file and its folder."""
        save(self.folder, SOURCE, SAVED, 1000.0)
        for path, mode in (self.path(), 0o600), (self.folder, 0o700):
            self.assertEqual(mode, stat.S_IMODE(os.stat(path).st_mode))

    def test_never_empty(self):
        """An empty list leaves the old one."""
        save(self.folder, SOURCE, SAVED, 1000.0)
        save(self.folder, SOURCE, SavedList({}), 2000.0)
        self.assertEqual(SAVED, load(self.folder, SOURCE, 2000.0))

    def test_whole(self):
        """A list that cannot be written whole leaves the old one."""
        save(self.folder, SOURCE, SAVED, 1000.0)
        with mock.patch('os.replace', side_effect=OSError(28, 'full')), \
                self.assertRaises(OSError):
            save(self.folder, SOURCE, SavedList({'a': b''}), 2000.0)
        self.assertEqual(SAVED, load(self.folder, SOURCE, 2000.0))
        self.assertEqual([file_name(SOURCE)], os.listdir(self.folder))

    def test_age(self):
        """A list serves for 24 hours."""
        save(self.folder, SOURCE, SAVED, 1000.0)
        load(self.folder, SOURCE, 1000.0 + 24 * 3600)
        self.refused('24.0 hours old', 1001.0 + 24 * 3600)
        self.refused('hours old', 999.0)

    def test_names(self):
        """Each ensemble, chroot and path has a file of its own."""
        names = {file_name(SOURCE)} | {
            file_name(SOURCE._replace(**change)) for change in (
                {'ensemble': 'zk1:2181'}, {'chroot': ''},
                {'path': '/fooservice-providers'},
                {'path': '/../../etc/passwd'}, {'path': '/' + 'x' * 9999})}
        self.assertEqual(6, len(names))
        for name in names:
            self.assertRegex(name, r'^[A-Za-z0-9-]{1,80}\.json$')

    def test_missing(self):
        """Without a file there is no list."""
        self.refused('No such file')

    def test_damaged(self):
        """A damaged file is none, whatever is in it."""
        save(self.folder, SOURCE, SAVED, 1000.0)
        with open(self.path(), encoding='ascii') as file:
            good = json.load(file)
        for content in (
            '', '[', '[]', 'null', '{}', '[' * 100000, '\xff',
            json.dumps({**good, 'nodes': [1]}),
            json.dumps({**good, 'nodes': {'a': 3}}),
            json.dumps({**good, 'saved': 'x'}),
        ):
            with open(self.path(), 'w', encoding='latin-1') as file:
                file.write(content)
            with self.subTest(content[:40]):
                self.refused('is damaged')
        with open(self.path(), 'w', encoding='ascii') as file:
            json.dump({**good, 'format': 2}, file)
        self.refused('for something else')

    def test_others(self):
        """A file that others could have written does not count."""
        save(self.folder, SOURCE, SAVED, 1000.0)
        os.chmod(self.path(), 0o620)
        self.refused('written by others')
