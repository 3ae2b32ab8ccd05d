"""Tests of output: what scripts print and write."""
from __future__ import annotations

import contextlib
import io
from unittest import mock

from zc.zk._commands import output
from zc.zk.tests.scripted import ScriptMixin
from zc.zk.tests.scripted import Terminal


class Output(ScriptMixin):

    def test_half_an_output(self):
        """Where an error comes after some lines, the last line says so."""
        def lines(count):
            for number in range(count):
                yield str(number)
            raise KeyError

        for stream, count, text in [
                (io.StringIO(), 2, '0\n1\nSTOP\n'), (io.StringIO(), 0, ''),
                (Terminal(), 2, '0\n1\n')]:
            with contextlib.redirect_stdout(stream), \
                    self.assertRaises(KeyError):
                output.write_lines('-', lines(count), 'STOP')
            self.assertEqual(text, stream.getvalue())
        # A file keeps what it had.
        name = self.file('old')
        with self.assertRaises(KeyError):
            output.write_lines(name, lines(2), 'STOP')
        with open(name) as file:
            self.assertEqual('old', file.read())

    def test_complain(self):
        """An error that nobody can read is no error of its own."""
        class Full(io.StringIO):
            def write(self, text):
                raise OSError(28, 'No space left on device')

        closed = io.StringIO()
        closed.close()
        for stream in (Full(), closed):
            with mock.patch('sys.stderr', stream):
                output.complain('x')

    def test_tell(self):
        """A list is cut short, and shows nothing that steers a terminal."""
        err = io.StringIO()
        with contextlib.redirect_stderr(err):
            output.tell('none:', [])
            output.tell('some:', ['\x1b[2J'] * (output.SHOWN + 2))
        lines = err.getvalue().splitlines()
        self.assertEqual(
            ['some:', *['  \\x1b[2J'] * output.SHOWN, '  and 2 more'],
            lines)

    def test_json(self):
        """What is printed is JSON, even if what was read was not."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            output.print_json([
                {'x': [float('nan'), 1]}, {'y': float('-inf')}, {'z': 1.5}])
        self.assertEqual(
            '{"x": ["NaN", 1]}\n{"y": "-Infinity"}\n{"z": 1.5}\n',
            out.getvalue())
