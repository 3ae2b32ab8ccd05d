"""Tests of _streams: standard streams and files of scripts."""
from __future__ import annotations

import contextlib
import io
import os
import socket
import sys
from unittest import mock

from zc.zk._commands import streams
from zc.zk.tests.scripted import ScriptMixin
from zc.zk.tests.scripted import Terminal


class Streams(ScriptMixin):

    def test_closed_output(self):
        """What is written where nobody reads is not lost silently."""
        with self.assertRaises(streams.Failure) as caught:
            print('x', file=streams.ClosedOutput())
        self.assertEqual('the standard output is closed',
                         str(caught.exception))

    def test_is_piped(self):
        """Pipes and sockets are told from files, terminals and texts."""
        reading, writing = os.pipe()
        one, other = socket.socketpair()
        name = self.file('x')
        fifo = str(self.directory / 'fifo')
        os.mkfifo(fifo)
        with open(reading) as pipe, open(writing), one, other, \
                open(name) as file:
            self.assertTrue(streams.is_piped(pipe))
            self.assertTrue(streams.is_piped(one))
            self.assertTrue(streams.is_piped(fifo))
            self.assertFalse(streams.is_piped(file))
        for other in (file, io.StringIO(), None, name, f'{name}/none',
                      os.devnull, streams.ClosedOutput()):
            self.assertFalse(streams.is_piped(other), other)

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
                streams.write_lines('-', lines(count), 'STOP')
            self.assertEqual(text, stream.getvalue())
        # A file keeps what it had.
        name = self.file('old')
        with self.assertRaises(KeyError):
            streams.write_lines(name, lines(2), 'STOP')
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
                streams.complain('x')

    def test_tell(self):
        """A list is cut short, and shows nothing that steers a terminal."""
        err = io.StringIO()
        with contextlib.redirect_stderr(err):
            streams.tell('none:', [])
            streams.tell('some:', ['\x1b[2J'] * (streams.SHOWN + 2))
        lines = err.getvalue().splitlines()
        self.assertEqual(
            ['some:', *['  \\x1b[2J'] * streams.SHOWN, '  and 2 more'],
            lines)

    def test_json(self):
        """What is printed is JSON, even if what was read was not."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            streams.print_json([
                {'x': [float('nan'), 1]}, {'y': float('-inf')}, {'z': 1.5}])
        self.assertEqual(
            '{"x": ["NaN", 1]}\n{"y": "-Infinity"}\n{"z": 1.5}\n',
            out.getvalue())

    def test_text(self):
        """A text comes with whether a pipe brought it."""
        name = self.file('\ufeff/a\n')
        self.assertEqual(('/a\n', False), streams.read_text(name))
        reading, writing = os.pipe()
        with open(writing, 'w') as file:
            file.write('/b\n')
        with open(reading) as pipe, mock.patch.object(sys, 'stdin', pipe):
            self.assertEqual(('/b\n', True), streams.read_text('-'))
