"""What others wrote forges no line and moves no cursor."""
from __future__ import annotations

import unittest

from zc.zk import errors
from zc.zk._printable import printable


class PrintableTests(unittest.TestCase):

    def test_plain_text_stays(self) -> None:
        """What can be printed is printed."""
        self.assertEqual(printable('/a: Ünïcode "x"'), '/a: Ünïcode "x"')
        self.assertEqual(printable(ValueError('x')), 'x')

    def test_the_rest_is_escaped(self) -> None:
        """Newlines, escape sequences and overrides are shown as escapes."""
        self.assertEqual(printable('a\nb\x1b[2J\u202e'),
                         'a\\nb\\x1b[2J\\u202e')

    def test_errors_about_links_are_safe(self) -> None:
        """Errors that quote what nodes hold are printable."""
        for error in (
                errors.BadPropertyLink('/a', 'x\n', '\x1b[2J', 'y'),
                errors.LinkLoop(['/a \x1b'])):
            self.assertTrue(str(error).isprintable())
