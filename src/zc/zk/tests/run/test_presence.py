"""Registrations by a presence, on a server of the test's own."""
from __future__ import annotations

import queue
import threading

from kazoo.exceptions import ConnectionLoss

import zc.zk
from zc.zk._run.presence import Left
from zc.zk._run.presence import Presence
from zc.zk._run.presence import Refused
from zc.zk._run.presence import Registered
from zc.zk._run.presence import Wishes
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for
from zc.zk.tests.servercase import ServerCase


class PresenceTests(ServerCase):

    def setUp(self):
        super().setUp()
        self.zk.create('/providers')
        self.told = queue.SimpleQueue()

    def make_presence(self, name='a:1', connect=None, **wishes):
        wishes = {'path': '/providers', 'names': [name], 'properties': {},
                  **wishes}
        presence = Presence(connect or self.connect, Wishes(**wishes),
                            self.told.put)
        self.addCleanup(presence.close, DEADLINE)
        return presence

    def connect(self):
        return zc.zk.ZooKeeper(self.server.connection_string, 4.0)

    def next(self, kind):
        """Return the next that is told of a kind."""
        while True:
            found = self.told.get(timeout=DEADLINE)
            if isinstance(found, kind):
                return found

    def entered(self, *args, **wishes):
        presence = self.make_presence(*args, **wishes)
        presence.enter()
        self.next(Registered)
        return presence

    def state(self, name='a:1'):
        try:
            found = self.zk.get_properties(f'/providers/{name}')
        except ConnectionLoss:
            return None     # the connection of the test itself is not back
        return found.get('weight'), found.get('healthy')

    def wait_for_state(self, *state, name='a:1'):
        wait_for(lambda: self.state(name) == state, state)

    def names(self):
        return sorted(self.zk.get_children('/providers'))

    def test_enter_and_leave(self):
        """The nodes come, and go."""
        presence = self.make_presence(
            names=['a:1', 'b:2'], properties={'x': 1})
        presence.enter()
        self.assertEqual(('/providers/a:1', '/providers/b:2'),
                         self.next(Registered).paths)
        self.assertEqual(1, self.zk.get_properties('/providers/b:2')['x'])
        while not self.told.empty():
            self.told.get()
        presence.leave()
        self.next(Left)
        self.assertEqual([], self.names())

    def test_again(self):
        """After leaving, it can enter again."""
        presence = self.entered()
        for _ in range(3):
            presence.leave()
            self.next(Left)
            presence.enter()
            self.next(Registered)
        self.assertEqual(['a:1'], self.names())

    def test_close(self):
        """With the session, the nodes go."""
        self.entered().close(DEADLINE)
        wait_for(lambda: not self.names())

    def test_down_and_up(self):
        """While it is down, the node says so; then it is as it was."""
        self.zk.register('/providers', 'other:1')
        presence = self.entered(properties={'weight': 7})
        presence.mark(False)
        self.wait_for_state(0, False)
        presence.mark(True)
        self.wait_for_state(7, True)

    def test_unregister_when_down(self):
        """If that is wanted, the node goes, and comes back."""
        self.zk.register('/providers', 'other:1')
        presence = self.entered(unregister_when_down=True)
        presence.mark(False)
        wait_for(lambda: self.names() == ['other:1'])
        presence.mark(True)
        wait_for(lambda: self.names() == ['a:1', 'other:1'])

    def test_last(self):
        """The last healthy one stays, until another one comes."""
        self.zk.register('/providers', 'other:1', weight=0)
        presence = self.entered()
        with self.assertLogs('zc.zk.run', 'WARNING') as logs:
            presence.mark(False)
            wait_for(lambda: logs.output)
        self.assertEqual((None, None), self.state())
        self.zk.registrations['/providers/other:1'].update(weight=1)
        presence.mark(False)
        self.wait_for_state(0, False)

    def test_last_among_bad_data(self):
        """A provider whose node holds no JSON counts as healthy."""
        self.other.create('/providers/other:1', b'\xff', ephemeral=True)
        self.entered().mark(False)
        self.wait_for_state(0, False)

    def test_comes_back(self):
        """One that is down comes back when it would be the last."""
        self.zk.register('/providers', 'other:1')
        presence = self.entered()
        presence.mark(False)
        self.wait_for_state(0, False)
        self.zk.registrations['/providers/other:1'].update(healthy=False)
        presence.mark(False)
        self.wait_for_state(1, True)

    def test_even_the_last(self):
        """If that is wanted, the last one goes too."""
        self.entered(even_the_last=True).mark(False)
        self.wait_for_state(0, False)

    def test_refused(self):
        """What cannot be is told, with the option at fault."""
        self.make_presence(path='/nowhere').enter()
        self.assertEqual('--path: there is no node /nowhere',
                         self.next(Refused).reason)

    def test_no_server(self):
        """Without a server, that is told at once, before it is ready."""
        def connect():
            raise zc.zk.FailedConnect('nowhere:1', 'nobody answers')

        self.make_presence(connect=connect)
        self.assertIn('nobody answers', self.next(Refused).reason)

    def test_wait(self):
        """If that is wanted, it tries on."""
        with self.assertLogs('zc.zk.run', 'WARNING') as logs:
            self.make_presence(path='/later', wait=True).enter()
            wait_for(lambda: logs.output)
        self.zk.create('/later')
        self.next(Registered)

    def test_leave_without_server(self):
        """What has no connection yet has left; it registers nothing then."""
        connecting = threading.Event()
        goes_on = threading.Event()
        self.addCleanup(goes_on.set)

        def connect():
            connecting.set()
            goes_on.wait(DEADLINE)
            return self.connect()

        presence = self.make_presence(connect=connect)
        presence.enter()
        self.assertTrue(connecting.wait(DEADLINE))
        presence.leave()
        self.next(Left)
        goes_on.set()
        self.assertIsInstance(self.told.get(timeout=DEADLINE), Left)
        self.assertEqual([], self.names())

    def test_close_without_server(self):
        """A request that waits for a server does not keep it."""
        self.zk.register('/providers', 'other:1')
        presence = self.entered()
        with self.assertLogs('zc.zk.run') as logs:
            self.server.stop()
            wait_for(lambda: 'suspended' in ''.join(logs.output))
        presence.mark(False)
        with self.assertNoLogs('zc.zk.run', 'WARNING'):
            presence.close(DEADLINE)
        self.assertFalse(presence._thread.is_alive())

    def test_suspended(self):
        """Without a connection nothing raises, and all is made up for."""
        self.zk.register('/providers', 'other:1')
        presence = self.entered()
        with self.assertLogs('zc.zk.run') as logs:
            self.server.stop()
            presence.mark(False)
            wait_for(lambda: 'suspended' in ''.join(logs.output))
        self.server.start()
        self.wait_for_state(0, False)
