"""Long literals: what is read without Python's parser, and that it agrees."""
from __future__ import annotations

import ast
import json
import tracemalloc
import unittest
from typing import Any

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from zc.zk._tree.expressions import evaluate
from zc.zk._tree.literals import NotPlain
from zc.zk._tree.literals import read_literal
from zc.zk.errors import TreeSyntaxError
from zc.zk.tests import trees


#: What expressions are made of, and pieces that go wrong together.
PIECES = [
    '[', ']', '{', '}', ',', ':', ' ', '\t', '(', ')', '1', '-', '0', '.',
    '5', 'e', '+', '1e5', '-0', '-0.0', '1.', '.5', '01', '0x1', '1_0',
    'True', 'False', 'None', 'true', 'null', 'NaN', "'a'", '"b"', "u'c'",
    "b'd'", "r'e'", "'''f'''", "'", '"', r"'\n'", r"'\''", r'"\'"', r"'\"'",
    r"'\x41'", r"'\d'", r"'\\'", r"'\ud83d\ude00'", r"'\/'", r"'\101'",
    "'\"'", '"\'"', "'\x1b\u2028é'", '\\', '#', '\n', '1e999', "'k': 1"]


def by_python(text: str) -> Any:
    """Return the value that Python's parser gives."""
    return ast.literal_eval(text)


class ReadTests(unittest.TestCase):

    def read(self, text: str) -> bool:
        """Check that a text is read as Python does, if it is read."""
        try:
            value = read_literal(text)
        except NotPlain:
            return False
        self.assertEqual(repr(by_python(text)), repr(value))
        json.dumps(value, allow_nan=False)
        return True

    def test_plain(self) -> None:
        """Usual literals are read without Python's parser."""
        for text in (
                '[]', '{}', '[1, -2, 1.5, -1.5e-3]', "['a', \"b\", u'c']",
                "{'a': [True, False, None], \"b\": {'c': {}}}",
                r"['it\'s', 'a\\b\n', '\x41\u00e9', 'say \"x\"']",
                "['say \"x\"', \"it's\"]", "['\x1b\t\u2028']",
                '[' + '1' * 4300 + ']', '[' * 100 + ']' * 100,
                "{'a': 1, 'a': 2}"):
            with self.subTest(text[:40]):
                self.assertTrue(self.read(text))

    def test_other_expressions(self) -> None:
        """What is more than that, or no literal, is left to others."""
        for text in (
                '[1 + 1]', '[(1, 2)]', '[1,]', "['a' 'b']", '{1: 2}', '{1}',
                '[1e999]', '[' + '1' * 400 + '.0]', '[NaN]', '[true]',
                '[Infinity]', '[01]', '[0x10]', '[1_000]', "[b'a']",
                r"['\d']", r"['\ud83d\ude00']", '["a\nb"]', '[1] # a',
                '[1', '[' * 101 + ']' * 101, '[' + '1' * 4301 + ']'):
            with self.subTest(text[:40]), self.assertRaises(NotPlain):
                read_literal(text)

    @settings(deadline=None)
    @given(st.lists(st.sampled_from(PIECES), max_size=12).map(''.join))
    def test_pieces(self, text: str) -> None:
        """Whatever is put together has Python's meaning, or none."""
        self.read(f'[{text}]')
        self.read(f'{{{text}}}')

    @trees.few
    @given(trees.values)
    def test_values(self, value: Any) -> None:
        """All that JSON holds is read back from its text."""
        text = repr([value])
        self.read(text)
        self.assertEqual(repr([value]), repr(evaluate(text)))

    def test_memory(self) -> None:
        """A long list takes little more memory than itself."""
        text = '[' + '1, ' * 300_000 + '1]'
        tracemalloc.start()
        try:
            value = evaluate(text)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        self.assertEqual(300_001, len(value))
        self.assertLess(peak, 20 * len(text))

    def test_too_long(self) -> None:
        """What only Python's parser reads may not be as long."""
        with self.assertRaisesRegex(
                TreeSyntaxError, 'line 1, column 1: .*100,000 characters'):
            evaluate('[' + '1, ' * 40_000 + ']')
        self.assertEqual(200_000, len(evaluate("'" + r'\n' * 200_000 + "'")))
