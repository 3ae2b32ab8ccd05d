"""The faults of applications: how they are found, and how they are logged.

Pure.  Both engines use it, so that an application that breaks WSGI (PEP
3333) or HTTP gets the same answer from both: 500, and a line in the log
that names the fault.  Values of header fields are never logged; they may be
credentials.
"""
from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Any
from typing import NamedTuple


logger = logging.getLogger('zc.zkzopeserver.http')

# RFC 9110, sections 5.5 and 5.6.2; RFC 9112, section 4.
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r'[\t\x20-\x7e\x80-\xff]*')
_STATUS = re.compile(r'([1-9][0-9][0-9]) ([\t\x20-\x7e\x80-\xff]*)')
_LENGTH = re.compile(r'[0-9]{1,18}')

# Names and statuses that were found to be right: applications use few.  The
# names with themselves in lower case, the statuses in two parts.
_names: dict[str, str] = {}
_statuses: dict[str, tuple[str, str]] = {}
_KNOWN_LIMIT = 500


class WrongAnswer(Exception):
    """The application answered with something that cannot be sent."""


class Head(NamedTuple):
    """The status and the header of an answer.

    :ivar code: the status code, three digits
    :ivar reason: the text after it
    :ivar headers: names and values
    :ivar length: Content-Length in bytes, or None without one
    """

    code: str
    reason: str
    headers: list[tuple[str, str]]
    length: int | None


def check_head(status: Any, headers: Iterable[tuple[Any, Any]]) -> Head:
    """Return what an application gave to start_response, when it is right.

    :raises WrongAnswer: when it cannot be sent
    """
    code, reason = _statuses.get(status) or _check_status(status)
    kept: list[tuple[str, str]] = []
    length: int | None = None
    for name, value in headers:
        lower = _names.get(name) or _check_name(name)
        # Most values pass by this quicker test.
        if not (isinstance(value, str) and value.isascii()
                and value.isprintable()):
            _check_value(name, value)
        if lower == 'content-length':
            before, length = length, _length(value)
            if before is not None:
                if before != length:
                    raise WrongAnswer(
                        f'there are two different values of {name}, '
                        f'{before} and {length}')
                continue
            if code == '204':
                continue        # RFC 9110, section 8.6
        elif lower == 'transfer-encoding':
            raise WrongAnswer(
                f"{name} is the server's, not the application's")
        kept.append((name, value))
    return Head(code, reason, kept, None if code == '204' else length)


def _check_status(status: Any) -> tuple[str, str]:
    found = _STATUS.fullmatch(_text('the status', status))
    if found is None:
        raise WrongAnswer(
            f'the status {status!r} is not three digits, a blank and a text')
    code, reason = found.groups()
    if code[0] == '1':
        raise WrongAnswer(f'the status {code} is not a final one')
    if len(_statuses) < _KNOWN_LIMIT:
        _statuses[status] = code, reason
    return code, reason


def _check_name(name: Any) -> str:
    """Return the name of a header field in lower case."""
    if _NAME.fullmatch(_text('the name of a header field', name)) is None:
        raise WrongAnswer(f'{name!r} cannot be the name of a header field')
    lower: str = name.lower()
    if len(_names) < _KNOWN_LIMIT:
        _names[name] = lower
    return lower


def _check_value(name: str, value: Any) -> None:
    if _VALUE.fullmatch(_text(f'the value of {name}', value)) is None:
        raise WrongAnswer(
            f'the value of {name} holds a control character, or one that is '
            'not in Latin-1')


def _length(value: str) -> int:
    if _LENGTH.fullmatch(value) is None:
        raise WrongAnswer(f'Content-Length is {value!r}, not a number')
    return int(value)


def _text(what: str, value: Any) -> str:
    if not isinstance(value, str):
        raise WrongAnswer(
            f'{what} must be a str, not {type(value).__name__}')
    return value


def check_result(result: Any) -> None:
    """Check that an application returned something to iterate over.

    `check_block` checks each block.

    :raises WrongAnswer: when it returned one string, or nothing
    """
    if result is None or isinstance(result, (str, bytes, bytearray)):
        raise WrongAnswer(
            'the application must return an iterable of bytes, not '
            f'{"None" if result is None else type(result).__name__}')


def check_block(block: Any) -> bytes:
    """Return a block of a body as bytes.

    :raises WrongAnswer: when it is something else
    """
    if isinstance(block, bytes):
        return block
    if isinstance(block, (bytearray, memoryview)):
        return bytes(block)
    raise WrongAnswer(
        f'a block of the body must be bytes, not {type(block).__name__}')


def printable(text: str) -> str:
    """Return text that a client sent as one line of printable ASCII."""
    return ascii(text)[1:-1]


def log_failure(error: BaseException, method: str, target: str) -> None:
    """Log that an application failed.

    :param error: what it raised
    :param method: the method of the request
    :param target: the target of the request, as it was sent
    """
    fault = f': {error}' if isinstance(error, WrongAnswer) else ''
    logger.error('the application failed at %s %s%s', printable(method),
                 printable(target), fault, exc_info=error)
