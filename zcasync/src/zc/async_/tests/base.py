"""What tests need: databases, queues, dispatchers, waits."""
from __future__ import annotations

import contextlib
import datetime
import logging
import os
import shutil
import tempfile
import threading
import unittest
import uuid
from typing import Any

import transaction
import ZODB.FileStorage
import zope.component
import zope.component.testing
from zope.testing.loggingsupport import InstalledHandler

from zc.async_ import configure
from zc.async_ import dispatcher as dispatchers
from zc.async_ import testing
from zc.async_.agent import Agent
from zc.async_.dispatcher import Dispatcher
from zc.async_.interfaces import KEY
from zc.async_.interfaces import IDispatcherActivated
from zc.async_.queue import Queue
from zc.async_.queue import Queues


SECONDS = 60.0
HOUR = datetime.timedelta(hours=1)


class ComponentCase(unittest.TestCase):
    """A test with a component registry and a directory of its own."""

    def setUp(self):
        zope.component.testing.setUp(self)
        self.addCleanup(zope.component.testing.tearDown, self)
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        before = os.environ.get('ZC_ASYNC_UUID')
        os.environ['ZC_ASYNC_UUID'] = self.path('uuid.txt')
        self.addCleanup(self._restore_uuid, before)
        self.addCleanup(transaction.abort)
        configure.base()

    @staticmethod
    def _restore_uuid(before):
        if before is None:
            del os.environ['ZC_ASYNC_UUID']
        else:
            os.environ['ZC_ASYNC_UUID'] = before

    def path(self, name: str) -> str:
        """Return the path of a file in the test's directory."""
        return os.path.join(self.directory, name)

    def logs(self, name: str = 'zc.async.events',
             level: int = logging.INFO) -> InstalledHandler:
        """Return a handler that keeps what is logged."""
        handler = InstalledHandler(name, level=level)
        self.addCleanup(handler.uninstall)
        return handler


class QueueCase(ComponentCase):
    """A test with a database, a connection and a queue."""

    def setUp(self):
        super().setUp()
        self.db = self.open_database()
        self.addCleanup(self._close)
        self.connection = self.db.open()
        self.root = self.connection.root()
        queues = self.root[KEY] = Queues()
        self.queue = queues[''] = Queue()
        transaction.commit()

    def _close(self):
        transaction.abort()
        with contextlib.suppress(AttributeError):   # closed by the test
            self.db.close()

    def open_database(self) -> Any:
        """Open the database; tests of other storages say how."""
        return ZODB.DB(ZODB.FileStorage.FileStorage(self.path('data.fs')))

    def put(self, *args: Any, **kwargs: Any) -> Any:
        """Put a job and commit."""
        job = self.queue.put(*args, **kwargs)
        transaction.commit()
        return job


class DispatcherCase(QueueCase):
    """A test that also has dispatchers."""

    size = 3

    def setUp(self):
        super().setUp()
        zope.component.provideHandler(self._add_agent, [IDispatcherActivated])
        self.addCleanup(dispatchers.clear)
        #: Jobs that wait for a test go on when it ends.
        self.go = threading.Event()
        GATES[id(self)] = self.go
        self.addCleanup(GATES.pop, id(self))
        ENTERED.discard(id(self))
        self.addCleanup(self.go.set)

    def _add_agent(self, event):
        if 'main' not in event.object:
            event.object['main'] = Agent(size=self.size)

    def start(self, own: bool = True, **options: Any) -> Dispatcher:
        """Start a dispatcher, and wait until it is active.

        :param own: whether it has the UUID of this instance
        """
        options.setdefault('poll_interval', 0.1)
        if not own:
            options.setdefault('uuid', uuid.uuid4())
        dispatcher = Dispatcher(options.pop('db', self.db), **options)
        dispatcher.activate()
        self.addCleanup(self.stop, dispatcher)
        testing.get_poll(dispatcher, 0)
        transaction.begin()
        return dispatcher

    def stop(self, dispatcher: Dispatcher) -> None:
        """Stop a dispatcher, if it has not stopped."""
        self.go.set()
        if dispatcher.activated is not False:
            testing.tear_down_dispatcher(dispatcher)

    def result(self, job: Any) -> Any:
        """Wait for the result of a job."""
        return testing.wait_for_result(job, SECONDS)

    def wait(self, condition: Any, what: str = 'it never happened') -> Any:
        """Wait for a condition, each time in a new transaction."""
        return testing.wait_until(condition, what, SECONDS)

    def wait_for_job(self) -> None:
        """Wait until a job of this test waits in `wait_for_go`."""
        self.wait(lambda: id(self) in ENTERED, 'the job never began')

    def agents(self, dispatcher: Dispatcher) -> Any:
        """Return the agents of a dispatcher in the queue."""
        return self.queue.dispatchers[dispatcher.UUID]


#: The tests whose jobs wait.
ENTERED: set[int] = set()
#: Events by test, for jobs that wait.
GATES: dict[int, threading.Event] = {}


def wait_for_go(test: int) -> str:
    """A job that waits until its test lets it go on."""
    ENTERED.add(test)
    if not GATES[test].wait(SECONDS):
        raise AssertionError('the test never said go')
    return 'went'
