"""Each subcommand in each situation that operators meet.

`ROWS` has a row for each: a subcommand without one fails.
"""
from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import unicodedata
from typing import NamedTuple

from zc.zk._zczk.table import COMMANDS
from zc.zk.testing import Server
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.scripted import SYSTEM
from zc.zk.tests.zczk import spawner
from zc.zk.tests.zczk.zczkcase import WordsCase
from zc.zk.tests.zczk.zczkcase import ZczkCase


class Row(NamedTuple):
    """A subcommand, and how it is called.

    In words, ``{text}`` stands for a file with `SYSTEM`, ``{plan}`` for a
    plan, and ``{template}`` for a template.

    :ivar words: what works on the tree `SYSTEM`
    :ivar prints: whether that prints anything on the standard output
    :ivar hostile: what can be tried on a hostile tree, and statuses of which
        each gives one
    :ivar empty: the status on a tree without nodes, of `words` with ``/``
        for paths
    :ivar forbidden: what meets a node that may not be read, and the status
    :ivar unasked: why it is not tried without a server, nor interrupted
    """

    words: str
    prints: bool = True
    hostile: tuple[str, ...] = ()
    statuses: tuple[int, ...] = (0,)
    empty: tuple[str, int] = ('', 0)
    forbidden: tuple[str, int] = ('', 2)
    unasked: str = ''


ROWS = {
    'run': Row(
        '--path /cms/providers --timeout 0.2 -- sleep 1000', False,
        ('--path /h/bytes/providers -- sleep 1000',
         '--path /h/one/next -- sleep 1000'), (2,),
        ('--path /providers -- sleep 1000', 2),
        ('--path /f/a -- sleep 1000', 2),
        unasked='SIGINT is the end that it waits for'),
    'export': Row('/', True, ('/', '-e /', '--json /', '-n x /h'), (0, 1),
                  ('/', 0), ('/f', 2)),
    'import': Row('-d {text} /retail', True,
                  ('-d {text} /h', '{text} /h', '--json -d {text} /h/bytes'),
                  (0,), ('-d {text} /', 0), ('{text} /f/a', 2)),
    'diff': Row('{other}', True, ('{text} /h', '--json {text} /h'), (0, 1),
                ('{text}', 1), ('-s f {text}', 2)),
    'validate': Row('{broken}', True, ('{text}', '{broken}'), (0, 1),
                    ('{text}', 1), ('{text}', 1)),
    'graph': Row('/', True, ('/', '/h'), (0,), ('/', 0), ('/f', 0)),
    'ls': Row('-l /', True, ('/h', '-l /h', '--json -l /h', '/h/one/next'),
              (0, 2), ('/', 0), ('/f/a', 2)),
    'find': Row('/', True, ('/', '--json /', '--type *', '--property v',
                            '--name \u202e*', '--property v=1 --older 1'),
                (0, 1), ('/', 0), ('/f', 0)),
    'grep': Row('.', True, ('.', '--json .', '-l \\x1b', '-F \u202e'),
                (0, 1), ('.', 1), ('. /f', 1)),
    'du': Row('/', True, ('/', '--json /', '-d 9 /h'), (0,), ('/', 0),
              ('/f', 0)),
    'stat': Row('/cms', True, (
        '/h/bytes', '--json /h/bytes', '/h/control', '--json /h/control',
        '/h/huge', '/h/deep', '/h/numbers', '/h/\u202ename', '/h/one/next'),
        (0, 2), ('/', 0), ('/f/a', 2)),
    'resolve': Row('/cms/db', True, (
        '/h/one/next', '--json /h/one/next', '/h/links/a', '/h/links/b',
        '/h/links/c', '--json /h/links/d', '/h/links/e'), (0, 1),
        ('/', 0), ('/f/a/b/c', 1)),
    'watch': Row('/cms --count 1', True, unasked='it waits for changes'),
    'wait': Row('/cms --property threads=3', False, (
        '/h/bytes --property v=1 --timeout 0.01', '/h --count 1',
        '/h/one/next --timeout 0.01', '/h/deep --gone x'), (0, 1, 2),
        ('/nix --timeout 0.01', 1), ('/f/a --timeout 0.01', 2)),
    'doctor': Row('--no-probe --no-write --watch 0.01 /', True, (
        '--no-probe --no-write --watch 0.01 /',
        '--no-probe --no-write --watch 0.01 --json /'), (1,),
        ('--no-probe --no-write --watch 0.01 /', 0),
        ('--no-probe --no-write --watch 0.01 /f', 1)),
    'render': Row(
        '--once {template} -', True, ('--once {template} -',), (0,),
        ('--once {template} -', 0), unasked='it follows'),
    'mirror': Row('--help', True),
    'plan': Row('{other}', True, (
        '{text} /h', '--trim {text} /h', '--trim -s h {text}',
        '--json {text} /h/bytes'), (0,), ('{text}', 0), ('{text} /f/a', 2)),
    'apply': Row('-d {plan}', True, ('{plan}', '{text}'), (0, 2),
                 ('{plan}', 1), ('{plan}', 1)),
    'cp': Row('/cms /cms2', True, (
        '/h /h2', '/h/bytes /h/more', '/h/one/next /h/x', '/h/huge /h/h2'),
        (0, 2), ('/ /a', 2), ('/f /g', 2)),
    'mv': Row('-d -f /cms /cms3', True, (
        '-d /h /h2', '/h/\u202ename /h/x', '/h/one /h/two', '/h/one/next /x'),
        (0, 1, 2), ('/ /a', 2), ('/f /g', 2)),
    'ln': Row('/retail /cms/shop', False, (
        '/h/\u202ename /h/links/z', '/h /h/bytes/x', '/h /h/one/next'),
        (0, 2), ('/a /b', 0), ('/cms /f/a/b', 2)),
    'set': Row('/cms threads=4', False, (
        '/h/bytes a=1', '/h/deep a=1', '/h/numbers a=1', '/h/one/next a=1',
        '/h/control v=2'), (0, 2), ('/ a=1', 0), ('/f/a a=1', 2)),
    'drain': Row('/cms 10.0.0.7:80', True, (
        '/h/overrides a:1', '/h/bytes a:1', '/h/control \u202ename'), (0, 2),
        ('/a b:1', 2), ('/f/a b:1', 2)),
    'rm': Row('--yes /retail', False, ('--yes /h', '-d /h/links', '/h/one'),
              (0, 1, 2), ('--yes /a', 2), ('--yes /f', 2)),
    'server': Row('--host 127.0.0.1 --port 0 --tree /no/such/file', True,
                  unasked='it is a server'),
    'web': Row('--help', unasked='it is a server'),
    'completion': Row('bash', True, unasked='it only prints'),
}

