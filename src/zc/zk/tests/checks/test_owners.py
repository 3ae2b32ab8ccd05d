import os
import socket
import subprocess
import sys
import unittest

from zc.zk._checks import owners
from zc.zk.tests.base import wait_for


# /proc/net/tcp and tcp6 on a little-endian machine, shortened.
TCP = '''\
   0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 0 0 11 1
   1: 0100007F:1F90 0200007F:C000 01 0:0 00:0 0 0 0 12 1
   2: 0100007F:1F90 0100007F:C000 01 0:0 00:0 0 0 0 13 1
'''
TCP6 = '''\
   0: 0000000000000000FFFF00000100007F:1F90 \
0000000000000000FFFF00000100007F:C000 01 0:0 00:0 0 0 0 14 1
   1: 00000000000000000000000001000000:1F90 \
00000000000000000000000001000000:C000 01 0:0 00:0 0 0 0 15 1
'''


class OwnersTests(unittest.TestCase):

    def find(self, text, local, remote):
        return owners.find_inode(text.splitlines(), (local, remote))

    def test_find_inode(self):
        """Both ends of a connection have to agree."""
        here = ('127.0.0.1', 8080)
        self.assertEqual(13, self.find(TCP, here, ('127.0.0.1', 0xC000)))
        self.assertEqual(12, self.find(TCP, here, ('127.0.0.2', 0xC000)))
        self.assertEqual(0, self.find(TCP, here, ('127.0.0.3', 0xC000)))
        self.assertEqual(14, self.find(TCP6, here, ('127.0.0.1', 0xC000)))
        self.assertEqual(
            15, self.find(TCP6, ('::1', 8080), ('::1', 0xC000)))

    def test_accepted(self):
        """A connection counts once this process has accepted it."""
        for host in ('127.0.0.1', '::1'):
            family = socket.AF_INET6 if ':' in host else socket.AF_INET
            with self.subTest(host), socket.create_server(
                    (host, 0), family=family) as listener:
                with socket.create_connection(
                        listener.getsockname()[:2]) as client:
                    self.assertEqual(0, owners.accepted(client))
                    with listener.accept()[0]:
                        self.assertTrue(owners.holds(
                            os.getpid(), owners.accepted(client)))

    def test_family(self):
        """What a child of a child accepts counts for the child only."""
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)
        server = ('import socket, sys; s = socket.socket(fileno='
                  f'{listener.fileno()}); c = s.accept(); c[0].recv(1)')
        process = subprocess.Popen(
            [sys.executable, '-c', 'import subprocess, sys; '
             f'subprocess.run([sys.executable, "-c", {server!r}], '
             'close_fds=False)'], pass_fds=[listener.fileno()])
        other = subprocess.Popen(
            [sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)
        with socket.create_connection(listener.getsockname()) as client:
            inode = wait_for(lambda: owners.accepted(client))
            self.assertTrue(owners.holds(process.pid, inode))
            self.assertFalse(owners.holds(other.pid, inode))
        process.wait()
        other.communicate(b'\n')

    def test_available(self):
        """Linux has it."""
        self.assertEqual(sys.platform == 'linux', owners.available())
