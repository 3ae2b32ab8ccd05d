"""Imports that delete what the text does not have: what they ask and say."""
from __future__ import annotations

import os
import textwrap
from unittest import mock

from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_digest_acl

from zc.zk import scripts
from zc.zk._transfer import importer
from zc.zk._tree import ending
from zc.zk.tests.commands.importcase import FOO
from zc.zk.tests.commands.importcase import ImportCase
from zc.zk.tests.scripted import Terminal


class TrimTests(ImportCase):

    def test_nobody_to_ask(self):
        """Without a terminal, trim deletes nothing unless it is told to."""
        text = FOO.replace('  /providers\n', '')
        status, out, err = self.load(text, '-t', self.connection_string)
        self.assertEqual((1, '', (
            'trim deletes 1 node:\n  /fooservice/providers\n'
            'zookeeper_import: there is no terminal to ask whether to delete '
            '1 node: add --yes\n')), (status, out, err))
        self.assertTrue(self.zk().exists('/fooservice/providers'))
        self.assertEqual(
            (0, '', ''), self.load(FOO, '-t', self.connection_string))

    def load_pipe(self, text, *args):
        """Import from a pipe, as /bin/sh connects two programs."""
        reading, writing = os.pipe()
        with open(writing, 'w') as file:
            file.write(text)
        with open(reading) as file, mock.patch('sys.stdin', file):
            return self.run_script(
                scripts.import_, *args, stdin=file)

    def test_half_a_text(self):
        """Trim takes text from a pipe only with the mark at its end."""
        zk = self.zk()
        half = FOO.replace('  /providers\n', '')
        for options in ('-ty', '-t'):
            status, out, err = self.load_pipe(
                half, options, self.connection_string)
            self.assertEqual((1, ''), (status, out))
            self.assertEqual(
                f'zookeeper_import: <stdin>: {ending.doubt(half, True)}\n',
                err)
        self.assertTrue(zk.exists('/fooservice/providers'))
        # Without trim, nothing would be deleted.
        self.assertEqual(0, self.load_pipe(half, self.connection_string)[0])
        self.assertEqual(
            (0, '', 'trim deletes 1 node:\n  /fooservice/providers\n'),
            self.load_pipe(f'{half}{ending.WHOLE}\n', '-ty',
                           self.connection_string))
        self.assertFalse(zk.exists('/fooservice/providers'))

    def test_half_a_text_in_a_dry_run(self):
        """A dry run shows all, and says why the import would fail."""
        half = FOO.replace('  /providers\n', '')
        self.assertEqual(
            (0, 'would delete /fooservice/providers.\n',
             'without -d, this fails: <stdin>: '
             f'{ending.doubt(half, True)}\n'),
            self.load_pipe(half, '-dt', self.connection_string))

    def test_nodes_left_out(self):
        """What an export left out is not trimmed, wherever it is read."""
        zk = self.zk()
        zk.create('/fooservice/z', b'\xff')
        status, text, err = self.run_script(
            scripts.export, self.connection_string)
        self.assertEqual(1, status)
        zk.set('/fooservice/z', b'{}')
        status, out, err = self.load(text, '-ty', self.connection_string)
        self.assertEqual(
            (1, '', 'zookeeper_import: <stdin>: '
             f'{ending.doubt(text, False)}\n'), (status, out, err))
        self.assertTrue(zk.exists('/fooservice/z'))

    def test_no_text(self):
        """Trim leaves nodes that text cannot describe, and all below."""
        zk = self.zk()
        zk.create('/fooservice/a', b'')
        zk.create('/fooservice/a/b', b'\xff')
        zk.create('/fooservice/a/b/c', b'')
        zk.create('/fooservice/n', b'{"x": NaN}')
        why = 'not deleted because text cannot describe'
        self.assertEqual(self.load(FOO, '-ty', self.connection_string), (0, (
            f'/fooservice/a/b {why} its data.\n'
            f'/fooservice/a {why} the data of a node below it.\n'
            f'/fooservice/n {why} its data.\n'), ''))
        self.assertEqual(b'\xff', zk.get('/fooservice/a/b')[0])
        self.assertTrue(zk.exists('/fooservice/a/b/c'))
        # Nor is such a node overwritten.
        self.failed(
            'zookeeper_import: data of /fooservice/a/b: not UTF-8 text (byte '
            '0 of 1)', scripts.import_, self.connection_string,
            stdin='/fooservice\n  /a\n    /b\n')

    def answer(self, *actions):
        """Return a terminal at which someone acts before each yes."""
        actions = list(actions)

        class Slow(Terminal):
            def readline(self):
                action = actions.pop(0)
                action()
                return 'y\n'

        return Slow()

    def test_changed_after_the_question(self):
        """When something changes after the question, it comes again."""
        zk = self.zk()
        file = self.file(FOO.replace('  /providers\n', ''))
        terminal = self.answer(
            lambda: zk.set('/fooservice/providers', '{"x":1}'),
            lambda: None)
        question = ('trim deletes 1 node:\n  /fooservice/providers\n'
                    'Delete 1 node? [y/N] ')
        self.assertEqual(
            (0, '', f'{question}The tree has changed meanwhile.\n{question}'),
            self.run_script(scripts.import_, '-t', self.connection_string,
                            file, stdin=terminal, err=Terminal()))
        self.assertFalse(zk.exists('/fooservice/providers'))

    def test_made_anew_after_the_question(self):
        """A node that was deleted and made anew is another node."""
        zk = self.zk()

        def make_anew():
            zk.delete('/fooservice/providers')
            zk.create('/fooservice/providers', '{"x":1}')

        def stop():
            raise KeyboardInterrupt

        file = self.file(FOO.replace('  /providers\n', ''))
        status, out, err = self.run_script(
            scripts.import_, '-t', self.connection_string, file,
            stdin=self.answer(make_anew, stop), err=Terminal())
        self.assertEqual((130, ''), (status, out))
        self.assertIn('The tree has changed meanwhile.\n', err)
        self.assertTrue(zk.exists('/fooservice/providers'))

    def test_changed_while_it_is_applied(self):
        """What changes even later stays, and the import fails."""
        zk = self.zk()
        file = self.file(FOO.replace('  /providers\n', ''))
        plain = importer.Import.apply

        def apply(work):
            zk.set('/fooservice/providers', '{"x":1}')
            return plain(work)

        with mock.patch.object(importer.Import, 'apply', apply):
            status, out, err = self.run_script(
                scripts.import_, '-t', self.connection_string, file,
                stdin=self.answer(lambda: None), err=Terminal())
        self.assertEqual(1, status)
        self.assertIn('/fooservice/providers was not deleted: another '
                      'client changed it', err)
        self.assertEqual(
            {'x': 1}, zk.get_properties('/fooservice/providers'))

    def test_trim(self):
        """Before it trims, an import says what goes, stays and breaks."""
        zk = self.zk()
        zk.import_tree(textwrap.dedent('''\
            /a
              /b
                /providers
              /c
                /providers
            /lb
              b -> /a/b
              c -> /a/c/providers
        '''))
        zk.register('/a/b/providers', '1.2.3.4:80')
        self.assertEqual(
            self.load('/a\n', '-ty', self.connection_string), (0, textwrap.
            dedent('''\
            Not deleting /a/b/providers/1.2.3.4:80 because it's ephemeral.
            /a/b/providers not deleted due to ephemeral descendent.
            /a/b not deleted due to ephemeral descendent.
            '''), textwrap.dedent('''\
            trim deletes 2 nodes:
              /a/c/providers
              /a/c
            these stay, since they are ephemeral, as live servers are:
              /a/b/providers/1.2.3.4:80
            these links would break:
              /lb c -> (leads to /a/c/providers, which does not exist)
            ''')))
        self.assertFalse(zk.exists('/a/c'))
        # Nothing is said when nothing goes.
        self.assertEqual(
            self.load('/lb\n  b -> /a/b\n  c -> /a/c/providers\n', '-t',
                      self.connection_string),
            (0, '', ''))

    def test_trim_beside_secrets(self):
        """Nodes elsewhere that may not be read are no matter to a trim."""
        zk = self.zk()
        zk.create('/secret', '{"x ->": "/y"}')
        zk.create('/secret/below', '{}')
        zk.client.set_acls('/secret', [make_digest_acl('u', 'p', all=True)])
        self.assertEqual(
            self.load(FOO.replace('  /providers\n', ''), '-ty',
                      self.connection_string),
            (0, '', 'trim deletes 1 node:\n  /fooservice/providers\n'))
        zk.client.add_auth('digest', 'u:p')
        zk.client.set_acls('/secret', OPEN_ACL_UNSAFE)

    def test_many(self):
        """Long lists are cut short."""
        self.zk().import_tree(
            '/a\n' + ''.join(f'  /n{number:02}\n' for number in range(25)))
        err = self.load('/a\n', '-ty', self.connection_string)[2]
        self.assertEqual(len(err.splitlines()), 22)
        self.assertTrue(err.endswith('  and 5 more\n'))

    def test_trim_asks(self):
        """On a terminal, trim goes on only after a yes."""
        zk = self.zk()
        file = self.file(FOO.replace('  /providers\n', ''))
        question = ('trim deletes 1 node:\n  /fooservice/providers\n'
                    'Delete 1 node? [y/N] ')
        for answer in ('', '\n', 'n\n', 'nay\n'):
            status, out, err = self.run_script(
                scripts.import_, '-t', self.connection_string, file,
                stdin=Terminal(answer), err=Terminal())
            self.assertEqual(
                (status, out, err), (1, '', question + 'zookeeper_import: '
                                     'nothing was done\n'))
            self.assertTrue(zk.exists('/fooservice/providers'))
        self.assertEqual(self.run_script(
            scripts.import_, '-t', self.connection_string, file,
            stdin=Terminal('y\n'), err=Terminal()), (0, '', question))
        self.assertFalse(zk.exists('/fooservice/providers'))

    def test_yes(self):
        """With --yes it does not ask."""
        file = self.file('/fooservice\n')
        status, out, err = self.run_script(
            scripts.import_, '-t', '--yes', self.connection_string, file,
            stdin=Terminal(), err=Terminal())
        self.assertEqual(status, 0)
        self.assertNotIn('?', err)
        self.assertFalse(self.zk().exists('/fooservice/providers'))
