import transaction
import ZODB
import zope.component
import zope.event

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


def is_note(job):
    return job.callable is sample.note
