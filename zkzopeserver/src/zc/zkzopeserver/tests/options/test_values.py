"""The text of an option to its value, and what is said when it is none."""
from __future__ import annotations

import os
import tempfile
import unittest
from collections.abc import Callable
from typing import Any
from unittest import mock

import zc.zk.checks
from zc.zkzopeserver._options import values as _values
from zc.zkzopeserver._options.values import Address


class ValueTests(unittest.TestCase):

    def assert_values(
        self, parse: Callable[[str], Any], values: dict[str, Any]
    ) -> None:
        self.assertEqual(
            values, {text: parse(text) for text in values})

    def assert_refused(
        self, parse: Callable[[str], Any], *texts: str
    ) -> None:
        for text in texts:
            with self.subTest(text), self.assertRaises(ValueError):
                parse(text)

    def test_text(self):
        """Text is stripped, and must not be empty."""
        self.assert_values(_values.text, {' a ': 'a'})
        self.assert_refused(_values.text, '', ' ')

    def test_boolean(self):
        """Truth values have the words that PasteDeploy knows."""
        self.assert_values(_values.boolean, {
            'true': True, 'Yes': True, 'ON': True, '1': True, 't': True,
            'false': False, 'No': False, 'off': False, '0': False,
            'n': False})
        self.assert_refused(_values.boolean, '', 'maybe', '2')

    def test_integer(self):
        """Numbers have bounds, and the message names them."""
        parse = _values.integer(1, 10)
        self.assert_values(parse, {'1': 1, ' 10 ': 10})
        self.assert_refused(
            parse, '0', '11', '', 'x', '1.0', '0x1', '1_0', '\u0661')
        with self.assertRaisesRegex(
                ValueError, "^a whole number from 1 to 10 is needed, "
                "not 'x'$"):
            parse('x')

    def test_seconds(self):
        """A time may have a fraction."""
        self.assert_values(_values.seconds, {'0': 0.0, '1.5': 1.5})
        self.assert_refused(
            _values.seconds, '', '-1', 'nan', 'inf', '1e3', '1_0', '\u0661',
            '1 h', 's', '1 s s', '1 S', '1 second')
        with self.assertRaisesRegex(
                ValueError, r"^a time in seconds is needed, or one with a "
                r"unit \(500 ms, 1.5 s, 2 min\), not '1 h'$"):
            _values.seconds('1 h')

    def test_interval(self):
        """An interval is more than nothing."""
        self.assertEqual(0.5, _values.interval('500 ms'))
        self.assertEqual(2.0, _values.interval('2'))
        for text in ('0', '1 ms', '-1', 'soon'):
            with self.subTest(text), self.assertRaises(ValueError):
                _values.interval(text)

    def test_check(self):
        """A check is HTTP, a connection or a command."""
        self.assertEqual(
            ('http', '/health', ()), _values.check(' http:/health '))
        self.assertEqual('tcp', _values.check('tcp').kind)
        self.assertEqual(
            ('cmd', '', ('a', 'b c')), _values.check("cmd:a 'b c'"))
        for text in ('', 'notify', 'https:/health', 'http:health', 'tcp:1',
                     'cmd:', "cmd:'", 'http:/a b', 'cmd:\0'):
            with self.subTest(text), self.assertRaises(ValueError) as caught:
                _values.check(text)
        self.assertEqual("http:/PATH, tcp or cmd:COMMAND is needed, not "
                         "'cmd:\\x00'", str(caught.exception))

    @mock.patch.object(zc.zk.checks, 'available', return_value=False)
    def test_tcp_proves_nothing(self, available):
        """Without /proc, nobody knows who accepts a connection."""
        with self.assertRaisesRegex(ValueError, 'tcp proves nothing here'):
            _values.check('tcp')

    def test_units_of_time(self):
        """A time may have a unit, which does not depend on the option."""
        for text, expected in (('1500 ms', 1.5), ('1.5s', 1.5),
                               ('0.5\tmin', 30.0), (' 4 s ', 4.0)):
            self.assertEqual(expected, _values.seconds(text))
            self.assertEqual(expected * 1000, _values.session_timeout(text))

    def test_session_timeout(self):
        """A bare number is milliseconds, and few of them are refused."""
        self.assert_values(_values.session_timeout, {
            '4000': 4000, '100': 100, '100 ms': 100, '2.0004 s': 2000})
        for text, expected in (
            ('4', '4 milliseconds are too short for a session; '
             'is 4 s meant?'),
            ('99.5 ', '99.5 milliseconds are too short for a session; '
             'is 99.5 s meant?'),
            ('99 ms', '99 milliseconds are too short for a session'),
            ('0.01 s', '10 milliseconds are too short for a session'),
            ('0', '0 milliseconds are too short for a session'),
        ):
            with (self.subTest(text),
                  self.assertRaises(ValueError) as caught):
                _values.session_timeout(text)
            self.assertEqual(expected, str(caught.exception))
        self.assert_refused(_values.session_timeout, '', '-4000', 'x')

    def test_size(self):
        """A size may have a unit, in powers of 1024."""
        self.assert_values(_values.size, {
            '1': 1, '8k': 8192, '1 M': 1 << 20, '2g': 2 << 30, '4KB': 4096})
        self.assert_refused(_values.size, '', '0', '-1', '1.5k', '1t')

    def test_host(self):
        """A host is a name or address; IPv6 may be in brackets."""
        self.assert_values(_values.host, {
            '': '', 'a.example': 'a.example', '::1': '::1', '[::1]': '::1',
            '::': '::', ' 127.0.0.1 ': '127.0.0.1'})
        self.assert_refused(
            _values.host, 'a:80', ':80', 'a b', 'http://a', 'a..b', 'a' * 64,
            'a\0')

    def test_node_path(self):
        """A path is absolute; a slash at the end is forgiven."""
        self.assert_values(_values.node_path, {
            '/': '/', '/a': '/a', '/a/b/': '/a/b'})
        self.assert_refused(_values.node_path, '', 'a', '/a//b', '//')

    def test_listen_address(self):
        """A monitor listens at HOST:PORT or a path."""
        self.assert_values(_values.listen_address, {
            '127.0.0.1:0': Address('127.0.0.1', 0), ':80': Address('', 80),
            '[::1]:80': Address('::1', 80), '/a/b': '/a/b', './b': './b',
            '80': Address('127.0.0.1', 80)})
        self.assert_refused(
            _values.listen_address, '', 'a', 'a:b', 'a:70000', '::1:80',
            'a..b:80', 'a' * 64 + ':80')

    def test_advertised(self):
        """Addresses to register may leave the host or the port open."""
        self.assert_values(_values.advertised, {
            'a': (Address('a', None),),
            'a:80': (Address('a', 80),),
            ':80': (Address('', 80),),
            '[::1]': (Address('::1', None),),
            '[::1]:80': (Address('::1', 80),),
            'a:80, b:81\n[::1]': (
                Address('a', 80), Address('b', 81), Address('::1', None)),
        })
        self.assert_refused(
            _values.advertised, '', ',', '::1', 'a:', 'a:b', 'a:0', '[]',
            'a/b', 'a:80000')

    def test_properties(self):
        """Properties are written as in a tree, whatever the indentation."""
        self.assert_values(_values.properties, {
            "version = '1.2'": {'version': '1.2'},
            '\na = 1\n   b = [1, 2]\n\n# c\nd -> /e': {
                'a': 1, 'b': [1, 2], 'd ->': '/e'},
        })
        self.assert_refused(
            _values.properties, 'a', 'a = ', '/b', 'pid = 1', 'monitor = 1',
            'a = 1\na = 2')
        with self.assertRaises(ValueError) as caught:
            _values.properties('a = 1\nb = c d')
        self.assertTrue(str(caught.exception).startswith("'b = c d': "))

    def test_readable_file(self):
        """A file must be there."""
        self.assert_values(_values.readable_file, {__file__: __file__})
        self.assert_refused(_values.readable_file, '', '/does/not/exist')


