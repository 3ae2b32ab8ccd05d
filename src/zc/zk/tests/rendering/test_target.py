"""The file that is written, and the commands around that."""
import contextlib
import io
import os
import pathlib
import shlex
import tempfile
import unittest

from zc.zk._commands.streams import Failure
from zc.zk._rendering.target import Target
from zc.zk._rendering.target import run


class Writes(unittest.TestCase):

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name, 'the file')

    def test_write(self):
        """It is written when its text is another, and only then."""
        target = Target(str(self.path))
        self.assertFalse(target.exists)
        self.assertTrue(target.write('é\n'))
        self.assertTrue(target.exists)
        self.assertEqual('é\n'.encode(), self.path.read_bytes())
        before = os.stat(self.path)
        self.assertFalse(target.write('é\n'))
        self.assertEqual(before, os.stat(self.path))
        self.assertTrue(target.write(''))
        self.assertEqual(b'', self.path.read_bytes())

    def test_check(self):
        """A text that the check refuses is not written."""
        seen = self.path.with_name('seen')
        target = Target(
            str(self.path),
            'cp {} ' + shlex.quote(str(seen)) + ' && grep -q good {}')
        self.assertTrue(target.write('good'))
        with self.assertRaises(Failure) as caught:
            target.write('bad')
        self.assertIn('the file stays as it is: the check ended with 1: cp',
                      str(caught.exception))
        self.assertEqual(('good', 'bad'), (
            self.path.read_text(), seen.read_text()))
        self.assertEqual({self.path, seen}, set(self.path.parent.iterdir()))

    def test_special(self):
        """Only a regular file is replaced."""
        for name in '/dev/null', str(self.path.parent):
            with self.assertRaisesRegex(Failure, 'not a regular file'):
                Target(name)

    def test_run(self):
        """A command's status is given; what it prints is no output."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            self.assertEqual(3, run('exit 3'))
        self.assertEqual('', out.getvalue())
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(0, run('echo x'))
