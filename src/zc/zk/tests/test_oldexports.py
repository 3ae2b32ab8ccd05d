"""Property links as zc.zk 2.1 exported them: ``name => = u'/path'``."""
from __future__ import annotations

import logging

import zc.zk
from zc.zk import scripts
from zc.zk._tree.model import Node
from zc.zk._tree.parser import parse_tree
from zc.zk._tree.writer import tree_lines
from zc.zk.errors import TreeSyntaxError
from zc.zk.tests.scripted import ScriptCase


#: What zc.zk 2.1 makes of two nodes with property links.
EXPORT = '''\
/svc
  size = 4
  threads = 3
/user
  threads => = u'/svc'
  workers => = u'/svc size'
'''
FIRST = ('5:3: read as the property link threads => /svc, which zc.zk 2.1 '
         'exported like this: "threads => = u\'/svc\'"')
SECOND = ('6:3: read as the property link workers => /svc size, which zc.zk '
          '2.1 exported like this: "workers => = u\'/svc size\'"')
LINKS = {'threads =>': '/svc', 'workers =>': '/svc size'}


class OldExportTests(ScriptCase):

    tree = '/top\n'

    def test_parser(self) -> None:
        """It is read as the link that it was, and the parser says so."""
        notices: list[TreeSyntaxError] = []
        tree = parse_tree(EXPORT, source='f', notice=notices.append)
        self.assertEqual(LINKS, tree.children['user'].properties)
        self.assertEqual(
            ['f:' + FIRST, 'f:' + SECOND], [str(each) for each in notices])

    def test_forms(self) -> None:
        """Any string literal is read; what is no link is an error."""
        def parsed(text: str) -> object:
            return parse_tree(
                f'/a\n  {text}\n', notice=lambda notice: None
            ).children['a'].properties

        for text, properties in (
                ("x => = '/b'", {'x =>': '/b'}),
                ('x => =  "/b"', {'x =>': '/b'}),
                (r"x => = u'/caf\xe9 y'", {'x =>': '/café y'}),
                ("'a b' => = u'../c'", {'a b =>': '../c'}),
                # Not what 2.1 exported: what it has always been.
                ("x => ='/b'", {'x =>': "='/b'"}),
                ('x => = /b', {'x =>': '= /b'}),
                ("'x =>' = \"= '/b'\"", {'x =>': "= '/b'"})):
            with self.subTest(text):
                self.assertEqual(properties, parsed(text))
        for text, message in (
                ("x => = ''", 'line 2, column 10: bad property link'),
                ("x => = '/a b c'", 'line 2, column 10: bad property link'),
                (r"x => = '\x'", 'line 2, column 1.: bad expression')):
            with self.subTest(text), \
                    self.assertRaisesRegex(TreeSyntaxError, message):
                parsed(text)

    def test_round_trip(self) -> None:
        """A link that only looks like one of 2.1 stays what it is."""
        for target in "= '/svc'", "= u'/svc'", "='/svc'", '= /svc':
            node = Node('', None, x=Node('', {'y =>': target}))
            with self.subTest(target):
                notices: list[TreeSyntaxError] = []
                self.assertEqual(node, parse_tree(
                    '\n'.join(tree_lines(node)), notice=notices.append))
                self.assertEqual([], notices)

    def test_import_tree(self) -> None:
        """import_tree logs a warning for each."""
        zk = self.zk()
        with self.assertLogs('zc.zk', logging.WARNING) as logs:
            zk.import_tree(EXPORT)
        self.assertEqual(
            ['WARNING:zc.zk._tree.parser:' + each.replace(
                '5:3', 'line 5, column 3').replace('6:3', 'line 6, column 3')
             for each in (FIRST, SECOND)], logs.output)
        self.assertEqual(LINKS, zk.get_properties('/user'))
        self.assertEqual(
            {'threads': 3, 'workers': 4}, dict(zk.properties('/user')))
        self.assertEqual(
            '/user\n  threads => /svc\n  workers => /svc size\n',
            zk.export_tree('/user'))

    def test_scripts(self) -> None:
        """The scripts that read files say it on the standard error."""
        name = self.file(EXPORT)
        host = self.connection_string
        said = f'{name}:{FIRST}\n{name}:{SECOND}\n'
        self.assertEqual((0, '', said), self.run_script(
            scripts.import_, host, name))
        self.assertEqual(LINKS, self.zk().get_properties('/user'))
        self.assertEqual((0, '', said), self.run_script(
            scripts.diff, host, name))
        self.assertEqual((0, '', said), self.run_script(
            scripts.validate, name))
        self.assertIsInstance(zc.zk.parse_tree('/a\n'), zc.zk.ParseNode)
