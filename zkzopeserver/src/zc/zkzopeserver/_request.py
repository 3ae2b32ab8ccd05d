"""Bytes to HTTP requests: zope.server's parser with stricter manners.

Pure: no socket, thread or clock.  zope.server takes what is malformed for
something else, and two servers that read one request differently are how
requests are smuggled (RFC 9112, section 11.2).  Whatever is ambiguous is
refused here.
"""
from __future__ import annotations

import re
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from zope.server.buffers import OverflowableBuffer
from zope.server.fixedstreamreceiver import FixedStreamReceiver
from zope.server.http.httprequestparser import HTTPRequestParser


# RFC 9110, section 5.6.2.
_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
# A method in lower case is no method that anybody has defined.
_FIRST_LINE = re.compile(
    r"([!#$%&'*+\-.^_`|~0-9A-Z]+) ([^\x00-\x20\x7f]+) HTTP/(\d)\.(\d)")
_FIELD = re.compile(
    rf'({_TOKEN}):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*')
_ABSOLUTE = re.compile(r'([A-Za-z][A-Za-z0-9+.\-]*)://([^/?#]*)(.*)')
_DIGITS = re.compile(r'[0-9]{1,18}')
_CHUNK_SIZE = re.compile(rb'([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\x00-\x08\x7f]*)?')

# Fields whose values cannot be joined with commas: given twice, nobody
# knows which one another server believed.
_SINGLE = frozenset(('CONTENT_LENGTH', 'HOST'))

# Bytes of the line before a chunk, and of all lines after the last.
_LINE_LIMIT = 4096
_TRAILER_LIMIT = 16384

# Names of header fields as zope.server keeps them, for those that come
# often; not for any name that a client may think of.
_KEYS: dict[str, str] = {}
_KEYS_LIMIT = 500


class Refusal(Exception):
    """A request that gets an error instead of an answer.

    :ivar status: the status code and reason
    :ivar text: what is wrong, for the body
    """

    def __init__(self, status: str, text: str) -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text


def _bad(text: str) -> Refusal:
    return Refusal('400 Bad Request', text)


def _too_large(limit: int) -> Refusal:
    return Refusal('413 Content Too Large',
                   f'the body is larger than {limit} bytes')


class RequestParser(HTTPRequestParser):
    """One request, fed in pieces of any size.

    :ivar error: why the request is refused, or None
    :ivar wants_continue: whether the client waits for ``100 Continue``
        before it sends the body
    """

    version = '1.1'
    path = ''
    completed: int = 0
    body_rcv: Any = None
    content_length: int = 0
    chunked: int = 0
    headers: dict[str, str]
    error: Refusal | None = None
    wants_continue = False

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self._header = bytearray()

    @property
    def started(self) -> bool:
        """Whether any of the request has come."""
        return bool(self._header) or self.body_rcv is not None

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
            self.completed = 1
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
            raise _bad(f'the header is larger than {limit} bytes')
        if end < 0:
            return len(data)
        self.parse_header(bytes(held[:end]))
        if self.body_rcv is None:
            self._finish()
        return end - known

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the first line and the fields."""
        breaks = header_plus.count(b'\r\n')
        if (header_plus.count(b'\n') != breaks
                or header_plus.count(b'\r') != breaks):
            raise _bad('a line of the header does not end in CR LF')
        lines = header_plus.decode('latin-1').split('\r\n')
        self._parse_first_line(lines[0])
        headers = self.headers
        # The last two are what follows the last and the empty line.
        for line in _unfolded(lines[1:-2]):
            found = _FIELD.fullmatch(line)
            if found is None:
                raise _bad('a header field is malformed')
            name, value = found.groups()
            if '_' in name:
                # It would pass for the field with '-': proxies drop it too.
                continue
            key = _KEYS.get(name)
            if key is None:
                key = name.upper().replace('-', '_')
                if len(_KEYS) < _KEYS_LIMIT:
                    _KEYS[name] = key
            if key not in headers:
                headers[key] = value
            elif key in _SINGLE:
                raise _bad(f'{name} is given twice')
            else:
                joint = '; ' if key == 'COOKIE' else ', '
                headers[key] += joint + value
        self._expect_body()

    def _parse_first_line(self, line: str) -> None:
        found = _FIRST_LINE.fullmatch(line)
        if found is None:
            raise _bad('the request line is malformed')
        command, uri, major, minor = found.groups()
        if major != '1':
            raise Refusal('505 HTTP Version Not Supported',
                          'HTTP/1.0 and HTTP/1.1 are spoken here')
        self.first_line = line
        self.command = command
        self.uri = uri
        self.version = '1.0' if minor == '0' else '1.1'
        self.split_uri()

    def split_uri(self) -> None:
        """Take the request's target to pieces (RFC 9112, section 3.2)."""
        target = self.uri
        if target[0] != '/':
            found = _ABSOLUTE.fullmatch(target)
            if found is not None:
                self.proxy_scheme, self.proxy_netloc, target = found.groups()
                if target[:1] != '/':
                    target = '/' + target
            elif self.command == 'CONNECT':
                target = ''
            elif target != '*':
                raise _bad('the request target is malformed')
        target, _, fragment = target.partition('#')
        path, _, query = target.partition('?')
        if '%' in path:
            # PEP 3333 wants the bytes, each as the character of its value.
            path = unquote_to_bytes(path.encode('latin-1')).decode('latin-1')
        self.path = path
        self.query = query or None
        self.fragment = fragment

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
                raise _bad('Transfer-Encoding and Content-Length exclude '
                           'each other')
            if self.version == '1.0':
                raise _bad('HTTP/1.0 has no Transfer-Encoding')
            if coding.strip().lower() != 'chunked':
                raise Refusal('501 Not Implemented',
                              'chunked is the only transfer coding here')
            self.chunked = 1
            self.body_rcv = ChunkedReceiver(
                OverflowableBuffer(self.adj.inbuf_overflow), limit)
        elif length is not None:
            if not _DIGITS.fullmatch(length):
                raise _bad('Content-Length is not a number')
            self.content_length = int(length)
            if self.content_length > limit:
                raise _too_large(limit)
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
        self.completed = 1

    def getBodyStream(self) -> Any:
        """Return the body as a file that ends where the body does."""
        return BytesIO() if self.body_rcv is None else self.body_rcv.getfile()

    def close(self) -> None:
        """Let go of the body."""
        if self.body_rcv is not None:
            self.body_rcv.buf.close()


