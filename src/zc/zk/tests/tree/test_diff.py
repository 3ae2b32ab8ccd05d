"""Tests of _diff: a plan as text to look at."""
from __future__ import annotations

import unittest

from zc.zk._tree import diff
from zc.zk._tree import steps as _steps


def change(path, old, new):
    return _steps.Change(path, b'', 0, old, new)


class DiffTests(unittest.TestCase):

    def lines(self, steps, path='/', old=None):
        return [sign + line for sign, line in diff.differences(
            steps, path, old or {})]

    def test_changes(self):
        """What replaces a property comes right after it."""
        self.assertEqual(self.lines([change(
            '/a', {'type': 't', 'a': 1, 'b': 2, 'd': 4, 'l ->': '/x',
                   'm ->': '/m'},
            {'type': 't', 'a': 1, 'b': 3, 'c': 5, 'l ->': '/y',
             'm =>': '/m'})]), [
            ' /a : t', '-  b = 2', '+  b = 3', '-  d = 4', '-  l -> /x',
            '+  l -> /y', '-  m -> /m', '+  m => /m', '+  c = 5'])

    def test_type(self):
        """A change of the type shows in the node's line."""
        self.assertEqual(
            self.lines([change('/a', {'type': 't'}, {})]), ['-/a : t', '+/a'])

    def test_nodes_above(self):
        """The nodes above show once, below the path of the import."""
        self.assertEqual(self.lines([
            _steps.Add('/x/a/b/c', b'{"y":1}', True),
            _steps.Add('/x/a/b/d', b'', True),
            _steps.Add('/x/a/e', b'', True)], '/x'), [
            ' /a', '   /b', '+    /c', '+      y = 1', '+    /d', '+  /e'])

    def test_removed(self):
        """What goes shows whole, parents first."""
        self.assertEqual(self.lines(
            [_steps.Remove('/a/b/c', 0, 1), _steps.Remove('/a/b', 0, 1)],
            old={'/a/b': b'{"x":1}'}), [' /a', '-  /b', '-    x = 1',
                                        '-    /c'])

    def test_what_stays(self):
        """What stays does not show."""
        self.assertEqual(
            self.lines([_steps.Stay('/a', _steps.EXTRA)]), [])

    def test_text(self):
        """As text, names come first, and colours where wanted."""
        lines = [(' ', '/a'), ('-', '  x = 1'), ('+', '  x = 2')]
        self.assertEqual(
            list(diff.text(lines, 'old', 'new', False)),
            ['--- old', '+++ new', ' /a', '-  x = 1', '+  x = 2'])
        self.assertEqual(
            list(diff.text(lines, 'old', 'new', True))[2:],
            [' /a', '\033[31m-  x = 1\033[m', '\033[32m+  x = 2\033[m'])
        self.assertEqual(list(diff.text([], 'old', 'new', False)), [])

    def test_json(self):
        """Each kind of step has a form for JSON."""
        self.assertEqual(
            [diff.as_json(step) for step in [
                _steps.Add('/a', b'{"x":1}', False),
                change('/b', {'x': 1}, {'x': 2}),
                _steps.Remove('/c', 0, 1), _steps.Stay('/d', _steps.EXTRA)]],
            [{'path': '/a', 'step': 'add', 'new': {'x': 1}},
             {'path': '/b', 'step': 'change', 'old': {'x': 1},
              'new': {'x': 2}},
             {'path': '/c', 'step': 'delete'},
             {'path': '/d', 'step': 'keep', 'reason': 'extra'}])
