"""Tests of hiding: what is a secret, and what stands for it."""
from __future__ import annotations

import unittest

from zc.zk._web import hiding


class Names(unittest.TestCase):

    def test_secret(self):
        """A name that says secret, password, token or key is a secret's."""
        for name in ('secret', 'client_secret', 'PASSWORD', 'db-password',
                     'passwd', 'passphrase', 'token', 'accessToken', 'key',
                     'api_key', 'apiKey', 'credentials'):
            self.assertTrue(hiding.is_secret(name), name)

    def test_others(self):
        """Other names are not."""
        for name in ('pid', 'host', 'greeting', 'threads', '', 'passive'):
            self.assertFalse(hiding.is_secret(name), name)


class Shown(unittest.TestCase):

    def test_within(self):
        """Secrets within a value are hidden, wherever they are."""
        self.assertEqual(
            {'a': {'b': [{'token': {'hidden': True}, 'c': 1}]},
             'key': {'hidden': True}},
            hiding.properties_shown(
                {'a': {'b': [{'token': 'x', 'c': 1}]}, 'key': {'d': 2}},
                'node'))

    def test_text(self):
        """Data without names are hidden if the node's name says so."""
        self.assertEqual(
            {'string_value': {'hidden': True}},
            hiding.properties_shown({'string_value': 'x'}, 'password'))
        self.assertEqual(
            {'string_value': 'x'},
            hiding.properties_shown({'string_value': 'x'}, 'other'))

    def test_written_text(self):
        """Data without names are hidden if they seem to have a secret in
        them, as a file of settings may, or JSON that is cut.
        """
        for text in 'user=anna\ndb.Password=x', '{"api_key": "x"':
            self.assertEqual(
                {'string_value': {'hidden': True}},
                hiding.properties_shown({'string_value': text}, 'other'))

    def test_numbers(self):
        """What JSON has no form for becomes text."""
        self.assertEqual(['inf', 'nan', 1.5], hiding.plain(
            [float('inf'), float('nan'), 1.5]))

    def test_has_secrets(self):
        """It is known whether anything is hidden."""
        self.assertTrue(hiding.has_secrets({'a': [{'key': 1}]}, 'x'))
        self.assertFalse(hiding.has_secrets({'a': [{'b': float('inf')}]}, 'x'))


class Kept(unittest.TestCase):

    def test_back(self):
        """What was hidden is put in again, and the rest is as it came."""
        old = {'key': 'x', 'a': [{'token': 't', 'n': 1}], 'b': 1}
        given = hiding.properties_shown(old, 'node')
        self.assertEqual(old, hiding.kept(given, old))
        given['a'][0]['n'] = 2
        given['key'] = 'new'
        self.assertEqual(
            {'key': 'new', 'a': [{'token': 't', 'n': 2}], 'b': 1},
            hiding.kept(given, old))

    def test_nothing_there(self):
        """Where there is no value to keep, that is said."""
        for given, old in (({'key': {'hidden': True}}, {}),
                           ([{'hidden': True}], []),
                           ({'a': {'key': {'hidden': True}}}, {'a': 1})):
            with self.assertRaises(hiding.NotKept):
                hiding.kept(given, old)

    def test_long_numbers(self):
        """A number that a browser has rounded stays what it was."""
        long = 2 ** 53 + 1
        self.assertEqual({'n': long}, hiding.kept({'n': 2 ** 53}, {'n': long}))
        self.assertEqual({'n': 5}, hiding.kept({'n': 5}, {'n': long}))
        huge = 10 ** 400
        self.assertEqual({'n': 1}, hiding.kept({'n': 1}, {'n': huge}))
