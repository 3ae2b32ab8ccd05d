"""Configuration by code: what the ZCML files do.

A process that only puts jobs needs `base` alone.  Runs in its caller's thread;
the dispatcher that `start` starts has threads of its own.
"""
from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import ZODB.interfaces
import zope.component

from . import instanceuuid
from .adapters import connection
from .adapters import transactionManager
from .agent import DEFAULT_SIZE
from .dispatcher import DRAIN
from .dispatcher import POLL_INTERVAL
from .interfaces import IUUID
from .interfaces import DatabaseOpened
from .interfaces import IJob
from .job import Job
from .queue import getDefaultQueue
from .subscribers import AgentInstaller
from .subscribers import QueueInstaller
from .subscribers import ThreadedDispatcherInstaller


__all__ = ['adapters', 'base', 'minimal', 'start']


def adapters() -> None:
    """Register the adapters alone.

    Needs no UUID, so it makes no file for one.  What is put notes none.
    """
    zope.component.provideAdapter(transactionManager)
    zope.component.provideAdapter(
        transactionManager, adapts=(ZODB.interfaces.IConnection,))
    for kind in (types.FunctionType, types.MethodType,
                 types.MethodWrapperType, types.BuiltinFunctionType):
        zope.component.provideAdapter(Job, adapts=(kind,), provides=IJob)
    zope.component.provideAdapter(getDefaultQueue)
    zope.component.provideAdapter(
        getDefaultQueue, adapts=(ZODB.interfaces.IConnection,))


def minimal() -> None:
    """Register the adapters and the UUID.

    Enough where ``zope.keyreference`` or another package registers an
    adapter of persistent objects to their connections.
    """
    adapters()
    # This reads the UUID, and makes its file where there is none.
    zope.component.provideUtility(instanceuuid.UUID, IUUID)


def base() -> None:
    """Register everything that a process needs that puts jobs."""
    minimal()
    zope.component.provideAdapter(connection)


def start(db: Any, poll_interval: float = POLL_INTERVAL,
          db_name: str | None = None,
          agent_chooser: Callable[[Any], Any] | None = None,
          agent_size: int = DEFAULT_SIZE, *,
          agent_filter: Callable[[Any], bool] | None = None,
          drain: float = DRAIN, handle_signals: bool = True,
          uuid: Any = None) -> None:
    """Make the queue without a name, and start a dispatcher.

    The dispatcher gets an agent named 'main'.

    :param db: the open database
    :param poll_interval: seconds between polls
    :param db_name: the database for the queues, of a multi-database
    :param agent_chooser: see `zc.async_.agent.Agent`
    :param agent_size: how many jobs run at one time
    :param agent_filter: see `zc.async_.agent.Agent`
    :param drain: seconds that running jobs have to end when it stops
    :param handle_signals: whether SIGINT and SIGTERM stop it
    :param uuid: the dispatcher's UUID; that of this instance if not given
    """
    zope.component.provideHandler(AgentInstaller(
        'main', chooser=agent_chooser, size=agent_size, filter=agent_filter))
    event = DatabaseOpened(db)
    QueueInstaller(db_name=db_name)(event)
    ThreadedDispatcherInstaller(
        poll_interval=poll_interval, drain=drain, uuid=uuid,
        handle_signals=handle_signals)(event)
