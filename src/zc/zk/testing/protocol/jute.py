"""ZooKeeper's way of writing records, to bytes and back.

Pure functions, for any thread.  Must not know which records there are: those
are declared in _records.
"""
from __future__ import annotations

import struct
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple
from typing import TypeVar


class JuteError(ValueError):
    """The bytes are not the record they should be."""


T = TypeVar('T')


class Codec(NamedTuple):
    """How values of one type are read and written.

    `parse` takes the bytes and an offset and returns the value and the
    offset after it; `format` returns the bytes.
    """

    parse: Callable[[bytes, int], tuple[Any, int]]
    format: Callable[[Any], bytes]
    #: Its code in the module struct, if it always has the same size.
    code: str = ''


def _fixed(code: str) -> Codec:
    packer = struct.Struct('!' + code)
    unpack_from, size = packer.unpack_from, packer.size

    def parse(data: bytes, offset: int) -> tuple[Any, int]:
        try:
            return unpack_from(data, offset)[0], offset + size
        except struct.error:
            raise JuteError(
                f'{size} bytes expected at offset {offset}') from None

    return Codec(parse, packer.pack, code)


integer = _fixed('i')
long = _fixed('q')
boolean = _fixed('?')


def _parse_buffer(data: bytes, offset: int) -> tuple[bytes | None, int]:
    length, start = integer.parse(data, offset)
    if length == -1:
        return None, start
    end = start + length
    if length < 0 or end > len(data):
        raise JuteError(f'a length of {length} at offset {offset}')
    return data[start:end], end


def _format_buffer(value: bytes | None) -> bytes:
    if value is None:
        return integer.format(-1)
    return integer.format(len(value)) + value


buffer = Codec(_parse_buffer, _format_buffer)


def _parse_ustring(data: bytes, offset: int) -> tuple[str | None, int]:
    value, offset = _parse_buffer(data, offset)
    # Java's decoder, too, puts a replacement for what is not UTF-8.
    return None if value is None else value.decode('utf-8', 'replace'), offset


def _format_ustring(value: str | None) -> bytes:
    if value is None:
        return integer.format(-1)
    return _format_buffer(value.encode('utf-8', 'replace'))


ustring = Codec(_parse_ustring, _format_ustring)


def vector(element: Codec) -> Codec:
    """Return the codec of a list (or null, as None)."""

    def parse(data: bytes, offset: int) -> tuple[list[Any] | None, int]:
        count, offset = integer.parse(data, offset)
        if count == -1:
            return None, offset
        values = []
        for _ in range(count):
            value, offset = element.parse(data, offset)
            values.append(value)
        return values, offset

    def format(values: Sequence[Any] | None) -> bytes:
        if values is None:
            return integer.format(-1)
        return integer.format(len(values)) + b''.join(
            map(element.format, values))

    return Codec(parse, format)


ustrings = vector(ustring)

_RECORDS: dict[type, Codec] = {}


def record(*codecs: Codec) -> Callable[[type[T]], type[T]]:
    """Declare the codecs of a NamedTuple's fields, in their order."""

    def declare(type_: type[T]) -> type[T]:
        fixed = all(codec.code for codec in codecs)
        make = _fixed_record if fixed else _any_record
        _RECORDS[type_] = make(type_, codecs)
        return type_

    return declare


def _any_record(type_: type[Any], codecs: Sequence[Codec]) -> Codec:
    parsers = [codec.parse for codec in codecs]
    formats = [codec.format for codec in codecs]

    def parse(data: bytes, offset: int) -> tuple[Any, int]:
        values = []
        for parse_field in parsers:
            value, offset = parse_field(data, offset)
            values.append(value)
        return type_(*values), offset

    def format(record: Any) -> bytes:
        return b''.join([
            format_field(value)
            for format_field, value in zip(formats, record, strict=True)])

    return Codec(parse, format)


def _fixed_record(type_: type[Any], codecs: Sequence[Codec]) -> Codec:
    packer = struct.Struct('!' + ''.join(codec.code for codec in codecs))
    unpack_from, size, pack = packer.unpack_from, packer.size, packer.pack

    def parse(data: bytes, offset: int) -> tuple[Any, int]:
        try:
            return type_(*unpack_from(data, offset)), offset + size
        except struct.error:
            raise JuteError(
                f'{type_.__name__} expected at offset {offset}') from None

    return Codec(parse, lambda record: pack(*record))


def of_record(type_: type) -> Codec:
    """Return the codec of a record within another."""
    return _RECORDS[type_]


def parse(
    type_: type[T], data: bytes, offset: int = 0
) -> tuple[T, int]:
    """Read a record.

    :param type_: a declared class
    :returns: the record, and the offset of what follows it
    :raises JuteError: the bytes are not such a record
    """
    return _RECORDS[type_].parse(data, offset)


def format(record: Any) -> bytes:
    """Return the bytes of a record of a declared class."""
    return _RECORDS[type(record)].format(record)
