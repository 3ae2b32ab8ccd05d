"""When a file is written anew, and what happens then.

Runs in a script's main thread.  It must not know how a text is made.
"""
from __future__ import annotations

import time
from collections.abc import Callable
from queue import Empty
from queue import SimpleQueue
from typing import TYPE_CHECKING

from kazoo.exceptions import KazooException

from .._commands.streams import Failure
from .._worker import queues
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

    :param changed: gets an item when there may be something new, and by
        `stop`
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
        changed: SimpleQueue[None],
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
        # A signal handler may put there, whatever this thread holds.
        self._stopping: SimpleQueue[None] = SimpleQueue()
        # Services that had servers when the file was written; None as long
        # as that is not known: it may be any that is in a file.
        self._full: set[str] | None = None
        self._empty: set[str] = set()

    def stop(self) -> None:
        """Have `keep` return; from a signal handler."""
        self._stopped = True
        self._stopping.put(None)
        self._changed.put(None)

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
            while _comes(self._changed, 0):
                pass
            begun = time.monotonic()
            patience: float | None = None
            try:
                self.once()
            except (Failure, KazooException, OSError) as e:
                if isinstance(e, Unrendered) and not e.passing:
                    raise
                self._tell_once(str(e) or type(e).__name__)
                patience = RETRY_SECONDS
            self._rest(self._quiet - (time.monotonic() - begun))
            if not self._stopped:
                _comes(self._changed, patience)

    def _rest(self, seconds: float) -> None:
        """Wait, however much changes, but not when stopped."""
        _comes(self._stopping, seconds)

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


def _comes(items: SimpleQueue[None], seconds: float | None) -> bool:
    """Wait for an item and take it; tell whether there was one in time."""
    try:
        queues.get(items, seconds)
    except Empty:
        return False
    return True
