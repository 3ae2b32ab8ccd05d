"""One request's answer: the application called, its response written.

A task runs in a worker's thread, which owns the channel for as long.  Knows
no socket: it puts bytes on the channel.
"""
from __future__ import annotations

import logging
from typing import Any

from zope.server.http.http_date import build_http_date
from zope.server.http.httptask import HTTPTask

from .faults import check_block
from .faults import check_head
from .faults import check_result
from .faults import log_failure
from .faults import printable
from .refusal import Refusal


logger = logging.getLogger('zc.zkzopeserver.http')

_date = (0, '')


class ClientGone(Exception):
    """The client closed the connection before it had its answer."""


def _now_as_date(now: float) -> str:
    global _date
    second, text = _date
    if int(now) != second:
        text = build_http_date(now)
        _date = (int(now), text)
    return text


class Task(HTTPTask):
    """The work on one request."""

    close_on_finish = False
    wrote_header = False
    _headers: list[tuple[str, str]] | None = None
    _length: int | None = None          # of the body, when it is known
    _sent = 0                           # bytes of the body
    _chunked = False
    _bodiless = False

    def service(self) -> None:
        """Answer the request; never raises."""
        self.start()
        refusal = self.request_data.error
        try:
            if refusal is None:
                self._execute()
            else:
                self._refuse(refusal)
        except ClientGone:
            self.close_on_finish = True
        except BaseException as e:
            # SystemExit, too: one request must not end the worker.
            log_failure(e, self.request_data.command, self.request_data.uri)
            self.close_on_finish = True
            if not self.wrote_header:
                self._answer_500()
        try:
            self.finish()
        except Exception:
            logger.exception('cannot write to the access log')
        self.request_data.close()

    def _execute(self) -> None:
        server = self.channel.server
        environ = server.make_environ(self)
        result = server.application(environ, self.start_response)
        check_result(result)
        try:
            one_block = isinstance(result, (list, tuple)) and len(result) == 1
            # What write() has sent already is no part of the list.
            if (one_block and self._length is None and not self.wrote_header
                    and self._headers is not None):
                self._length = len(check_block(result[0]))
            for block in result:
                if block:
                    self.write(block)
                    if not one_block:
                        # A block is not to wait for the next one (PEP
                        # 3333, "Buffering and Streaming").
                        self.channel.send_now()
            if not self.wrote_header:
                self.write(b'')
        finally:
            if hasattr(result, 'close'):
                result.close()
        if self._chunked:
            self.channel.put(b'0\r\n\r\n')
        elif (self._length is not None and self._sent != self._length
                and not self._bodiless):
            logger.error('the application sent %s of %s bytes at %s',
                         self._sent, self._length,
                         printable(self.request_data.uri))
            self.close_on_finish = True

    def start_response(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: Any = None,
    ) -> Any:
        """Take the status and header of the answer (PEP 3333)."""
        if exc_info:
            try:
                if self.wrote_header:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self._headers is not None:
            raise AssertionError('start_response called a second time '
                                 'without exc_info')
        head = check_head(status, headers)
        self.status, self.reason, self._headers, self._length = head
        return self.write

    def write(self, data: bytes) -> None:
        """Send a block of the body, the header first."""
        data = check_block(data)
        header = b''
        if not self.wrote_header:
            if self._headers is None:
                raise AssertionError('start_response was not called')
            header = self.buildResponseHeader()
            self.wrote_header = True
        if self._bodiless or not data:
            data = b''
        elif self._length is not None:
            left = self._length - self._sent
            if len(data) > left:
                logger.error('the application sends more than the %s bytes '
                             'it announced at %s', self._length,
                             printable(self.request_data.uri))
                data = data[:left]
        self._sent += len(data)
        if data and self._chunked:
            data = b'%x\r\n%b\r\n' % (len(data), data)
        if header or data:
            self.bytes_written += self.channel.put(
                header + data if header else data)

    def buildResponseHeader(self) -> bytes:
        """Return the status line and the header."""
        headers = self._headers or []
        version = self.version
        names = set()
        keep = self._keep_alive()
        for name, value in headers:
            name = name.lower()
            names.add(name)
            if name == 'connection' and value.lower() == 'close':
                keep = False
        no_content = self.status in ('204', '304') or self.status[0] == '1'
        self._bodiless = no_content or self.request_data.command == 'HEAD'
        lines = [f'HTTP/{version} {self.status} {self.reason}']
        lines += [f'{name}: {value}' for name, value in headers]
        if self._length is not None:
            if 'content-length' not in names and not no_content:
                lines.append(f'Content-Length: {self._length}')
        elif not self._bodiless:
            if version == '1.1':
                self._chunked = True
                lines.append('Transfer-Encoding: chunked')
            else:
                keep = False
        if 'connection' not in names:
            if not keep:
                lines.append('Connection: close')
            elif version == '1.0':
                lines.append('Connection: Keep-Alive')
        if 'server' not in names:
            lines.append(f'Server: {self.channel.server.SERVER_IDENT}')
        if 'date' not in names:
            lines.append(f'Date: {_now_as_date(self.start_time)}')
        self.close_on_finish = not keep
        lines.append('\r\n')
        return '\r\n'.join(lines).encode('latin-1')

    def _keep_alive(self) -> bool:
        if self.channel.server.retired or self.request_data.error:
            return False
        wish: str = self.request_data.headers.get('CONNECTION', '').lower()
        if self.version == '1.0':
            return wish == 'keep-alive'
        if not wish:
            return True
        return 'close' not in [word.strip(' \t') for word in wish.split(',')]

    def _refuse(self, refusal: Refusal) -> None:
        body = refusal.body()
        self.start_response(
            refusal.status,
            [('Content-Type', 'text/plain; charset=utf-8'),
             ('Content-Length', str(len(body)))])
        self.write(body)
        self.close_on_finish = True
        self.channel.linger = True

    def _answer_500(self) -> None:
        """Answer with 500, without a word about the error."""
        self.request_data.error = Refusal(
            '500 Internal Server Error', 'the application failed')
        self._headers = None
        try:
            self._refuse(self.request_data.error)
        except ClientGone:
            pass
