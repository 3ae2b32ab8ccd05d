"""Tests of _words: what four-letter words are answered with."""
from __future__ import annotations

import unittest

from ....testing.net import words
from ....testing.state.database import Database


class WordsTest(unittest.TestCase):

    def setUp(self):
        self.database = Database(1.0, 10.0, b'secret', 1000.0)
        self.database.create('/a', b'data')

    def ask(self, word):
        return words.answer(word, self.database, words.Traffic(
            3, 4, ['/127.0.0.1(session 0x1)'])).decode('ascii')

    def test_ruok(self):
        """It is ok."""
        self.assertEqual('imok', self.ask('ruok'))

    def test_isro(self):
        """It takes writes."""
        self.assertEqual('rw', self.ask('isro'))

    def test_envi(self):
        """The version is found where clients look for it."""
        self.assertIn(
            '\nzookeeper.version=3.8.0-zc.zk.testing, ', self.ask('envi'))

    def test_stat(self):
        """stat is srvr with the clients."""
        self.assertIn('Clients:\n /127.0.0.1(session 0x1)\n\nLatency',
                      self.ask('stat'))
        shown = self.ask('srvr')
        self.assertNotIn('Clients', shown)
        for line in ('Received: 3', 'Sent: 4', 'Connections: 1', 'Zxid: 0x1',
                     'Mode: standalone', 'Node count: 5'):
            self.assertIn(f'\n{line}\n', shown)

    def test_mntr(self):
        """mntr has a name and a value in each line."""
        values = dict(
            line.split('\t') for line in self.ask('mntr').splitlines())
        self.assertEqual(
            ('standalone', '5', '0', '1'),
            tuple(values['zk_' + name] for name in (
                'server_state', 'znode_count', 'watch_count',
                'num_alive_connections')))

    def test_others(self):
        """Other words are not executed."""
        self.assertEqual(
            'dump is not executed because it is not in the whitelist.\n',
            self.ask('dump'))
