"""Tests of _expressions: what they give, and what they refuse."""
from __future__ import annotations

import sys
import time
import unittest
import warnings

from hypothesis import given

from zc.zk._tree.expressions import evaluate
from zc.zk.errors import TreeSyntaxError
from zc.zk.tests import trees


class EvaluateTests(unittest.TestCase):

    def check(self, expression, value):
        got = evaluate(expression)
        self.assertEqual(got, value)
        self.assertIs(type(got), type(value))

    def fault(self, expression, message, column=1):
        with self.assertRaises(TreeSyntaxError) as caught:
            evaluate(expression)
        self.assertEqual(
            (caught.exception.message, caught.exception.column),
            (message, column))

    def test_plain_literals(self):
        """Numbers, strings, True, False and None are what they look like."""
        for expression, value in [
                ('0', 0), ('1', 1), ('-1', -1), ('12345678901234567890',
                12345678901234567890), ('1.5', 1.5), ('-1.5e-3', -0.0015),
                ('+2', 2), ('0x10', 16), ('1_000', 1000), ('- -3', 3),
                ("'a'", 'a'), ('"a"', 'a'), ("u'a'", 'a'), ('U"é"', 'é'),
                ("''", ''), (r"'a\n\'\x41\u00e9'", "a\n'Aé"),
                (r"r'\d'", r'\d'), ('"it\'s"', "it's"), ("'''a'''", 'a'),
                ('True', True), ('False', False), ('None', None)]:
            with self.subTest(expression):
                self.check(expression, value)

    def test_lists_tuples_dictionaries(self):
        """Lists, tuples and dictionaries hold values of any kind."""
        self.check("[1, (2, 'x'), {'a': [None], 'b': -1}]",
                   [1, (2, 'x'), {'a': [None], 'b': -1}])
        self.check('()', ())
        self.check('(1,)', (1,))
        self.check('{}', {})

    def test_arithmetic(self):
        """Numbers are joined by + - * / // % as in Python."""
        for expression in ['1 + 2', '2 * 3 + 1', '7 // 2', '7 / 2', '7 % 4',
                           '60 * 60 * 24', '-(1 + 2) * 3', '1.5 - 1',
                           '[1 + 1]', '-7 // 2', '(1)']:
            with self.subTest(expression):
                self.check(expression, eval(expression, {}))

    def test_strings_are_joined(self):
        """Strings are joined by + and side by side."""
        self.check("'a' + 'b' + \"c\"", 'abc')
        self.check("'a' 'b'", 'ab')

    def test_comment(self):
        """A comment may follow an expression."""
        self.check("'a'  # b", 'a')
        self.check('[1]# b', [1])

    def test_odd_escapes(self):
        """A backslash before any letter stays, without a warning."""
        with warnings.catch_warnings():
            warnings.simplefilter('error')
            self.check(r"'\d+'", r'\d+')

    def test_nothing_is_run(self):
        """Names, calls, attributes, subscripts and the like are refused."""
        self.fault('foo', "'foo' is not a value: a string needs quotes")
        for expression in [
                'open("x")', '(1).real', '[1][0]', 'lambda: 1',
                '[x for x in []]', '1 if 1 else 2', '1 == 1', 'not 1',
                '1 and 2', "f'{1}'", '~1', '[*[]]', '...', '(yield)',
                '(x := 1)', '-True', "-'a'"]:
            with self.subTest(expression), \
                    self.assertRaises(TreeSyntaxError):
                evaluate(expression)

    def test_no_powers_no_repetition(self):
        """Nothing gives a value much larger than its own text."""
        self.fault(
            '9**9', 'this operator is not allowed in an expression: a '
            'literal, numbers with + - * / // %, or strings with + is '
            'needed')
        self.fault("'a' * 9", "* needs two numbers, not 'a' and 9")
        self.fault('[1] * 9', '* needs two numbers, not [1] and 9')
        self.fault("'%s' % 1", "% needs two numbers, not '%s' and 1")
        self.fault('[] + []',
                   '+ needs two numbers or two strings, not [] and []')
        self.fault('True + 1',
                   '+ needs two numbers or two strings, not True and 1')
        number = '9' * 4000
        self.fault(f'{number} * {number}', 'a number too long for JSON')

    def test_what_json_cannot_hold(self):
        """Values without a form in JSON are refused where they stand."""
        self.fault("[1, b'x']", 'JSON cannot hold a bytes', 5)
        self.fault("['é', 1j]", 'JSON cannot hold a complex', 7)
        self.fault('1e999', 'JSON has no number as large as this')
        self.fault('1 + 1e308 * 10', 'JSON has no inf', 5)
        self.fault('{1: 2}', 'a key must be a str for JSON, not 1', 2)
        self.fault('{**{}}', '** is not allowed in an expression', 4)
        with self.assertRaises(TreeSyntaxError):
            evaluate('{1, 2}')

    def test_bad_syntax(self):
        """What is no Python at all is an error at its column."""
        for expression in ['', '1 +', "'a", '[1, 2', 'a b', '1\0']:
            with self.subTest(expression), \
                    self.assertRaises(TreeSyntaxError) as caught:
                evaluate(expression)
            self.assertEqual(caught.exception.line, 1)
            self.assertLessEqual(caught.exception.column,
                                 len(expression) + 1)
        self.fault('', 'an expression is missing')
        self.fault('1 / 0', 'bad expression: division by zero')

    def test_bounds(self):
        """Expressions that would exhaust the stack are refused."""
        self.fault('-' * 100_000 + '1',
                   'an expression of more than 200 operators')
        self.fault('1' + '+1' * 100_000,
                   'an expression of more than 200 operators')
        self.check('+'.join(['1'] * 200), 200)
        self.check("'" + '-' * 1000 + "'", '-' * 1000)
        self.check('[' * 100 + '1' + ']' * 100, evaluate(
            '[' * 100 + '1' + ']' * 100))
        self.fault('[' * 101 + ']' * 101, 'nested deeper than 100 levels',
                   101)
        with self.assertRaises(TreeSyntaxError):
            evaluate('[' * 5000 + ']' * 5000)
        with self.assertRaises(TreeSyntaxError):
            evaluate('(-' * 90 + '1' + ')' * 90 + '+x')

    def test_long_numbers(self):
        """A number longer than Python writes is refused."""
        limit = getattr(sys, 'get_int_max_str_digits', lambda: 0)()
        if limit:
            with self.assertRaises(TreeSyntaxError):
                evaluate('1' * (limit + 1))
        self.check('9' * 4300, 10 ** 4300 - 1)
        self.check('-' + '9' * 4300, 1 - 10 ** 4300)
        hexadecimal = '0x' + 'f' * 5000
        self.fault(f'[1, {hexadecimal}]', 'a number too long for JSON', 5)
        self.fault(f"'a' + {hexadecimal}", 'a number too long for JSON', 7)
        self.fault(f'{{{hexadecimal}: 1}}', 'a number too long for JSON', 2)

    def test_too_complex(self):
        """What Python's parser gives up is said to be too complex."""
        self.fault('not ' * 20_000 + '1',
                   'bad expression: it is too complex')

    def test_quotes_without_end(self):
        """Quotes that are not closed take time in proportion."""
        def work(size):
            with self.assertRaises(TreeSyntaxError):
                evaluate('x' + "\\'" * size)
            start = time.process_time()
            for _ in range(3):
                with self.assertRaises(TreeSyntaxError):
                    evaluate('x' + "\\'" * size)
            return time.process_time() - start

        self.assertLess(work(50_000), 40 * work(5_000) + 0.1)

    @trees.few
    @given(trees.values)
    def test_repr_is_read_back(self, value):
        """The repr of all that JSON holds is an expression for it."""
        got = evaluate(repr(value))
        self.assertEqual(repr(got), repr(value))
