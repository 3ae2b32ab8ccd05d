"""Tests of stat: all about nodes."""
from __future__ import annotations

import json

from kazoo.security import make_acl
from kazoo.security import make_digest_acl

from zc.zk.tests.zczk.zczkcase import ZczkCase


class Stat(ZczkCase):

    def test_facts(self):
        """What ZooKeeper knows, a line each; nodes apart by an empty one."""
        self.make('/a\n  x = 1\n  l -> /b\n/b\n  /c\n')
        lines = self.lines('stat', '/a/l', '/a')
        for line in 'path:       /b', 'bytes:      2', 'children:   1', \
                'version:    0', 'acl:        world:anyone:cdrwa':
            self.assertIn(line, lines)
        self.assertEqual('path:       /a', lines[lines.index('') + 1])

    def test_session(self):
        """An ephemeral node has a session; it is that of its owner."""
        self.make('/a')
        zk = self.zk()
        zk.register('/a', '1.2.3.4:80')
        found = json.loads(self.lines('--json', 'stat', '/a/1.2.3.4:80')[0])
        self.assertEqual(hex(zk.client.client_id[0]), found['session'])
        self.assertNotIn(
            'session', json.loads(self.lines('--json', 'stat', '/a')[0]))

    def test_no_secret(self):
        """The hash of a password is not shown."""
        zk = self.zk()
        secret = make_digest_acl('joe', 'secret', all=True)
        zk.create('/a', b'', [
            secret, make_acl('world', 'anyone', read=True, write=True)])
        line = self.lines('stat', '/a')[-1]
        self.assertEqual(
            'acl:        digest:joe:...:cdrwa, world:anyone:rw', line)

    def test_usage(self):
        """A path is needed."""
        self.assertIn('a PATH is needed', self.zczk('stat')[2])
        self.assertEqual(
            (2, '', 'zczk stat: there is no node /nix\n'),
            self.zczk('stat', '/nix'))
