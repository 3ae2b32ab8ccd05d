import os
import socket
import threading
import unittest

from zc.zk._checks.check import parse
from zc.zk._checks.probe import probe


class ProbeTests(unittest.TestCase):

    def setUp(self):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(self.listener.close)
        self.address = self.listener.getsockname()
        self.asked = []

    def answer(self, *pieces):
        """Answer the next connection, in a thread."""
        def run():
            connection, _ = self.listener.accept()
            with connection:
                self.asked.append(connection.recv(4096))
                for piece in pieces:
                    connection.sendall(piece)

        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join)

    def probe(self, text, timeout=20.0, pid=None):
        return probe(parse(text), self.address, timeout, self.run_, pid)

    def run_(self, words, timeout):
        """Note what is to be run; the first word says how it ends."""
        self.ran = words, timeout
        if isinstance(self.ends, Exception):
            raise self.ends
        return self.ends

    def test_http(self):
        """A status from 200 to 399 passes, however it comes."""
        for pieces in [[b'HTTP/1.1 200 OK\r\n\r\nbody'],
                       [b'HTTP/1.0', b' 302', b' Found\r', b'\n\r\n'],
                       [b'HTTP/1.1 204 \r\n']]:
            with self.subTest(pieces):
                self.answer(*pieces)
                self.assertEqual('', self.probe('http:/health?a=b'))
        self.assertTrue(self.asked[0].startswith(
            b'GET /health?a=b HTTP/1.1\r\nHost: 127.0.0.1:'))

    def test_http_fails(self):
        """Other answers say what they were."""
        for answer, reason in [
                (b'HTTP/1.1 503 Busy\r\n\r\n', '/ answers 503'),
                (b'HTTP/1.1 404 No\r\n\r\n', '/ answers 404'),
                (b'SSH-2.0-x\r\n', 'the answer is not HTTP'),
                (b'', 'the answer is not HTTP')]:
            with self.subTest(answer):
                self.answer(answer)
                self.assertEqual(reason, self.probe('http:/'))

    def test_slow(self):
        """No answer in time fails."""
        self.assertEqual(
            'no answer within 0.05 s', self.probe('http:/', 0.05))

    def test_refused(self):
        """A refused connection fails."""
        self.listener.close()
        for text in ('tcp', 'http:/'):
            self.assertEqual('Connection refused', self.probe(text))

    def test_tcp(self):
        """tcp passes when it is connected."""
        self.assertEqual('', self.probe('tcp'))

    def test_owner(self):
        """With an owner, it is he who must accept."""
        pid = os.getpid()
        self.assertEqual(f'process {pid} accepts no connections',
                         self.probe('tcp', 0.05, pid))
        self.listener.accept()[0].close()
        self.answer()
        self.assertEqual('', self.probe('tcp', pid=pid))
        # The first one that is listening has nothing of it.
        self.answer()
        self.assertIn('accepts no', self.probe('tcp', 0.05, 1 << 22))

    def test_command(self):
        """A command passes with exit status 0."""
        for ends, reason in [
                (0, ''), (3, 'sh ended with 3'),
                (None, 'sh did not end within 20 s'),
                (FileNotFoundError(2, 'No such file'),
                 'sh cannot be run: No such file')]:
            with self.subTest(ends):
                self.ends = ends
                self.assertEqual(reason, self.probe('cmd:sh -c "exit 3"'))
                self.assertEqual((('sh', '-c', 'exit 3'), 20.0), self.ran)
