"""The body of a chunked request (RFC 9112, section 7.1), read by llhttp.

Pure: no socket, thread or clock.
"""
from __future__ import annotations

from typing import Any

from httptools import HttpParserError
from httptools import HttpRequestParser

from .refusal import bad
from .refusal import too_large


# llhttp does not say where in its input a request ends.  The end of a
# chunked body is an empty line, so the input is cut after each of them.
_END = b'\r\n\r\n'

# Bytes of chunk sizes, extensions and trailers between two pieces of body.
_FRAMING_LIMIT = 16384

# What llhttp needs to hear before a chunked body.
_HEADER = b'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'


class _Events:
    """What llhttp tells: the body, and that it is complete.

    Fields of the trailer are checked by llhttp, and nobody here reads
    them: without ``on_header``, they are not kept either.
    """

    def __init__(self, buf: Any, limit: int) -> None:
        self.total = 0
        self.completed = False
        self.begun = 0
        self._buf = buf
        self._limit = limit

    def on_message_begin(self) -> None:
        self.begun += 1

    def on_body(self, data: bytes) -> None:
        self.total += len(data)
        if self.total <= self._limit:
            self._buf.append(data)

    def on_message_complete(self) -> None:
        self.completed = True


class ChunkedReceiver:
    """The body of a chunked request.

    :param buf: keeps the body
    :param limit: the largest body, in bytes
    """

    def __init__(self, buf: Any, limit: int) -> None:
        self.buf = buf
        self._limit = limit
        # The parser knows the events, and they do not know the parser:
        # a cycle would wait for the garbage collector.
        self._events = _Events(buf, limit)
        self._parser = HttpRequestParser(self._events)
        self._parser.feed_data(_HEADER)
        self._tail = b''            # the last bytes that came
        self._framing = 0

    @property
    def completed(self) -> bool:
        """Whether the body has ended."""
        return self._events.completed

    @property
    def total(self) -> int:
        """The bytes of body that have come."""
        return self._events.total

    def received(self, data: bytes) -> int:
        """Take bytes; return how many of them belong to the body."""
        if self.completed:
            return 0
        # An empty line may have begun in the data before.
        tail = self._tail
        found = (tail + data[:3]).find(_END)
        end = found + 4 - len(tail) if found >= 0 else 0
        view = memoryview(data)
        position = 0
        while position < len(data):
            if end <= position:
                found = data.find(_END, max(position - 2, 0))
                end = found + 4 if found >= 0 else len(data)
            self._feed(view[position:end])
            position = end
            if self.completed:
                return position
        self._tail = (tail + data[-3:])[-3:]
        return position

    def _feed(self, piece: memoryview) -> None:
        events = self._events
        total = events.total
        try:
            self._parser.feed_data(piece)
        except HttpParserError as e:
            raise bad(f'the chunked body is malformed: {e}') from None
        if events.begun > 1:
            raise bad('the chunked body has no clear end')
        if events.total > self._limit:
            raise too_large(self._limit)
        self._framing = (
            self._framing + len(piece) if events.total == total else 0)
        if self._framing > _FRAMING_LIMIT:
            raise bad('a chunk extension or the trailer is larger than '
                      f'{_FRAMING_LIMIT} bytes')

    def getfile(self) -> Any:
        """Return the body as a file."""
        return self.buf.getfile()
