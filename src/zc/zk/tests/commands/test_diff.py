"""Tests of diff: the script that compares a tree with a file."""
from __future__ import annotations

import json
import os
import textwrap
from unittest import mock

from zc.zk import scripts
from zc.zk.tests.scripted import SYSTEM
from zc.zk.tests.scripted import ScriptCase
from zc.zk.tests.scripted import Terminal


class DiffTests(ScriptCase):

    tree = SYSTEM

    def diff(self, text, *args, **keywords):
        return self.run_script(
            scripts.diff, self.connection_string, *args, stdin=text,
            **keywords)

    def test_equal(self):
        """Trees that are equal give nothing and status 0."""
        self.assertEqual(self.diff(SYSTEM), (0, '', ''))
        # Servers that register are no difference, nor is another top node.
        zk = self.zk()
        zk.register('/cms/providers', '1.2.3.4:80')
        zk.create('/other', '{}')
        self.assertEqual(self.diff(SYSTEM), (0, '', ''))
        self.assertEqual(
            self.diff(SYSTEM.replace('  /providers\n', '  /providers\n'
                                   '    /1.2.3.4:80\n', 1)), (0, '', ''))
        self.assertEqual(self.diff('/databases\n  main -> /elsewhere/main',
                                   '-', '/retail'), (0, '', ''))

    def test_service(self):
        """One top node is compared by its name, also if the file lacks it.
        """
        text = '/cms\n/retail\n'
        self.assertEqual(1, self.diff(text)[0])
        status, out, error = self.diff(SYSTEM.replace(
            'threads = 3', 'threads = 4'), '--service', 'retail')
        self.assertEqual((0, '', ''), (status, out, error))
        self.zk().import_tree('/old\n  x = 1\n')
        self.assertEqual(0, self.diff(SYSTEM)[0])
        status, out, error = self.diff(SYSTEM, '-s', 'old', '-s', 'cms')
        self.assertEqual((1, ''), (status, error))
        self.assertEqual(['-/old', '-  x = 1'], out.splitlines()[2:])
        self.assertEqual(0, self.diff(SYSTEM, '-s', 'old', '-T')[0])

    def test_no_service(self):
        """A name that is nowhere is an error, which lists similar names."""
        for trim in ((), ('-T',)):
            self.assertEqual(
                (2, '', 'zookeeper_diff: neither the text nor the live tree '
                 "has 'retial' directly below /; similar names: retail\n"),
                self.diff(SYSTEM, '-s', 'retial', *trim))

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
        status, out, err = self.diff(SYSTEM + '  /new\n', '--json')
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
             '  /retail/providers\n' + left), self.diff(SYSTEM))
        zk.set('/retail/providers', b'{"x": Infinity}')
        self.assertIn('\n  /retail/providers\n', self.diff(SYSTEM)[2])
        zk.set('/retail/providers', b'')
        self.assertEqual((0, '', left), self.diff(SYSTEM))

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
