"""Tests of program: the words of zczk."""
from __future__ import annotations

import os
import subprocess
import sys

import zc.zk
from zc.zk._zczk.table import COMMANDS
from zc.zk._zczk.table import GROUPS
from zc.zk.tests.zczk.zczkcase import WordsCase


class Words(WordsCase):

    def test_help(self):
        """The help names each command in a line, and fits the screen."""
        status, out, error = self.zczk('--help')
        self.assertEqual((0, ''), (status, error))
        for name, entry in COMMANDS.items():
            self.assertRegex(out, rf'(?m)^  {name} +{entry.says}$')
        for group in GROUPS:
            self.assertIn(f'\n{group}:\n', out)
        self.assertLess(max(map(len, out.splitlines())), 80)
        self.assertLess(len(out.splitlines()), 60)
        self.assertEqual(out, self.zczk('-h')[1])

    def test_version(self):
        """The version is that of the distribution."""
        self.assertEqual(
            (0, f'zczk (zc.zk) {zc.zk.__version__}\n', ''),
            self.zczk('--version'))

    def test_command(self):
        """The words after a command's name are its own."""
        for word in COMMANDS:
            status, out, error = self.zczk(word, '--help')
            self.assertEqual((0, ''), (status, error), word)
            self.assertRegex(out, f'^usage: zczk {word} ')
            self.assertNotIn('{0}', out)
            self.assertNotIn('{live}', out)
            self.assertNotIn('{name}', out)

    def test_wrong(self):
        """A wrong command is named, and those that there are."""
        names = ', '.join(COMMANDS)
        self.assertEqual(
            (2, '', f"zczk: there is no command 'fly\\x1b': {names} "
             '(see zczk --help)\n'), self.zczk('fly\x1b'))
        self.assertEqual(
            (2, '', f'zczk: give a command: {names} (see zczk --help)\n'),
            self.zczk())
        self.assertEqual(
            2, self.zczk('--timeout', 'soon', 'ls')[0])

    def test_what_cannot_be_printed(self):
        """Help and version that nobody gets are errors, in one line."""
        with open('/dev/full', 'w') as full:
            for words in [['--help'], ['--version'], ['ls', '--help'],
                          ['ls', '--version'], ['server', '--help'],
                          ['run', '--help']]:
                with self.subTest(words):
                    name = ' '.join(['zczk', *words[:-1]])
                    done = subprocess.run(
                        [sys.executable, '-c',
                         'from zc.zk._zczk import main; main()', *words],
                        stdout=full, stderr=subprocess.PIPE, text=True,
                        timeout=60, check=False)
                    self.assertEqual(
                        (2, f'{name}: No space left on device\n'),
                        (done.returncode, done.stderr))

    def test_process(self):
        """A process imports no command that was not called for."""
        done = subprocess.run(
            [sys.executable, '-c', 'import sys\n'
             'from zc.zk._zczk import main\n'
             'try:\n    main()\nfinally:\n'
             '    print([name for name in sys.modules\n'
             '           if name.startswith(("zc.zk._looking.",\n'
             '                               "zc.zk._run."))])', '--help'],
            capture_output=True, text=True, timeout=60,
            env={**os.environ, 'PYTHONWARNINGS': 'error'}, check=False)
        self.assertEqual((0, ''), (done.returncode, done.stderr))
        self.assertEqual('[]', done.stdout.splitlines()[-1])
