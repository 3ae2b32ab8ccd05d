"""Tests of monitors: which are asked, and what they answer."""
from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
import unittest

from zc.zk import monitor
from zc.zk._doctor import monitors
from zc.zk._doctor.rules.reach import Machine
from zc.zk.errors import AddressError
from zc.zk.tests.doctor.doctorcase import refusing
from zc.zk.tests.doctor.rules.test_registrants import server


MACHINE = Machine({'10.0.0.1'}, {'web1'}, None)


class Places(unittest.TestCase):

    def places(self, *servers):
        return monitors.places(servers, MACHINE)

    def test_own_machine(self):
        """Only the machine of the server itself is asked."""
        self.assertEqual(
            {('10.0.0.1', 9): '10.0.0.1:9', ('127.0.0.1', 8): '127.0.0.1:8',
             ('10.0.0.2', 7): '10.0.0.2:7'},
            self.places(
                server('10.0.0.1:80', monitor=':9'),
                server('web1:80', monitor='127.0.0.1:8'),
                server('10.0.0.2:80', monitor=':7')))
        self.assertEqual({}, self.places(
            server('10.0.0.2:80', monitor='127.0.0.1:8'),
            server('10.0.0.2:80', monitor='10.0.0.3:22'),
            server('10.0.0.1:80', monitor='nonsense'),
            server('10.0.0.1:80', monitor='/etc/passwd'),
            server('10.0.0.1:80', monitor='/\0'),
            server('10.0.0.1:80')))

    def test_socket(self):
        """A path must be that of a socket, on this machine."""
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory)
        path = os.path.join(directory, 'm')
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(path)
            self.assertEqual({path: path}, self.places(
                server('10.0.0.1:80', monitor=path)))
            self.assertEqual({}, self.places(
                server('10.0.0.2:80', monitor=path)))

    def test_place(self):
        """An address needs a port."""
        self.assertEqual(('h', 1), monitors.place_of('h:1'))
        self.assertEqual(('localhost', 1), monitors.place_of(':1'))
        self.assertEqual('/x', monitors.place_of('/x'))
        with self.assertRaises(AddressError):
            monitors.place_of('x')


class Ask(unittest.TestCase):

    def test_monitors(self):
        """A monitor answers by TCP and by a socket of a path."""
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory)
        for address in (('127.0.0.1', 0), os.path.join(directory, 'm')):
            place = monitor.start(address)
            self.addCleanup(monitor.stop, place)
            reply = monitors.ask_all([place], 30)[place]
            self.assertEqual('', reply.failure)
            self.assertIn('session', reply.answer)

    def test_none(self):
        """Where nobody listens, there is a reason."""
        place = refusing(self)
        found = monitors.ask_all([place, '/nowhere/m', ('x' * 99, 1)], 30)
        self.assertIn('refused', found[place].failure)
        self.assertIn('No such file', found['/nowhere/m'].failure)
        self.assertTrue(all(each.failure for each in found.values()))

    def test_silent(self):
        """One that accepts and says nothing takes its time and no more."""
        with socket.create_server(('127.0.0.1', 0)) as listener:
            place = listener.getsockname()
            reply = monitors.ask_all([place], 0.05)[place]
        self.assertIn('timed out', reply.failure)

    def test_endless(self):
        """One that says no end of things is left."""
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)

        def serve():
            sock = listener.accept()[0]
            try:
                while True:
                    sock.sendall(b'x' * 65_536)
            except OSError:
                sock.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        place = listener.getsockname()
        reply = monitors.ask_all([place], 30)[place]
        self.assertLessEqual(len(reply.answer), 2 * monitors.LONGEST)
        thread.join(30)
