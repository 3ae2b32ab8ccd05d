import unittest

from zc.zk._checks.check import Check
from zc.zk._checks.check import parse
from zc.zk._checks.check import status_of


class CheckTests(unittest.TestCase):

    def test_parse(self):
        """Each kind of check is read."""
        for text, check in [
                ('http:/health', Check('http', '/health')),
                ('https:/a?b=c%20d', Check('https', '/a?b=c%20d')),
                ('tcp', Check('tcp')),
                ('notify', Check('notify')),
                ("cmd:test -e 'a b'", Check(
                    'cmd', command=('test', '-e', 'a b')))]:
            with self.subTest(text):
                self.assertEqual(check, parse(text))

    def test_bad(self):
        """What is none is refused, with what is wanted."""
        for text, message in [
                ('http://host/health', 'the host and port are those'),
                ('http:health', 'http:/PATH is needed'),
                ('http:/a b', '%'),
                ('http:/a\r\nX: y', '%'),
                ('cmd:', 'cmd:COMMAND'),
                ("cmd:'", 'No closing quotation'),
                ('tcp:80', 'tcp'),
                ('', 'needed')]:
            with self.subTest(text):
                with self.assertRaises(ValueError) as caught:
                    parse(text)
                self.assertIn(message, str(caught.exception))

    def test_status(self):
        """The status is found in what begins a response only."""
        for head, status in [
                (b'HTTP/1.1 200 OK\r\nA: b', 200), (b'HTTP/1.0 503', 503),
                (b'', 0), (b'HTTP/1.1', 0), (b'SSH-2.0-x 200 y', 0),
                (b'HTTP/1.1 20x OK', 0), (b'HTTP/1.1 2000 OK', 0)]:
            with self.subTest(head):
                self.assertEqual(status, status_of(head))
