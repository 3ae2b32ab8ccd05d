"""Bytes to HTTP requests: llhttp, with limits and stricter rules above it.

Pure: no socket, thread or clock.  Two servers that read one request
differently are how requests are smuggled (RFC 9112, section 11.2).
Whatever is ambiguous is refused here.

The header is cut out first, then llhttp reads it; what body follows is
decided here, by the fields that llhttp found.  So the request ends where
these rules say, whatever llhttp makes of an ``Upgrade``, for example.
"""
from __future__ import annotations

import re
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from httptools import HttpParserError
from httptools import HttpParserInvalidMethodError
from httptools import HttpParserUpgrade
from httptools import HttpRequestParser
from zope.server.buffers import OverflowableBuffer
from zope.server.fixedstreamreceiver import FixedStreamReceiver

from .chunked import ChunkedReceiver
from .refusal import Refusal
from .refusal import bad
from .refusal import too_large


# All of these are tried at their worst in tests/test_patterns.py.
_ABSOLUTE = re.compile(r'(https?)://([^/?#]*)(.*)', re.IGNORECASE)
# RFC 3986, section 3.2.2; a Host may be empty.
_HOST = re.compile(r"(?:\[[0-9A-Za-z:.%_~\-]+\]"
                   r"|[0-9A-Za-z._~!$&'()*+,;=%\-]*)(?::[0-9]{0,5})?")
_DIGITS = re.compile(r'[0-9]{1,18}')
_METHOD = re.compile(rb'[A-Z][A-Z0-9_-]*')
_VERSION = re.compile(rb'HTTP/[0-9]\.[0-9]')

# Fields whose values cannot be joined with commas: given twice, nobody
# knows which one another server believed.
_SINGLE = frozenset(('CONTENT_LENGTH', 'HOST'))

# Names of header fields as zope.server keeps them, for those that come
# often; not for any name that a client may think of.
_KEYS: dict[bytes, str] = {}
_KEYS_LIMIT = 500
_KEY_LIMIT = 64