#: What a tree can hold at worst.
HOSTILE = {
    '/h': b'', '/h/\u202ename': b'{"v": "\\u001b[31m"}',
    '/h/line\u2028\u2029break': b'{"string_value": "\\u2028"}',
    '/h/control': '{"v": "\\u001b]0;t\\u0007\x1b[2J\x9b31m\\r\\n\u202e", '
    '"\\u001b[2J": 1}'.encode(),
    '/h/bytes': b'\xff\xfe\x00\x1b[2J', '/h/null': b'null',
    '/h/array': b'[1, "\\u001b"]', '/h/twice': b'{"v": 1, "v": 2}',
    '/h/deep': b'[' * 9000 + b']' * 9000,
    '/h/deeper': b'{"v":' * 9000 + b'1' + b'}' * 9000,
    '/h/numbers': b'{"v": 1e99999, "w": NaN, "x": %s}' % (b'9' * 9000),
    '/h/surrogate': b'{"v": "\\ud800"}', '/h/huge': b'x' * 900_000,
    '/h/one': b'{"next ->": "/h/two/next"}',
    '/h/two': b'{"next ->": "/h/one/next"}',
    '/h/links': b'{"a ->": 1, "b ->": "", "c ->": "../../..", '
    b'"d ->": "/\\u001b[2J", "e ->": "/h/links/e/e", "f =>": "/h v"}',
    '/h/overrides': b'{"overrides": "\\u001b", "weight": {}}',
    '/h/# no comment': b'', '/h/a : b': b'{"type": "t\\n  /injected"}',
    '/h/ -> x': b'', '/h/providers': b'',
    '/h/providers/\u202e:1': b'\xff',
}


