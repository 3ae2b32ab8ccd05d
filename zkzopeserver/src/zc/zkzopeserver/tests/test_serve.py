"""The command zkserve: its options, its check and its errors."""
from __future__ import annotations

import contextlib
import io
import logging
import os
import tempfile
import textwrap
import unittest
from typing import Any
from unittest import mock

from zc.zkzopeserver import serve


SERVED: list[Any] = []


def make_app(global_conf: Any, **settings: Any) -> Any:
    return {**global_conf, **settings}


def failing_app(global_conf: Any, **settings: Any) -> Any:
    raise ValueError('the application\nis broken')


def run_app(app: Any, global_conf: Any, **settings: Any) -> None:
    SERVED.append((app, settings))


TEXT = '''
    [app:main]
    paste.app_factory = zc.zkzopeserver.tests.test_serve:make_app
    name = main %(given)s

    [app:second]
    paste.app_factory = zc.zkzopeserver.tests.test_serve:make_app
    name = second

    [app:broken]
    paste.app_factory = zc.zkzopeserver.tests.test_serve:failing_app

    [server:main]
    paste.server_runner = zc.zkzopeserver.tests.test_serve:run_app
    name = main

    [server:second]
    paste.server_runner = zc.zkzopeserver.tests.test_serve:run_app
    name = second

    [server:lonely]
    paste.server_runner = zc.zkzopeserver.tests.test_serve:run_app
    name = lonely

    [server:ours]
    use = egg:zc.zkzopeserver
    zookeeper = 127.0.0.1:1
    path = /a

    [server:wrong]
    use = egg:zc.zkzopeserver#waitress
    zookeeper = 127.0.0.1:1
    path = a

    [server:missing]
    use = egg:zc.no-such-thing
    '''


class ServeTests(unittest.TestCase):

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, 'a.ini')
        self.write(TEXT)
        SERVED.clear()
        # The command configures logging; tests keep theirs.
        patch = mock.patch.object(logging, 'basicConfig')
        patch.start()
        self.addCleanup(patch.stop)

    def write(self, text: str) -> None:
        with open(self.path, 'w', encoding='utf-8') as stream:
            stream.write(textwrap.dedent(text))

    def serve(self, *arguments: str, name: str = '') -> str:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            serve.main([self.path + name, '-D', 'given=x', *arguments])
        return out.getvalue()

    def fails(self, *arguments: str, name: str = '') -> str:
        error = io.StringIO()
        with contextlib.redirect_stderr(error):
            with self.assertRaises(SystemExit) as caught:
                self.serve(*arguments, name=name)
        self.assertEqual(2, caught.exception.code)
        return error.getvalue()

    def served(self) -> tuple[str, str]:
        [(app, settings)] = SERVED
        return app['name'], settings['name']

    def test_main(self):
        """Without a name the sections called main are used."""
        self.serve()
        self.assertEqual(('main x', 'main'), self.served())

    def test_name(self):
        """FILE#NAME names both sections."""
        self.serve(name='#second')
        self.assertEqual(('second', 'second'), self.served())

    def test_name_of_a_server_alone(self):
        """Or the server alone, where no application has the name."""
        self.serve(name='#lonely')
        self.assertEqual(('main x', 'lonely'), self.served())

    def test_names(self):
        """Options name each section by itself."""
        self.serve('--app-name', 'second', '--server-name', 'lonely')
        self.assertEqual(('second', 'lonely'), self.served())

    def test_define(self):
        """-D fills in %(name)s, and the last one counts."""
        self.serve('-D', 'given=y=z')
        self.assertEqual(('main y=z', 'main'), self.served())

    def test_check(self):
        """--check serves nothing, and says that all is right."""
        self.assertEqual(f'{self.path}: all right\n', self.serve('--check'))
        self.serve('--check', '--server-name', 'ours')
        self.assertEqual([], SERVED)

    def test_check_finds_errors(self):
        """--check reads the server's options."""
        self.assertEqual(
            "a.ini [server:wrong]: option path: 'a' must start with '/'\n",
            self.fails('--check', '--server-name', 'wrong'))

    def test_errors(self):
        """Each error is one line."""
        for arguments, expected in (
            (('--server-name', 'none'), "No section 'none'"),
            (('--app-name', 'none'), "No section 'none'"),
            (('--server-name', 'missing'), 'zc.no-such-thing'),
            (('--app-name', 'broken'), 'the application is broken'),
        ):
            with self.subTest(expected):
                error = self.fails(*arguments)
                self.assertTrue(
                    error.startswith(f'zkserve: {self.path}: '), error)
                self.assertIn(expected, error)
                self.assertEqual(1, error.count('\n'))

    def test_no_file(self):
        """A file that is not there is named."""
        os.unlink(self.path)
        self.assertEqual(
            f'zkserve: there is no file {self.path!r}\n', self.fails())

    def test_bad_file(self):
        """So is one that is no paste-deploy file."""
        self.write('nonsense\n')
        self.assertTrue(self.fails().startswith(f'zkserve: {self.path}: '))

    def test_bad_definition(self):
        """-D needs name=value."""
        self.assertIn('name=value is needed', self.fails('-D', 'x'))

    def test_logging(self):
        """[loggers] of the file configures logging."""
        self.write(TEXT + '''
    [loggers]
    keys = root
    [handlers]
    keys =
    [formatters]
    keys =
    [logger_root]
    handlers =
    ''')
        with mock.patch('logging.config.fileConfig') as configure:
            self.serve()
        self.assertEqual(1, configure.call_count)

    def test_bad_logging(self):
        """A fault in it is an error, too."""
        self.write(TEXT + '\n    [loggers]\n    keys = x\n')
        self.assertIn('logging: ', self.fails())

    def test_help(self):
        """--help tells what the command does."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            with self.assertRaises(SystemExit) as caught:
                serve.main(['--help'])
        self.assertEqual(0, caught.exception.code)
        self.assertIn('paste-deploy file', out.getvalue())
