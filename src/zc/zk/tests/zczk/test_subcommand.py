"""Tests of subcommand: options of zczk, before a command and after it."""
from __future__ import annotations

import json
import os
from unittest import mock

from zc.zk import _zczk
from zc.zk.tests.scripted import Terminal
from zc.zk.tests.zczk.zczkcase import ZczkCase


class Options(ZczkCase):

    def setUp(self):
        super().setUp()
        self.make('/a\n  x = 1\n')

    def test_before_and_after(self):
        """Options for all commands stand before the command, or after it."""
        self.assertEqual(['/a'], self.lines('find', '--name', 'a'))
        self.assertEqual(['/a'], self.lines(
            'find', '-z', self.connection_string, '--name', 'a'))
        self.assertEqual('/a', json.loads(
            self.lines('--json', 'find', '--name', 'a')[0])['path'])

    def test_environment(self):
        """Without an option, the environment says where the servers are."""
        with mock.patch.dict(os.environ, {
                'ZC_ZK_CONNECTION_STRING': self.connection_string}):
            self.assertEqual((0, '/a\n', ''), self.run_script(
                _zczk.main, 'find', '--name', 'a'))

    def test_scripts(self):
        """The scripts are commands, which take no CONNECTION."""
        self.assertEqual(['/a', '  x = 1'], self.lines('export'))
        self.assertEqual([], self.lines('set', '/a', 'x=2', 'y=3'))
        drift = self.lines('diff', self.file('/a\n  x = 1\n'), status=1)
        self.assertEqual([' /a', '-  x = 2', '+  x = 1', '-  y = 3'],
                         drift[2:])
        self.assertEqual([], self.lines('import', self.file('/b\n')))
        self.assertEqual((0, ''), self.zczk('rm', '--yes', '/b')[:2])
        self.assertEqual(['/', '/a'], self.lines('find'))
        self.assertEqual(1, self.zczk(
            'validate', self.file('/b\n  c -> /nix\n'))[0])

    def test_scripts_that_fail(self):
        """As subcommands they fail with 2; 1 is a difference or a fault."""
        for words in [('export', '/nix'), ('graph', '/nix'),
                      ('import', '/no/such/file'), ('rm', '-y', '/nix'),
                      ('set', '/nix', 'a=1'), ('drain', '/nix', 'a:1')]:
            with self.subTest(words):
                status, out, error = self.zczk(*words)
                self.assertEqual((2, ''), (status, out))
                self.assertRegex(error, rf'\Azczk {words[0]}: .*\n\Z')
                shown = self.zczk(words[0], '--help')[1]
                self.assertRegex(
                    shown, r'exit status: 0 .*, 2 failed or wrong usage\n')
        self.zk().client.create('/a/bytes', b'\xff')
        self.assertEqual(1, self.zczk('export', '/a')[0])

    def test_missing_arguments(self):
        """What is missing is named, and no CONNECTION, which is an option.
        """
        for word, reason in [
                ('rm', 'one PATH is needed'),
                ('set', 'a PATH and at least one NAME=EXPRESSION or --delete '
                 'are needed'),
                ('drain', 'a PATH and at least one NAME are needed')]:
            self.assertEqual(
                f'zczk {word}: error: {reason}',
                self.zczk(word)[2].splitlines()[-1])

    def test_validate_offline(self):
        """Without -z, validate asks no server."""
        file = self.file('/b\n  a -> /elsewhere\n')
        self.assertEqual(
            (0, '', ''), self.run_script(_zczk.main, 'validate', file))

    def test_no_color(self):
        """--no-color prints no colours on a terminal."""
        file = self.file('/a\n  x = 2\n')
        out = Terminal()
        self.zczk('diff', file, out=out)
        self.assertIn('\033[', out.getvalue())
        out = Terminal()
        self.zczk('--no-color', 'diff', file, out=out)
        self.assertNotIn('\033[', out.getvalue())
        self.assertIn('+  x = 2', out.getvalue())

    def test_no_server(self):
        """A server that does not answer is trouble, said in a line."""
        status, out, error = self.zczk(
            'ls', '-z', '127.0.0.1:1', '--timeout', '0.2')
        self.assertEqual((2, ''), (status, out))
        self.assertRegex(error, r"^zczk ls: can't connect .*\n$")