class TrialCase(WordsCase):
    """Makes words of rows, and judges what comes."""

    def words(self, text: str) -> list[str]:
        """Return the words of a row, with files filled in."""
        files = {
            '{text}': SYSTEM, '{other}': SYSTEM.replace('3', '4'),
            '{broken}': '/a\n  b -> /nix\n',
            '{template}': 'there are {{ services|length }}\n'}
        for name, content in files.items():
            if name in text:
                text = text.replace(
                    name, self.file(content, name.strip('{}')))
        return text.replace('{plan}', str(self.directory / 'plan')).split(' ')

    def judge(self, word: str, result: tuple[int, str, str],
              *statuses: int) -> None:
        """Check that a call ended well, or badly in one clear line."""
        status, out, error = result
        self.assertIn(status, statuses, (out[-300:], error))
        self.assertNotIn('Traceback', error)
        for text in (out, error):
            bad = {each for each in text if each not in '\n\t'
                   and unicodedata.category(each) in (
                       'Cc', 'Cf', 'Cs', 'Zl', 'Zp')}
            self.assertEqual(set(), bad)
        if status == 2:
            self.assertRegex(
                error.splitlines()[-1], rf'^zczk( {word})?: .+')


class Table(WordsCase):

    def test_rows(self):
        """Each subcommand has a row."""
        # A row may be there before its command is.
        self.assertLessEqual(set(COMMANDS), set(ROWS))


class Trees(TrialCase, ZczkCase):
    """On the server that the tests use, which may be the real one."""

    tree = ''

    def rows(self):
        for word in COMMANDS:
            if word in ROWS:
                yield word, ROWS[word]

    def call(self, word, text, *statuses):
        with self.subTest(f'{word} {text}'):
            self.judge(word, self.zczk(word, *self.words(text)), *statuses)

    def make_plan(self):
        self.assertEqual(0, self.zczk(
            'plan', *self.words('{other} -o {plan}'))[0])

    def test_empty(self):
        """A tree without nodes."""
        self.zk().import_tree(SYSTEM)
        self.make_plan()
        for name in ('cms', 'retail'):
            self.zk().delete_recursive(f'/{name}')
        for word, row in self.rows():
            text, status = row.empty
            if text and word != 'run':
                self.call(word, text, status)

    def test_hostile(self):
        """A tree that others have filled, by mistake or on purpose."""
        self.make_plan()
        client = self.zk().client
        for path, data in HOSTILE.items():
            client.create(path, data)
        for word, row in sorted(
                self.rows(), key=lambda each: each[0] in ('mv', 'rm')):
            for text in row.hostile if word != 'run' else ():
                self.call(word, text, *row.statuses)

    def test_forbidden(self):
        """A node that may not be read, without the password for it."""
        self.make_plan()
        self.make('/cms\n  /providers\n/f\n  /a\n    /b\n')
        self.forbid('/f/a')
        for word, row in self.rows():
            text, status = row.forbidden
            if text and word != 'run':
                self.call(word, text, status)

    def test_wrong(self):
        """Wrong arguments are said in one line, after the usage."""
        for word, _ in self.rows():
            for text in ('--nix', '/a /b /c /d /e /f', '\x1b[2J \u202e'):
                if text[:2] != '/a' or word not in (
                        'stat', 'rm', 'ls', 'drain', 'validate'):
                    self.call(word, text, 2)


