"""Tests of command: what zczk doctor prints, and its exit status."""
from __future__ import annotations

import json

from zc.zk import _zczk
from zc.zk.testing import Server
from zc.zk.tests.doctor.doctorcase import refusing
from zc.zk.tests.scripted import Terminal
from zc.zk.tests.zczk.zczkcase import WordsCase
from zc.zk.tests.zczk.zczkcase import ZczkCase


class Doctor(ZczkCase):

    def doctor(self, *words, **keywords):
        return self.zczk('doctor', '--watch', '0', '--answer-timeout', '30',
                         *words, **keywords)

    def test_well(self):
        """A healthy system gives nothing but the exit status 0."""
        self.assertEqual((0, '', ''), self.doctor())
        self.assertEqual((0, '', ''), self.doctor('--json', '--no-write'))
        out = Terminal()
        self.assertEqual(0, self.doctor(out=out)[0])
        self.assertEqual('no faults found\n', out.getvalue())

    def test_lines(self):
        """A fault is a line: how bad, where, what, what to do."""
        self.make('/a\n  x -> /b\n  q => /b v\n')
        status, out, err = self.doctor('/a')
        self.assertEqual((1, ''), (status, err))
        first, second = out.splitlines()
        self.assertEqual(
            'error /a: the link x -> /b: there is no node /b; correct the '
            'link with zczk ln, or create what it leads to', first)
        self.assertIn('error /a: the property link q => /b v', second)

    def test_json(self):
        """JSON holds the same for programs."""
        self.make('/a\n  x -> /b\n')
        status, out, _ = self.doctor('--json', '/a')
        self.assertEqual(1, status)
        self.assertEqual(
            {'level': 'error', 'path': '/a', 'rule': 'broken-link',
             'fault': 'the link x -> /b: there is no node /b',
             'remedy': 'correct the link with zczk ln, or create what it '
                       'leads to'}, json.loads(out))

    def test_colour(self):
        """On a terminal the level has a colour, unless it is unwanted."""
        self.make('/a\n  x -> /b\n')
        for words, begins in (((), '\33[31merror\33[0m /a'),
                              (('--no-color',), 'error /a')):
            out = Terminal()
            self.doctor(*words, out=out)
            self.assertTrue(out.getvalue().startswith(begins))

    def test_hostile(self):
        """What others wrote cannot play tricks with a terminal."""
        zk = self.zk()
        zk.create('/s', b'{}')
        zk.create('/s/providers', json.dumps({
            'l\33[2J ->': '/x\33[31m', 'overrides': ['\r\n'],
            'p =>': '\33]0;x\7 y', 'weight': '\33'}).encode())
        for number, data in enumerate((
                b'\33[31m', b'{"\33', b'\xff\xfe', b'{"a":' * 500,
                b'9' * 5_000, b'{"weight":1e999,"pid":' + b'9' * 5_000 + b'}',
                b'{"monitor":"/\33","pid":-1}', b'x' * 900_000)):
            zk.client.create(f'/s/providers/h\u202e{number}:{number}', data,
                             ephemeral=True)
        status, out, err = self.doctor('--no-probe')
        self.assertEqual((1, ''), (status, err))
        self.assertGreater(len(out.splitlines()), 8)
        for line in out.splitlines():
            self.assertTrue(line.isprintable(), line)
            self.assertLess(len(line), 1_500)
        found = [json.loads(line) for line in self.doctor(
            '--no-probe', '--json')[1].splitlines()]
        self.assertIn('bad-json', [each['rule'] for each in found])

    def test_no_node(self):
        """A path that is not there is a fault."""
        status, out, _ = self.doctor('/q')
        self.assertEqual(1, status)
        self.assertIn('error /q: there is no node /q', out)

    def test_chroot(self):
        """So is a root that is not there."""
        with self.assertLogs('zc.zk'):
            status, out, err = self.run_script(
                _zczk.main, '-z', f'{self.connection_string}/q', 'doctor')
        self.assertEqual((1, ''), (status, err))
        self.assertIn('the root in the connection string does not exist', out)

    def test_usage(self):
        """Wrong words are wrong usage."""
        for words in (('--watch', '-1'), ('--watch', 'x'), ('/a', '/b'),
                      ('--monitor', 'x'), ('--answer-timeout', 'nan')):
            self.assertEqual(2, self.zczk('doctor', *words)[0], words)


class NoSession(WordsCase):

    def test_down(self):
        """Servers that are down are found without a session."""
        port = refusing(self)[1]
        status, out, err = self.zczk(
            '-z', f'127.0.0.1:{port}', 'doctor', '--timeout', '30')
        self.assertEqual((1, ''), (status, err))
        self.assertIn(f'error 127.0.0.1:{port}: this ZooKeeper server '
                      'refuses connections', out)
        self.assertIn('cannot connect: no session (', out)

    def test_credentials(self):
        """What is wrong with the options is no fault of the servers."""
        with Server() as server:
            status, out, err = self.zczk(
                '-z', f'user:secret@127.0.0.1:{server.address[1]}', 'doctor')
        self.assertEqual((2, ''), (status, out))
        self.assertNotIn('secret', err)
        self.assertIn('credentials go into', err)
