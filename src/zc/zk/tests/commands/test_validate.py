"""Tests of validate: the script that finds faults in files."""
from __future__ import annotations

import json
import textwrap
from unittest import mock

from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_digest_acl

from zc.zk import scripts
from zc.zk.tests.scripted import SYSTEM
from zc.zk.tests.scripted import ScriptCase


class ValidateTests(ScriptCase):

    def validate(self, *args, **keywords):
        return self.run_script(scripts.validate, *args, **keywords)

    def test_valid(self):
        """A file without faults gives nothing and status 0."""
        name = self.file(SYSTEM)
        self.assertEqual(self.validate(name), (0, '', ''))
        self.assertEqual(self.validate(stdin=SYSTEM), (0, '', ''))
        self.assertEqual(self.validate('-', stdin=SYSTEM), (0, '', ''))

    def test_faults(self):
        """All faults are named with file, line and column."""
        name = self.file('/a\n  x = f\n  y = 1 1\n/b\n  l -> /a/c\n')
        status, out, err = self.validate(name)
        self.assertEqual((status, err), (1, ''))
        lines = out.splitlines()
        self.assertEqual(len(lines), 3)
        self.assertEqual(
            lines[0], f"{name}:2:7: 'f' is not a value: a string needs quotes")
        self.assertTrue(lines[1].startswith(f'{name}:3:'))
        self.assertEqual(
            lines[2], f'{name}:5:3: l -> leads to /a/c, which does not exist')

    def test_links(self):
        """Dangling, circular and hidden links are faults."""
        self.assertEqual(self.validate(stdin=textwrap.dedent('''\
            /a
              p = 1
              dangling -> b/c
              loop -> ../a/loop2
              loop2 -> loop
              hidden -> b
              fine -> b
              out -> /out
              above -> ../..
              p => b q
              q => b q
              r => b
              s => /out q
              t => b q r
              /b
                q = 2
              /hidden
        ''').replace('  t => b q r\n', ''))[1], textwrap.dedent('''\
            <stdin>:3:3: dangling -> leads to /a/b/c, which does not exist
            <stdin>:4:3: loop -> circular links: /a/loop2 -> /a/loop -> /a/loop2
            <stdin>:5:3: loop2 -> circular links: /a/loop -> /a/loop2 -> /a/loop
            <stdin>:6:3: hidden -> hidden by the node /a/hidden
            <stdin>:9:3: above -> bad path '../..': it leads above the root from /a
            <stdin>:10:3: p => hidden by the property 'p'
            <stdin>:12:3: r => /a/b has no property 'r'
        '''))   # noqa: E501

    def test_against_a_live_tree(self):
        """With a connection, links that lead out of the file are followed.
        """
        host = self.connection_string
        name = self.file(SYSTEM)
        self.assertEqual(self.validate('--connection', host, name)[1], (
            f'{name}:3:3: db -> leads nowhere: /retail/databases/main (links '
            'lead to /elsewhere/main, which does not exist)\n'
            f'{name}:9:5: main -> leads to /elsewhere/main, which does not '
            'exist\n'))
        self.zk().import_tree('/elsewhere\n  /main\n')
        self.assertEqual(self.validate('--connection', host, name),
                         (0, '', ''))
        name = self.file('/x\n  color => .. favorite_color\n  y -> ../z\n')
        self.assertEqual(
            self.validate('--connection', host, '--path', '/fooservice',
                          name),
            (1, f'{name}:3:3: y -> leads to /fooservice/z, which does not '
             'exist\n', ''))
        self.assertEqual(self.validate('--path', '/fooservice', name),
                         (0, '', ''))

    def test_live_links(self):
        """The path in the live tree may lead through links."""
        self.zk().import_tree('/l\n  r -> /fooservice')
        name = self.file('/x\n  y -> ../providers\n')
        self.assertEqual((0, '', ''), self.validate(
            '--connection', self.connection_string, '--path', '/l/r', name))

    def test_unreadable(self):
        """Nodes that may not be read are named, and are not taken for
        empty.
        """
        zk = self.zk()
        zk.create('/secret', '{"x": 1}')
        zk.client.set_acls('/secret', [make_digest_acl('u', 'p', all=True)])
        secret = self.file('u:p', 'secret')
        name = self.file('/a\n  x => /secret\n  y -> /secret/b\n')
        self.assertEqual(
            self.validate('--connection', self.connection_string, name),
            (0, '', 'links to these nodes are not checked, since the nodes '
             'may not be read:\n  /secret\n'))
        self.assertEqual(
            self.validate('--connection', self.connection_string,
                          '--auth', f'digest:{secret}', name),
            (1, f'{name}:3:3: y -> leads to /secret/b, which does not '
             'exist\n', ''))
        zk.client.add_auth('digest', 'u:p')
        zk.client.set_acls('/secret', OPEN_ACL_UNSAFE)

    def test_json(self):
        """As JSON, each fault is an object on a line."""
        status, out, err = self.validate('--json', stdin='/a\n  x = f\n')
        self.assertEqual((status, json.loads(out)), (1, {
            'file': '<stdin>', 'line': 2, 'column': 7,
            'message': "'f' is not a value: a string needs quotes"}))

    def test_several_files(self):
        """Several files are looked at one after the other."""
        one = self.file('x', 'one')
        two = self.file('/a', 'two')
        three = self.file('y', 'three')
        status, out, err = self.validate(one, two, three)
        self.assertEqual(status, 1)
        self.assertEqual([line.split(':')[0] for line in out.splitlines()],
                         [one, three])

    def test_trouble(self):
        """What keeps it from looking has status 2."""
        status, out, err = self.validate('/none')
        self.assertEqual((status, out, err), (
            2, '', 'zookeeper_validate: /none: No such file or directory\n'))
        self.assertEqual(
            self.validate('--connection', self.connection_string,
                          '--path', '/none', self.file(SYSTEM)),
            (2, '', 'zookeeper_validate: there is no node /none\n'))
        with mock.patch('zc.zk._commands.validate.parse_tree',
                        side_effect=KeyError(1)):
            self.assertEqual(
                self.validate(stdin=SYSTEM),
                (2, '', 'zookeeper_validate: KeyError 1\n'))