class Processes(TrialCase):
    """In processes, on the embedded server."""

    def setUp(self):
        super().setUp()
        self.server = Server().start()
        self.addCleanup(self.server.stop)
        self.spawner = spawner.Spawner(self.directory)
        self.addCleanup(self.spawner.close)
        for words in [('import', *self.words('{text}')),
                      ('plan', *self.words('{other} -o {plan}'))]:
            self.assertEqual((0, ''), self.call(*words)[::2])

    def call(self, *words, **keywords):
        return self.spawner.call(
            ['-z', self.server.connection_string, *words], **keywords)

    def rows(self):
        for word in COMMANDS:
            row = ROWS.get(word)
            if row is not None and word not in ('server', 'watch', 'run'):
                yield word, row, self.words(row.words)

    def lost(self, stdout, reason):
        """Check what happens when the output goes nowhere."""
        for word, row, words in self.rows():
            if not row.prints:
                continue
            with self.subTest(word):
                status, _, error = self.call(word, *words, stdout=stdout)
                # What has been done has been done: it can only not be told.
                self.assertEqual(2, status, error)
                told = [line for line in error.splitlines()
                        if line.startswith('zczk')]
                self.assertEqual(
                    [f'zczk {word}: {reason}'] if reason else [], told)
                self.assertNotIn('Traceback', error)
                self.assertNotIn('Exception ignored', error)

    def test_full(self):
        """A full disk is an error."""
        self.lost(spawner.FULL, 'No space left on device')

    def test_broken_pipe(self):
        """A reader that has gone, as head does, is no more than a status.
        """
        self.lost(spawner.BROKEN, '')

    def test_closed(self):
        """An output that the shell has closed is an error."""
        self.lost(spawner.CLOSED, 'the standard output is closed')

    def test_no_server(self):
        """A server that is not there is an error in one line."""
        for word, row, words in self.rows():
            if row.unasked or word in ('doctor', 'mirror', 'validate'):
                continue
            with self.subTest(word):
                status, out, error = self.spawner.call(
                    ['-z', '127.0.0.1:1', '--timeout', '0.1', word, *words])
                self.assertEqual((2, ''), (status, out))
                self.assertRegex(
                    error, rf"\Azczk {word}: can't connect to ZooKeeper at "
                    r"'127\.0\.0\.1:1': .*\n\Z")

    def test_credentials(self):
        """Files of credentials and certificates that are not there."""
        for word, row, words in self.rows():
            if row.unasked or word == 'mirror':
                continue
            for option, value, reason in [
                    ('--auth', 'digest:/nix', '--auth digest:FILE'),
                    ('--tls-ca', '/nix', '/nix')]:
                status, out, error = self.call(option, value, word, *words)
                with self.subTest(f'{word} {option}'):
                    self.assertEqual(
                        (2, '', f'zczk {word}: {reason}: No such file or '
                         'directory\n'), (status, out, error))

    def test_interrupt(self):
        """Ctrl-C while the server hangs ends a command, in one line."""
        for word, row, words in self.rows():
            if row.unasked or word in ('doctor', 'mirror', 'validate'):
                continue
            with socket.create_server(('127.0.0.1', 0)) as listener:
                listener.settimeout(DEADLINE)

                def interrupt(pid, listener=listener):
                    # It has connected, and waits for a session.
                    with listener.accept()[0] as connection:
                        connection.settimeout(DEADLINE)
                        connection.recv(1)
                        os.kill(pid, signal.SIGINT)

                host, port = listener.getsockname()
                status, out, error = self.spawner.call(
                    ['-z', f'{host}:{port}', word, *words], begun=interrupt)
            with self.subTest(word):
                self.assertEqual((130, '', f'zczk {word}: interrupted\n'),
                                 (status, out, error))

    def test_run(self):
        """The launcher fails in the same way, before it registers."""
        for text, reason in [
                ('--path /nix -- sleep 1000', '--path: there is no node'),
                ('--path /cms --auth digest:/nix -- x', '--auth digest:FILE'),
                ('--path /cms -z 127.0.0.1:1 --timeout 0.1 -- sleep 1000',
                 "can't connect to ZooKeeper")]:
            words = text.replace('-- x', f'-- {sys.executable}').split()
            status, out, error = self.call('run', '--no-color', *words[:2],
                                           '--check', 'cmd:true',
                                           '--check-timeout', '30',
                                           *words[2:])
            self.assertEqual((2, ''), (status, out))
            self.assertIn(f'zczk run: {reason}', error)
            self.assertNotIn('Traceback', error)

    def test_server(self):
        """The server for a desk says in its last line why it ends."""
        words = self.words(ROWS['server'].words)
        status, out, error = self.spawner.call(['server', *words])
        self.assertEqual(
            (2, 'zczk server: /no/such/file: No such file or directory\n'),
            (status, error))


class Starting(WordsCase):

    def test_imports(self):
        """zczk --help needs no module that takes long to import."""
        done = subprocess.run(
            [sys.executable, '-X', 'importtime', '-c',
             'from zc.zk._zczk import main; main()', '--help'],
            # What measures tests brings modules of its own.
            env={name: value for name, value in os.environ.items()
                 if not name.startswith('COVERAGE_')},
            capture_output=True, text=True, timeout=60, check=True)
        found = {line.rpartition('|')[2].strip()
                 for line in done.stderr.splitlines()}
        self.assertEqual(set(), found & {
            'argcomplete', 'asyncio', 'jinja2', 'json', 'kazoo', 'logging',
            'multiprocessing', 'rich', 'tempfile', 'unittest',
            'zc.zk.client',
            'zc.zk._run.command', 'zc.zk._looking.find', 'zc.zk.testing'})
