"""When a file is written anew, and what happens then.

Runs in a script's main thread.  It must not know how a text is made.
"""
from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from kazoo.exceptions import KazooException

from .._commands.streams import Failure
from .source import TreeSource
from .target import Target
from .target import run
from .unrendered import Unrendered


if TYPE_CHECKING:
    from .templates import Template


#: How long to wait until what failed is tried again, in seconds, if nothing
#: changes before: no watch tells of a node that was never there.
RETRY_SECONDS = 2.0


class Fresh:
    """Keeps a file fresh.

    :param changed: set when there may be something new, and by `stop`
    :param command: to be run when the file was written; None: none
    :param quiet: how long it must be since the last time, in seconds
    :param allow_empty: whether to write what it is if a service has no
        servers any more
    :param tell: called with a line about what went wrong
    """

    def __init__(
        self,
        template: Template,
        source: TreeSource,
        target: Target,
        changed: threading.Event,
        command: str | None,
        quiet: float,
        allow_empty: bool,
        tell: Callable[[str], object],
    ) -> None:
        self._template = template
        self._source = source
        self._target = target
        self._changed = changed
        self._command = command
        self._quiet = quiet
        self._allow_empty = allow_empty
        self._tell = tell
        self._told = ''
        self._stopped = False
        # Services that had servers when the file was written; None as long
        # as that is not known: it may be any that is in a file.
        self._full: set[str] | None = None
        self._empty: set[str] = set()

    def stop(self) -> None:
        """Have `keep` return; from a signal handler."""
        self._stopped = True
        self._changed.set()

    def once(self) -> int:
        """Write the file if its text is another; return an exit status:
        0 it is fresh, 1 it was kept since a service is empty, 2 the command
        failed.

        :raises Failure: when there is no text, or it is not good
        """
        text = self._render()
        empty = self._suddenly_empty()
        if empty:
            self._tell_once(
                f'{self._target.name} stays as it is, since there are no '
                f'servers any more in {", ".join(sorted(empty))}; see '
                '--allow-empty')
            return 1
        written = self._target.write(text)
        self._full = set(self._source.full)
        self._empty = set(self._source.empty)
        self._told = ''
        if written and self._command is not None:
            status = run(self._command)
            if status:
                self._tell(f'the command ended with {status}: '
                           f'{self._command}')
                return 2
        return 0

    def keep(self) -> None:
        """Keep the file fresh until stopped."""
        while not self._stopped:
            self._changed.clear()
            begun = time.monotonic()
            patience: float | None = None
            try:
                self.once()
            except (Failure, KazooException, OSError) as e:
                if isinstance(e, Unrendered) and not e.passing:
                    raise
                self._tell_once(str(e) or type(e).__name__)
                patience = RETRY_SECONDS
            left = self._quiet - (time.monotonic() - begun)
            self._rest(left)
            if not self._stopped:
                self._changed.wait(patience)

    def _rest(self, seconds: float) -> None:
        """Wait, however much changes, but not when stopped."""
        end = time.monotonic() + seconds
        while not self._stopped:
            left = end - time.monotonic()
            if left <= 0:
                return
            # A signal handler wakes this thread.
            time.sleep(min(left, 0.1))

    def _render(self) -> str:
        self._source.begin()
        text = self._template.render()
        self._source.end()
        return text

    def _suddenly_empty(self) -> set[str]:
        if self._allow_empty or not self._target.exists:
            return set()
        empty = self._source.empty
        if self._full is None:
            return set(empty)
        return empty & self._full

    def _tell_once(self, line: str) -> None:
        if line != self._told:
            self._told = line
            self._tell(line)
