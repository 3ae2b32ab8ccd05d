import logging
import uuid

import transaction
import ZODB
import zope.component
import zope.event
from BTrees.Length import Length
from BTrees.OOBTree import OOBTree

from zc.async_ import configure
from zc.async_ import dispatcher as dispatchers
from zc.async_ import subscribers
from zc.async_ import testing
from zc.async_.interfaces import KEY
from zc.async_.interfaces import DatabaseOpened
from zc.async_.interfaces import FormatError
from zc.async_.interfaces import IObjectAdded
from zc.async_.interfaces import IQueue
from zc.async_.job import Job
from zc.async_.queue import Queue
from zc.async_.queue import Queues
from zc.async_.subscribers import AgentInstaller
from zc.async_.subscribers import QueueInstaller
from zc.async_.tests import base
from zc.async_.tests import sample


class Installers(base.ComponentCase):

    def setUp(self):
        super().setUp()
        self.db = ZODB.DB(None)
        self.addCleanup(self.db.close)
        self.event = DatabaseOpened(self.db)

    def root(self):
        connection = self.db.open(transaction.TransactionManager())
        self.addCleanup(connection.close)
        return connection.root()

    def test_queues(self):
        """Queues are made where they are not there."""
        events = []
        zope.component.provideHandler(events.append, [IObjectAdded])
        log = self.logs()
        QueueInstaller(['', 'other'])(self.event)
        queues = self.root()[KEY]
        self.assertEqual(['', 'other'], list(queues))
        self.assertEqual(3, len(events))
        self.assertEqual(['queues collection added', "queue '' added",
                          "queue 'other' added"],
                         [each.getMessage() for each in log.records])
        serial = queues._p_serial
        QueueInstaller(['', 'other'])(self.event)
        self.assertEqual(serial, self.root()[KEY]._p_serial)

    def test_old(self):
        """A database of 1.5 is refused, and the error says what to do."""
        manager = transaction.TransactionManager()
        connection = self.db.open(manager)
        connection.root()[KEY] = sample.Counter()
        manager.commit()
        connection.close()
        with self.assertRaisesRegex(
                FormatError, 'old dispatchers finish the queue'):
            QueueInstaller()(self.event)

    def test_old_class(self):
        """What 1.5 stored under the names of our classes is refused, too."""
        manager = transaction.TransactionManager()
        connection = self.db.open(manager)
        queues = connection.root()[KEY] = Queues()
        # As zc.dict keeps it.
        queues.__setstate__({'_data': OOBTree(), '_len': Length(0)})
        queues._p_changed = True
        manager.commit()
        for refused in (
                lambda: QueueInstaller()(self.event),
                lambda: IQueue(connection.root())):
            with self.assertRaisesRegex(FormatError, 'zc.async 1.5'):
                refused()
        connection.close()

    def test_multidb(self):
        """The queues can be in a database of their own."""
        databases = {}
        main = ZODB.DB(None, databases=databases, database_name='main')
        other = ZODB.DB(None, databases=databases, database_name='async')
        self.addCleanup(other.close)
        self.addCleanup(main.close)
        subscribers.multidb_queue_installer(DatabaseOpened(main))
        connection = main.open()
        self.addCleanup(connection.close)
        self.addCleanup(transaction.abort)
        queue = IQueue(connection.root())
        self.assertIs(other, queue._p_jar.db())

    def test_elsewhere(self):
        """Queues are not moved to another database, and a warning says so.
        """
        databases = {}
        main = ZODB.DB(None, databases=databases, database_name='main')
        other = ZODB.DB(None, databases=databases, database_name='async')
        self.addCleanup(other.close)
        self.addCleanup(main.close)
        log = self.logs(level=logging.WARNING)
        subscribers.queue_installer(DatabaseOpened(main))
        self.assertEqual([], log.records)
        subscribers.multidb_queue_installer(DatabaseOpened(main))
        [record] = log.records
        self.assertIn("stay in the database 'main'", record.getMessage())
        connection = main.open()
        self.addCleanup(connection.close)
        self.assertIs(main, IQueue(connection.root())._p_jar.db())

    def test_agents(self):
        """Agents are made in the queues that are named."""
        installer = AgentInstaller('work', size=7, queue_names=['other'])
        zope.component.provideHandler(installer)
        queues = Queues()
        for name in '', 'other':
            queues[name] = Queue()
            agents = queues[name].dispatchers.register(
                base.uuid.UUID(int=1))
            agents.activate()
            self.assertEqual(['work'] if name else [], list(agents))
        self.assertEqual(7, agents['work'].size)
        agents.deactivate()
        agents.activate()
        with self.assertRaisesRegex(ValueError, 'not both'):
            AgentInstaller('x', chooser=len, filter=len)

    def test_policy(self):
        """By their events, the installers make all that is needed."""
        for each in (subscribers.queue_installer,
                     subscribers.agent_installer):
            zope.component.provideHandler(each)
        zope.component.provideHandler(
            subscribers.ThreadedDispatcherInstaller(
                0.1, handle_signals=False))
        self.addCleanup(dispatchers.clear)
        zope.event.notify(self.event)
        dispatcher = dispatchers.get()
        self.addCleanup(testing.tear_down_dispatcher, dispatcher)
        testing.get_poll(dispatcher, 0)
        self.assertEqual(['main'], list(dispatcher.queues['']))


class Configure(base.ComponentCase):

    def test_start(self):
        """start makes a queue and starts a dispatcher."""
        db = ZODB.DB(None)
        self.addCleanup(db.close)
        self.addCleanup(dispatchers.clear)
        configure.start(db, poll_interval=0.1, agent_size=2,
                        agent_filter=is_note, handle_signals=False)
        dispatcher = dispatchers.get()
        self.addCleanup(testing.tear_down_dispatcher, dispatcher)
        connection = db.open()
        self.addCleanup(connection.close)
        self.addCleanup(transaction.abort)
        queue = IQueue(connection)
        other = queue.put(sample.fail)
        job = queue.put(Job(sample.note, 1))
        transaction.commit()
        self.assertEqual((1,), testing.wait_for_result(job))
        self.assertIn(other, queue)
        self.assertEqual(2, dispatcher.queues['']['main'].getSize())

    def test_uuid(self):
        """start takes a UUID, so that a process can have several."""
        db = ZODB.DB(None)
        self.addCleanup(db.close)
        self.addCleanup(dispatchers.clear)
        name = uuid.UUID(int=5)
        configure.start(db, uuid=name, handle_signals=False)
        dispatcher = dispatchers.get(name)
        self.addCleanup(testing.tear_down_dispatcher, dispatcher)
        testing.get_poll(dispatcher, 0)
        self.assertEqual(['main'], list(dispatcher.queues['']))

    def test_no_agent(self):
        """A dispatcher that has no agent says so, once."""
        db = ZODB.DB(None)
        self.addCleanup(db.close)
        self.addCleanup(dispatchers.clear)
        log = self.logs(level=logging.WARNING)
        QueueInstaller()(DatabaseOpened(db))
        subscribers.ThreadedDispatcherInstaller(
            0.05, handle_signals=False)(DatabaseOpened(db))
        dispatcher = dispatchers.get()
        self.addCleanup(testing.tear_down_dispatcher, dispatcher)
        for _ in range(3):
            testing.get_poll(dispatcher)
        [record] = log.records
        self.assertIn("has no agent in queue ''", record.getMessage())


def is_note(job):
    return job.callable is sample.note
