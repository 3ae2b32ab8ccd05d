"""One request's response on waitress: its tasks, with stricter rules.

A task runs in one of waitress's threads.  Knows no socket: it puts bytes on
the channel.
"""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import ClientDisconnected
from waitress.task import ErrorTask
from waitress.task import Task
from waitress.task import WSGITask

from ..faults import check_block
from ..faults import check_head
from ..faults import check_result
from ..faults import log_failure
from ..refusal import Refusal


class _Answering(Task):
    """What both kinds of tasks have in common.

    No exception leaves `service`: waitress frees a connection only after an
    `Exception`, and it logs the decoded path, which may hold line breaks.
    """

    def service(self) -> None:
        try:
            self.start()
            self.execute()
            self.finish()
        except ClientDisconnected:
            self.close_on_finish = True
        except BaseException as e:
            # SystemExit, too: one request must not end the worker.
            request = self.request
            log_failure(e, request.command, request.request_uri)
            self.close_on_finish = True
            self.failed()

    def failed(self) -> None:
        """Do what is left to do after an error."""

    def build_response_header(self) -> bytes:
        headers = self.request.headers
        wishes = headers.get('CONNECTION', '').lower().split(',')
        if self.channel.server.retired or 'close' in map(str.strip, wishes):
            # waitress looks for the whole value.
            headers['CONNECTION'] = 'close'
        header: bytes = super().build_response_header()
        return header

    def write(self, data: bytes) -> None:
        data = check_block(data)
        # The response to HEAD is the header alone.  The client would take
        # a body for the next response.
        super().write(b'' if self.request.command == 'HEAD' else data)

    def finish(self) -> None:
        if self.request.command == 'HEAD':
            if not self.wrote_header:
                self.write(b'')
        else:
            super().finish()


class Refused(_Answering, ErrorTask):
    """An error instead of an answer."""

    def execute(self) -> None:
        refusal = self.request.error
        body = refusal.body()
        # waitress would say Keep-Alive as well to HTTP/1.0.
        self.request.headers['CONNECTION'] = 'close'
        self.status = refusal.status
        self.response_headers.append(
            ('Content-Type', 'text/plain; charset=utf-8'))
        self.set_close_on_finish()
        self.channel.linger = True
        self.content_length = len(body)
        self.write(body)


class Answer(_Answering, WSGITask):
    """The work on one request."""

    def failed(self) -> None:
        """Answer with 500, without a word about the error."""
        if self.wrote_header:
            return
        request = self.channel.parser_class(self.channel.adj)
        request.error = Refusal(
            '500 Internal Server Error', 'the application failed')
        request.version = self.request.version
        request.command = self.request.command
        Refused(self.channel, request).service()


def checked(application: Any) -> Callable[..., Any]:
    """Return the application with checks around its answers."""

    def call(environ: dict[str, Any], start_response: Any) -> Any:
        bodiless = is_head = environ['REQUEST_METHOD'] == 'HEAD'

        def start(
            status: str, headers: Iterable[tuple[str, str]],
            exc_info: Any = None,
        ) -> Any:
            nonlocal bodiless
            head = check_head(status, headers)
            bodiless = is_head or head.code in ('204', '304')
            return start_response(status, head.headers, exc_info)

        result = application(environ, start)
        check_result(result)
        if bodiless and isinstance(result, ReadOnlyFileBasedBuffer):
            return _Unread(result)
        return result

    return call


class _Unread:
    """A file that an application returned where no body may follow.

    waitress sends files without a look at the status or the method.
    """

    def __init__(self, result: Any) -> None:
        self._result = result

    def __iter__(self) -> Iterator[bytes]:
        return iter(())

    def close(self) -> None:
        if hasattr(self._result, 'close'):
            self._result.close()
