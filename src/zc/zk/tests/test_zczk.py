import contextlib
import importlib
import io
import unittest

import zc.zk
from zc.zk import _zczk


class Words(unittest.TestCase):

    def zczk(self, *args):
        """Return the exit status, and what was printed."""
        out, error, status = io.StringIO(), io.StringIO(), 0
        with contextlib.redirect_stdout(out), \
                contextlib.redirect_stderr(error):
            try:
                _zczk.main(args)
            except SystemExit as e:
                status = e.code
        return status, out.getvalue(), error.getvalue()

    def test_help(self):
        """The help names each command in a line, and fits the screen."""
        status, out, error = self.zczk('--help')
        self.assertEqual((0, ''), (status, error))
        for name, command in _zczk.COMMANDS.items():
            self.assertRegex(out, rf'(?m)^  {name} +{command.says}$')
        self.assertLess(max(map(len, out.splitlines())), 80)
        self.assertEqual(out, self.zczk('-h')[1])

    def test_version(self):
        """The version is that of the distribution."""
        self.assertEqual(
            (0, f'{zc.zk.__version__}\n', ''), self.zczk('--version'))

    def test_command(self):
        """The words after a command's name are its own."""
        status, out, _ = self.zczk('run', '--help')
        self.assertEqual(0, status)
        self.assertIn('usage: zczk run', out)

    def test_wrong(self):
        """A wrong command is named, and those that there are."""
        self.assertEqual(
            (2, '', "zczk: there is no command 'fly\\x1b': run "
             '(see zczk --help)\n'), self.zczk('fly\x1b'))
        self.assertEqual(
            (2, '', 'zczk: give a command: run (see zczk --help)\n'),
            self.zczk())

    def test_there(self):
        """Each command of the table can be called."""
        for command in _zczk.COMMANDS.values():
            module = importlib.import_module(command.module)
            self.assertTrue(callable(getattr(module, command.function)))
