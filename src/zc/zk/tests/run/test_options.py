import contextlib
import io
import os
import unittest
from unittest import mock

from zc.zk._checks.check import Check
from zc.zk._run import options
from zc.zk._run.life import Policy


class OptionsTests(unittest.TestCase):

    def parse(self, *args):
        return options.RunParser().parse_args(['--path', '/a', *args])

    def fails(self, *args):
        """Return what is said of bad arguments."""
        error = io.StringIO()
        with contextlib.redirect_stderr(error):
            with self.assertRaises(SystemExit) as caught:
                self.parse(*args)
        self.assertEqual(2, caught.exception.code)
        return error.getvalue().rpartition('error: ')[2]

    def test_defaults(self):
        """Without options, the life is that of the default policy."""
        found = self.parse()
        self.assertEqual(Policy(), options.policy(found, True))
        self.assertEqual((2.0, 1.0, 3, 2), (
            found.check_interval, found.check_timeout, found.down_after,
            found.up_after))

    def test_policy(self):
        """Options are read into the policy."""
        found = self.parse(
            '--drain', '0', '--stop-timeout', '1.5', '--ready-timeout', '2',
            '--restart', '--down-after', '5', '--up-after', '6')
        self.assertEqual(
            Policy(0.0, 1.5, 2.0, True, False, 5, 6),
            options.policy(found, False))

    def test_values(self):
        """Values are read."""
        found = self.parse('--check', 'http:/x', '--advertise', 'a:1',
                           '--advertise', '[::1]', '--advertise', ':80',
                           '--port', '0')
        self.assertEqual(Check('http', '/x'), found.check)
        self.assertEqual(
            [('a', 1), ('::1', None), ('', 80)], found.advertise)
        self.assertEqual(0, found.port)

    def test_bad(self):
        """Bad values are refused, with the option and what is wanted."""
        for args, message in [
                (['--port', '65536'], '--port: a whole number from 0 to'),
                (['--port', '-1'], '--port: '),
                (['--down-after', '0'], 'from 1 to'),
                (['--drain', 'long'], '--drain: a number of seconds'),
                (['--drain', 'nan'], '--drain: a number of seconds'),
                (['--drain', '1e9'], '--drain: a number of seconds'),
                (['--check', 'ping'], '--check: http:/PATH'),
                (['--advertise', 'a:b'], 'must be a number'),
                (['--advertise', 'a:0'], 'cannot be reached'),
                (['--advertise', ''], 'cannot be reached'),
                (['--path', 'a'], "must start with '/'")]:
            with self.subTest(args):
                self.assertIn(message, self.fails(*args))

    def test_split(self):
        """The first -- ends the options; others are the command's."""
        self.assertEqual(
            (['-a'], ['b', '--', '--path', 'c']),
            options.split(['-a', '--', 'b', '--', '--path', 'c']))
        self.assertEqual((['-a'], []), options.split(['-a']))

    def test_properties(self):
        """Properties are written as in a tree, in one text or many."""
        self.assertEqual(
            {'a': 1, 'b': 'x', 'c': [2]},
            options.properties(["a = 1\n  b = 'x'", 'c = [2]']))
        self.assertEqual({}, options.properties([]))

    def test_bad_properties(self):
        """What is wrong with properties is told."""
        for text, message in [
                ('a =', "'a ='"), ('a = 1\nb = open()', "'b = open()'"),
                ('/a', 'no nodes'), ('pid = 1', 'pid is set')]:
            with self.subTest(text):
                with self.assertRaises(ValueError) as caught:
                    options.properties([text])
                self.assertIn(message, str(caught.exception))

    def test_help(self):
        """The help fits a terminal, and names each option."""
        with mock.patch.dict(os.environ, COLUMNS='80'):
            text = options.RunParser().format_help()
        self.assertLessEqual(max(map(len, text.splitlines())), 80)
        for name in ('--check', '--even-the-last', '--auth', '--tls-ca'):
            self.assertIn(name, text)
