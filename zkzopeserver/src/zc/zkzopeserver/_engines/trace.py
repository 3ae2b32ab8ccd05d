"""Trace records through zc.zservertracelog, for either engine.

Records carry a letter for the stage of a request: B when it begins, I when
all of it has come, C when the application is called, A when that returns,
E when the answer is written.  Parsers run in the thread of the engine's loop,
applications in those of its pool.  Imported only when asked for: the package
brings many others along.
"""
from __future__ import annotations

import datetime
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

from zc.zservertracelog.tracelog import TraceLog
from zc.zservertracelog.tracelog import _log


__all__ = ['KEY', 'TraceLog', 'parser_factory', 'traced']

#: Where applications find the trace log of their request.
KEY = 'zc.zservertracelog.interfaces.ITraceLog'


def parser_factory(parser_class: type[Any]) -> Callable[..., Any]:
    """Return a method of a channel that makes parsers which write records.

    :param parser_class: the engine's class of parsers
    """

    class TracedParser(parser_class):
        channel_id = 0

        def __init__(self, adj: Any) -> None:
            super().__init__(adj)
            self._began = datetime.datetime.now()

        def received(self, data: bytes) -> int:
            consumed: int = super().received(data)
            if self.completed and not self.empty:
                target = getattr(self, 'path', '') or ''
                if getattr(self, 'query', None):
                    target += f'?{self.query}'
                _log(self.channel_id, 'B',
                     f'{getattr(self, "command", "")} {target}', self._began)
                _log(self.channel_id, 'I', str(self.content_length))
            return consumed

    def make(channel: Any, adj: Any) -> Any:
        parser = TracedParser(adj)
        parser.channel_id = id(channel)
        return parser

    return make


def traced(application: Any) -> Any:
    """Return the application with records of its calls."""

    def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        log = environ[KEY]
        answer = ['?', '?']

        def start(status: str, headers: Any, *exc_info: Any) -> Any:
            answer[0] = status.partition(' ')[0]
            for name, value in headers:
                if name.lower() == 'content-length':
                    answer[1] = value
            return start_response(status, headers, *exc_info)

        log.log(code='C')
        try:
            result = application(environ, start)
        except BaseException as e:
            log.log(f'Error: {e}', 'A')
            log.log(code='E')
            raise
        log.log(' '.join(answer), 'A')
        if isinstance(result, (list, tuple)):
            return _TracedList(result, log)
        return _Traced(result, log)

    return call


class _Traced:
    """What an application returned, with a record of its end."""

    def __init__(self, result: Any, log: TraceLog) -> None:
        self._result = result
        self._log = log

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._result)

    def close(self) -> None:
        try:
            if hasattr(self._result, 'close'):
                self._result.close()
        finally:
            self._log.log(code='E')


class _TracedList(list[bytes]):
    """The same for a list, whose length the engine looks at."""

    def __init__(self, result: Iterable[bytes], log: TraceLog) -> None:
        super().__init__(result)
        self._log = log

    def close(self) -> None:
        self._log.log(code='E')
