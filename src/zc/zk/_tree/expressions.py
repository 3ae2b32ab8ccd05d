"""Values written as Python expressions, without running any Python.

Pure.  An expression is a literal that JSON can hold, or numbers joined by
``+ - * / // %``, or strings joined by ``+``.  Nothing else is evaluated,
and nothing that takes more than the expression's own size in time or space.
"""
from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Callable
from typing import Any
from typing import NoReturn

from ..errors import TreeSyntaxError
from .grammar import INTEGER
from .grammar import STRING
from .grammar import WORDS
from .literals import NotPlain
from .literals import read_literal
from .values import MAX_DEPTH
from .values import too_long


#: How many operators an expression may hold: a chain of them is as deep a
#: tree as it is long, and Python's own parser walks such trees recursively.
MAX_OPERATORS = 200
#: How long an expression may be besides what its strings hold, where it is
#: not a literal of the usual form: Python's parser takes some 500 bytes for
#: each character.
MAX_SIZE = 100_000

_OPERATORS: dict[type, tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ('+', operator.add),
    ast.Sub: ('-', operator.sub),
    ast.Mult: ('*', operator.mul),
    ast.Div: ('/', operator.truediv),
    ast.FloorDiv: ('//', operator.floordiv),
    ast.Mod: ('%', operator.mod),
}
_ALLOWED = 'a literal, numbers with + - * / // %, or strings with +'
# One that is not closed goes to the end: to look for the next quote again
# and again would take quadratic time.
_STRINGS = re.compile(
    r"""'[^'\\]*(?:\\.[^'\\]*)*(?:'|\\?\Z)"""
    r'''|"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)''', re.DOTALL)
# An escape that Python's parser takes as it is, with a warning.
_ODD_ESCAPE = re.compile(r'''\\[^\\'"abfnrtvxuUN0-7]''')

_PLAIN = re.compile(rf'(?P<string>{STRING})|(?P<integer>{INTEGER})').fullmatch


def evaluate(expression: str) -> Any:
    """Return the value of an expression.

    :param expression: a Python literal, or a sum of such
    :raises TreeSyntaxError: when it is anything else, or when JSON cannot
        hold its value; the line is 1
    """
    plain = _PLAIN(expression)
    if plain:
        if plain.lastgroup == 'integer':
            return int(expression)
        return expression[expression[0] == 'u':][1:-1]
    if expression in WORDS:
        return WORDS[expression]
    if expression[:1] in ('[', '{'):
        try:
            return read_literal(expression)
        except NotPlain:
            pass        # Python's parser knows more, and names the fault
    return _Evaluation(expression).value()