class ChunkedReceiver:
    """The body of a chunked request (RFC 9112, section 7.1).

    :param buf: keeps the body
    :param limit: the largest body, in bytes
    :ivar total: the bytes of body that have come
    """

    completed = False

    def __init__(self, buf: Any, limit: int) -> None:
        self.buf = buf
        self.total = 0
        self._limit = limit
        self._left = 0              # bytes of the present chunk to come
        self._line = b''            # the beginning of a line
        self._take = self._size     # what the next line is
        self._trailer = 0

    def received(self, data: bytes) -> int:
        """Take bytes; return how many of them belong to the body."""
        position = 0
        while position < len(data) and not self.completed:
            if self._left:
                piece = data[position:position + self._left]
                self.buf.append(piece)
                self._left -= len(piece)
                position += len(piece)
                continue
            end = data.find(b'\n', position) + 1
            line = self._line + data[position:end or len(data)]
            if len(line) > _LINE_LIMIT:
                raise _bad('a line of the chunked body is too long')
            if not end:
                self._line = line
                return len(data)
            self._line = b''
            position = end
            if line[-2:] != b'\r\n':
                raise _bad('a line of the chunked body does not end in CR LF')
            self._take(line[:-2])
        return position

    def _size(self, line: bytes) -> None:
        found = _CHUNK_SIZE.fullmatch(line)
        if found is None:
            raise _bad('the size of a chunk is malformed')
        self._left = int(found.group(1), 16)
        self.total += self._left
        if self.total > self._limit:
            raise _too_large(self._limit)
        self._take = self._end if self._left else self._last

    def _end(self, line: bytes) -> None:
        if line:
            raise _bad('a chunk is longer than its size')
        self._take = self._size

    def _last(self, line: bytes) -> None:
        # Fields after the body are allowed, and nobody here reads them.
        self._trailer += len(line)
        if self._trailer > _TRAILER_LIMIT:
            raise _bad('the trailer is too large')
        self.completed = not line

    def getfile(self) -> Any:
        """Return the body as a file."""
        return self.buf.getfile()


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


def _unfolded(lines: list[str]) -> list[str]:
    """Join lines that begin with a blank to the one before (RFC 9112, 5.2).
    """
    if not any(line[:1] in (' ', '\t') for line in lines):
        return lines
    found: list[str] = []
    for line in lines:
        if line[:1] not in (' ', '\t'):
            found.append(line)
        elif not found:
            raise _bad('the first header field begins with a blank')
        else:
            found[-1] += ' ' + line.strip(' \t')
    return found
