"""Tests of _faults: which requests are hit."""
from __future__ import annotations

import unittest

from ...testing._faults import Faults
from ...testing._faults import Kind
from ...testing._faults import StagedFault
from ...testing.protocol import jute
from ...testing.protocol import multi
from ...testing.protocol import records
from ...testing.protocol.codes import OpCode
from ...testing.protocol.connection import ClientRequest


def delete(path):
    return ClientRequest(1, OpCode.DELETE, jute.format(
        records.VersionRequest(path, -1)))


def get(path):
    return ClientRequest(1, OpCode.GET_DATA, jute.format(
        records.WatchedRequest(path, False)))


class FaultsTest(unittest.TestCase):

    def setUp(self):
        self.faults = Faults()

    def add(self, opcode=None, path=None):
        fault = StagedFault(Kind.DROP_REPLY, opcode, path)
        self.faults.add(fault)
        return fault

    def test_none(self):
        """Without faults nothing is hit."""
        self.assertEqual([], self.faults.take(delete('/a')))

    def test_any_write(self):
        """Without an opcode the next write is hit, once."""
        fault = self.add()
        self.assertEqual([], self.faults.take(get('/a')))
        self.assertEqual([], self.faults.take(ClientRequest(-2, 11, b'')))
        self.assertEqual([fault], self.faults.take(delete('/a')))
        self.assertEqual([], self.faults.take(delete('/a')))

    def test_opcode(self):
        """With one, requests of that kind, be they reads."""
        fault = self.add(OpCode.GET_DATA)
        self.assertEqual([], self.faults.take(delete('/a')))
        self.assertEqual([fault], self.faults.take(get('/a')))

    def test_path(self):
        """With a path, requests for it."""
        fault = self.add(path='/a')
        self.assertEqual([], self.faults.take(delete('/b')))
        self.assertEqual([fault], self.faults.take(delete('/a')))

    def test_transaction(self):
        """A transaction is hit by the path of any of its operations."""
        fault = self.add(path='/b')
        request = ClientRequest(1, OpCode.MULTI, multi.format_ops(
            multi.Op(OpCode.CHECK, records.VersionRequest(path, 0))
            for path in ('/a', '/b')))
        self.assertEqual([fault], self.faults.take(request))

    def test_several(self):
        """A request is hit by all that match."""
        first, second = self.add(), self.add()
        self.assertEqual([first, second], self.faults.take(delete('/a')))

    def test_rubbish(self):
        """A request that cannot be read has no path."""
        self.add(path='/a')
        any_path = self.add()
        self.assertEqual(
            [any_path], self.faults.take(ClientRequest(1, OpCode.DELETE, b'')))
        self.add(OpCode.CLOSE_SESSION, '/a')
        self.assertEqual(
            [], self.faults.take(ClientRequest(1, OpCode.CLOSE_SESSION, b'')))
