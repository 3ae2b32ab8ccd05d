"""Long lists and dictionaries of literals, read as fast as JSON.

Pure.  Python's own parser makes an object of some hundred bytes for each
number and each bracket, so a list of ten megabytes would take gigabytes.
Nearly all lists and dictionaries in trees are JSON but for the quotes and
for three words: they are rewritten, and JSON's parser reads them.  It must
not know any other expression.
"""
from __future__ import annotations

import ast
import json
import re
from typing import Any
from typing import NoReturn

from .values import too_deep


class NotPlain(Exception):
    """The text is something else, or nothing at all."""


# Strings, words, and any character that neither JSON's numbers nor its
# punctuation has.
_SPECIAL = re.compile(
    r"""u?'[^'\\\r\n\0]*(?:\\.[^'\\\r\n\0]*)*'"""
    r'''|u?"[^"\\\r\n\0]*(?:\\.[^"\\\r\n\0]*)*"'''
    r'|True|False|None'
    r'|[^][{}:, \t0-9.eE+-]')
_WORDS = {'True': 'true', 'False': 'false', 'None': 'null'}
_ESCAPES = re.compile(r'\\(.)').findall
#: Escapes that mean the same in Python and in JSON.
_COMMON = frozenset('\\ntrbf')
_PYTHONS = frozenset("\\ntrbfav'\"xuU01234567")
_SURROGATE = re.compile('[\ud800-\udfff]').search


def read_literal(text: str) -> Any:
    """Return the value of a list or a dictionary.

    :param text: a Python expression that begins with ``[`` or ``{``
    :raises NotPlain: when anything but literals, lists and dictionaries of
        the usual form is in it
    """
    found = _SPECIAL.sub(_rewritten, text)
    # As deep as a value of a property may be; these go one deeper.
    if too_deep(f'[{found}]'):
        raise NotPlain
    try:
        return _read(found)
    except ValueError:
        raise NotPlain from None


def _rewritten(match: re.Match[str]) -> str:
    """Return the JSON for a word or a string."""
    token = match.group()
    word = _WORDS.get(token)
    if word is not None:
        return word
    if len(token) < 2:
        raise NotPlain
    body = token[1 + (token[0] == 'u'):-1]
    quote = token[-1]
    if '\\' not in body:
        if quote == '"' or '"' not in body:
            return f'"{body}"'
        return json.dumps(body)
    escapes = set(_ESCAPES(body))
    if '"' not in body and (
            escapes <= _COMMON
            or quote == "'" and escapes <= _COMMON | {"'"}):
        if quote == "'":
            body = body.replace("\\'", "'")
        return f'"{body}"'
    if not escapes <= _PYTHONS:
        raise NotPlain
    try:
        value = ast.literal_eval(token)
    except (SyntaxError, ValueError):
        raise NotPlain from None
    if _SURROGATE(value):
        raise NotPlain      # JSON would make one character of two
    return json.dumps(value)


def _float(text: str) -> float:
    value = float(text)
    if value - value != 0.0:
        raise ValueError(text)
    return value


def _constant(text: str) -> NoReturn:
    raise ValueError(text)


_read = json.JSONDecoder(
    strict=False, parse_float=_float, parse_constant=_constant).decode
