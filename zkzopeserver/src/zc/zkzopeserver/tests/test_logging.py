"""The option `loggers`, by what lands in the file, in real processes."""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest
from typing import Any
from unittest import mock

from zc.zkzopeserver import _logging
from zc.zkzopeserver._options.table import OptionError
from zc.zkzopeserver._options.table import Options


PROGRAM = '''
import logging, sys
if sys.argv[1] == 'handler':
    # As pserve and gearbox leave it.
    logging.getLogger().addHandler(logging.StreamHandler(sys.stdout))
    logging.getLogger().setLevel(logging.WARNING)
from zc.zkzopeserver._logging import configure
from zc.zkzopeserver._options.table import Options
for _ in range(int(sys.argv[2])):
    configure(Options(loggers=sys.argv[3]))
logging.getLogger('a.b').debug('one %d', 1)
logging.getLogger('a.b').info('two %d', 2)
logging.getLogger('other').info('three')
logging.shutdown()
'''

ZCONFIG = '''
<logger>
  level debug
  name a
  propagate no
  <logfile>
    path {path}
    format {percent}(name)s {percent}(levelname)s {percent}(message)s
  </logfile>
</logger>
<eventlog>
  level info
  <logfile>
    path STDOUT
    format event {percent}(message)s
  </logfile>
</eventlog>
'''


class ConfigureTests(unittest.TestCase):

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, 'a.log')

    def run_program(
        self, loggers: str, before: str = '', times: int = 1
    ) -> str:
        return subprocess.run(
            [sys.executable, '-W', 'ignore', '-c', PROGRAM, before or '-',
             str(times), loggers], check=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout

    def file(self) -> str:
        with open(self.path, encoding='utf-8') as stream:
            return stream.read()

    def test_level(self):
        """A level's name makes a handler, where there is none."""
        found = self.run_program('info')
        self.assertIn('INFO a.b two 2', found)
        self.assertNotIn('one', found)

    def test_level_with_a_handler(self):
        """Where a runner left a handler, its level is set."""
        self.assertEqual('one 1\ntwo 2\nthree\n',
                         self.run_program('DEBUG', 'handler'))
        self.assertEqual('', self.run_program('ERROR', 'handler'))

    def test_zconfig(self):
        """ZConfig text makes real handlers; $$ and % are the same."""
        for percent in ('%', '$$'):
            with self.subTest(percent):
                found = self.run_program(
                    ZCONFIG.format(path=self.path, percent=percent))
                self.assertEqual('event three\n', found)
                self.assertEqual('a.b DEBUG one 1\na.b INFO two 2\n',
                                 self.file())
                os.unlink(self.path)

    def test_twice(self):
        """A second server in the process doubles no line."""
        self.run_program(
            ZCONFIG.format(path=self.path, percent='%'), times=2)
        self.assertEqual('a.b DEBUG one 1\na.b INFO two 2\n', self.file())


class ErrorTests(unittest.TestCase):

    def refused(self, loggers: str, **modules: Any) -> str:
        with self.assertRaises(OptionError) as caught:
            with mock.patch.dict(sys.modules, modules):
                _logging.check(Options(loggers=loggers, section='x.ini'))
        return str(caught.exception)

    def test_neither(self):
        """Text that is neither a level nor ZConfig is refused."""
        self.assertEqual(
            "x.ini: option loggers: 'loud' is neither one of CRITICAL, "
            'ERROR, WARNING, INFO, DEBUG nor ZConfig text',
            self.refused('loud'))

    def test_bad_zconfig(self):
        """ZConfig's own complaint is passed on, in one line."""
        message = self.refused('<logger>\n  levl x\n</logger>')
        self.assertTrue(message.startswith('x.ini: option loggers: '))
        self.assertIn('levl', message)
        self.assertNotIn('\n', message)

    def test_not_installed(self):
        """Without ZConfig, the extra to install is named."""
        self.assertEqual(
            'x.ini: option loggers: ZConfig is not installed: pip install '
            '"zc.zkzopeserver[zconfig]"',
            self.refused('<logger>\n</logger>', ZConfig=None))

    def test_good(self):
        """What is of use passes."""
        for loggers in (None, 'info', ZCONFIG.format(path='x', percent='%')):
            _logging.check(Options(loggers=loggers))
