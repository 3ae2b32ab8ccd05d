"""Tests of cp: copies of nodes."""
from __future__ import annotations

from kazoo.security import make_acl

from zc.zk.tests.zczk.zczkcase import ZczkCase


class Copies(ZczkCase):

    def setUp(self):
        super().setUp()
        self.make('/a\n  x = 1\n  l -> b\n  /b\n/c\n  a2 -> /a\n')

    def export(self, path='/'):
        return self.zk().export_tree(path)

    def test_copy(self):
        """Nodes, their data and links are copied, whatever the data are."""
        zk = self.zk()
        zk.create('/a/b/raw', b'\xff\x00')
        zk.register('/a', '1.2.3.4:80')
        status, out, error = self.zczk('cp', '/a', '/n')
        self.assertEqual((0, '3 nodes copied to /n\n'), (status, out))
        self.assertIn('/a/1.2.3.4:80', error)
        self.assertEqual((b'\xff\x00', ['b']), (
            zk.get('/n/b/raw')[0], zk.get_children('/n')))
        self.assertEqual(zk.get('/a')[0], zk.get('/n')[0])

    def test_into(self):
        """After a slash, the name is added; both may lead through links."""
        self.assertEqual(['2 nodes copied to /c/a'],
                         self.lines('cp', '/c/a2', '/c/'))
        self.assertEqual(['b'], self.zk().get_children('/c/a'))

    def test_acl(self):
        """Permissions are copied."""
        zk = self.zk()
        acl = [make_acl('world', 'anyone', read=True, delete=True,
                        admin=True)]
        zk.client.set_acls('/a/b', acl)
        self.lines('cp', '/a/b', '/n')
        self.assertEqual(acl, zk.client.get_acls('/n')[0])

    def test_refused(self):
        """Nothing is replaced, nothing copied into itself."""
        for words, said in [
                (['/a', '/c'], 'there is a node /c already; to copy into it, '
                 'write /c/'),
                (['/a', '/a/b/'], '/a/b/a is /a itself, or below it'),
                (['/a', '/'], '/a is /a itself, or below it'),
                (['/nix', '/q'], 'there is no node /nix'),
                (['/a', '/nix/q'], 'there is no node /nix')]:
            status, out, error = self.zczk('cp', *words)
            self.assertEqual((2, ''), (status, out), words)
            self.assertIn(said, error)
        self.assertEqual(2, self.zczk('cp', '/a')[0])

    def test_many(self):
        """More than one transaction takes."""
        zk = self.zk()
        zk.import_tree('/many\n' + ''.join(
            f'  /n{number}\n' for number in range(1500)))
        self.assertEqual(['1501 nodes copied to /more'],
                         self.lines('cp', '/many', '/more'))
        self.assertEqual(1500, len(zk.get_children('/more')))