class _Evaluation:

    def __init__(self, expression: str) -> None:
        self.expression = expression

    def value(self) -> Any:
        return self._value(self._parse(), MAX_DEPTH)

    def _fail(self, message: str, column: int = 1) -> NoReturn:
        raise TreeSyntaxError(message, 1, column, self.expression)

    def _fail_at(self, message: str, node: ast.expr) -> NoReturn:
        # ast counts in bytes of UTF-8
        before = self.expression.encode('utf-8', 'surrogatepass')
        before = before[:node.col_offset]
        self._fail(message, len(before.decode('utf-8', 'replace')) + 1)

    def _parse(self) -> ast.expr:
        expression = self.expression
        if not expression.strip():
            self._fail('an expression is missing')
        bare = _STRINGS.sub("''", expression)
        if sum(map(bare.count, '+-*/%~')) > MAX_OPERATORS:
            self._fail(f'an expression of more than {MAX_OPERATORS} operators')
        if len(bare) > MAX_SIZE:
            self._fail(f'an expression of more than {MAX_SIZE:,} characters '
                       'is too long; only strings, and lists and '
                       'dictionaries of plain literals, may be longer')
        try:
            if _ODD_ESCAPE.search(expression):
                with warnings.catch_warnings():
                    warnings.simplefilter('ignore')
                    return ast.parse(expression, mode='eval').body
            return ast.parse(expression, mode='eval').body
        except SyntaxError as e:
            column = e.offset or 1
            if column < 1 or column > len(expression) + 1:
                column = 1
            self._fail(f'bad expression: {e.msg}', column)
        except (MemoryError, RecursionError):
            self._fail('bad expression: it is too complex')
        except ValueError as e:
            self._fail(f'bad expression: {e}')

    def _value(self, node: ast.expr, depth: int) -> Any:
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if depth == 0:
            self._fail_at(f'nested deeper than {MAX_DEPTH} levels', node)
        if isinstance(node, (ast.List, ast.Tuple)):
            items = [self._value(item, depth - 1) for item in node.elts]
            return tuple(items) if isinstance(node, ast.Tuple) else items
        if isinstance(node, ast.Dict):
            return self._dictionary(node, depth)
        if isinstance(node, ast.UnaryOp):
            return self._sign(node, depth)
        if isinstance(node, ast.BinOp):
            return self._chain(node, depth)
        if isinstance(node, ast.Name):
            self._fail_at(f'{node.id!r:.50} is not a value: a string needs '
                          'quotes', node)
        self._fail_at(f'not allowed in an expression: {_ALLOWED} is needed',
                      node)

    def _constant(self, node: ast.Constant) -> Any:
        value = node.value
        if isinstance(value, float) and value == float('inf'):
            self._fail_at('JSON has no number as large as this', node)
        if isinstance(value, int) and too_long(value):
            self._fail_at('a number too long for JSON', node)
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if value is ...:
            self._fail_at(f'not allowed in an expression: {_ALLOWED} is '
                          'needed', node)
        self._fail_at(f'JSON cannot hold a {type(value).__name__}', node)

    def _dictionary(self, node: ast.Dict, depth: int) -> dict[str, Any]:
        found = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                self._fail_at('** is not allowed in an expression', value)
            name = self._value(key, depth - 1)
            if not isinstance(name, str):
                self._fail_at(
                    f'a key must be a str for JSON, not {name!r:.50}', key)
            found[name] = self._value(value, depth - 1)
        return found

    def _sign(self, node: ast.UnaryOp, depth: int) -> Any:
        # A loop: signs may be as many as operators.
        signs: list[ast.unaryop] = []
        inner: ast.expr = node
        while isinstance(inner, ast.UnaryOp):
            if not isinstance(inner.op, (ast.USub, ast.UAdd)):
                self._fail_at('not allowed in an expression: '
                              f'{_ALLOWED} is needed', inner)
            signs.append(inner.op)
            inner = inner.operand
        value = self._value(inner, depth - 1)
        if not _is_number(value):
            self._fail_at(f'a sign needs a number, not {value!r:.50}', node)
        negative = sum(isinstance(sign, ast.USub) for sign in signs) % 2
        return -value if negative else value

    def _chain(self, node: ast.BinOp, depth: int) -> Any:
        # a + b + c is a tree that leans to the left: a loop goes down it.
        rest: list[ast.BinOp] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            rest.append(left)
            left = left.left
        value = self._value(left, depth - 1)
        for step in reversed(rest):
            value = self._combine(
                step, value, self._value(step.right, depth - 1))
        return value

    def _combine(self, node: ast.BinOp, left: Any, right: Any) -> Any:
        found = _OPERATORS.get(type(node.op))
        if found is None:
            self._fail_at('this operator is not allowed in an expression: '
                          f'{_ALLOWED} is needed', node)
        sign, combine = found
        if isinstance(left, str) and isinstance(right, str) and sign == '+':
            return left + right
        if not (_is_number(left) and _is_number(right)):
            self._fail_at(
                f'{sign} needs two numbers'
                f'{" or two strings" if sign == "+" else ""}, '
                f'not {left!r:.50} and {right!r:.50}', node)
        try:
            value = combine(left, right)
        except ArithmeticError as e:
            self._fail_at(f'bad expression: {e}', node)
        if isinstance(value, int) and too_long(value):
            self._fail_at('a number too long for JSON', node)
        if value != value or value in (float('inf'), float('-inf')):
            self._fail_at(f'JSON has no {value!r}', node)
        return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
