"""zc.async in functional tests: `setUp` starts it, `tearDown` ends it.

Use the installers of `zc.async_.subscribers` yourself where the defaults do
not fit.  Runs in the thread of the test.
"""
from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import IO
from typing import Any

import zope.component

from . import dispatcher as dispatchers
from . import testing
from .interfaces import DatabaseOpened
from .subscribers import ThreadedDispatcherInstaller
from .subscribers import agent_installer as default_agent_installer
from .subscribers import queue_installer as default_queue_installer


__all__ = ['setUp', 'tearDown']

_STDOUT: Any = object()


def setUp(connection: Any = None,
          queue_installer: Callable[[Any], None] = default_queue_installer,
          dispatcher_installer: Callable[[Any], None] | None = None,
          agent_installer: Callable[[Any], None] = default_agent_installer,
          log_file: IO[str] | None = _STDOUT,
          log_level: int = logging.CRITICAL) -> None:
    """Start a dispatcher on the database of a connection, and wait for it.

    :param connection: a connection; that of the caller's
        ``getRootFolder()`` if not given
    :param log_file: where messages of `log_level` go, by default to the
        standard output; None for nowhere
    """
    if connection is None:
        connection = sys._getframe(1).f_globals['getRootFolder']()._p_jar
    zope.component.provideHandler(agent_installer)
    event = DatabaseOpened(connection.db())
    queue_installer(event)
    (dispatcher_installer or ThreadedDispatcherInstaller(
        poll_interval=0.1, handle_signals=False))(event)
    dispatcher = dispatchers.get()
    testing.get_poll(dispatcher, 0)
    if log_file is not None:
        if log_file is _STDOUT:
            log_file = sys.stdout
        dispatcher.debug_handler = testing.print_logs(log_file, log_level)


def tearDown() -> None:
    """Stop the dispatcher, and forget it."""
    dispatcher = dispatchers.get()
    handler = getattr(dispatcher, 'debug_handler', None)
    if handler is not None:
        logging.getLogger('zc.async').removeHandler(handler)
    try:
        testing.tear_down_dispatcher(dispatcher)
    finally:
        dispatchers.clear()
