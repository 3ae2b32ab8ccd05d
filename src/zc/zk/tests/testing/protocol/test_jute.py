"""Tests of jute and _records: what is written is read, and nothing else."""
from __future__ import annotations

import unittest
from typing import Any

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ....testing.protocol import jute
from ....testing.protocol import records as _records
from ....testing.protocol.jute import JuteError


integers = st.integers(-2 ** 31, 2 ** 31 - 1)
longs = st.integers(-2 ** 63, 2 ** 63 - 1)
texts = st.one_of(
    st.none(), st.text(st.characters(exclude_categories=['Cs']), max_size=9))
buffers = st.one_of(st.none(), st.binary(max_size=9))
lists = st.one_of(st.none(), st.lists(texts, max_size=3))
acls = st.one_of(st.none(), st.lists(
    st.builds(_records.ACL, integers, texts, texts), max_size=3))
stats = st.builds(
    _records.Stat, *[longs] * 4, *[integers] * 3, longs, integers, integers,
    longs)

#: Fields of each record, by their annotations.
FIELDS: dict[str, Any] = {
    'int': integers,
    'bool': st.booleans(),
    'str | None': texts,
    'bytes | None': buffers,
    'list[str | None] | None': lists,
    'list[str]': st.lists(st.text(max_size=5), max_size=3),
    'list[ACL] | None': acls,
    'list[ACL]': acls.filter(lambda value: value is not None),
    'list[ClientInfo]': st.lists(
        st.builds(_records.ClientInfo, texts, texts), max_size=2),
    'Stat': stats,
}
LONGS = {'czxid', 'mzxid', 'pzxid', 'ctime', 'mtime', 'ephemeral_owner',
         'last_zxid_seen', 'session_id', 'zxid', 'ttl', 'relative_zxid'}

RECORDS = sorted(
    (each for each in vars(_records).values()
     if isinstance(each, type) and each.__module__ == _records.__name__),
    key=lambda each: each.__name__)


def record(type_: Any) -> Any:
    """Return a strategy for records of a type."""
    return st.builds(type_, **{
        name: longs if name in LONGS else FIELDS[reference.__forward_arg__]
        for name, reference in type_.__annotations__.items()})



records = st.sampled_from(RECORDS).flatmap(record)


class RoundTripTest(unittest.TestCase):

    @settings(deadline=None, max_examples=300)
    @given(records, st.binary(max_size=3))
    def test_round_trip(self, value, rubbish):
        """What is written is read, whatever comes after it."""
        data = jute.format(value)
        found, end = jute.parse(type(value), data + rubbish)
        self.assertEqual((value, len(data)), (found, end))
        self.assertIs(type(value), type(found))

    @settings(deadline=None, max_examples=100)
    @given(records)
    def test_truncated(self, value):
        """No part of a record, cut at any byte, is taken for one."""
        data = jute.format(value)
        for end in range(len(data)):
            with self.assertRaises(JuteError):
                jute.parse(type(value), data[:end])

    @settings(deadline=None, max_examples=200)
    @given(st.sampled_from(RECORDS), st.binary(max_size=99))
    def test_rubbish(self, type_, rubbish):
        """Of any bytes a record is made, or JuteError."""
        try:
            jute.parse(type_, rubbish)
        except JuteError:
            pass


class BytesTest(unittest.TestCase):

    def test_numbers(self):
        """Numbers are big-endian."""
        self.assertEqual(
            b'\0\0\0\1\0\0\0\0\0\0\0\2\xff\xff\xff\xfd',
            jute.format(_records.ReplyHeader(1, 2, -3)))

    def test_text(self):
        """Text is UTF-8, after its length in bytes."""
        self.assertEqual(
            b'\0\0\0\3/\xc3\xa4\1',
            jute.format(_records.WatchedRequest('/ä', True)))

    def test_null(self):
        """Null has the length -1, and is not the same as nothing."""
        self.assertEqual(
            [b'\xff\xff\xff\xff', b'\0\0\0\0'],
            [jute.buffer.format(None), jute.buffer.format(b'')])

    def test_bad_utf_8(self):
        """What is not UTF-8 becomes a replacement, as in Java."""
        self.assertEqual(
            ('�x', 6), jute.ustring.parse(b'\0\0\0\2\xffx', 0))

    def test_any_number_is_true(self):
        """A boolean is true unless it is zero, as in Java."""
        self.assertEqual((True, 1), jute.boolean.parse(b'\x07', 0))

    def test_negative_length(self):
        """A length below -1 is an error; the message names it."""
        with self.assertRaisesRegex(JuteError, 'length of -2 at offset 0'):
            jute.buffer.parse(b'\xff\xff\xff\xfe', 0)

    def test_negative_count(self):
        """A vector of fewer than -1 elements is empty, as in Java."""
        self.assertEqual(
            ([], 4), jute.ustrings.parse(b'\xff\xff\xff\xfe', 0))

    def test_huge_count(self):
        """A vector that says it is huge costs no more than what is there."""
        with self.assertRaises(JuteError):
            jute.ustrings.parse(b'\x7f\xff\xff\xff\0\0\0\0', 0)

    def test_messages(self):
        """Errors say what was expected where."""
        with self.assertRaisesRegex(
                JuteError, '^RequestHeader expected at offset 2$'):
            jute.parse(_records.RequestHeader, b'123456789', 2)
        with self.assertRaisesRegex(
                JuteError, '^4 bytes expected at offset 1$'):
            jute.integer.parse(b'123', 1)
