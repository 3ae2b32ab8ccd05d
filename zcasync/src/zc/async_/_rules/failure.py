"""What is kept of an exception.

Pure.  A failure is stored in a database and read in other processes, which
may lack the exception's class: it holds texts, and the exception itself as
bytes that are loaded when somebody asks.
"""
from __future__ import annotations

import io
import pickle
import sys
import traceback
from types import TracebackType
from typing import Any
from typing import NoReturn


__all__ = ['Failure', 'LostError', 'is_failure']

#: The longest traceback and message that are kept, in characters.
MAX_TEXT = 20000
#: The largest exception that is kept as an object, in bytes.
MAX_PICKLE = 100000


class LostError(Exception):
    """Stands for an exception that could not be kept as an object.

    :ivar name: the name of its class, with its module
    :ivar message: its text
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(name, message)
        self.name = name
        self.message = message

    def __str__(self) -> str:
        return f'{self.name}: {self.message}' if self.message else self.name


class Failure:
    """An exception as the result of a job.

    The methods are those of ``twisted.python.failure.Failure`` that callers
    of zc.async 1.5 used.

    :param exception: the exception; the one being handled if not given
    """

    # Results are stored under this name.
    __module__ = 'zc.async_.job'

    def __init__(self, exception: BaseException | None = None) -> None:
        if exception is None:
            exception = sys.exc_info()[1]
            if exception is None:
                raise ValueError('There is no exception to make a Failure of.')
        self._message = _cut(_text_of(exception))
        self._names = tuple(
            f'{each.__module__}.{each.__qualname__}'
            for each in type(exception).__mro__ if each is not object)
        self._traceback = _cut(_traceback_of(exception))
        self._pickle = _pickled(exception)

    @property
    def value(self) -> BaseException:
        """The exception, or a `LostError` in its place."""
        if self._pickle is not None:
            try:
                value = pickle.loads(self._pickle)
                if isinstance(value, BaseException):
                    return value
            except Exception:
                pass
        return LostError(self._names[0], self._message)

    @property
    def type(self) -> type[BaseException]:
        """The class of the exception."""
        return type(self.value)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its class and the bases of that."""
        return self._names

    @property
    def name(self) -> str:
        """The name of the exception's class, with its module."""
        return self._names[0]

    def check(self, *kinds: Any) -> Any:
        """Return the first of these classes that the exception is of.

        :param kinds: classes, or their names with their modules
        :returns: None if it is of none of them
        """
        for kind in kinds:
            name = (kind if isinstance(kind, str)
                    else f'{kind.__module__}.{kind.__qualname__}')
            if name in self._names:
                return kind
            if not isinstance(kind, str) and isinstance(self.value, kind):
                return kind
        return None

    def trap(self, *kinds: Any) -> Any:
        """Return what `check` returns; raise the exception if it is None."""
        kind = self.check(*kinds)
        if kind is None:
            self.raiseException()
        return kind

    def raiseException(self) -> NoReturn:
        """Raise the exception."""
        raise self.value

    def getErrorMessage(self) -> str:
        """Return the exception's text."""
        return self._message

    def getTraceback(self, elideFrameworkCode: bool = False,
                     detail: str = 'default') -> str:
        """Return the traceback as text.

        :param elideFrameworkCode: accepted for callers of 1.5
        :param detail: ``'brief'`` for the last line alone
        """
        if detail == 'brief':
            return self.getBriefTraceback()
        return self._traceback

    def getBriefTraceback(self) -> str:
        """Return the exception's class and text."""
        return f'{self.name}: {self._message}'

    def printTraceback(self, file: Any = None) -> None:
        """Print the traceback, by default to the standard error."""
        print(self._traceback, end='', file=file or sys.stderr)

    def __str__(self) -> str:
        return f'[Failure instance: {self.getBriefTraceback()}]'

    def __repr__(self) -> str:
        return f'<{type(self).__module__}.Failure {self.name}>'


def is_failure(value: object) -> bool:
    """Say whether a result is a `Failure`."""
    return isinstance(value, Failure)


def _cut(text: str) -> str:
    if len(text) > MAX_TEXT:
        # The end says more than the beginning.
        return '[...]\n' + text[-MAX_TEXT:]
    return text


def _text_of(exception: BaseException) -> str:
    try:
        return str(exception)
    except Exception:
        return '(its text could not be made)'


def _traceback_of(exception: BaseException) -> str:
    try:
        return ''.join(traceback.format_exception(exception))
    except Exception:
        tb: TracebackType | None = exception.__traceback__
        return (''.join(traceback.format_tb(tb))
                + f'{type(exception).__qualname__}\n')


class _Pickler(pickle.Pickler):
    """Refuses what belongs to a database: it would be copied."""

    def persistent_id(self, obj: object) -> None:
        if hasattr(type(obj), '_p_jar'):
            raise pickle.PicklingError('a persistent object')
        return None


def _pickled(exception: BaseException) -> bytes | None:
    stream = io.BytesIO()
    try:
        _Pickler(stream, 3).dump(exception)
        data = stream.getvalue()
        if len(data) > MAX_PICKLE:
            return None
        if type(pickle.loads(data)) is not type(exception):
            return None
    except Exception:
        return None
    return data
