"""Tests of _inspect: the scripts validate, diff and graph."""
from __future__ import annotations

import json
import os
import textwrap
from unittest import mock

from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_digest_acl

from zc.zk import scripts
from zc.zk.tests.scripted import ScriptCase
from zc.zk.tests.scripted import Terminal


TREE = textwrap.dedent('''\
    /cms : z4m cms
      threads = 3
      db -> /retail/databases/main
      /providers
    /retail
      threads => /cms threads
      /providers
      /databases
        main -> /elsewhere/main
''')


class ValidateTests(ScriptCase):

    def validate(self, *args, **keywords):
        return self.run_script(scripts.validate, *args, **keywords)

    def test_valid(self):
        """A file without faults gives nothing and status 0."""
        name = self.file(TREE)
        self.assertEqual(self.validate(name), (0, '', ''))
        self.assertEqual(self.validate(stdin=TREE), (0, '', ''))
        self.assertEqual(self.validate('-', stdin=TREE), (0, '', ''))

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
        name = self.file(TREE)
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
                          '--path', '/none', self.file(TREE)),
            (2, '', 'zookeeper_validate: there is no node /none\n'))
        with mock.patch('zc.zk._commands.inspect.parse_tree',
                        side_effect=KeyError(1)):
            self.assertEqual(
                self.validate(stdin=TREE),
                (2, '', 'zookeeper_validate: KeyError 1\n'))


class DiffTests(ScriptCase):

    tree = TREE

    def diff(self, text, *args, **keywords):
        return self.run_script(
            scripts.diff, self.connection_string, *args, stdin=text,
            **keywords)

    def test_equal(self):
        """Trees that are equal give nothing and status 0."""
        self.assertEqual(self.diff(TREE), (0, '', ''))
        # Servers that register are no difference, nor is another top node.
        zk = self.zk()
        zk.register('/cms/providers', '1.2.3.4:80')
        zk.create('/other', '{}')
        self.assertEqual(self.diff(TREE), (0, '', ''))
        self.assertEqual(
            self.diff(TREE.replace('  /providers\n', '  /providers\n'
                                   '    /1.2.3.4:80\n', 1)), (0, '', ''))
        self.assertEqual(self.diff('/databases\n  main -> /elsewhere/main',
                                   '-', '/retail'), (0, '', ''))

    def test_different(self):
        """Differences show in place, with the nodes above them."""
        self.zk().import_tree('/old\n  x = 1\n  /o', '/retail/databases')
        text = textwrap.dedent('''\
            /cms : z4m
              threads = 4
              db -> /retail/databases/main
              /providers
                /new
                  y = 2
            /retail
              threads => /cms threads
              z = 'é'
              /providers
              /databases
                main -> /elsewhere/main
        ''')
        status, out, err = self.diff(text)
        self.assertEqual((status, err), (1, ''))
        lines = out.splitlines()
        self.assertTrue(lines.pop(0).startswith('--- '))
        self.assertEqual(lines, [
            '+++ <stdin>',
            '-/cms : z4m cms',
            '+/cms : z4m',
            '-  threads = 3',
            '+  threads = 4',
            '   /providers',
            '+    /new',
            '+      y = 2',
            ' /retail',
            "+  z = 'é'",
            '   /databases',
            '-    /old',
            '-      x = 1',
            '-      /o',
        ])
        self.assertNotIn('/old', self.diff(text, '-T')[1])

    def test_colour(self):
        """Colours show on a terminal, unless NO_COLOR is set."""
        os.environ.pop('NO_COLOR', None)
        out = self.diff('/cms\n/retail', '-T', out=Terminal())[1]
        self.assertIn('\033[31m-  threads = 3\033[m\n', out)
        with mock.patch.dict(os.environ, NO_COLOR='1'):
            out = self.diff('/cms\n/retail', '-T', out=Terminal())[1]
        self.assertNotIn('\033', out)

    def test_json(self):
        """As JSON, each difference is an object on a line."""
        status, out, err = self.diff(TREE + '  /new\n', '--json')
        self.assertEqual((status, json.loads(out)), (
            1, {'path': '/retail/new', 'step': 'add', 'new': {}}))

    def test_no_text(self):
        """Data that are not text are named, and differ from text."""
        zk = self.zk()
        zk.set('/retail/providers', b'\xff')
        zk.create('/retail/extra', b'\xff')
        left = ('these nodes are not compared, since text cannot describe '
                'their data:\n  /retail/extra\n')
        self.assertEqual(
            (1, '', 'these nodes differ, and their data are not text:\n'
             '  /retail/providers\n' + left), self.diff(TREE))
        zk.set('/retail/providers', b'{"x": Infinity}')
        self.assertIn('\n  /retail/providers\n', self.diff(TREE)[2])
        zk.set('/retail/providers', b'')
        self.assertEqual((0, '', left), self.diff(TREE))

    def test_what_is_no_link(self):
        """What is no property link can be looked at, too."""
        zk = self.zk()
        zk.set('/cms/providers', b'{"x =>": "a b c", "y =>": [1]}')
        text = zk.export_tree()
        self.assertEqual((0, '', ''), self.diff(text))

    def test_links(self):
        """The path may lead through links."""
        self.zk().import_tree('/l\n  r -> /retail', trim=False)
        self.assertEqual(
            (0, '', ''), self.diff('/databases\n  main -> /elsewhere/main',
                                   '-', '/l/r'))

    def test_trouble(self):
        """What keeps it from comparing has status 2."""
        status, out, err = self.diff('x')
        self.assertEqual((status, out), (2, ''))
        self.assertEqual(len(err.splitlines()), 1)


