"""The bytes that wait to be sent."""
from __future__ import annotations

import unittest
from unittest import mock

from zc.zkzopeserver._engines import output as _output
from zc.zkzopeserver._engines.output import Output


class OutputTests(unittest.TestCase):

    def test_order(self):
        """Bytes come out as they went in, through memory and a file."""
        output = Output(10)
        sent = b''
        for number in range(200):
            output.append(b'%d,' % number)
            if number % 3 == 0:
                piece = bytes(output.get(4))
                output.skip(len(piece))
                sent += piece
        while output:
            piece = bytes(output.get(7))
            output.skip(len(piece))
            sent += piece
        self.assertEqual(
            b''.join(b'%d,' % number for number in range(200)), sent)
        self.assertEqual(b'', output.get(1))

    def test_length(self):
        """Its length counts both."""
        output = Output(3)
        for _ in range(3):
            output.append(b'ab')
        self.assertEqual(6, len(output))
        output.close()
        self.assertEqual(0, len(output))

    @staticmethod
    def written(output: Output) -> int:
        size = 0
        for each in output._files:
            place = each.file.tell()
            size += each.file.seek(0, 2)
            each.file.seek(place)
        return size

    def test_files_let_go(self):
        """What is sent does not stay in a file until all is sent."""
        with mock.patch.object(_output, '_FILE_SIZE', 10):
            output = Output(3)
            for number in range(100):
                output.append(b'%04d' % number)
                if number > 10:
                    self.assertEqual(b'%04d' % (number - 11), output.get(4))
                    output.skip(4)
                    self.assertEqual(44, len(output))
                    self.assertLessEqual(self.written(output), 60)
            output.close()
