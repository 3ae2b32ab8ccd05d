"""Tests of nodes: data and lists of children."""
from __future__ import annotations

import unittest

from zc.zk._doctor.rules import nodes
from zc.zk._doctor.rules.finding import Findings


class Read(unittest.TestCase):

    def test_properties(self):
        """A JSON object holds properties, and so does nothing."""
        self.assertEqual(({'a': 1}, ''), nodes.read('/', b' {"a":1} '))
        self.assertEqual(({}, ''), nodes.read('/', b''))
        self.assertEqual(({'string_value': 'x'}, ''),
                         nodes.read('/', b'{"string_value": "x"}'))

    def test_others(self):
        """What is no JSON object has a reason."""
        for data in (b'x', b'{', b'[]', b'null', b'{"a":1}x'):
            self.assertEqual(
                (None, 'its data are no JSON object'), nodes.read('/', data))
        self.assertIn('UTF-8', nodes.read('/', b'\xff')[1])
        self.assertIn('nested', nodes.read(
            '/', b'{"a":' + b'[' * 999 + b']' * 999 + b'}')[1])


class Judge(unittest.TestCase):

    def judge(self, data=b'', names=(), maxbuffer=1_000):
        findings = Findings()
        nodes.judge(findings, '/a', data, nodes.read('/a', data)[1],
                    list(names), maxbuffer)
        return [each.rule for each in findings.all()]

    def test_text(self):
        """Text is no fault, unless it begins like JSON."""
        self.assertEqual([], self.judge(b'text'))
        self.assertEqual([], self.judge(b'\xff\xfe'))
        self.assertEqual([], self.judge(b'{{ template }}'))
        self.assertEqual(['bad-json'], self.judge(b' {"a": '))
        self.assertEqual(['bad-json'], self.judge(b"{ 'a': 1}"))
        self.assertEqual(['bad-json'], self.judge(b'{"a": "\xff"}'))

    def test_children(self):
        """A list of children is judged by its bytes in a reply."""
        self.assertEqual([], self.judge(names=['a' * 20] * 32))
        self.assertEqual(['many-children'], self.judge(names=['a' * 20] * 33))
        self.assertEqual(['many-children'], self.judge(names=['ä' * 10] * 33))

    def test_data(self):
        """Data are judged likewise."""
        self.assertEqual([], self.judge(b'a' * 800))
        self.assertEqual(['large-data'], self.judge(b'a' * 801))
