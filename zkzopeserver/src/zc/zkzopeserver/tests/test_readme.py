"""README.rst and docs: examples run, and the tables have every option."""
from __future__ import annotations

import configparser
import doctest
import pathlib
import re
import socket
import unittest
import wsgiref.simple_server
from typing import Any

import manuel.capture
import manuel.doctest
import manuel.testing
import zc.thread

import zc.zk
import zc.zk.monitor
import zc.zk.testing
import zc.zkzopeserver
from zc.zkzopeserver._options.table import OPTIONS
from zc.zkzopeserver._options.table import Options
from zc.zkzopeserver.tests.support import DEADLINE
from zc.zkzopeserver.tests.support import wait_for


#: Beside the sources, in a checkout as in a source distribution.
ROOT = pathlib.Path(__file__).parents[4]
OPTIONS_PAGE = ROOT / 'docs' / 'options.rst'


def options_of(text: str) -> dict[str, str]:
    """Return the options of a server section that names our runner."""
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    options = dict(parser['server:main'])
    if options.pop('use') != 'egg:zc.zkzopeserver':
        raise AssertionError('another runner')
    return options


def start(options: dict[str, str]) -> Any:
    """Run a server in a thread; return when it has registered."""
    with zc.zk.ZooKeeper('zookeeper.example.com:2181') as zk:
        path = options['path']
        thread = zc.thread.Thread(lambda: zc.zkzopeserver.run(
            wsgiref.simple_server.demo_app, {},
            **{'host': '127.0.0.1', 'drain': '0', **options}))
        wait_for(lambda: zk.get_children(path), 'the registration')
    return thread


def stop(thread: Any) -> None:
    """Stop the server; return when it has ended."""
    zc.zkzopeserver.stop()
    thread.join(DEADLINE)


def ask(monitor: str, line: str) -> str:
    """Return the answer of a monitor server."""
    with socket.create_connection(
            zc.zk.parse_addr(monitor), DEADLINE) as sock:
        sock.sendall(f'{line}\n'.encode())
        with sock.makefile() as stream:
            return stream.read()


def set_up(test: Any) -> None:
    zc.zk.testing.setUp(test, '/fooservice\n  /providers\n')
    test.globs.update(
        options_of=options_of, start=start, stop=stop, ask=ask)


class TableTests(unittest.TestCase):

    def rows(self) -> dict[str, list[str]]:
        text = OPTIONS_PAGE.read_text(encoding='utf-8')
        found = {}
        for row in re.findall(
                r'^   \* - (.*\n(?:     -.*\n|       .*\n)*)', text, re.M):
            cells = re.sub(r'\n {7}', ' ', row).rstrip('\n').split('\n')
            cells = [re.sub(r'^ *-', '', cell).strip() for cell in cells]
            if re.fullmatch('``[a-z_]+``', cells[0]):
                found[cells[0].strip('`')] = cells
        return found

    def test_every_option(self):
        """Each option has a row, and each row is an option."""
        self.assertEqual(sorted(OPTIONS), sorted(self.rows()))

    def test_complete(self):
        """Each row has a type, an example and a meaning."""
        for name, cells in self.rows().items():
            self.assertEqual(5, len(cells), name)
            for number in (1, 3, 4):
                self.assertTrue(cells[number], name)

    def test_defaults(self):
        """The defaults are those of the code."""
        for name, cells in self.rows().items():
            default = getattr(Options(), name)
            shown = cells[2]
            with self.subTest(name):
                if name == 'session_timeout':
                    continue        # zc.zk's
                if not shown:
                    self.assertIn(str(default), (
                        'None', '', '()', 'Secret(...)'))
                else:
                    self.assertEqual(
                        default, OPTIONS[name].metadata['parse'](shown))

    def test_examples(self):
        """The examples are values of their options."""
        for name, cells in self.rows().items():
            if 'tls' in name or 'auth' in name:
                continue            # files that are not here
            OPTIONS[name].metadata['parse'](cells[3].strip('`'))


def test_suite():
    examples = manuel.doctest.Manuel(optionflags=doctest.ELLIPSIS)
    return unittest.TestSuite([
        unittest.defaultTestLoader.loadTestsFromTestCase(TableTests),
        manuel.testing.TestSuite(
            examples + manuel.capture.Manuel(), str(ROOT / 'README.rst'),
            *map(str, sorted((ROOT / 'docs').glob('*.rst'))), setUp=set_up,
            tearDown=zc.zk.testing.tearDown),
    ])
