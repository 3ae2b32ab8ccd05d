"""Files that are replaced whole or not at all."""
import os
import pathlib
import stat
import tempfile
import unittest
import unittest.mock

from zc.zk._commands.replacement import replacement


class Replaced(unittest.TestCase):

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.path = self.directory / 'file'

    def write(self, text='new', name=None):
        with replacement(str(name or self.path)) as (file, temporary):
            file.write(text)
            self.assertEqual(self.directory, pathlib.Path(temporary).parent)

    def only(self, *names):
        """Nothing else is left in the directory."""
        self.assertEqual(sorted(names), sorted(os.listdir(self.directory)))

    def test_new(self):
        """A new file has the mode that the process gives."""
        umask = os.umask(0o027)
        self.addCleanup(os.umask, umask)
        self.write('x\r\ny')
        self.assertEqual(b'x\r\ny', self.path.read_bytes())
        self.assertEqual(0o640, stat.S_IMODE(self.path.stat().st_mode))
        self.only('file')

    def test_mode(self):
        """An old one's mode stays; it is another file."""
        self.path.write_text('old')
        self.path.chmod(0o604)
        before = self.path.stat().st_ino
        with open(self.path) as reader:
            self.write()
            self.assertEqual('old', reader.read())
        self.assertEqual('new', self.path.read_text())
        self.assertEqual(0o604, stat.S_IMODE(self.path.stat().st_mode))
        self.assertNotEqual(before, self.path.stat().st_ino)

    def test_owner(self):
        """The owner and the group stay, or else the old file does."""
        self.path.write_text('old')
        status = list(os.stat(self.path))
        status[4:6] = [12345, 54321]
        old = os.stat_result(status)
        real = os.stat
        with unittest.mock.patch.object(
                os, 'stat', side_effect=lambda path, **keywords: (
                    old if path == os.path.realpath(self.path)
                    else real(path, **keywords))):
            with unittest.mock.patch.object(os, 'fchown') as fchown:
                self.write()
                self.assertEqual((12345, 54321), fchown.call_args[0][1:])
                fchown.side_effect = PermissionError(1, 'no')
                with self.assertRaises(PermissionError) as caught:
                    self.write('newer')
        self.assertEqual(
            'its owner and group cannot be kept: run this as its owner, or '
            'as root', caught.exception.strerror)
        self.assertEqual('new', self.path.read_text())
        self.only('file')

    def test_link(self):
        """A link stays one; what it leads to is replaced."""
        link = self.directory / 'link'
        link.symlink_to('file')
        self.path.write_text('old')
        self.write(name=link)
        self.assertTrue(link.is_symlink())
        self.assertEqual('new', self.path.read_text())

    def test_error(self):
        """After an error the old file is there, and no other."""
        self.path.write_text('old')
        for error in ValueError, KeyboardInterrupt:
            with self.assertRaises(error):
                with replacement(str(self.path)) as (file, _):
                    file.write('half')
                    raise error
        self.assertEqual('old', self.path.read_text())
        self.only('file')

    def test_no_directory(self):
        """A directory that is missing is named."""
        with self.assertRaises(FileNotFoundError) as caught:
            self.write(name=self.directory / 'none' / 'file')
        self.assertTrue(caught.exception.filename.endswith('/none/file'))
