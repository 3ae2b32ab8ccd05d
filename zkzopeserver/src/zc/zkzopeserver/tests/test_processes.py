"""Servers as real processes, from paste-deploy files, as operators run them.
"""
from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import unittest
from typing import Any

import zc.zk
import zc.zk.testing
from zc.zkzopeserver.tests.processcase import ServerCase
from zc.zkzopeserver.tests.processcase import for_both
from zc.zkzopeserver.tests.support import DEADLINE
from zc.zkzopeserver.tests.support import Process
from zc.zkzopeserver.tests.support import Response
from zc.zkzopeserver.tests.support import fetch
from zc.zkzopeserver.tests.support import wait_for


class ServeTests(ServerCase):

    def test_discover_and_fetch(self):
        """A client finds the server and gets its page."""
        process = self.serve()
        [address] = self.providers()
        self.assertTrue(fetch(address).endswith(
            str(process.popen.pid).encode()))
        properties = self.zk.get_properties(f'/service/providers/{address}')
        self.assertEqual({'pid': process.popen.pid}, properties)

    def test_signals(self):
        """SIGTERM, SIGINT and SIGHUP take the node away and exit with 0."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number):
                process = self.serve()
                process.send(number)
                self.assertEqual(0, process.wait(), process.output)
                self.assertEqual([], self.providers())

    def test_order_of_leaving(self):
        """The node goes first; then the server still serves; then it ends.
        """
        process = self.serve('drain = 1000')
        [address] = self.providers()
        process.send()
        self.wait_for_providers(0)
        self.assertIn(b'200 OK', fetch(address))
        process.send()
        self.assertEqual(0, process.wait())

    def test_request_in_work(self):
        """A request in work is answered after SIGTERM."""
        process = self.serve()
        [address] = self.providers()
        with self.asked(address) as answers:
            process.send()
            self.wait_for_providers(0)
        self.assertEqual(0, process.wait())
        self.assertIn(b'200 OK', answers[0])

    def test_shutdown_timeout(self):
        """A request that takes too long does not keep the process."""
        process = self.serve('shutdown_timeout = 0.2')
        [address] = self.providers()
        with self.asked(address) as answers:
            process.send()
            self.assertEqual(0, process.wait())
        self.assertEqual([b''], answers)
        self.assertIn('gave up 1 connections', process.output)

    def test_second_signal(self):
        """A second signal skips the waiting."""
        process = self.serve('shutdown_timeout = 1000')
        [address] = self.providers()
        with self.asked(address):
            process.send()
            self.wait_for_providers(0)
            process.send()
            self.assertEqual(0, process.wait())

    def test_kill(self):
        """After SIGKILL the node goes when the session ends."""
        process = self.serve('session_timeout = 1000')
        gone = threading.Event()
        children = self.zk.children('/service/providers')

        @children
        def watch(children):
            if not list(children):
                gone.set()

        self.assertFalse(gone.is_set())
        process.send(signal.SIGKILL)
        process.wait()
        self.assertTrue(gone.wait(DEADLINE))

    def test_properties(self):
        """Properties of the section go into the node."""
        self.serve("""
            properties = version = '1.2'
                weights = [1, 2]
            """)
        [address] = self.providers()
        found = self.zk.get_properties(f'/service/providers/{address}')
        self.assertEqual(('1.2', [1, 2]), (
            found['version'], found['weights']))

    def test_advertise(self):
        """Advertised addresses are registered instead of the bound one."""
        self.serve('advertise = www.example.com:80, [2001:db8::1]:81')
        self.assertEqual(['[2001:db8::1]:81', 'www.example.com:80'],
                         self.providers())

    def test_ipv6(self):
        """An IPv6 host is registered in brackets, and serves."""
        self.serve('host = ::1')
        [address] = self.providers()
        self.assertTrue(address.startswith('[::1]:'), address)
        self.assertIn(b'200 OK', fetch(address))

    def test_blank_host(self):
        """With a blank host, each address of the machine is registered."""
        self.serve('host =')
        addresses = self.providers()
        self.assertTrue(addresses)
        for address in addresses:
            self.assertIn(b'200 OK', fetch(address))

    def test_stuck_workers(self):
        """A server whose threads all hang says so, and comes back."""
        self.zk.register('/service/providers', 'other:1')
        process = self.serve('''
            check = http:/health
            check_interval = 0.05
            check_timeout = 0.5
            threads = 2
            monitor_server = 127.0.0.1:0
            ''')
        [address] = [each for each in self.providers() if each != 'other:1']
        path = f'/service/providers/{address}'
        monitor = self.zk.get_properties(path)['monitor']

        def state() -> Any:
            found = self.zk.get_properties(path)
            return found.get('weight'), found.get('healthy')

        def check() -> tuple[int, str]:
            found = subprocess.run(
                [sys.executable, '-c', 'import zc.zk.monitor as m; m.check()',
                 monitor, '/service/providers'],
                capture_output=True, text=True)
            return found.returncode, found.stdout + found.stderr

        self.assertEqual((None, None), state())
        self.assertEqual((0, ''), check())
        with self.asked(address), self.asked(address):
            wait_for(lambda: state() == (0, False), 'the mark')
            self.assertEqual(
                (1, '/service/providers: the server is down: '
                 'no answer within 0.5 s\n'), check())
        wait_for(lambda: state() == (1, True), 'the mark to go')
        self.assertEqual((0, ''), check())
        process.send()
        self.assertEqual(0, process.wait(), process.output)
        self.assertEqual(['other:1'], self.providers())
        self.assertIn('the server is down: no answer within 0.5 s',
                      process.output)

    def test_check_before_registration(self):
        """A server whose check fails does not register, and can end."""
        process = self.zkserve(self.ini(
            'check = http:/fail\ncheck_interval = 0.05', use=self.use))
        process.wait_for_output(
            'not registered before its check passes: /fail answers 500')
        self.assertEqual([], self.providers())
        process.send()
        self.assertEqual(0, process.wait(), process.output)
        self.assertNotIn('registered as', process.output)

    def test_monitor(self):
        """The monitor's address is a property; it knows the server."""
        process = self.serve('monitor_server = 127.0.0.1:0')
        [address] = self.providers()
        found = self.zk.get_properties(f'/service/providers/{address}')
        monitor = zc.zk.parse_addr(found['monitor'])
        for command, expected in (
            ('servers /service/providers', address),
            ('connection', f'/service/providers/{address}: registered'),
            ('threads', 'MainThread'),
        ):
            with socket.create_connection(monitor, DEADLINE) as sock:
                sock.sendall(f'{command}\n'.encode())
                self.assertIn(expected, sock.makefile().read())
        process.send()
        self.assertEqual(0, process.wait())


