from __future__ import annotations

import dataclasses
import unittest

from zc.zkzopeserver._options.table import OPTIONS
from zc.zkzopeserver._options.table import Options


class TableTests(unittest.TestCase):

    def test_options(self):
        """Each field is an option, but for the name of the section."""
        self.assertEqual(
            [field.name for field in dataclasses.fields(Options)],
            [*OPTIONS, 'section'])

    def test_parsers(self):
        """Each option has a parser that refuses nonsense or returns text."""
        for name, field in OPTIONS.items():
            with self.subTest(name):
                try:
                    found = field.metadata['parse']('\0')
                except ValueError:
                    continue
                self.assertIn(name, ('zookeeper', 'loggers'))
                self.assertEqual('\0', found)

    def test_error(self):
        """What is wrong is said in one line, with section and option."""
        self.assertEqual(
            'app.ini [server:main]: option port: it is taken',
            str(Options(section='app.ini [server:main]').error(
                'port', 'it\nis taken')))
