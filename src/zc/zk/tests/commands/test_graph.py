"""Tests of graph: the script that draws services."""
from __future__ import annotations

import os
from unittest import mock

from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_acl

from zc.zk import scripts
from zc.zk.tests.scripted import SYSTEM
from zc.zk.tests.scripted import ScriptCase


class GraphTests(ScriptCase):

    tree = SYSTEM

    def graph(self, *args, **keywords):
        return self.run_script(scripts.graph, *args, **keywords)

    def test_file(self):
        """A graph may come from a file."""
        name = self.file(SYSTEM)
        status, out, err = self.graph('--file', name)
        self.assertEqual((status, err), (0, ''))
        self.assertIn('  "/cms" [label="/cms\\nz4m cms"];\n', out)
        self.assertEqual(self.graph('-f-', stdin=SYSTEM)[1], out)
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

    def test_forbidden(self):
        """A node that may not be read is named; the others are drawn."""
        zk = self.zk()
        set_acls = zk.client.set_acls
        set_acls('/cms/providers', [make_acl('world', 'anyone', admin=True)])
        self.addCleanup(set_acls, '/cms/providers', OPEN_ACL_UNSAFE)
        status, out, err = self.graph(self.connection_string)
        self.assertEqual(
            (0, 'these nodes may not be read:\n  /cms/providers\n'),
            (status, err))
        self.assertIn('"/cms" [', out)
        self.assertIn('"/retail" [', out)
        self.failed('zookeeper_graph: no permission at /cms/providers',
                    scripts.graph, self.connection_string, '/cms/providers')

    def test_links(self):
        """The path may lead through links."""
        self.zk().import_tree('/l\n  r -> /retail', trim=False)
        self.assertEqual(self.graph(self.connection_string, '/retail'),
                         self.graph(self.connection_string, '/l/r'))

    def test_output(self):
        """Graphviz text goes to a file, pictures through Graphviz."""
        name = self.file(SYSTEM)
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