class SecretTests(unittest.TestCase):

    def refused(self, text: str) -> str:
        with self.assertRaises(ValueError) as caught:
            _values.secret(text)
        return str(caught.exception)

    def from_file(self, text: str) -> _values.Secret:
        with tempfile.NamedTemporaryFile('w', suffix='.txt') as stream:
            stream.write(text)
            stream.flush()
            return _values.secret(f'file:{stream.name}')

    def test_file(self):
        """Credentials come from a file, one a line."""
        self.assertEqual(
            (('digest', 'user:pass:word'), ('ip', '1.2.3.4')),
            self.from_file('# comment\nuser:pass:word\n\nip 1.2.3.4\n').auth)

    def test_environment(self):
        """Or from the environment."""
        with mock.patch.dict(os.environ, {'TEST_SECRET': 'user:word'}):
            self.assertEqual((('digest', 'user:word'),),
                             _values.secret('env:TEST_SECRET').auth)

    def test_sasl(self):
        """The scheme sasl makes options for kazoo."""
        self.assertEqual(
            {'mechanism': 'DIGEST-MD5', 'username': 'u', 'password': 'p'},
            self.from_file('sasl u:p').sasl)

    def test_never_shown(self):
        """No representation and no message shows what is secret."""
        with mock.patch.dict(os.environ, {'TEST_SECRET': 'hush'}):
            self.assertNotIn('hush', self.refused('env:TEST_SECRET'))
        self.assertNotIn('hush', self.refused('user:hush'))
        self.assertNotIn('hush', repr(self.from_file('user:hush')))

    def test_missing(self):
        """A file or variable that is missing is named."""
        with tempfile.TemporaryDirectory() as directory:
            self.assertIn(
                f'{directory}/file', self.refused(f'file:{directory}/file'))
        self.assertIn('NO_SUCH', self.refused('env:NO_SUCH'))

    def test_password_for_a_name(self):
        """What may be a password in the place of a name is not shown."""
        for text in ('file:hush', 'file:user:hush', 'file:/hush',
                     'file:hu/hush', 'env:hush', 'env:user:hush',
                     'env:hush5_A'):
            with self.subTest(text):
                self.assertNotIn('hush', self.refused(text))

    def test_empty(self):
        """A file without credentials is refused."""
        with self.assertRaises(ValueError):
            self.from_file('\n# nothing\n')
