"""Tests of ls: what is directly below a node."""
from __future__ import annotations

import json

from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_acl

from zc.zk.tests.zczk.zczkcase import ZczkCase


class Ls(ZczkCase):

    def setUp(self):
        super().setUp()
        self.make('/s\n  x = 1\n  db -> /other\n  p -> /hidden\n  /p\n'
                  '    /q\n/other\n  /deep\n')
        self.zk().register('/s/p', '1.2.3.4:80')

    def test_names(self):
        """Names and links come in order; a child hides a link."""
        self.assertEqual(['db -> /other', 'p'], self.lines('ls', '/s'))
        self.assertEqual(['other', 's', 'zookeeper'], self.lines('ls'))

    def test_links(self):
        """The path may lead through links."""
        self.assertEqual(['deep'], self.lines('ls', '/s/db'))

    def test_long(self):
        """The long form tells kind, children, size and time."""
        lines = self.lines('ls', '-l', '/s/p')
        self.assertEqual(2, len(lines))
        self.assertRegex(
            lines[0], r'^e 0 +\d+ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S+ '
            r'1\.2\.3\.4:80$')
        self.assertRegex(lines[1], r'^- 0 +2 \d{4}-.* q$')
        self.assertRegex(self.lines('ls', '-l', '/s')[0], r'^l +db -> /other$')

    def test_json(self):
        """JSON tells all."""
        found = [json.loads(line) for line in self.lines('--json', 'ls', '/s')]
        self.assertEqual(['/s/p', '/s/db'], [each['path'] for each in found])
        self.assertEqual('/other', found[1]['link'])
        self.assertEqual((2, {}, False), (
            found[0]['children'], found[0]['properties'],
            found[0]['ephemeral']))

    def test_forbidden(self):
        """A node that may not be read is named; the others are listed."""
        set_acls = self.zk().client.set_acls
        set_acls('/s/p', [make_acl('world', 'anyone', admin=True)])
        self.addCleanup(set_acls, '/s/p', OPEN_ACL_UNSAFE)
        self.zk().create('/s/q', b'{}')
        said = 'these nodes may not be read:\n  /s/p\n'
        status, out, error = self.zczk('ls', '-l', '/s')
        self.assertEqual((0, said), (status, error))
        self.assertEqual(
            [['l', 'db', '->', '/other'], ['?', 'p']],
            [line.split() for line in out.splitlines()[:2]])
        self.assertTrue(out.endswith(' q\n'))
        status, out, error = self.zczk('ls', '--json', '/s')
        self.assertEqual((0, said), (status, error))
        self.assertEqual(['/s/q', '/s/db'], [
            json.loads(line)['path'] for line in out.splitlines()])

    def test_hostile(self):
        """Names from others are made safe for a terminal."""
        self.zk().create('/s/p/\x1b[2J'.replace('\x1b', '\u2028'), b'{}')
        self.assertEqual(['1.2.3.4:80', 'q', '\\u2028[2J'],
                         self.lines('ls', '/s/p'))

    def test_missing(self):
        """A node that is missing is named."""
        self.assertEqual(
            (2, '', 'zczk ls: there is no node /nix\n'),
            self.zczk('ls', '/nix'))
