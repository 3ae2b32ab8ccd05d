"""Tests of streams: standard streams of scripts."""
from __future__ import annotations

import io
import os
import socket

from zc.zk._commands import streams
from zc.zk.tests.scripted import ScriptMixin


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
