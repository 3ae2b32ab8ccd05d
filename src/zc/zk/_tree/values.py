"""Properties to and from node data.

Pure.  The format is that of zc.zk 2.1, so that old and new processes share
one tree: a JSON object with compact separators; an empty dictionary is
``{}``; data that are not a JSON object are one property ``string_value``,
which is written back as it was read.
"""
from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..errors import DataError
from ..errors import ValueNotStorable


STRING_VALUE = 'string_value'

#: How deep lists and dictionaries in a value may be nested.  Node data come
#: from others, and both the JSON parser and its callers recurse.
MAX_DEPTH = 100
#: How many digits an integer may have: Python reads and writes no more,
#: since that takes quadratic time.
MAX_DIGITS = 4_300
_LIMIT = 10 ** MAX_DIGITS

#: Strings, which may hold brackets, and brackets.
_tokens = re.compile(
    r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\Z)|[][{}]', re.DOTALL).finditer
_dumps = json.JSONEncoder(separators=(',', ':'), allow_nan=False).encode
# What that makes anew at each call; CPython's own.  Without it imports
# take 7 to 12 % more time (`python bench encoding`).
_c_encoder: Any = getattr(json.encoder, 'c_make_encoder', None)
_chunks: Any = _c_encoder and _c_encoder(
    None, json.JSONEncoder().default, json.encoder.encode_basestring_ascii,
    None, ':', ',', False, False, False)
_decode: Any = json.JSONDecoder().raw_decode


#: What JSON can always hold; long numbers are looked at more closely.
_PLAIN = (str, bool, type(None))
_LARGE = 1 << 63
_SCALARS = frozenset([str, int, float, bool, type(None)])


def to_bytes(data: object, path: str = '?') -> bytes:
    """Return node data as the bytes that ZooKeeper keeps.

    :param path: the node's path, for the error
    :raises DataError: when UTF-8 has no form for the text
    """
    if isinstance(data, bytes):
        return data
    if not isinstance(data, str):
        raise TypeError(f'data of {path}: str or bytes are needed, '
                        f'not {type(data).__name__}')
    try:
        return data.encode('utf-8')
    except UnicodeEncodeError as e:
        raise DataError(
            path, f'UTF-8 has no form for character {data[e.start]!r}') from e


def encode(properties: Mapping[str, Any], path: str = '?') -> bytes:
    """Return the node data for `properties`.

    :param path: the node's path, for the error
    :raises ValueNotStorable: when a name is no string or JSON has no form
        for a value
    """
    if len(properties) == 1 and STRING_VALUE in properties:
        text = properties[STRING_VALUE]
        if isinstance(text, str):
            try:
                data = text.encode('utf-8')
            except UnicodeEncodeError:
                pass        # a lone surrogate: JSON has an escape for it
            else:
                if not _reads_otherwise(text):
                    return data
    for name, value in properties.items():
        if type(name) is str:
            kind = type(value)
            if kind in _PLAIN or (
                    kind is int and -_LARGE < value < _LARGE) or (
                    kind is float and value - value == 0.0):
                continue
        if not isinstance(name, str):
            raise ValueNotStorable(path, name, 'a name must be a str')
        reason = trouble(value)
        if reason:
            raise ValueNotStorable(path, name, reason)
    if _chunks and type(properties) is dict:
        return ''.join(_chunks(properties, 0)).encode('ascii')
    return _dumps(dict(properties)).encode('ascii')


def decode(data: bytes | None, path: str = '?') -> dict[str, Any]:
    """Return the properties in node data.

    :param path: the node's path, for the error
    :raises DataError: when the data are not UTF-8, or nested too deep
    """
    if not data:
        return {}
    found: Any
    try:
        text = data.decode('utf-8')
    except UnicodeDecodeError as e:
        raise DataError(
            path, f'not UTF-8 text (byte {e.start} of {len(data)})') from e
    if text[0] == '{' and (
            len(text) < MAX_DEPTH
            or text.count('{') + text.count('[') < MAX_DEPTH):
        # Nearly all nodes: what zc.zk wrote itself.
        try:
            found, end = _decode(text)
        except ValueError:
            pass
        else:
            if end == len(text):
                properties: dict[str, Any] = found
                return properties
    stripped = text.strip()
    if stripped[:1] != '{' or stripped[-1] != '}':
        return {STRING_VALUE: text}
    if too_deep(stripped):
        raise DataError(path, f'nested deeper than {MAX_DEPTH} levels')
    try:
        found = json.loads(stripped)
    except ValueError:
        return {STRING_VALUE: text}
    properties = found
    return properties


def same(old: Any, new: Any) -> bool:
    """Tell whether two values, or sets of properties, are alike in JSON.

    Unlike ``==``, which takes True for 1 and 0.0 for -0.0, and knows tuples
    from lists.
    """
    kind = type(old)
    if kind is type(new):
        if kind in _SCALARS:
            return bool(old == new) and (bool(old) or str(old) == str(new))
        if kind is dict:
            if old.keys() != new.keys():
                return False
            for name, value in old.items():
                other = new[name]
                # What most values are, without a call for each
                if type(value) is type(other) and type(value) in _SCALARS:
                    # -0.0 equals 0.0, and its text is another.
                    if value != other or (
                            not value and str(value) != str(other)):
                        return False
                elif not same(value, other):
                    return False
            return True
    if isinstance(old, (list, tuple)) and isinstance(new, (list, tuple)):
        return len(old) == len(new) and all(map(same, old, new))
    return kind is type(new) and bool(old == new)


def _reads_otherwise(text: str) -> bool:
    """Tell whether `text`, kept as it is, would be read as something else."""
    if not text:
        return True
    stripped = text.strip()
    if stripped[:1] != '{' or stripped[-1] != '}':
        return False
    if too_deep(stripped):
        return True
    try:
        json.loads(stripped)
    except ValueError:
        return False
    return True


def too_deep(text: str) -> bool:
    """Tell whether the JSON parser would recurse deeper than it should."""
    left = MAX_DEPTH + 1        # and the properties themselves
    if text.count('[') + text.count('{') <= left:
        return False            # nearly always
    for token in _tokens(text):
        bracket = token.group()
        if bracket in '[{':
            left -= 1
            if left < 0:
                return True
        elif bracket in ']}':
            left += 1
    return False


def too_long(value: int) -> bool:
    """Tell whether an integer has more digits than Python writes."""
    return not -_LIMIT < value < _LIMIT


def trouble(value: Any, depth: int = MAX_DEPTH) -> str:
    """Return why JSON cannot hold `value`, or the empty string."""
    if value is None or isinstance(value, (str, bool)):
        return ''
    if isinstance(value, int):
        return 'a number of too many digits' if too_long(value) else ''
    if isinstance(value, float):
        if value != value or value in (float('inf'), float('-inf')):
            return f'JSON has no {value!r}'
        return ''
    if depth == 0:
        return f'nested deeper than {MAX_DEPTH} levels'
    if isinstance(value, (list, tuple)):
        inner = list(value)
    elif isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                return f'a key must be a str, not {_shown(key)}'
        inner = list(value.values())
    else:
        return f'JSON cannot hold a {type(value).__name__}'
    for item in inner:
        reason = trouble(item, depth - 1)
        if reason:
            return reason
    return ''


def _shown(value: Any) -> str:
    """Return a short text for a value, which may have none of its own."""
    try:
        return f'{value!r:.50}'
    except ValueError:          # a number that Python does not write
        return f'a long {type(value).__name__}'
