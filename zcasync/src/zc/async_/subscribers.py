"""What happens when a database is opened: queues, a dispatcher, agents.

Register what you need as subscribers; the ZCML files and `configure` do.  Each
runs in the thread that sends its event.
"""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

import transaction
import zope.component
import zope.component.event
import zope.event

from ._logs import log
from ._perform import stock
from ._work import signals
from ._work.signals import restore as restore_signal_handlers
from ._work.signals import signal_handlers
from .agent import DEFAULT_SIZE
from .agent import Agent
from .dispatcher import DRAIN
from .dispatcher import POLL_INTERVAL
from .dispatcher import Dispatcher
from .interfaces import KEY
from .interfaces import IDatabaseOpenedEvent
from .interfaces import IDispatcherActivated
from .interfaces import ObjectAdded
from .queue import Queue
from .queue import Queues
from .queue import check_format


__all__ = [
    'AgentInstaller',
    'QueueInstaller',
    'ThreadedDispatcherInstaller',
    'agent_installer',
    'multidb_queue_installer',
    'queue_installer',
    'restore_signal_handlers',
    'signal_handlers',
    'threaded_dispatcher_installer',
]


# With it, events reach the subscribers of zope.component.
assert zope.component.event


class QueueInstaller:
    """Makes the queues, where they are not there.

    :param queues: their names
    :param factory: called with the connection and a name, returns a queue
    :param db_name: the database to keep them in; the one that was opened
        if not given
    """

    def __init__(self, queues: Iterable[str] = ('',),
                 factory: Callable[..., Any] = lambda *args: Queue(),
                 db_name: str | None = None) -> None:
        zope.component.adapter(IDatabaseOpenedEvent)(self)
        self.queues = tuple(queues)
        self.factory = factory
        self.db_name = db_name

    def __call__(self, event: Any) -> None:
        stock.guard(event.database)
        manager = transaction.TransactionManager()
        connection = event.database.open(manager)
        try:
            # Several processes may start at the same time.
            for attempt in manager.attempts(10):
                with attempt:
                    added = self._install(connection)
            for what in added:
                log.info('%s added', what)
        finally:
            manager.abort()
            connection.close()

    def _install(self, connection: Any) -> list[str]:
        added = []
        root = connection.root()
        queues = root.get(KEY)
        if queues is None:
            queues = Queues()
            if self.db_name is not None:
                other = connection.get_connection(self.db_name)
                other.add(queues)
                other.root()[KEY] = queues
            root[KEY] = queues
            zope.event.notify(ObjectAdded(queues, root, KEY))
            added.append('queues collection')
        else:
            check_format(queues)
            found = queues._p_jar.db().database_name
            if self.db_name not in (None, found):
                log.warning(
                    'The queues stay in the database %r, where they are; they '
                    'are not moved to %r', found, self.db_name)
        for name in self.queues:
            if name not in queues:
                queue = queues[name] = self.factory(connection, name)
                zope.event.notify(ObjectAdded(queue, queues, name))
                added.append(f'queue {name!r}')
        return added


class ThreadedDispatcherInstaller:
    """Starts a dispatcher, in threads of its own.

    :param poll_interval: seconds between polls
    :param uuid: the dispatcher's UUID; that of this instance if not given
    :param drain: seconds that running jobs have to end when it stops
    :param handle_signals: whether SIGINT and SIGTERM stop it
    """

    def __init__(self, poll_interval: float = POLL_INTERVAL,
                 uuid: Any = None, drain: float = DRAIN,
                 handle_signals: bool = True) -> None:
        zope.component.adapter(IDatabaseOpenedEvent)(self)
        self.poll_interval = poll_interval
        self.uuid = uuid
        self.drain = drain
        self.handle_signals = handle_signals

    def __call__(self, event: Any) -> None:
        dispatcher = Dispatcher(
            event.database, poll_interval=self.poll_interval,
            uuid=self.uuid, drain=self.drain)
        self.prepare(dispatcher)
        dispatcher.activate()
        if self.handle_signals:
            signals.install(dispatcher)

    def prepare(self, dispatcher: Dispatcher) -> None:
        """Prepare a dispatcher before it is activated; for subclasses."""


class AgentInstaller:
    """Gives a dispatcher an agent, where it is activated in a queue.

    :param agent_name: the name of the agent
    :param chooser: see `zc.async_.agent.Agent`
    :param size: how many jobs it has at one time
    :param queue_names: in which queues; in all if not given
    :param filter: see `zc.async_.agent.Agent`
    """

    def __init__(self, agent_name: str,
                 chooser: Callable[[Any], Any] | None = None,
                 size: int = DEFAULT_SIZE,
                 queue_names: Iterable[str] | None = None,
                 filter: Callable[[Any], bool] | None = None) -> None:
        zope.component.adapter(IDispatcherActivated)(self)
        if filter is not None and chooser is not None:
            raise ValueError('An agent has a chooser or a filter, not both.')
        self.agent_name = agent_name
        self.chooser = chooser
        self.size = size
        self.queue_names = None if queue_names is None else set(queue_names)
        self.filter = filter

    def __call__(self, event: Any) -> None:
        agents = event.object
        queue = agents.parent.name
        if self.queue_names is not None and queue not in self.queue_names:
            return
        if self.agent_name not in agents:
            agents[self.agent_name] = Agent(
                chooser=self.chooser, filter=self.filter, size=self.size)
            log.info('agent %r added to queue %r', self.agent_name, queue)
        else:
            log.info('agent %r already in queue %r', self.agent_name, queue)


queue_installer = QueueInstaller()
multidb_queue_installer = QueueInstaller(db_name='async')
threaded_dispatcher_installer = ThreadedDispatcherInstaller()
agent_installer = AgentInstaller('main')