class GraphTests(ScriptCase):

    tree = TREE

    def graph(self, *args, **keywords):
        return self.run_script(scripts.graph, *args, **keywords)

    def test_file(self):
        """A graph may come from a file."""
        name = self.file(TREE)
        status, out, err = self.graph('--file', name)
        self.assertEqual((status, err), (0, ''))
        self.assertIn('  "/cms" [label="/cms\\nz4m cms"];\n', out)
        self.assertEqual(self.graph('-f-', stdin=TREE)[1], out)
        self.assertEqual(self.graph('-f', name, '/cms')[0], 2)
        self.failed(
            'zookeeper_graph: none.tree: No such file or directory',
            scripts.graph, '--file', 'none.tree')

    def test_live_tree(self):
        """A graph of a live tree shows how many servers there are."""
        zk = self.zk()
        zk.register('/cms/providers', '1.2.3.4:80')
        out = self.graph(self.connection_string)[1]
        self.assertIn('"/cms" [label="/cms\\nz4m cms\\n1 provider"];', out)
        self.assertIn(
            '"/retail" [label="/retail\\n0 providers", color=red];', out)
        zk.register('/cms/providers', '1.2.3.4:81')
        out = self.graph(self.connection_string, '/cms')[1]
        self.assertIn('2 providers', out)
        self.assertNotIn('retail', out)
        self.assertEqual(
            self.graph(self.connection_string, '/none'),
            (1, '', 'zookeeper_graph: there is no node /none\n'))

    def test_no_text(self):
        """A node whose data are not text is a comment."""
        self.zk().set('/retail/databases', b'\xff')
        status, out, err = self.graph(self.connection_string)
        self.assertEqual((0, ''), (status, err))
        self.assertIn('\n  // /retail/databases: 1 byte, not UTF-8 text (byte '
                      '0 of 1)\n', out)
        self.assertIn('"/retail"', out)

    def test_links(self):
        """The path may lead through links."""
        self.zk().import_tree('/l\n  r -> /retail', trim=False)
        self.assertEqual(self.graph(self.connection_string, '/retail'),
                         self.graph(self.connection_string, '/l/r'))

    def test_output(self):
        """Graphviz text goes to a file, pictures through Graphviz."""
        name = self.file(TREE)
        target = str(self.directory / 'x.dot')
        self.assertEqual(self.graph('-f', name, '-o', target), (0, '', ''))
        with open(target) as file:
            self.assertEqual(file.read(), self.graph('-f', name)[1])
        script = self.file(
            '#!/bin/sh\ntest $1 = -Tsvg || { echo bad >&2; exit 1; }\n'
            'cat > $3\n', 'dot')
        os.chmod(script, 0o755)
        path = f'{self.directory}{os.pathsep}{os.environ["PATH"]}'
        with mock.patch.dict(os.environ, PATH=path):
            target = str(self.directory / 'x.svg')
            self.assertEqual(self.graph('-f', name, '-o', target), (0, '', ''))
            with open(target) as file:
                self.assertEqual(
                    file.read() + '\n', self.graph('-f', name)[1])
            self.failed('zookeeper_graph: dot: bad', scripts.graph,
                        '-f', name, '-o', 'x.png')
        with mock.patch.dict(os.environ, PATH=''):
            self.failed(
                'zookeeper_graph: dot is missing: install Graphviz, or '
                'write to a file that ends in .dot', scripts.graph, '-f',
                name, '-o', 'x.svg')
