"""Tests of examination: each fault is staged, and found."""
from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
import unittest
from unittest import mock

from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_acl

import zc.zk
from zc.zk import doctor
from zc.zk import monitor
from zc.zk._doctor import words
from zc.zk._doctor.rules.reach import Outcome
from zc.zk.testing import Server
from zc.zk.tests.base import ZooKeeperCase
from zc.zk.tests.base import wait_for
from zc.zk.tests.doctor.doctorcase import refusing


TREE = '''
/web
  db -> /databases/main
  threads => /databases/main threads
  /providers
/databases
  /main
    threads = 3
    /providers
'''
DAY = 86_400.0

#: A process with a session, which listens; it registers if it is told to.
PROCESS = '''\
import os, socket, sys
import zc.zk
listener = socket.create_server(('127.0.0.1', 0))
address = listener.getsockname()
zk = zc.zk.ZooKeeper(sys.argv[1])
for path in sys.argv[2:]:
    zk.register(path, address)
print(os.getpid(), address[1], flush=True)
sys.stdin.read()
zk.close()
'''


def listen(test):
    """Return a socket that listens for as long as the test runs."""
    listener = socket.create_server(('127.0.0.1', 0))
    test.addCleanup(listener.close)
    return listener


def silent(test):
    """Return an address where no connection is answered."""
    listener = socket.socket()
    test.addCleanup(listener.close)
    listener.bind(('127.0.0.1', 0))
    listener.listen(0)
    # It is as many as may wait; the kernel drops what asks for more.
    first = socket.create_connection(listener.getsockname(), 30)
    test.addCleanup(first.close)
    return listener.getsockname()


