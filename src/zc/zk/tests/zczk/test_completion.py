"""Tests of completion: what a shell gets when it asks."""
from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import tempfile
from unittest import mock

from zc.zk._zczk.table import COMMANDS
from zc.zk.tests.servercase import ServerCase
from zc.zk.tests.zczk.zczkcase import WordsCase


class Completion(WordsCase, ServerCase):

    def complete(self, line, connection=None):
        """Return what a shell gets for a line, in the way of argcomplete.

        :param connection: that of the environment
        """
        with tempfile.TemporaryDirectory() as directory:
            answer = pathlib.Path(directory) / 'answer'
            done = subprocess.run(
                [sys.executable, '-c',
                 'from zc.zk._zczk import main; main()'],
                env={**os.environ, '_ARGCOMPLETE': '1', 'COMP_LINE': line,
                     'COMP_POINT': str(len(line)), '_ARGCOMPLETE_IFS': '\n',
                     '_ARGCOMPLETE_STDOUT_FILENAME': str(answer),
                     '_ARGCOMPLETE_SUPPRESS_SPACE': '1',
                     'ZC_ZK_CONNECTION_STRING':
                         connection or self.server.connection_string},
                capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual('', done.stderr)
            return answer.read_text().split('\n')

    def test_commands(self):
        """The commands complete, by their first letters."""
        self.assertEqual(['graph', 'grep'], sorted(self.complete('zczk gr')))
        self.assertLessEqual(set(COMMANDS), set(self.complete('zczk ')))

    def test_options(self):
        """The options of a command complete, and those of all."""
        self.assertEqual(['--ephemeral'], self.complete('zczk find --ep'))
        self.assertIn('--zookeeper', self.complete('zczk find --z'))
        self.assertIn('--check', self.complete('zczk run --ch'))
        for word in COMMANDS:
            self.assertIn('--help', self.complete(f'zczk {word} --h'))

    def test_paths(self):
        """Paths of the live tree complete."""
        self.zk.import_tree('/alpha\n  /one\n  /two\n/beta\n')
        self.assertEqual(['/alpha'], self.complete('zczk ls /al'))
        self.assertEqual(['/alpha/one', '/alpha/two'],
                         sorted(self.complete('zczk ls /alpha/')))

    def test_connection(self):
        """They are those of the server that the line names, anywhere."""
        self.zk.import_tree('/alpha\n')
        given = f'-z {self.server.connection_string}'
        for line in (f'zczk {given} ls /al', f'zczk ls {given} /al',
                     f'zczk {given} run --path /al',
                     f'zczk run {given} --path /al',
                     f'zczk {given} render -s /al',
                     f'zczk -z 127.0.0.1:1 ls {given} /al'):
            with self.subTest(line):
                self.assertEqual(
                    ['/alpha'], self.complete(line, '127.0.0.1:1'))

    def test_shells(self):
        """The lines for each shell call zczk; another shell is refused."""
        for shell in 'bash', 'zsh', 'fish':
            status, out, error = self.zczk('completion', shell)
            self.assertEqual((0, ''), (status, error))
            self.assertIn('zczk', out)
        self.assertEqual(2, self.zczk('completion', 'cmd')[0])

    def test_absent(self):
        """Without argcomplete, one line says what to install."""
        with mock.patch.dict(sys.modules, {'argcomplete': None}):
            self.assertEqual(
                (2, '', 'zczk completion: completion needs argcomplete: '
                 "pip install 'zc.zk[cli]'\n"),
                self.zczk('completion', 'bash'))
            with mock.patch.dict(os.environ, _ARGCOMPLETE='1'):
                self.assertEqual(
                    'zczk: completion needs argcomplete: pip install '
                    "'zc.zk[cli]'", self.zczk('ls')[0])
