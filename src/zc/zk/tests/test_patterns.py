"""Regular expressions take time in proportion to what they read.

Others write much of what they read: a pattern that needs the square of the
length, on a text made for it, stops a process for minutes.
"""
from __future__ import annotations

import ast
import importlib
import re
import time
import unittest
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

from zc.zk.tests import sources


SHORT, LONG = 10_000, 100_000
# For ten times the length: 10 is right, 100 is what the square takes.
WIDE = 40

_FUNCTIONS = frozenset((
    'compile', 'findall', 'finditer', 'fullmatch', 'match', 'search',
    'split', 'sub', 'subn'))

#: Whose pattern is what someone asks for, about what that one may read.
GIVEN = {'zc.zk._looking.grep.grep'}

Make = Callable[[int], str]


def around(start: str, middle: str, end: str) -> Make:
    """Return what makes a text of about a length with much in its middle."""
    return lambda length: start + middle * (length // len(middle)) + end


def table() -> dict[str, tuple[str, list[Make]]]:
    """Return each pattern's method and the texts that are hard for it.

    A new regular expression gets a line here.  The key is the module with
    the variable, or with the function and the number of its pattern in it.
    """
    name = [around('', 'a', ' '), around('', 'a:', '\0'), around('.', 'a', '')]
    quoted = [
        around("'", "\\'", ''), around('"', '\\"', ''), around("'", 'a', ''),
        around('', "'a", ''), around("'", '"', ''), around('', "'\\", ''),
        around("'", "\\'", '\\\n'), around('u', "'u", '')]
    return {
        'zc.zk._tree.values._tokens': ('findall', [*quoted, around(
            '', '[', ''), around('"', '\\\\', '')]),
        'zc.zk._tree.expressions._ODD_ESCAPE': ('search', [
            around('', '\\', ''), around('', '\\a', '')]),
        'zc.zk._tree.expressions._PLAIN': ('fullmatch', [
            *quoted, around('-', '1', ''), around('', '0', '')]),
        'zc.zk._tree.expressions._STRINGS': ('findall', quoted),
        'zc.zk._tree.literals._ESCAPES': ('findall', [
            around('', '\\', ''), around('', '\\a', '')]),
        # The first thing that is no string or word ends the search.
        'zc.zk._tree.literals._SPECIAL': ('search', [
            *quoted, around('[', '1', ''), around('', 'T', '')]),
        'zc.zk._tree.literals._SURROGATE': ('search', [around('', 'a', '')]),
        'zc.zk._tree.paths._UNPRINTABLE': ('search', [around('/', 'a', '')]),
        'zc.zk._tree.grammar.plain_key': ('fullmatch', [
            around('', '-', '>'), around('', 'a', '='), *name]),
        'zc.zk._tree.grammar.plain_name': ('fullmatch', name),
        'zc.zk._tree.grammar.usual_name': ('fullmatch', name),
        'zc.zk._tree.grammar.plain_target': ('fullmatch', name),
        'zc.zk._tree.grammar.plain_target#2': ('fullmatch', [
            around('a', ' ', ''), around('a ', 'a ', ''), *name]),
        'zc.zk._tree.grammar.plain_type': ('fullmatch', [
            around('a', ' ', ''), around('a', ' a', ' '),
            around('a', ' ', '\n')]),
        'zc.zk._tree.grammar.usual_key': ('fullmatch', name),
        'zc.zk._tree.grammar.lines': ('findall', [
            around('', ' ', '\n'), around('', '\t', '\n'),
            around('/a : b', ' ', '\v\n'), around('/a : ', 'b ', '\v\n'),
            around('', 'a-', '\n'), around('a', ' ', '\n'),
            around('a =', ' ', '\n'), around('a = ', '1', '\n'),
            around("a = '", 'a', '\n'), around('a -> ', 'b', ' c\n'),
            around('a = 1', ' ', 'x\n'), around('', '\n', ''),
            around('', ' \n', ''), around('', 'a ', '\n'),
            around('a = 1.', '1', '\n')]),
        'zc.zk._tree.grammar.key': ('match', [
            around('', '-', '>'), around('', 'a', '=')]),
        'zc.zk._tree.grammar.node': ('fullmatch', [
            around('/a', ' ', ''), around('/', ':', ''),
            around('/', ': ', ''), around('/a :', ' ', ''),
            around('/' + ':' * 5000, ' ', ''), around('/', 'a', ' ')]),
        'zc.zk._tree.grammar.operator': ('match', [
            around('', ' ', 'x'), around('=>', ' ', '')]),
        'zc.zk._tree.grammar.old_link': ('match', [
            around('=', ' ', ''), around("= '", "\\'", ''),
            around("= '", '\\', ''), around('', '= ', '')]),
        'zc.zk._tree.grammar.string': ('match', quoted),
        'zc.zk._tree.grammar.type_after_quoted': ('fullmatch', [
            around('', ' ', 'x'), around(':', ' ', ''), around(' ', ':', '')]),
        'zc.zk._monitor.ask._connect': ('search', [
            around(':', '1', 'x'), around('', ':1', 'x'), around('', ':', '')
        ]),
        'zc.zk._commands.set_property._ASSIGNMENT': ('fullmatch', [
            around('', 'a', ''), around('', ' ', ' =>'), around('', '=', ''),
            around('', ' =>', '')]),
        'zc.zk._rendering.quoting._BREAKING': ('search', [
            around('', 'a', '')]),
        'zc.zk._rendering.quoting._HOST': ('fullmatch', [
            around('', 'a', ''), around('', '.', ''), around('', 'a.', '')]),
        'zc.zk._rendering.quoting._IDENTIFIER': ('search', [
            around('', 'a', '')]),
        'zc.zk.testing.state.znodes._BAD_PATH': ('search', [
            around('/', 'a', ''), around('/', '.', ''),
            around('', '/a', ''), around('', '/..a', '')]),
        'zc.zkzopeserver._engines.faults._LENGTH': (
            'fullmatch', [around('', '1', '')]),
        'zc.zkzopeserver._engines.faults._NAME': (
            'fullmatch', [around('', 'a', ' ')]),
        'zc.zkzopeserver._engines.faults._STATUS': (
            'fullmatch', [around('200 ', 'a', '\0'), around('', '2', '')]),
        'zc.zkzopeserver._engines.faults._VALUE': (
            'fullmatch', [around('', 'a', '\0'), around('', ' ', '\0')]),
        'zc.zkzopeserver._engines.request._ABSOLUTE': ('fullmatch', [
            around('', 'http://', '\n'), around('http:', '/', '\n'),
            around('http://', 'a', '\n'), around('http', 's', '')]),
        'zc.zkzopeserver._engines.request._DIGITS': (
            'fullmatch', [around('', '1', '')]),
        'zc.zkzopeserver._engines.request._HOST': ('fullmatch', [
            around('', 'a', ' '), around('a:', '1', ''), around('', ':', ''),
            around('[', ':', ''), around('[', 'a', '] '),
            around('', '[', '')]),
        'zc.zkzopeserver._engines.request._METHOD': ('fullmatch', [
            around('', 'A', ' '), around('', '-', '')]),
        'zc.zkzopeserver._engines.request._VERSION': (
            'fullmatch', [around('HTTP/', '1', '')]),
        'zc.zkzopeserver._options.values._SIZE': ('match', [
            around('1', ' ', 'x'), around('', '1', ''),
            around('1', 'k', '')]),
        'zc.zkzopeserver._options.values._TIME': ('fullmatch', [
            around('1.', '1', ''), around('', '1', ''), around('1', ' ', 's')
        ]),
        'zc.zkzopeserver._options.values._VARIABLE': ('match', [
            around('A', '_A', ' '), around('', 'A', ''),
            around('A_', 'A', ' '),
            around('', '1', '')]),
        'zc.zkzopeserver._options.values._advertised_one': (
            'fullmatch', [around('[', 'a', ''), around('', '[', '')]),
        'zc.zkzopeserver._options.values.advertised': ('split', [
            around('', ' ', ''), around('', ', ', ''), around('', 'a ', '')]),
        'zc.zkzopeserver._options.values.host': ('search', [
            around('', 'a', '')]),
        'zc.zkzopeserver._options.values.host#2': ('fullmatch', [
            around('', 'a', ''), around('', ':', ''), around(':', '1', 'x')]),
        'zc.zkzopeserver._options.values.parse': (
            'fullmatch', [around('-', '1', '')]),
        'zc.zk._discovery.snapshot._OTHERS': ('split', [
            around('a', '/', 'a'), around('', '/a', '')]),
        'zc.async_.monitor._AGO': ('findall', [
            around('', '1', 'x'), around('', '1D', 'x')]),
        'zc.async_.monitor._moment': ('fullmatch', [
            around('', '1', 'x'), around('', '1D', 'x')]),
    }


class Found(ast.NodeVisitor):
    """The patterns of one module by their keys."""

    def __init__(self, module: sources.Module) -> None:
        self.module = module
        self.calls: dict[str, ast.Call] = {}
        self.strange: list[str] = []
        self._scope = '?'
        self.visit(module.tree())

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module == 're':
            self.strange.append(f'{self.module.path}:{node.lineno}')

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        before, self._scope = self._scope, node.name
        self.generic_visit(node)
        self._scope = before

    def visit_Assign(self, node: ast.Assign) -> None:
        self._assignment(node, node.targets[0])

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._assignment(node, node.target)

    def _assignment(self, node: ast.AST, target: ast.AST) -> None:
        before = self._scope
        if before == '?' and isinstance(target, ast.Name):
            self._scope = target.id
        self.generic_visit(node)
        self._scope = before

    def visit_Call(self, node: ast.Call) -> None:
        function = node.func
        if (isinstance(function, ast.Attribute)
                and isinstance(function.value, ast.Name)
                and function.value.id == 're'
                and function.attr in _FUNCTIONS):
            key = base = f'{self.module.name}.{self._scope}'
            number = 1
            while key in self.calls:
                number += 1
                key = f'{base}#{number}'
            if key not in GIVEN:
                self.calls[key] = node
        self.generic_visit(node)

    def patterns(self) -> Iterator[tuple[str, re.Pattern[Any]]]:
        """Yield the keys and the compiled patterns."""
        if not self.calls:
            return
        names = vars(importlib.import_module(self.module.name))
        for key, call in self.calls.items():
            given: Any = call.func
            arguments = call.args[:1]
            if given.attr == 'compile':
                arguments += call.args[1:]
            elif len(call.args) > 2:
                arguments += call.args[2:]      # pattern, text, flags
            compiled = ast.Expression(ast.Call(
                ast.Attribute(ast.Name('re', ast.Load()), 'compile',
                              ast.Load()),
                arguments,
                [word for word in call.keywords if word.arg == 'flags']))
            code = compile(
                ast.fix_missing_locations(compiled), f'<{key}>', 'eval')
            yield key, eval(code, {**names, 're': re})


def seconds(work: Callable[[], object], times: int) -> float:
    """Return the least time that some work took, of the processor's."""
    found = []
    for _ in range(times):
        began = time.thread_time()
        work()
        found.append(time.thread_time() - began)
    return min(found)


class PatternTests(unittest.TestCase):

    def setUp(self) -> None:
        self.modules = [Found(module) for module in sources.modules()]

    def test_every_pattern(self):
        """Each pattern has a line in the table, and each line a pattern."""
        self.assertEqual([], [
            place for module in self.modules for place in module.strange],
            'write re.compile, so that this test finds it')
        there = {key for module in self.modules for key in module.calls}
        known = set(table())
        self.assertEqual(set(), there - known, 'not in the table')
        if len(sources.TREES) > 1:
            self.assertEqual(set(), known - there, 'no such pattern')

    def test_linear(self):
        """No pattern takes the square of its text's length, or worse."""
        cases = table()
        for module in self.modules:
            for key, pattern in module.patterns():
                method, makers = cases[key]
                for make in makers:
                    with self.subTest(key, text=make(10)):
                        self.check(pattern, method, make)

    def check(
        self, pattern: re.Pattern[Any], method: str, make: Make
    ) -> None:
        texts: list[Any] = [make(SHORT), make(LONG)]
        if isinstance(pattern.pattern, bytes):
            texts = [text.encode('latin-1') for text in texts]
        call = getattr(pattern, method)
        if seconds(lambda: call(texts[0]), 1) > 1.0:
            self.fail(f'{SHORT} characters take more than a second')
        ratio = 0.0
        # What else the machine does can disturb any one measurement.
        for times in (2, 5, 20):
            short, long = (
                seconds(lambda text=text: call(text), times)  # type: ignore
                for text in texts)
            ratio = long / max(short, 1e-6)
            if ratio < WIDE:
                return
        self.fail(f'ten times the length takes {ratio:.0f} times as long')
