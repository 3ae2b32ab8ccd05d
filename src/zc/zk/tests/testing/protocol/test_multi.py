"""Tests of _multi: transactions and their results, to bytes and back."""
from __future__ import annotations

import unittest

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ....testing.protocol import jute
from ....testing.protocol import multi
from ....testing.protocol import records
from ....testing.protocol.codes import OpCode
from ....testing.protocol.jute import JuteError
from ....testing.protocol.multi import Op
from ....testing.protocol.multi import Result
from .test_jute import integers
from .test_jute import record


def ops(types):
    return st.lists(st.sampled_from(sorted(types)).flatmap(
        lambda type: st.builds(
            Op, st.just(int(type)), record(records.REQUESTS[type]))),
        max_size=4)


results = st.lists(st.one_of(
    integers.map(multi.error),
    st.sampled_from((
        (OpCode.CREATE, records.PathResponse),
        (OpCode.CREATE2, records.Create2Response),
        (OpCode.SET_DATA, records.StatResponse),
        (OpCode.GET_DATA, records.GetDataResponse),
        (OpCode.GET_CHILDREN, records.NamesResponse),
    )).flatmap(lambda pair: st.builds(
        Result, st.just(int(pair[0])), record(pair[1]))),
    st.sampled_from((Result(2, None), Result(13, None)))), max_size=4)


class MultiTest(unittest.TestCase):

    @settings(deadline=None)
    @given(st.one_of(ops(multi.WRITES), ops(multi.READS)), st.binary())
    def test_ops(self, found, rubbish):
        """What is written is read, whatever comes after it."""
        self.assertEqual(
            found, multi.parse_ops(multi.format_ops(found) + rubbish))

    @settings(deadline=None)
    @given(results, st.binary())
    def test_results(self, found, rubbish):
        """So are results."""
        self.assertEqual(found, multi.parse_results(
            multi.format_results(found) + rubbish))

    @settings(deadline=None, max_examples=50)
    @given(ops(multi.WRITES))
    def test_truncated(self, found):
        """No part of a request, cut at any byte, is taken for one."""
        data = multi.format_ops(found)
        for end in range(len(data)):
            with self.assertRaises(JuteError):
                multi.parse_ops(data[:end])

    def test_mixed(self):
        """Reads and writes do not go together."""
        mixed = multi.format_ops([
            Op(OpCode.GET_DATA, records.WatchedRequest('/a', False)),
            Op(OpCode.CHECK, records.VersionRequest('/a', 1))])
        with self.assertRaisesRegex(JuteError, 'reads and writes'):
            multi.parse_ops(mixed)

    def test_unknown(self):
        """Only some requests can be operations."""
        data = jute.format(records.MultiHeader(OpCode.SYNC, False, -1))
        with self.assertRaisesRegex(JuteError, 'operation 9 in'):
            multi.parse_ops(data)
        with self.assertRaisesRegex(JuteError, 'result 9 of'):
            multi.parse_results(data)

    def test_error_is_told_twice(self):
        """An error stands in its header and after it, as in ZooKeeper."""
        self.assertEqual(
            b'\xff\xff\xff\xff\0\xff\xff\xff\x9b\xff\xff\xff\x9b'
            b'\xff\xff\xff\xff\1\xff\xff\xff\xff',
            multi.format_results([multi.error(-101)]))
