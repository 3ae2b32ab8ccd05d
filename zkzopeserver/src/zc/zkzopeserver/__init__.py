"""Serve a WSGI application and register its address with ZooKeeper.

The entry points that PasteDeploy calls.  `run` serves with zope.server,
`run_waitress` with waitress; both take the same options.  They serve in the
thread that calls them, the main thread as a rule.  Any thread may call `stop`.
"""
from __future__ import annotations

from typing import Any

from . import _lifecycle
from ._options.table import OptionError
from ._runner import run_with


__all__ = ['OptionError', 'run', 'run_waitress', 'stop']


def run(
    wsgi_app: Any, global_conf: dict[str, str] | None, **settings: str
) -> None:
    """Serve with zope.server until a signal comes.

    :param wsgi_app: the WSGI application
    :param global_conf: the values of ``[DEFAULT]`` and the command line
    :param settings: the options of the server's section, as text
    :raises SystemExit: with status 2 when the server cannot start
    """
    run_with('zope', wsgi_app, global_conf, settings)


def run_waitress(
    wsgi_app: Any, global_conf: dict[str, str] | None, **settings: str
) -> None:
    """Serve with waitress until a signal comes.

    :param wsgi_app: the WSGI application
    :param global_conf: the values of ``[DEFAULT]`` and the command line
    :param settings: the options of the server's section, as text
    :raises SystemExit: with status 2 when the server cannot start
    """
    run_with('waitress', wsgi_app, global_conf, settings)


def stop() -> None:
    """Stop all servers that run in this process, as a signal would.

    For programs that call `run` in a thread, where no signal arrives.
    """
    for life in list(_lifecycle.running):
        life.stop()