CLOSING = '''
import asyncore
import sys
import wsgiref.simple_server
import zc.thread
import zc.zkzopeserver

@zc.thread.Thread
def server():
    zc.zkzopeserver.run(
        wsgiref.simple_server.demo_app, {}, zookeeper=sys.argv[1],
        path='/service/providers', host='127.0.0.1')

sys.stdin.readline()
for each in list(asyncore.socket_map.values()):
    each.close()
server.join(30)
print('ended', not server.is_alive())
'''


class ThreadTests(ServerCase):

    def test_sockets_closed(self):
        """A server in a thread ends when all asyncore sockets are closed.

        That is how programs stopped earlier versions.
        """
        process = subprocess.Popen(
            [sys.executable, '-W', 'ignore', '-c', CLOSING,
             self.connection_string],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        [address] = self.wait_for_providers()
        self.assertIn(b'Hello world!', fetch(address))
        output, _ = process.communicate('\n', DEADLINE)
        self.assertEqual('ended True\n', output)
        self.assertEqual([], self.providers())


class RestartTests(ServerCase):

    def test_takeover(self):
        """A restart on a fixed port takes the name over at once."""
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = probe.getsockname()[1]
        options = f'port = {port}\nsession_timeout = 40000'
        first = self.serve(options)
        old = self.zk.exists(f'/service/providers/127.0.0.1:{port}')
        first.send(signal.SIGKILL)
        first.wait()
        second = self.serve(options)
        new = self.zk.exists(f'/service/providers/127.0.0.1:{port}')
        self.assertNotEqual(old.ephemeralOwner, new.ephemeralOwner)
        self.assertEqual(
            second.popen.pid, self.zk.get_properties(
                f'/service/providers/127.0.0.1:{port}')['pid'])

    def test_advertised_name_of_another(self):
        """An advertised name that a live server has is not taken."""
        other = zc.zk.ZooKeeper(self.connection_string)
        self.addCleanup(other.close)
        other.register('/service/providers', 'www.example.com:80')
        process = self.zkserve(self.ini(
            'advertise = www.example.com:80\nsession_timeout = 1000',
            use=self.use))
        self.assertEqual(2, process.wait())
        self.assertIn('option advertise: another server', process.output)
        self.assertEqual(
            os.getpid(), self.zk.get_properties(
                '/service/providers/www.example.com:80')['pid'])


class LoadTests(ServerCase):

    def test_load_across_sigterm(self):
        """Of many requests across a SIGTERM, none fails.

        Clients follow the list of servers, as zc.zk's clients do; of two
        servers one is stopped under load.
        """
        stopped = self.serve('drain = 0.5', 'one.ini')
        self.serve('', 'two.ini')
        self.wait_for_providers(2)
        children = self.zk.children('/service/providers')
        done = threading.Event()
        failed: list[BaseException] = []
        counts: list[int] = []

        def ask(keep_alive: bool) -> None:
            count = 0
            try:
                while not done.is_set():
                    addresses = sorted(children)
                    address = addresses[count % len(addresses)]
                    count += self.ask(address, 20 if keep_alive else 1)
            except BaseException as e:
                failed.append(e)
            counts.append(count)

        threads = [threading.Thread(target=ask, args=(number % 2 == 0,))
                   for number in range(16)]
        for thread in threads:
            thread.start()
        stopped.send()
        status = stopped.wait()
        # And some more with the list as it is now.
        fetch(self.wait_for_providers(1)[0])
        done.set()
        for thread in threads:
            thread.join(DEADLINE)
        self.assertEqual([], failed)
        self.assertEqual(0, status)
        self.assertEqual(16, len([each for each in counts if each]))

    def ask(self, address: str, count: int) -> int:
        """Ask up to `count` times on one connection; return how often."""
        host, port = zc.zk.parse_addr(address)
        with socket.create_connection((host, port), DEADLINE) as sock:
            stream = sock.makefile('rb')
            for number in range(count):
                sock.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
                response = Response(stream)
                if response.status != '200':
                    raise AssertionError(response.status)
                if response.headers.get('connection') == 'close':
                    return number + 1
        return count


class ErrorTests(ServerCase):

    def assert_fails(self, process: Process, expected: str) -> None:
        self.assertEqual(2, process.wait(), process.output)
        lines = [line for line in process.output.splitlines()
                 if 'server.ini' in line and ' INFO ' not in line]
        self.assertEqual([expected], [line for line in lines
                                      if expected in line], process.output)
        self.assertNotIn('Traceback', process.output)
        self.assertEqual([], self.providers())

    def test_missing_path(self):
        """A path that does not exist is one line and status 2."""
        self.assert_fails(
            self.zkserve(self.ini('path = /nowhere', use=self.use)),
            'server.ini [server:main]: option path: there is no node '
            '/nowhere')

    def test_port_in_use(self):
        """So is a port in use."""
        with socket.create_server(('127.0.0.1', 0)) as other:
            port = other.getsockname()[1]
            self.assert_fails(
                self.zkserve(self.ini(f'port = {port}', use=self.use)),
                'server.ini [server:main]: option port: cannot listen on '
                f'127.0.0.1:{port}: Address already in use')

    def test_unknown_option(self):
        """So is an option that does not exist."""
        self.assert_fails(
            self.zkserve(self.ini('ports = 80', use=self.use)),
            'server.ini [server:main]: option ports: there is no such '
            'option; is port meant?')

    def test_monitor_in_use(self):
        """So is a monitor's port in use."""
        with socket.create_server(('127.0.0.1', 0)) as other:
            port = other.getsockname()[1]
            self.assert_fails(
                self.zkserve(self.ini(
                    f'monitor_server = 127.0.0.1:{port}', use=self.use)),
                'server.ini [server:main]: option monitor_server: cannot '
                f'listen on 127.0.0.1:{port}: Address already in use')


def test_suite():
    suite = unittest.TestSuite([
        for_both(case) for case in (ServeTests, LoadTests, ErrorTests)])
    for case in (RestartTests, ThreadTests):
        suite.addTests(
            unittest.defaultTestLoader.loadTestsFromTestCase(case))
    return suite