class Staged(ZooKeeperCase):

    tree = TREE

    def setUp(self):
        super().setUp()
        self.client = self.zk()
        self.address = listen(self).getsockname()
        self.client.register('/web/providers', self.address,
                             acl=OPEN_ACL_UNSAFE)
        self.node = f'/web/providers/127.0.0.1:{self.address[1]}'

    def faults(self, path='/', zk=None, watch=0.0, timeout=30.0,
               **keywords):
        """Return rules and paths of what is found."""
        self.found = doctor.examine(
            zk or self.client, path, watch=watch, timeout=timeout,
            **keywords)
        return [(each.rule, each.path) for each in self.found]

    def set_acl(self, path, **permissions):
        """Say what anyone may do at a node."""
        set_acls = self.client.client.set_acls
        set_acls(path, [
            make_acl('world', 'anyone', admin=True, **permissions)])
        # On a real server, others clean up.
        self.addCleanup(set_acls, path, OPEN_ACL_UNSAFE)

    def process(self, *paths):
        """Start a process that registers itself."""
        child = subprocess.Popen(
            [sys.executable, '-c', PROCESS,
             '{}:{}{}'.format(*self.client.client.hosts[0],
                              self.client.client.chroot), *paths],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(child.wait)
        self.addCleanup(child.stdin.close)
        self.addCleanup(child.stdout.close)
        pid, port = map(int, child.stdout.readline().split())
        return child, pid, port

    def test_well(self):
        """A healthy system gives none."""
        self.process('/databases/main/providers')
        paused = []
        self.assertEqual([], self.faults(watch=1.0, pause=paused.append))
        self.assertEqual(1, len(paused))
        self.assertEqual([], self.faults('/web/db'))

    def test_refused(self):
        """A server that refuses connections is found."""
        address = refusing(self)
        self.client.register('/web/providers', address)
        path = f'/web/providers/127.0.0.1:{address[1]}'
        self.assertEqual([('refused', path)], self.faults())
        self.assertEqual([], self.faults(probe=False))

    def test_listens_elsewhere(self):
        """A server that listens at another address only is found."""
        self.client.register('/web/providers', ('127.0.0.2', self.address[1]))
        self.assertEqual(
            [('refused', f'/web/providers/127.0.0.2:{self.address[1]}')],
            self.faults())
        self.assertIn('listens at 127.0.0.1 only', self.found[0].fault)

    def test_timed_out(self):
        """A server that does not answer is found."""
        address = silent(self)
        self.client.register('/web/providers', address)
        self.assertEqual(
            [('timed-out', f'/web/providers/127.0.0.1:{address[1]}')],
            self.faults(servers=False, timeout=1.0))

    def test_loopback_and_wildcard(self):
        """Addresses that others cannot use are found."""
        self.client.register('/web/providers', '0.0.0.0:80')
        self.client.register('/web/providers', '10.255.255.1:80')
        with mock.patch('zc.zk._doctor.probes.attempt',
                        return_value=Outcome.ACCEPTED):
            self.assertEqual(
                {('wildcard', '/web/providers/0.0.0.0:80'),
                 ('loopback', self.node)},
                set(self.faults(servers=False)))

    def test_not_registered(self):
        """What listens here, has a session and is nowhere is found."""
        _, pid, port = self.process()
        (rule, path), = self.faults()
        self.assertEqual(('not-registered', '/'), (rule, path))
        self.assertIn(f'process {pid} ', self.found[0].fault)
        self.assertIn(f'port {port},', self.found[0].fault)

    def test_registered_elsewhere(self):
        """A server that is registered elsewhere is no fault here, unless
        that cannot be read.
        """
        self.process('/databases/main/providers')
        self.assertEqual([], self.faults('/web'))
        self.process()
        self.assertEqual([('not-registered', '/web')], self.faults('/web'))
        self.set_acl('/databases', create=True)
        self.assertEqual([], self.faults('/web'))

    def test_dead_process(self):
        """A node whose process has ended on this machine is found."""
        child = subprocess.Popen([sys.executable, '-c', ''])
        child.wait()
        # As it is until the session of that process has expired
        path = f'/databases/main/providers/127.0.0.1:{refusing(self)[1]}'
        self.client.client.create(
            path, b'{"pid": %d}' % child.pid, ephemeral=True)
        self.assertEqual([('dead-process', path)], self.faults())
        self.assertIn(f'process {child.pid},', self.found[0].fault)

    def test_not_ephemeral(self):
        """A server's node that goes with no session is found."""
        port = listen(self).getsockname()[1]
        path = f'/web/providers/127.0.0.1:{port}'
        self.client.create(path, b'')
        self.assertEqual([('not-ephemeral', path)], self.faults())

    def test_no_address(self):
        """A name that is no address is found."""
        self.client.register('/web/providers', 'web-1')
        self.assertEqual([('no-address', '/web/providers/web-1')],
                         self.faults())

    def test_bad_json(self):
        """Bad JSON is found, of a server or of any node."""
        self.client.set('/databases', '{"a": ')
        self.client.set(self.node, 'text')
        self.assertEqual([('bad-json', self.node), ('bad-json', '/databases')],
                         self.faults())

    def test_same_address(self):
        """One address under two services is found."""
        self.client.register('/databases/main/providers', self.address)
        self.assertEqual(['same-address'], [
            rule for rule, _ in self.faults()])

    def test_all_drained(self):
        """A service whose weights are all 0 is found."""
        self.client.properties(self.node).update(weight=0)
        self.assertEqual([('all-drained', '/web/providers')], self.faults())

    def test_old_drain(self):
        """A drain older than a day is found."""
        other = listen(self).getsockname()
        self.client.register('/web/providers', other)
        self.client.properties('/web/providers').update(overrides=[
            {'name': f'127.0.0.1:{other[1]}', 'weight': 0}])
        self.assertEqual([], self.faults())
        self.assertEqual(
            [('old-drain', '/web/providers')],
            self.faults(write=False, clock=lambda: time.time() + 2 * DAY))

    def test_link(self):
        """A link that leads nowhere is found, with each step."""
        self.client.ln('/web/db/old', '/databases/x')
        self.assertEqual([('broken-link', '/databases')], self.faults())
        self.assertIn('/web/db/old -> /databases/main/old: there is no node',
                      self.found[0].fault)

    def test_session_timeout(self):
        """A session timeout out of the server's bounds is found."""
        zk = self.zk(session_timeout=500.0)
        self.assertEqual([('session-timeout', '/')], self.faults(zk=zk))

    def test_churn(self):
        """Servers that come and go all the time are found."""
        def pause(seconds):
            self.assertLessEqual(seconds, 1.0)
            for _ in range(100):
                self.client.register('/web/providers', 'h:1')
                self.client.unregister('/web/providers', 'h:1')

        self.assertEqual([('churn', '/web/providers')],
                         self.faults(watch=1.0, pause=pause))

    def test_acl(self):
        """ACLs that forbid registering or reading are found."""
        self.set_acl('/web/providers', read=True)
        self.assertEqual([('forbids-registering', '/web/providers')],
                         self.faults())
        self.set_acl('/web/providers', create=True)
        self.assertEqual([('forbids-reading', '/web/providers')],
                         self.faults())

    def test_clock(self):
        """A clock that is wrong is found."""
        self.assertEqual(
            [('clock-skew', '/')],
            self.faults(clock=lambda: time.time() - 60))

    def test_monitor(self):
        """A registration that fails is found, by a monitor that a node
        tells of.
        """
        place = monitor.start(('127.0.0.1', 0))
        self.addCleanup(monitor.stop, place)
        monitor.observe(self.client)
        other = listen(self).getsockname()
        self.client.register(
            '/web/providers', other, monitor='{}:{}'.format(*place))
        # Nobody may create the other node again.
        self.set_acl('/web/providers', read=True, delete=True)
        self.client.client.delete(self.node)
        registration = self.client.registrations[self.node]
        wait_for(lambda: registration.state == 'failed')
        self.assertIn(('registration-fails', self.node), self.faults())
        self.assertNotIn('registration-fails', [
            rule for rule, _ in self.faults(probe=False)])
        self.assertIn(
            ('registration-fails', self.node),
            self.faults(probe=False, monitors=['{}:{}'.format(*place)]))

    def test_monitor_waits(self):
        """So is one that waits, since another process has its node."""
        place = monitor.start(('127.0.0.1', 0))
        self.addCleanup(monitor.stop, place)
        monitor.observe(self.client)
        other = self.zk()
        registration = self.client.registrations[self.node]
        with other.client.transaction() as transaction:
            transaction.delete(self.node)
            transaction.create(self.node, b'{}', ephemeral=True)
        wait_for(lambda: registration.state == 'waiting')
        self.assertIn(
            ('registration-waits', self.node),
            self.faults(monitors=['{}:{}'.format(*place)]))

    def test_chroot(self):
        """A root that is missing is found, and nothing below it."""
        with self.assertLogs('zc.zk'):
            zk = self.zk(f'{self.connection_string}/q/r')
        (rule, path), = self.faults(zk=zk)
        self.assertEqual('no-chroot', rule)
        self.assertTrue(path.endswith('/q/r'))

    def test_requests(self):
        """A large tree is read by few requests."""
        self.client.import_tree('/large\n' + ''.join(
            f'  /s{number}\n    l -> /web\n' + ''.join(
                f'    /n{each}\n' for each in range(19))
            for number in range(150)), trim=False)

        def received():
            answer = words.ask(self.client.client.hosts[0], 30).answer
            return int(answer.partition('Received: ')[2].split()[0])

        before = received()
        self.assertEqual([], self.faults('/large', servers=False))
        # The session and others of this server may ask, too.
        self.assertLess(received() - before, 150)

    def test_odd_monitor(self):
        """A monitor that is named must be an address, and answer."""
        with self.assertRaises(zc.zk.errors.AddressError):
            self.faults(monitors=['x'])
        self.assertEqual([('monitor-silent', '/nowhere/m')],
                         self.faults(monitors=['/nowhere/m']))


class Servers(unittest.TestCase):

    def fake(self, *answers):
        """Return the addresses of servers that answer so."""
        return [self.serve(answer) for answer in answers]

    def serve(self, answer):
        listener = socket.create_server(('127.0.0.1', 0))

        def run():
            while True:
                try:
                    sock = listener.accept()[0]
                except OSError:
                    return
                with contextlib.suppress(OSError), sock:
                    if sock.recv(4):
                        sock.sendall(answer.encode())

        thread = threading.Thread(target=run, daemon=True)
        thread.start()

        def stop():
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join(30)

        self.addCleanup(stop)
        return listener.getsockname()

    def rules(self, *members):
        return [each.rule for each in doctor.examine_servers(
            members, timeout=30.0)]

    def test_versions(self):
        """Servers of different versions are found."""
        told = 'Zookeeper version: {}-x, built on y\nMode: {}\n'.format
        leader, follower, newer = self.fake(
            told('3.8.4', 'leader'), told('3.8.4', 'follower'),
            told('3.9.3', 'follower'))
        self.assertEqual([], self.rules(leader, follower))
        self.assertEqual(['versions'], self.rules(leader, follower, newer))

    def test_no_quorum(self):
        """Servers of which none serves are found."""
        idle = 'This ZooKeeper instance is not currently serving requests\n'
        self.assertEqual(
            ['server-not-serving', 'server-not-serving', 'no-quorum'],
            self.rules(*self.fake(idle, idle)))

    def test_split(self):
        """Servers that are not one ensemble are found."""
        with Server() as one, Server() as another:
            self.assertEqual(['split-ensemble'], self.rules(
                one.address, another.address))