class RequestParser:
    """One request, fed in pieces of any size.

    :param adj: zope.server's parameters, and our limits
    :ivar completed: whether all of it has come
    :ivar error: why the request is refused, or None
    :ivar headers: the fields' values by their names in upper case, with
        ``_`` for ``-``
    :ivar wants_continue: whether the client waits for ``100 Continue``
        before it sends the body
    """

    completed = False
    empty = False
    error: Refusal | None = None
    wants_continue = False

    first_line = ''
    command = ''
    uri = ''
    version = '1.1'
    proxy_scheme: str | None = None
    proxy_netloc: str | None = None
    path = ''
    query: str | None = None
    fragment = ''

    body_rcv: Any = None
    content_length: int = 0
    chunked = False

    def __init__(self, adj: Any) -> None:
        self.adj = adj
        self.headers: dict[str, str] = {}
        self._header = bytearray()
        self._complete = False                      # llhttp saw the end
        self._again: dict[str, list[str]] = {}      # fields that came twice

    @property
    def started(self) -> bool:
        """Whether any of the request has come."""
        return bool(self._header) or self.body_rcv is not None

    @property
    def body_received(self) -> int:
        """The bytes of body that have come."""
        if self.body_rcv is None:
            return 0
        if self.chunked:
            total: int = self.body_rcv.total
            return total
        remain: int = self.body_rcv.remain
        return self.content_length - remain

    def received(self, data: bytes) -> int:
        """Take bytes; return how many of them belong to this request."""
        if self.completed:
            return 0
        try:
            if self.body_rcv is None:
                return self._header_received(data)
            consumed: int = self.body_rcv.received(data)
            self.wants_continue = False
            if self.body_rcv.completed:
                self._finish()
            return consumed
        except Refusal as e:
            self.error = e
            self.wants_continue = False
            self.completed = True
            # What follows cannot be told apart from the bad request.
            return len(data)

    def _header_received(self, data: bytes) -> int:
        held = self._header
        if not held and data[:1] in b'\r\n':
            # Empty lines before a request are forgiven (RFC 9112, 2.2).
            stripped = data.lstrip(b'\r\n')
            if not stripped:
                return len(data)
            return len(data) - len(stripped) + self._header_received(stripped)
        known = len(held)
        held += data
        end = _header_end(held, max(known - 2, 0))
        limit = self.adj.max_header_size
        if (end if end >= 0 else len(held)) > limit:
            raise Refusal('431 Request Header Fields Too Large',
                          f'the header is larger than {limit} bytes')
        if end < 0:
            return len(data)
        self._parse(bytes(held[:end]))
        if self.body_rcv is None:
            self._finish()
        return end - known

    def _parse(self, header: bytes) -> None:
        """Parse the first line and the fields."""
        breaks = header.count(b'\r\n')
        if header.count(b'\n') != breaks or header.count(b'\r') != breaks:
            raise bad('a line of the header does not end in CR LF')
        self._parse_first_line(header[:header.index(b'\r\n')])
        error: HttpParserError | None = None
        try:
            # It knows this object's methods, and this object does not
            # know it: a cycle would wait for the garbage collector.
            HttpRequestParser(self).feed_data(header)
        except HttpParserUpgrade:
            pass                # an offer that nobody takes up
        except HttpParserInvalidMethodError:
            raise Refusal('501 Not Implemented',
                          'the method is unknown') from None
        except HttpParserError as e:
            error = e
        if self._complete:
            self._join_fields()
            self._check_host()
            self._expect_body()
        if error is not None or not self._complete:
            raise bad(f'the header is malformed: {error}')

    def _parse_first_line(self, line: bytes) -> None:
        words = line.split(b' ')
        if len(words) != 3 or not _METHOD.fullmatch(words[0]):
            # A method in lower case is no method that anybody has defined.
            raise bad('the request line is malformed')
        if words[2] not in (b'HTTP/1.1', b'HTTP/1.0'):
            if _VERSION.fullmatch(words[2]):
                raise Refusal('505 HTTP Version Not Supported',
                              'HTTP/1.0 and HTTP/1.1 are spoken here')
            raise bad('the request line is malformed')
        self.first_line = line.decode('latin-1')
        self.command, self.uri, version = self.first_line.split(' ')
        self.version = version[5:]
        self._split_target()

    # llhttp calls these.

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field."""
        key = _KEYS.get(name)
        if key is None:
            key = _key(name)
            if not key:
                return
        text = value.strip(b' \t').decode('latin-1')
        if key not in self.headers:
            self.headers[key] = text
        else:
            self._again.setdefault(key, []).append(text)

    def on_headers_complete(self) -> None:
        """Take notice of the end of the header."""
        self._complete = True

    # The rules above llhttp's.

    def _split_target(self) -> None:
        """Take the request's target to pieces (RFC 9112, section 3.2)."""
        target = self.uri
        if self.command == 'CONNECT':
            raise Refusal('501 Not Implemented', 'this is no proxy')
        if target == '*' and self.command == 'OPTIONS':
            # It is about the server as a whole.  PEP 3333 knows no such
            # path: what comes nearest is the root.
            target = '/'
        elif target[:1] != '/':
            found = _ABSOLUTE.fullmatch(target)
            if found is None:
                raise bad('the request target is malformed')
            self.proxy_scheme, self.proxy_netloc, target = found.groups()
            if not self.proxy_netloc or not _HOST.fullmatch(
                    self.proxy_netloc):
                raise bad('the request target has no proper host')
        target, _, fragment = target.partition('#')
        path, _, query = target.partition('?')
        if '%' in path:
            # PEP 3333 wants the bytes, each as the character of its value.
            path = unquote_to_bytes(path.encode('latin-1')).decode('latin-1')
        self.path = path or '/'
        self.query = query or None
        self.fragment = fragment

    def _join_fields(self) -> None:
        for key, values in self._again.items():
            if key in _SINGLE:
                raise bad(f'{key.title().replace("_", "-")} is given twice')
            joint = '; ' if key == 'COOKIE' else ', '
            self.headers[key] = joint.join((self.headers[key], *values))

    def _check_host(self) -> None:
        """See that the host is one (RFC 9112, section 3.2)."""
        host = self.headers.get('HOST')
        if host is None:
            if self.version == '1.1':
                raise bad('the field Host is missing')
        elif not _HOST.fullmatch(host):
            raise bad('the field Host is malformed')
        if self.proxy_netloc:
            # RFC 9112, section 3.2.2.
            self.headers['HOST'] = self.proxy_netloc

    def _expect_body(self) -> None:
        """See what body follows (RFC 9112, section 6.3)."""
        headers = self.headers
        coding = headers.pop('TRANSFER_ENCODING', None)
        length = headers.get('CONTENT_LENGTH')
        if coding is None and length is None:
            return
        limit = self.adj.max_body_size
        if coding is not None:
            if length is not None:
                raise bad('Transfer-Encoding and Content-Length exclude '
                          'each other')
            if self.version == '1.0':
                raise bad('HTTP/1.0 has no Transfer-Encoding')
            if coding.lower() != 'chunked':
                raise Refusal('501 Not Implemented',
                              'chunked is the only transfer coding here')
            self.chunked = True
            self.body_rcv = ChunkedReceiver(
                OverflowableBuffer(self.adj.inbuf_overflow), limit)
        elif length is not None:
            if not _DIGITS.fullmatch(length):
                raise bad('Content-Length is not a number')
            self.content_length = int(length)
            if self.content_length > limit:
                raise too_large(limit)
            if self.content_length:
                self.body_rcv = FixedStreamReceiver(
                    self.content_length,
                    OverflowableBuffer(self.adj.inbuf_overflow))
        self.wants_continue = (
            self.body_rcv is not None and self.version == '1.1'
            and headers.get('EXPECT', '').lower() == '100-continue')

    def _finish(self) -> None:
        if self.chunked:
            # To the application, the body looks like any other.
            self.content_length = self.body_rcv.total
            self.headers['CONTENT_LENGTH'] = str(self.content_length)
        self.completed = True

    def getBodyStream(self) -> Any:
        """Return the body as a file that ends where the body does."""
        return BytesIO() if self.body_rcv is None else self.body_rcv.getfile()

    def close(self) -> None:
        """Let go of the body."""
        if self.body_rcv is not None:
            self.body_rcv.buf.close()


def _key(name: bytes) -> str:
    """Return a field's name as a key, or '' for one to leave out."""
    if b'_' in name:
        # It would pass for the field with '-': proxies drop it too.
        return ''
    key = name.decode('latin-1').upper().replace('-', '_')
    if len(_KEYS) < _KEYS_LIMIT and len(name) <= _KEY_LIMIT:
        _KEYS[name] = key
    return key


def _header_end(held: bytearray, start: int) -> int:
    """Return the position after the first empty line, or -1.

    Lines that end in LF alone are seen too, so that they can be refused
    at once and not when the client gives up.
    """
    proper = held.find(b'\n\r\n', start)
    bare = held.find(b'\n\n', start)
    if bare >= 0 and (proper < 0 or bare < proper):
        return bare + 2
    return proper + 3 if proper >= 0 else -1
