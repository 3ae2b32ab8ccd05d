"""Templates: from a file and what is asked of the tree to a text.

Runs in a script's main thread.  It needs Jinja2.  A template is the
operator's, and runs in a sandbox all the same; what comes from the tree is
anyone's, and is made harmless (see `quoting`) wherever a template prints it.
It must not know where the text goes.
"""
from __future__ import annotations

import os
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from kazoo.exceptions import KazooException
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError
from markupsafe import Markup

from .._commands.streams import Failure
from .._printable import printable
from .._session.requests import is_connection_error
from ..errors import Error
from . import quoting
from . import shipping
from .unrendered import Unrendered


#: What a template may hold that is larger than this is no configuration.
LARGEST = 64_000_000


class Template:
    """A template, read once.

    :param name: a file, or ``@NAME`` for one that comes with this package
    :param functions: what it may call
    :param values: what it may use
    :param warn: called with a line about what was taken out
    :raises Unrendered: when it is no template
    """

    def __init__(
        self,
        name: str,
        functions: Mapping[str, Callable[..., Any]],
        values: Mapping[str, Any],
        warn: Callable[[str], object],
    ) -> None:
        self._file = shipping.file_of(name)
        self._warn = warn
        environment = ImmutableSandboxedEnvironment(
            # Macros and blocks give text that is not made harmless again;
            # all else goes through `_harmless`.
            autoescape=True, finalize=self._harmless,
            undefined=jinja2.StrictUndefined, trim_blocks=True,
            lstrip_blocks=True, keep_trailing_newline=True,
            loader=jinja2.FileSystemLoader(self._file.parent))
        environment.filters.update({
            'quoted': lambda value: Markup(quoting.quoted(str(value))),
            'identifier': lambda value: Markup(
                quoting.identifier(str(value))),
            'e': self._harmless, 'escape': self._harmless})
        environment.globals.update(functions)
        environment.globals.update(values)
        text = self._read()
        try:
            # Not by the loader: errors tell the file so.
            self._template = jinja2.Template.from_code(
                environment, environment.compile(
                    text, None, str(self._file)),
                environment.make_globals(None))
        except jinja2.TemplateError as e:
            raise self._named(e, False) from e

    def render(self) -> str:
        """Return the text.

        :raises Unrendered: when that fails
        :raises KazooException: when the connection failed
        """
        try:
            parts = []
            size = 0
            for part in self._template.generate():
                size += len(part)
                if size > LARGEST:
                    raise Failure(f'the text has over {LARGEST:,} characters')
                parts.append(part)
        except KazooException as e:
            if is_connection_error(e):
                raise
            raise self._named(e, True) from e
        except Exception as e:
            raise self._named(e, True) from e
        return ''.join(parts)

    def _read(self) -> str:
        try:
            return self._file.read_text(encoding='utf-8')
        except UnicodeDecodeError as e:
            raise Unrendered(
                f'{self._file}: not UTF-8 text (byte {e.start})', False
            ) from None

    def _harmless(self, value: Any) -> Any:
        if hasattr(value, '__html__') or isinstance(
                value, (int, float, jinja2.Undefined)):
            return value
        text = str(value)
        found = quoting.harmless(text)
        if found != text:
            self._warn(f'{self._file}: characters were taken out of '
                       f'{text[:100]!r}; see the filters tojson and quoted')
        return Markup(found)

    def _named(self, error: Exception, passing: bool) -> Unrendered:
        file, line = str(self._file), 0
        if isinstance(error, jinja2.TemplateSyntaxError):
            file, line = error.filename or file, error.lineno
        else:
            trace = error.__traceback__
            directory = str(self._file.parent)
            while trace is not None:
                name = trace.tb_frame.f_code.co_filename
                if name == file or (
                        os.path.dirname(name) == directory
                        and not name.endswith('.py')):
                    file, line = name, trace.tb_lineno
                trace = trace.tb_next
        if isinstance(error, NoNodeError):
            says = f'there is no node {error}'
        elif isinstance(error, NoAuthError):
            says = f'no permission at {error}'
        elif isinstance(error, (Error, Failure, jinja2.TemplateError)):
            says = str(error)
        else:
            says = f'{type(error).__name__}: {error}'
        where = f'{file}:{line}' if line else file
        return Unrendered(f'{where}: {printable(says)}', passing)
