"""Tests of _ending: half a text is not taken for the whole."""
from __future__ import annotations

import unittest

from zc.zk._tree import ending
from zc.zk._tree.parser import parse_tree
from zc.zk.errors import TreeSyntaxError


class Endings(unittest.TestCase):

    def test_whole(self):
        """A text with the mark at its end is whole."""
        for text in ('/a\n# end of tree\n', '# end of tree',
                     '/a\n  # end of tree \r\n\n'):
            for piped in (True, False):
                self.assertEqual('', ending.doubt(text, piped), text)

    def test_half(self):
        """From a pipe, a text without it may be half."""
        for text in ('', '/a\n', '# end of tree\n/a', '/a\n# end of tre',
                     '/a # end of tree'):
            self.assertEqual('', ending.doubt(text, False))
            self.assertIn("line '# end of tree'", ending.doubt(text, True))

    def test_partial(self):
        """A text without some nodes is never safe to trim by."""
        for piped in (True, False):
            self.assertIn('left nodes out', ending.doubt(
                f'/a\n{ending.PARTIAL}\n', piped))

    def test_lines(self):
        """The marks are comments, but for the one that stops an import."""
        for line in (ending.WHOLE, ending.PARTIAL):
            parse_tree(f'/a\n{line}\n')
        with self.assertRaises(TreeSyntaxError):
            parse_tree(f'/a\n  x = 1\n{ending.STOPPED}\n')
